"""What a question is where nobody says otherwise: written once, in its fields, and sent to the page from here."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from vaegen.app.questions.attention import Looking
from vaegen.app.questions.inside import Inside
from vaegen.app.questions.interpolate_around import Analogy, Grid, Jitter
from vaegen.app.questions.interpolate_walk import Walk
from vaegen.app.questions.map import Look
from vaegen.app.questions.map_own import Place
from vaegen.app.questions.sample import Draws, Move
from vaegen.app.questions.translate import OtherWays, Request
from vaegen.app.questions.translate_file import Lines

QUESTIONS: dict[str, Any] = {
    "translate": Request,
    "other_ways": OtherWays,
    "file": Lines,
    "walk": Walk,
    "grid": Grid,
    "analogy": Analogy,
    "cloud": Jitter,
    "sample": Move,
    "draws": Draws,
    "map": Look,
    "own": Place,
    "attention": Looking,
    "inside": Inside,
}


def defaults() -> dict[str, dict[str, Any]]:
    """Returns the defaults of every question by field, plain data that JSON can hold; sentences and checkpoint are no part.

    In Python a default is an attribute of its class, `Walk.steps`: an endpoint or a tab names that and not the number.
    """
    return {
        name: {
            field.name: list(field.default) if isinstance(field.default, tuple) else field.default
            for field in fields(question)
            if field.default is not MISSING and field.name not in ("a", "b", "checkpoint")
        }
        for name, question in QUESTIONS.items()
    }
