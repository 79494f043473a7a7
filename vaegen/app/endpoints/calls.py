"""What the endpoints have in common: how arguments are written, and how a refusal reaches the caller."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from vaegen.app.endpoints.arguments import checker
from vaegen.app.logs import FAILED, report
from vaegen.app.page import MODEL
from vaegen.app.questions.points import Point
from vaegen.app.scheduler import Dropped
from vaegen.app.service import VISITOR
from vaegen.errors import VaegenError


def point_of(text: str) -> Point:
    """Returns the point that a caller means: a sentence, or "z:" and a packed latent."""
    return Point(z=text[2:]) if text.startswith("z:") else Point(text)


def listed(text: str) -> tuple[str, ...]:
    """Returns what stands between commas."""
    return tuple(text.replace(" ", "").split(","))


def or_error(job: Callable[[], Any]) -> Any:
    """Returns what the job gives; a refusal reaches the caller as its sentence, without a trace in the log.

    What the job asks, it asks for the session of the call.
    """
    request = LocalContext.request.get(None)
    VISITOR.set(str(request.session_hash or "") if request else "")  # each call has a context of its own
    try:
        return job()
    except VaegenError as error:
        raise gr.Error(str(error), print_exception=False) from error
    except Dropped as gone:
        raise gr.Error("Nobody waits for this answer any more.", print_exception=False) from gone


def add_endpoint(function: Callable[..., Any], name: str) -> None:
    """Puts a function on the page that is being built, as an endpoint whose arguments are checked before it runs."""
    check = checker(function)

    @functools.wraps(function)
    def call(*values: Any, **named: Any) -> Any:
        arguments = or_error(lambda: check(values, named))
        try:
            return function(**arguments)
        except gr.Error:
            raise
        except Exception as error:  # a fault of ours; whoever called reads a sentence, the log no word of theirs
            report(f"The endpoint {name} failed", error)
            raise gr.Error(FAILED, print_exception=False) from error

    gr.api(call, api_name=name, **MODEL)
