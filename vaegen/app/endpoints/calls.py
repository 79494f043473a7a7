"""What the endpoints have in common: how arguments are written, and how a refusal reaches the caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from vaegen.app.questions.points import Point
from vaegen.errors import VaegenError


def point_of(text: str) -> Point:
    """Returns the point that a caller means: a sentence, or "z:" and a packed latent."""
    return Point(z=text[2:]) if text.startswith("z:") else Point(text)


def listed(text: str) -> tuple[str, ...]:
    """Returns what stands between commas."""
    return tuple(text.replace(" ", "").split(","))


def or_error(job: Callable[[], Any]) -> Any:
    """Returns what the job gives; a refusal reaches the caller as its sentence, without a trace in the log."""
    try:
        return job()
    except VaegenError as error:
        raise gr.Error(str(error), print_exception=False) from error
