"""Endpoints: what the VAE does with a sentence."""

from __future__ import annotations

from dataclasses import asdict

from vaegen.app.endpoints.calls import add_endpoint, or_error
from vaegen.app.questions.inside import Inside
from vaegen.app.questions.points import Point
from vaegen.app.service import Service


def add(service: Service) -> None:
    """Adds these endpoints to the page that is being built."""

    def inside(
        text: str,
        language: str = Inside.language,
        checkpoint: str = Inside.checkpoint,
        beta: float | None = Inside.beta,
    ) -> dict:
        """Look at what the VAE does with a sentence: posterior, KL, the bound, and what each latent slot carries.

        Args:
            text: The sentence.
            language: Language to read the slots in: a code of the checkpoint, such as "en".
            checkpoint: As in `translate`.
            beta: As in `translate`.

        Returns:
            `mu`, `std`, `kl_per_dim` slot by slot with their `shape`, `kl_per_slot`, `kl`, `recon`, `neg_elbo` in nats,
            `active` dimensions, `whole` and `without` (the sentence read with all slots, and without each), `checkpoint`
            (training, curves, measured figures) and `python`.
        """
        return or_error(lambda: asdict(service.ask(Inside(Point(text), checkpoint, language, beta))))

    add_endpoint(inside, "inside")
