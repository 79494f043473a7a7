"""The tab that samples latents and moves them along directions."""

from __future__ import annotations

from typing import Any

from vaegen.app.page import add_view
from vaegen.service import Question, Service
from vaegen.tags import CAPTION_LANGUAGES
from vaegen.views.sampling import Draws, Move


def build(service: Service) -> None:
    """Puts the tab on the page that is being built."""
    add_view(service, "sample", question)


def question(data: dict[str, Any]) -> Question[Any]:
    """Returns what the page asks."""
    checkpoint, seed = str(data.get("checkpoint") or ""), data.get("seed", 0)
    scale, temperature = data.get("prior_scale", 1.0), data.get("temperature", 0.0)
    prior, kept = str(data.get("prior") or "normal"), data.get("kept", 0)
    languages = data.get("languages", CAPTION_LANGUAGES)
    languages = tuple(languages) if isinstance(languages, (list, tuple)) else ()
    if data.get("batch"):
        return Draws(data.get("n", 8), data["batch"], scale, languages, temperature, checkpoint, prior, kept)
    moves = data.get("moves", {})
    pairs = tuple((key, value) for key, value in moves.items()) if isinstance(moves, dict) else ()
    start, slots = str(data.get("start", "sentence")), str(data.get("slots", ""))
    how = (start, seed, scale, pairs, slots, languages, temperature, prior, kept)
    return Move(data.get("a"), data.get("b"), checkpoint, *how)  # type: ignore[arg-type]
