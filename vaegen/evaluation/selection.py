"""What of a checkpoint is measured, and on which text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Selection:
    """What `vaegen evaluate` measures; figures of other selections are others.

    Attributes:
        corpus: Corpus to measure on (default: the first one of the training).
        split: Part of the corpus: `val` or `test`.
        directions: Directions of translation, as in `en-de,de-en`, or `all` that have enough sentences.
        num_beams: Width of the beam; 1 is greedy.
        limit: The first so many sentences of each direction alone (default: all).
        latent_sentences: Sentences of each language for the figures of the latent.
        latent_draws: Draws of z for the reconstruction and the bound of the likelihood, for each sentence.
    """

    corpus: str | None = None
    split: str = "test"
    directions: str = "all"
    num_beams: int = 5
    limit: int | None = None
    latent_sentences: int = 500
    latent_draws: int = 20
