"""The tab that walks between sentences and around them."""

from __future__ import annotations

from typing import Any

from vaegen.app.page import add_view
from vaegen.service import Question, Service
from vaegen.tags import CAPTION_LANGUAGES
from vaegen.views.around import Analogy, Grid, Jitter
from vaegen.views.points import Point, point
from vaegen.views.walk import Walk


def build(service: Service) -> None:
    """Puts the tab on the page that is being built."""
    add_view(service, "interpolate", question)


def question(data: dict[str, Any]) -> Question[Any]:
    """Returns what the page asks."""
    a, b, checkpoint = data.get("a"), data.get("b"), str(data.get("checkpoint") or "")
    c, d = Point(str(data.get("c") or "")), Point(str(data.get("d") or ""))
    languages = data.get("languages", CAPTION_LANGUAGES)
    languages = tuple(languages) if isinstance(languages, (list, tuple)) else ()
    language = data.get("language", "en")
    mode = data.get("mode", "walk")
    if mode == "grid":
        return Grid(a, b, c, d, checkpoint, data.get("size", 5), language)  # type: ignore[arg-type]  # checked by itself
    if mode == "analogy":
        return Analogy(a, b, c, checkpoint, data.get("strength", 1.0), languages)  # type: ignore[arg-type]
    if mode == "jitter":
        unit, seed = str(data.get("unit", "posterior")), data.get("seed", 0)
        return Jitter(point(a), checkpoint, unit, data.get("draws", 8), seed, language)
    steps, method, exact = data.get("steps", 7), data.get("method", "slerp"), data.get("exact", True)
    return Walk(point(a), point(b), checkpoint, steps, method, languages, exact)
