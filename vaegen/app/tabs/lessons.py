"""The tab that lists the lessons; `web/lessons/` holds them, and the card of the open one stands above the tabs."""

from __future__ import annotations

from vaegen.app.page import part
from vaegen.app.service import Service


def build(_service: Service) -> None:
    """Puts the tab on the page that is being built."""
    part("lesson-list", {})
