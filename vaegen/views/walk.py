"""Walking from one sentence to another: the latents on the way, decoded in several languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vaegen.views.checks import check_checkpoint, check_choice, check_languages, check_whole
from vaegen.views.points import Point, latent_of, pack, point, python_of

MAX_STEPS = 15
METHODS = ("slerp", "lerp")


@dataclass(frozen=True)
class Walk:
    """Asks for the sentences on the way from A to B.

    Attributes:
        a: Start.
        b: End.
        checkpoint: Name of a checkpoint.
        steps: Latents on the way, both ends included; 3 to 15.
        method: "slerp" (along the arc) or "lerp" (along the straight line).
        languages: Codes of the languages to decode into.
    """

    a: Point
    b: Point
    checkpoint: str = ""
    steps: int = 7
    method: str = "slerp"
    languages: tuple[str, ...] = ("en", "de", "fr", "cs")

    def checked(self, checkpoints: Sequence[str]) -> Walk:
        """Returns the question with clean values.

        Raises:
            VaegenError: If one is refused.
        """
        return Walk(
            point(self.a),
            point(self.b),
            check_checkpoint(self.checkpoint, checkpoints),
            check_whole("The number of steps", self.steps, 3, MAX_STEPS),
            check_choice("way", self.method, METHODS),
            check_languages(self.languages),
        )

    def answers(self, model: Any) -> Iterator[WalkAnswer]:
        """Yields the walk as it grows, step by step."""
        path = model.path(latent_of(model, self.a), latent_of(model, self.b), self.steps, self.method)
        answer = WalkAnswer(self.steps, self.languages, python=self._python())
        for z in path:
            texts = model.decode(np.stack([z] * len(self.languages)), self.languages, num_beams=1)
            answer = replace(answer, stops=(*answer.stops, Stop(pack(z), dict(zip(self.languages, texts, strict=True)))))
            yield answer

    def _python(self) -> str:
        lines = ["import vaegen", "", f'pipeline = vaegen.load("checkpoints/{self.checkpoint}")']
        lines += [*python_of(self.a, "a"), *python_of(self.b, "b")]
        lines += [f'for z in pipeline.path(a, b, {self.steps}, "{self.method}"):']
        lines += [f'    print(*(pipeline.decode(z, language, num_beams=1)[0] for language in {self.languages!r}), sep="\\n")']
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Stop:
    """One step of a walk: its latent as `points.pack` writes it, and the sentence in each language."""

    z: str
    texts: dict[str, str]


@dataclass(frozen=True)
class WalkAnswer:
    """The walk so far.

    Attributes:
        n_steps: Steps in all.
        languages: Codes.
        stops: Those that are decoded.
        python: Calls that reproduce the walk.
        seconds: Time taken so far.
    """

    n_steps: int
    languages: tuple[str, ...]
    stops: tuple[Stop, ...] = ()
    python: str = ""
    seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether every step is decoded."""
        return len(self.stops) == self.n_steps
