"""Endpoints: what Interpolate does: a walk, a grid, an analogy, a cloud."""

from __future__ import annotations

from dataclasses import asdict

from vaegen.app.endpoints.calls import add_endpoint, listed, or_error, point_of
from vaegen.app.questions.interpolate_around import Analogy, Cloud, Grid
from vaegen.app.questions.interpolate_walk import Walk
from vaegen.app.service import Service


def add(service: Service) -> None:
    """Adds these endpoints to the page that is being built."""

    def walk(
        a: str,
        b: str,
        steps: int = Walk.steps,
        method: str = Walk.method,
        languages: str = ",".join(Walk.languages),
        checkpoint: str = Walk.checkpoint,
        exact: bool = Walk.exact,
        beta: float | None = Walk.beta,
    ) -> dict:
        """Walk through the latent space from one sentence to another and read every step in several languages.

        Args:
            a: Where to start: a sentence, or "z:" and a latent that another endpoint gave.
            b: Where to end, likewise.
            steps: Latents on the way, both ends included; 3 to 15.
            method: "slerp" (along the arc) or "lerp" (along the straight line).
            languages: Codes of the output languages, with commas between them.
            checkpoint: As in `translate`.
            exact: Whether the ends are refined until they read back as they were given.
            beta: As in `translate`.

        Returns:
            `stops`: for each step its latent `z`, its `texts` by language and `xy`, its place in the plane of the origin, a
            and b; `smoothness` by language (1 has no detour); `python`: the calls that reproduce it.
        """
        codes = listed(languages)
        question = Walk(point_of(a), point_of(b), checkpoint, steps, method, codes, exact, beta)
        return or_error(lambda: asdict(service.ask(question)))

    def grid(
        a: str,
        b: str,
        c: str,
        d: str,
        size: int = Grid.size,
        language: str = Grid.language,
        checkpoint: str = Grid.checkpoint,
        beta: float | None = Grid.beta,
    ) -> dict:
        """Mix four sentences: read the latents on a square that has them in its corners.

        Args:
            a: Top left: a sentence, or "z:" and a latent, as the three others.
            b: Top right.
            c: Bottom left.
            d: Bottom right.
            size: Sentences on a side, 3 to 7.
            language: Language of the output: a code of the checkpoint, such as "en" or "de".
            checkpoint: As in `translate`.
            beta: As in `translate`.

        Returns:
            `texts` and their latents `zs`, row by row, and `python`.
        """
        question = Grid(point_of(a), point_of(b), point_of(c), point_of(d), checkpoint, size, language, beta)
        return or_error(lambda: asdict(service.ask(question)))

    def analogy(
        a: str,
        b: str,
        c: str,
        strength: float = Analogy.strength,
        languages: str = ",".join(Analogy.languages),
        checkpoint: str = Analogy.checkpoint,
        beta: float | None = Analogy.beta,
    ) -> dict:
        """Find what is to A as C is to B: decode A + strength (C - B).

        Args:
            a: A sentence, or "z:" and a latent, as the two others.
            b: The sentence that lacks the difference.
            c: The sentence that has it.
            strength: How much of the difference to add, -3 to 3; 1 is A - B + C.
            languages: Codes of the output languages, with commas between them.
            checkpoint: As in `translate`.
            beta: As in `translate`.

        Returns:
            `texts` by language, the latent `z`, its `cosines` to A, B and C, and `python`.
        """
        codes = listed(languages)
        question = Analogy(point_of(a), point_of(b), point_of(c), checkpoint, strength, codes, beta)
        return or_error(lambda: asdict(service.ask(question)))

    def cloud(
        a: str,
        unit: str = Cloud.unit,
        n_draws: int = Cloud.n_draws,
        seed: int = Cloud.seed,
        language: str = Cloud.language,
        checkpoint: str = Cloud.checkpoint,
        beta: float | None = Cloud.beta,
    ) -> dict:
        """Add noise of growing radius to a sentence's latent and see how far it still reads the same.

        Args:
            a: A sentence, or "z:" and a latent (the prior's unit only).
            unit: Of the radius: "posterior" (each dimension's standard deviation) or "prior" (1 in every dimension).
            n_draws: Draws at each radius, 2 to 16.
            seed: The same seed gives the same draws.
            language: Language of the output: a code of the checkpoint, such as "en" or "de".
            checkpoint: As in `translate`.
            beta: As in `translate`.

        Returns:
            `center`, what the middle reads; `rings`: for each `radius` the share that reads the `same` and all `wordings`.
        """
        question = Cloud(point_of(a), checkpoint, unit, n_draws, seed, language, beta)
        return or_error(lambda: asdict(service.ask(question)))

    add_endpoint(walk, "walk")
    add_endpoint(grid, "grid")
    add_endpoint(analogy, "analogy")
    add_endpoint(cloud, "cloud")
