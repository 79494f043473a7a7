"""Walking from one sentence to another: the latents on the way, decoded in several languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vaegen.app.questions.checks import check_beta, check_checkpoint, check_choice, check_languages, check_whole
from vaegen.app.questions.points import (
    Point,
    exact_latent_of,
    fitted,
    latent_of,
    point,
    python_of,
    python_rate,
    python_start,
)
from vaegen.decoding.loops import loops, words
from vaegen.evaluation.generated_text import word_smoothness
from vaegen.latent.codes import pack
from vaegen.text.tags import CAPTION_LANGUAGES

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
        exact: Whether the ends are refined until they read back as they were typed; a latent that was handed over stays.
        beta: The rate, for a checkpoint with a dial, 0.003 to 1; None: the recommended one.
    """

    a: Point
    b: Point
    checkpoint: str = ""
    steps: int = 7
    method: str = "slerp"
    languages: tuple[str, ...] = CAPTION_LANGUAGES
    exact: bool = True
    beta: float | None = None

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
            bool(self.exact),
            check_beta(self.beta),
        )

    @property
    def is_long(self) -> bool:
        """Whether it takes seconds."""
        return self.exact

    def answers(self, model: Any) -> Iterator[WalkAnswer]:
        """Yields the walk as it grows, step by step; its smoothness comes with the last one."""
        self = fitted(self, model)
        ends, differs = self._ends(model)
        how = {"num_beams": 1, "avoid_loops": self._avoid_loops, "beta": self.beta}
        path = model.path(*ends, self.steps, self.method)
        answer = WalkAnswer(self.steps, self.languages, differs=differs, python=self._python())
        for z, xy in zip(path, plane(path), strict=True):
            stack = np.stack([z] * len(self.languages))
            texts = model.decode(stack, self.languages, **how)
            stop = Stop(pack(z), dict(zip(self.languages, texts, strict=True)), xy)
            answer = replace(answer, stops=(*answer.stops, stop))
            if answer.is_complete:
                columns = {code: [stop.texts[code] for stop in answer.stops] for code in self.languages}
                answer = replace(answer, smoothness={code: word_smoothness(texts) for code, texts in columns.items()})
            yield answer

    def _ends(self, model: Any) -> tuple[list[np.ndarray], tuple[str, ...]]:
        """The latents of A and B, and the letters of those that were to read as typed and do not."""
        if not self.exact:
            return [latent_of(model, end, self.beta) for end in (self.a, self.b)], ()
        found = [exact_latent_of(model, end, self.beta) for end in (self.a, self.b)]
        return [z for z, _ in found], tuple(name for name, (_, reached) in zip("AB", found, strict=True) if not reached)

    @property
    def _avoid_loops(self) -> bool:
        """Whether the decoder is led out of loops: not where an end has one as typed, such as "ha ha ha"."""
        return not any(loops(words(end.text)) for end in (self.a, self.b))

    def _python(self) -> str:
        lines = python_start(self.checkpoint, self.a, self.b)
        lines += [line for name in "ab" for line in python_of(getattr(self, name), name, self.exact, self.beta)]
        lines += [f'for z in pipeline.path(a, b, {self.steps}, "{self.method}"):']
        lines += [f"    for language in {self.languages!r}:"]
        how = f"num_beams=1, avoid_loops={self._avoid_loops}{python_rate(self.beta)}"
        lines += [f"        print(*pipeline.decode(z, language, {how}))"]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Stop:
    """One step of a walk.

    Attributes:
        z: Its latent as `codes.pack` writes it.
        texts: The sentence in each language.
        xy: Where it lies in the plane through the origin, A and B; exact, in the latent's own unit.
    """

    z: str
    texts: dict[str, str]
    xy: tuple[float, float]


@dataclass(frozen=True)
class WalkAnswer:
    """The walk so far.

    Attributes:
        n_steps: Steps in all.
        languages: Codes.
        stops: Those that are decoded.
        differs: Letters of the ends that were to read as typed and do not.
        smoothness: Of the whole walk, by language; see `word_smoothness`.
        python: Calls that reproduce the walk.
        kind: Says which of the answers about ways this is.
        seconds: Time taken so far.
        avoided: Sentences that were led around a sensitive word.
    """

    n_steps: int
    languages: tuple[str, ...]
    stops: tuple[Stop, ...] = ()
    differs: tuple[str, ...] = ()
    smoothness: dict[str, float] | None = None
    python: str = ""
    kind: str = "walk"
    seconds: float = 0.0
    avoided: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every step is decoded."""
        return len(self.stops) == self.n_steps


def plane(path: np.ndarray) -> list[tuple[float, float]]:
    """Returns the coordinates of latents (steps, M, Z) in the plane that the origin and both ends span.

    Lines and arcs between the ends lie in that plane, so nothing is lost: distances on the picture are distances in the
    latent space. The first axis points to the start.
    """
    flat = path.reshape(len(path), -1).astype(np.float64)
    a, b = flat[0], flat[-1]
    first = a / max(float(np.linalg.norm(a)), 1e-12)
    rest = b - (b @ first) * first
    second = rest / max(float(np.linalg.norm(rest)), 1e-12)
    return [(round(float(z @ first), 3), round(float(z @ second), 3)) for z in flat]
