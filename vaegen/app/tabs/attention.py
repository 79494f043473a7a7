"""The tab that shows where the model looks."""

from __future__ import annotations

from typing import Any

from vaegen.app.page import add_view
from vaegen.service import Service
from vaegen.views.looking import Looking
from vaegen.views.points import point


def build(service: Service) -> None:
    """Puts the tab on the page that is being built."""
    add_view(service, "attention", question)


def question(data: dict[str, Any]) -> Looking:
    """Returns what the page asks."""
    return Looking(
        point(data.get("a")),
        point(data.get("b")) if data.get("compare") else None,
        str(data.get("checkpoint") or ""),
        data.get("language", "de"),
        data.get("context", "source"),
        str(data.get("target") or ""),
        bool(data.get("merge", True)),
        data.get("without", -1),
        data.get("how", "drop"),
    )
