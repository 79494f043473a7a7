"""Endpoints: what Sample does."""

from __future__ import annotations

from dataclasses import asdict

from vaegen.app.endpoints.calls import add_endpoint, listed, or_error, point_of
from vaegen.app.questions.points import START
from vaegen.app.questions.sample import Move
from vaegen.app.service import Service


def add(service: Service) -> None:
    """Adds these endpoints to the page that is being built."""

    def sample(
        text: str = "",
        seed: int = Move.seed,
        prior_scale: float = Move.prior_scale,
        moves: str = "",
        slots: str = Move.slots,
        other: str = "",
        languages: str = ",".join(Move.languages),
        temperature: float = Move.temperature,
        checkpoint: str = Move.checkpoint,
        prior: str = Move.prior,
        kept: int = Move.kept,
        beta: float | None = Move.beta,
    ) -> dict:
        """Decode a latent that is drawn from a prior or a sentence's, moved along named directions, slot by slot.

        Args:
            text: Where to start: a sentence, or "z:" and a latent; empty: a draw from a prior.
            seed: Of the draw, and of the words if they are sampled.
            prior_scale: Multiplies the prior's noise.
            moves: Standard deviations by direction, as in "0:2,3:-1.5"; `directions` of an answer lists them by number.
            slots: One letter for each slot: "." free, "l" locked, "m" muted (0), "b" taken from `other`.
            other: The sentence, or "z:" and the latent, that slots are taken from.
            languages: Codes of the output languages, with commas between them.
            temperature: 0 decodes greedily, above it tokens are sampled.
            checkpoint: As in `translate`.
            prior: "normal", or one that was fitted: "gaussian", "mixture", "flow" or "jitter".
            kept: Only this many slots, the first ones, speak; 0: all.
            beta: As in `translate`.

        Returns:
            `texts` by language, the latent `z`, `directions` with their measured effects, and `python`.
        """
        pairs = tuple(tuple(move.split(":")) for move in listed(moves) if move)
        start, codes = "sentence" if text else "prior", listed(languages)
        a, b = point_of(text) if text else START[0], point_of(other) if other else START[1]
        how = (start, seed, prior_scale, pairs, slots, codes, temperature, prior, kept, beta)
        question = Move(a, b, checkpoint, *how)  # type: ignore[arg-type]
        return or_error(lambda: asdict(service.ask(question)))

    add_endpoint(sample, "sample")
