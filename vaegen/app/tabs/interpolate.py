"""The tab that walks between sentences and around them."""

from __future__ import annotations

from typing import Any

from vaegen.app.page import add_view
from vaegen.app.questions.interpolate_around import UNITS, Analogy, Cloud, Grid
from vaegen.app.questions.interpolate_walk import MAX_STEPS, METHODS, Walk
from vaegen.app.questions.points import Point, point
from vaegen.app.service import Question, Service
from vaegen.app.settings import choice, flag, number, tag, tags, whole

SETTINGS = {
    "steps": whole(Walk, "steps", 3, MAX_STEPS),
    "method": choice(Walk, "method", METHODS),
    "exact": flag(Walk, "exact"),
    "languages": tags(Walk),
    "size": whole(Grid, "size", 3, 7),
    "language": tag(Grid),
    "strength": number(Analogy, "strength", -3.0, 3.0),
    "unit": choice(Cloud, "unit", UNITS),
    "draws": whole(Cloud, "n_draws", 2, 16),
    "seed": whole(Cloud, "seed", 0),
}


def build(service: Service) -> None:
    """Puts the tab on the page that is being built."""
    add_view(service, "interpolate", question)


def question(data: dict[str, Any]) -> Question[Any]:
    """Returns what the page asks."""
    a, b, checkpoint = data.get("a"), data.get("b"), str(data.get("checkpoint") or "")
    beta = data.get("beta")
    c, d = Point(str(data.get("c") or "")), Point(str(data.get("d") or ""))
    languages = data.get("languages", Walk.languages)
    languages = tuple(languages) if isinstance(languages, (list, tuple)) else ()
    language = data.get("language", Grid.language)
    mode = data.get("mode", "walk")
    if mode == "grid":
        return Grid(a, b, c, d, checkpoint, data.get("size", Grid.size), language, beta)  # type: ignore[arg-type]  # checked by itself
    if mode == "analogy":
        return Analogy(a, b, c, checkpoint, data.get("strength", Analogy.strength), languages, beta)  # type: ignore[arg-type]
    if mode == "cloud":
        unit, seed = str(data.get("unit", Cloud.unit)), data.get("seed", Cloud.seed)
        return Cloud(point(a), checkpoint, unit, data.get("draws", Cloud.n_draws), seed, language, beta)
    steps, method = data.get("steps", Walk.steps), data.get("method", Walk.method)
    exact = data.get("exact", Walk.exact)
    return Walk(point(a), point(b), checkpoint, steps, method, languages, exact, beta)
