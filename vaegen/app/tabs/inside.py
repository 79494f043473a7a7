"""The tab that shows what the VAE does with a sentence, and how its checkpoint learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from vaegen.app.dial import dial_of
from vaegen.app.page import PRIVATE, add_view, part
from vaegen.app.questions.inside import Inside
from vaegen.app.service import Service
from vaegen.app.settings import tag
from vaegen.errors import VaegenError

SETTINGS = {"language": tag(Inside)}


def build(service: Service) -> None:
    """Puts the tab on the page that is being built."""
    chooser = part("chooser", {"checkpoints": list(service.checkpoints)}, ("open",))
    chooser.open(_opener(service), chooser, chooser, concurrency_limit=None, **PRIVATE)
    add_view(service, "inside", question)


def question(data: dict[str, Any]) -> Inside:
    """Returns what the page asks."""
    checkpoint, language = str(data.get("checkpoint") or ""), data.get("language", Inside.language)
    return Inside(data.get("a"), checkpoint, language, data.get("beta"))  # type: ignore[arg-type]


def _opener(service: Service) -> Callable[[dict[str, Any], gr.EventData], dict[str, Any]]:
    def open_checkpoint(shown: dict[str, Any], event: gr.EventData) -> dict[str, Any]:
        name = event._data.get("name") if isinstance(event._data, dict) else ""
        try:
            opened = service.add(str(name or ""))
            known = {"tags": list(service.tags(opened)), "dial": dial_of(service, opened)}
            return {"checkpoints": list(service.checkpoints), "opened": opened, **known}
        except VaegenError as error:
            return {"checkpoints": list(service.checkpoints), "error": str(error)}

    return open_checkpoint
