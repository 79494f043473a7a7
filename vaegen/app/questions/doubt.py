"""It knows when it does not know: from where on an answer is called unsure, and what the checkpoint knows instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vaegen.app.questions.points import Point
from vaegen.errors import VaegenError

N_KNOWN = 3  # sentences to offer
N_LOOKED_AT = 200  # nearest points of the map that these are taken from


@dataclass(frozen=True)
class Doubt:
    """What there is to say of answers that may be wrong.

    Attributes:
        threshold: Probability of being wrong from which on an answer is called unsure.
        known: Sentences near the one that was asked, captions of the checkpoint's map; only where an answer is unsure.
    """

    threshold: float
    known: tuple[Point, ...] = ()


def doubt_of(model: Any, where: Point, probabilities: Iterable[float | None]) -> Doubt | None:
    """Returns what to say of answers to a sentence with these probabilities of being wrong.

    None for a checkpoint that has no measure of it.
    """
    threshold = threshold_of(model)
    if threshold is None:
        return None
    is_unsure = any(p is not None and p >= threshold for p in probabilities)
    return Doubt(threshold, _known(model, where) if is_unsure else ())


def threshold_of(model: Any) -> float | None:
    """Returns the probability of being wrong from which on an answer is called unsure; None where there is no measure."""
    try:
        return None if model.unsure is None else float(model.unsure.threshold)
    except VaegenError:  # the log has said so; an answer is still an answer
        return None


def _known(model: Any, where: Point) -> tuple[Point, ...]:
    """The captions of the map whose latents are nearest, in the language of the sentence; () without a map."""
    try:
        (near,) = model.map().nearest([where.text], N_LOOKED_AT)
    except VaegenError:
        return ()
    captions = [one for one in near if one.text and not one.is_drawn and one.text != where.text]
    own = [one for one in captions if one.language == where.language] or captions
    known = {one.text: Point(one.text, one.language) for one in own}
    return tuple(known.values())[:N_KNOWN]
