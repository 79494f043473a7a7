"""The tab that lists the lessons; `lessons.js` holds them and stands above the tabs."""

from __future__ import annotations

from vaegen.app.page import widget
from vaegen.service import Service


def build(_service: Service) -> None:
    """Puts the tab on the page that is being built."""
    widget("lesson-list", {})
