"""The tab that samples latents and moves them along directions."""

from __future__ import annotations

from typing import Any

from vaegen.app.page import add_view
from vaegen.app.questions.sample import MAX_SLOTS, STARTS, Draws, Move
from vaegen.app.service import Question, Service
from vaegen.app.settings import choice, number, tags, whole

SETTINGS = {
    "start": choice(Move, "start", STARTS),
    "seed": {**whole(Move, "seed", 0), "default": 1},
    "prior_scale": number(Move, "prior_scale", 0.0, 2.0),
    "languages": tags(Move),
    "temperature": number(Move, "temperature", 0.0, 1.5),
    "kept": whole(Move, "kept", 0, MAX_SLOTS),
}


def build(service: Service) -> None:
    """Puts the tab on the page that is being built."""
    add_view(service, "sample", question)


def question(data: dict[str, Any]) -> Question[Any]:
    """Returns what the page asks."""
    checkpoint, seed = str(data.get("checkpoint") or ""), data.get("seed", Move.seed)
    scale, temperature = data.get("prior_scale", Move.prior_scale), data.get("temperature", Move.temperature)
    prior, kept = str(data.get("prior") or Move.prior), data.get("kept", Move.kept)
    languages, beta = data.get("languages", Move.languages), data.get("beta")
    languages = tuple(languages) if isinstance(languages, (list, tuple)) else ()
    if data.get("batch"):
        return Draws(data.get("n", Draws.n), data["batch"], scale, languages, temperature, checkpoint, prior, kept, beta)
    moves = data.get("moves", {})
    pairs = tuple((key, value) for key, value in moves.items()) if isinstance(moves, dict) else ()
    start, slots = str(data.get("start", Move.start)), str(data.get("slots", Move.slots))
    how = (start, seed, scale, pairs, slots, languages, temperature, prior, kept, beta)
    return Move(data.get("a"), data.get("b"), checkpoint, *how)  # type: ignore[arg-type]
