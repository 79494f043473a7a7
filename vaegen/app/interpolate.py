"""The tab that walks between two sentences."""

from __future__ import annotations

from typing import Any

from vaegen.app.page import add_view
from vaegen.service import Service
from vaegen.text import LANGUAGE_NAMES
from vaegen.views.points import point
from vaegen.views.walk import Walk


def build(service: Service) -> None:
    """Puts the tab on the page that is being built."""
    add_view(service, "interpolate", question)


def question(data: dict[str, Any]) -> Walk:
    """Returns what the page asks."""
    languages = data.get("languages", list(LANGUAGE_NAMES))
    return Walk(
        point(data.get("a")),
        point(data.get("b")),
        str(data.get("checkpoint") or ""),
        data.get("steps", 7),
        data.get("method", "slerp"),
        tuple(languages) if isinstance(languages, list) else (),
    )
