"""More ways through the latent space: between four sentences, by analogy, and all around one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaegen.app.questions.checks import (
    MAX_SEED,
    check_beta,
    check_checkpoint,
    check_choice,
    check_languages,
    check_number,
    check_tag,
    check_whole,
)
from vaegen.app.questions.points import Point, fitted, latent_of, point, python_of, python_rate, python_start
from vaegen.errors import VaegenError
from vaegen.latent.codes import pack
from vaegen.text.tags import CAPTION_LANGUAGES

UNITS = ("posterior", "prior")
RADII = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)


@dataclass(frozen=True)
class Grid:
    """Asks for the sentences on a square between four corners, mixed bilinearly.

    Attributes:
        a: Top left.
        b: Top right.
        c: Bottom left.
        d: Bottom right.
        checkpoint: Name of a checkpoint.
        size: Sentences on a side, 3 to 7.
        language: Code.
        beta: The rate, for a checkpoint with a dial, 0.003 to 1; None: the recommended one.
    """

    a: Point
    b: Point
    c: Point
    d: Point
    checkpoint: str = ""
    size: int = 5
    language: str = "en"
    beta: float | None = None

    def checked(self, checkpoints: Sequence[str]) -> Grid:
        """Returns the question with clean values.

        Raises:
            VaegenError: If one is refused.
        """
        return Grid(
            _corner("A", self.a),
            _corner("B", self.b),
            _corner("C", self.c),
            _corner("D", self.d),
            check_checkpoint(self.checkpoint, checkpoints),
            check_whole("The side of the grid", self.size, 3, 7),
            check_tag(self.language),
            check_beta(self.beta),
        )

    def answers(self, model: Any) -> Iterator[GridAnswer]:
        """Yields the grid, once."""
        self = fitted(self, model)
        typed = (self.a, self.b, self.c, self.d)
        corners = np.stack([latent_of(model, corner, self.beta) for corner in typed])
        t = np.linspace(0.0, 1.0, self.size)
        v, u = (axis.reshape(-1, 1) for axis in np.meshgrid(t, t, indexing="ij"))  # row by row
        weights = np.concatenate([(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v], axis=1)
        z = np.einsum("nk,kmz->nmz", weights, corners).astype(np.float32)
        texts = model.decode(z, self.language, num_beams=1, avoid_loops=True, beta=self.beta)
        read = (texts[0], texts[self.size - 1], texts[-self.size], texts[-1])
        named = zip("ABCD", typed, read, strict=True)
        differs = tuple(name for name, where, text in named if text != where.text and self._writes(model, where))
        yield GridAnswer(self.size, self.language, tuple(texts), tuple(map(pack, z)), differs, self._python())

    def _writes(self, model: Any, where: Point) -> bool:
        """Whether a corner is a sentence in the language that is written, so that it could come back word by word."""
        return not where.z and (where.language or model.detect_language(where.text)) == self.language

    def _python(self) -> str:
        lines = python_start(self.checkpoint, self.a, self.b, self.c, self.d)
        for name in "abcd":
            lines += python_of(getattr(self, name), name, beta=self.beta)
        lines += [f"t = [i / {self.size - 1} for i in range({self.size})]"]
        lines += ["z = [(1 - u) * (1 - v) * a + u * (1 - v) * b + (1 - u) * v * c + u * v * d for v in t for u in t]"]
        how = f"num_beams=1, avoid_loops=True{python_rate(self.beta)}"
        lines += [f'texts = pipeline.decode(numpy.stack(z), "{self.language}", {how})']
        lines += ['print(*texts, sep="\\n")']
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class GridAnswer:
    """The square, row by row: its sentences and their latents (`codes.pack`); `differs`: corners not read as typed."""

    size: int
    language: str
    texts: tuple[str, ...]
    zs: tuple[str, ...]
    differs: tuple[str, ...] = ()
    python: str = ""
    kind: str = "grid"
    seconds: float = 0.0
    avoided: int = 0


@dataclass(frozen=True)
class Analogy:
    """Asks what is to A as C is to B: the sentence at A + strength (C - B).

    Attributes:
        a: Where to start.
        b: The sentence that lacks the difference.
        c: The sentence that has it.
        checkpoint: Name of a checkpoint.
        strength: How much of the difference to add; 1 is A - B + C.
        languages: Codes of the languages to decode into.
        beta: The rate, for a checkpoint with a dial, 0.003 to 1; None: the recommended one.
    """

    a: Point
    b: Point
    c: Point
    checkpoint: str = ""
    strength: float = 1.0
    languages: tuple[str, ...] = CAPTION_LANGUAGES
    beta: float | None = None

    def checked(self, checkpoints: Sequence[str]) -> Analogy:
        """Returns the question with clean values.

        Raises:
            VaegenError: If one is refused.
        """
        return Analogy(
            _corner("A", self.a),
            _corner("B", self.b),
            _corner("C", self.c),
            check_checkpoint(self.checkpoint, checkpoints),
            check_number("The strength", self.strength, -3.0, 3.0),
            check_languages(self.languages),
            check_beta(self.beta),
        )

    def answers(self, model: Any) -> Iterator[AnalogyAnswer]:
        """Yields the answer, once."""
        self = fitted(self, model)
        a, b, c = (latent_of(model, where, self.beta) for where in (self.a, self.b, self.c))
        z = (a + self.strength * (c - b)).astype(np.float32)
        stack = np.stack([z] * len(self.languages))
        texts = model.decode(stack, self.languages, num_beams=1, avoid_loops=True, beta=self.beta)
        near = {name: round(_cosine(z, other), 3) for name, other in zip("ABC", (a, b, c), strict=True)}
        yield AnalogyAnswer(dict(zip(self.languages, texts, strict=True)), pack(z), near, self._python())

    def _python(self) -> str:
        lines = python_start(self.checkpoint, self.a, self.b, self.c)
        for name in "abc":
            lines += python_of(getattr(self, name), name, beta=self.beta)
        lines += [f"z = a + {self.strength} * (c - b)", f"for language in {self.languages!r}:"]
        lines += [f"    print(*pipeline.decode(z, language, num_beams=1, avoid_loops=True{python_rate(self.beta)}))"]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class AnalogyAnswer:
    """Where the analogy leads.

    Attributes:
        texts: The sentence by language.
        z: Its latent (`codes.pack`).
        cosines: To the latents of A, B and C: an answer that is nearly A or C is no discovery.
        python: Calls that reproduce it.
        kind: Says which of the answers about ways this is.
        seconds: Time taken.
        avoided: Sentences that were led around a sensitive word.
    """

    texts: dict[str, str]
    z: str
    cosines: dict[str, float]
    python: str = ""
    kind: str = "analogy"
    seconds: float = 0.0
    avoided: int = 0


@dataclass(frozen=True)
class Cloud:
    """Asks for a cloud around a sentence: noise of growing radius added to the mode of its posterior.

    Attributes:
        a: The sentence.
        checkpoint: Name of a checkpoint.
        unit: "posterior" (each dimension's own standard deviation) or "prior" (1 in every dimension).
        n_draws: Draws at each radius, 2 to 16.
        seed: Of the noise.
        language: Code.
        beta: The rate, for a checkpoint with a dial, 0.003 to 1; None: the recommended one.
    """

    a: Point
    checkpoint: str = ""
    unit: str = "posterior"
    n_draws: int = 8
    seed: int = 0
    language: str = "en"
    beta: float | None = None

    def checked(self, checkpoints: Sequence[str]) -> Cloud:
        """Returns the question with clean values.

        Raises:
            VaegenError: If one is refused.
        """
        a = point(self.a)
        if not a.text and self.unit == "posterior":
            raise VaegenError("This latent has no sentence, so it has no posterior; choose the prior's unit.")
        return Cloud(
            a,
            check_checkpoint(self.checkpoint, checkpoints),
            check_choice("unit", self.unit, UNITS),
            check_whole("The number of draws", self.n_draws, 2, 16),
            check_whole("The seed", self.seed, 0, MAX_SEED),
            check_tag(self.language),
            check_beta(self.beta),
        )

    def answers(self, model: Any) -> Iterator[CloudAnswer]:
        """Yields the cloud, once."""
        self = fitted(self, model)
        z, std = latent_of(model, self.a, self.beta), np.ones(model.latent_shape, np.float32)
        if self.unit == "posterior":
            std = model.encode([self.a.text], beta=self.beta).std[0].cpu().numpy()
        noise = np.random.default_rng(self.seed).standard_normal((self.n_draws, *z.shape)).astype(np.float32)
        latents = np.concatenate([z[None], *(z + radius * std * noise for radius in RADII)])
        center, *texts = model.decode(latents, self.language, num_beams=1, avoid_loops=True, beta=self.beta)
        rings = []
        for i, radius in enumerate(RADII):
            part = slice(i * self.n_draws, (i + 1) * self.n_draws)
            first = dict(zip(texts[part][::-1], map(pack, latents[1:][part][::-1]), strict=True))
            found = tuple(Wording(text, n, first[text]) for text, n in Counter(texts[part]).most_common())
            rings.append(Ring(radius, texts[part].count(center) / self.n_draws, found))
        yield CloudAnswer(self.language, center, round(float(std.mean()), 3), tuple(rings), self._python())

    def _python(self) -> str:
        rate, std = python_rate(self.beta), "numpy.ones_like(z)"
        if self.unit == "posterior":
            std = f"pipeline.encode([{self.a.text!r}]{rate}).std[0].numpy()"
        lines = [*python_start(self.checkpoint, self.a), *python_of(self.a, "z", beta=self.beta), f"std = {std}"]
        lines += [f"noise = numpy.random.default_rng({self.seed}).standard_normal(({self.n_draws}, *z.shape))"]
        lines += [f"for radius in {RADII}:"]
        lines += ["    cloud = z + radius * std * noise"]
        lines += [f'    print(radius, pipeline.decode(cloud, "{self.language}", num_beams=1, avoid_loops=True{rate}))']
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Wording:
    """A sentence of the cloud, how many draws gave it, and the latent of the first one (`codes.pack`)."""

    text: str
    n_draws: int
    z: str


@dataclass(frozen=True)
class Ring:
    """The draws at one radius: the share that still reads like the middle, and all wordings, commonest first."""

    radius: float
    same: float
    wordings: tuple[Wording, ...]


@dataclass(frozen=True)
class CloudAnswer:
    """A cloud around one sentence.

    Attributes:
        language: Code.
        center: What the middle itself decodes to.
        mean_std: One unit of radius in the latent's own unit, averaged over dimensions.
        rings: By growing radius.
        python: Calls that reproduce it.
        kind: Says which of the answers about ways this is.
        seconds: Time taken.
        avoided: Sentences that were led around a sensitive word.
    """

    language: str
    center: str
    mean_std: float
    rings: tuple[Ring, ...]
    python: str = ""
    kind: str = "cloud"
    seconds: float = 0.0
    avoided: int = 0


def _corner(name: str, where: Any) -> Point:
    try:
        return point(where)
    except VaegenError as error:
        raise VaegenError("Sentence {name}: {reason}", name=name, reason=error) from error


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float((a * b).sum() / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12))
