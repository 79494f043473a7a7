"""Sampling: sentences that nobody wrote, and moving a latent along directions, slot by slot."""

from __future__ import annotations

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
    check_whole,
)
from vaegen.app.questions.points import START, Point, fitted, latent_of, point, python_of, python_rate, python_start
from vaegen.errors import VaegenError
from vaegen.latent.codes import pack
from vaegen.latent.directions import NONE, Direction, Directions
from vaegen.latent.prior_kinds import PRIORS
from vaegen.text.tags import CAPTION_LANGUAGES

STARTS = ("sentence", "prior")
SLOT_STATES = {".": "free", "l": "locked", "m": "muted", "b": "from B"}
MAX_SD, MAX_DRAWS, MAX_SLOTS = 5.0, 12, 1000


@dataclass(frozen=True)
class Move:
    """Asks for the sentence at a latent that is moved along directions.

    Attributes:
        a: The sentence to start from.
        b: The sentence that single slots may be taken from.
        checkpoint: Name of a checkpoint.
        start: "sentence" (the latent of `a`) or "prior" (a draw).
        seed: Of the draw.
        prior_scale: Multiplies the prior's noise.
        moves: (number of a direction, standard deviations) for each slider that is not at 0.
        slots: One letter for each slot: "." free, "l" locked (the sliders leave it), "m" muted (at the prior's mean, 0),
            "b" taken from `b`; missing ones are free.
        languages: Codes of the languages to decode into.
        temperature: 0 decodes greedily; above it, tokens are sampled, with `seed`.
        prior: Which prior is drawn from; one of `vaegen.latent.PRIORS`.
        kept: Only this many slots, the first ones, speak at the end, the others are 0; 0: all.
        beta: The rate, for a checkpoint with a dial, 0.003 to 1; None: the recommended one.
    """

    a: Point = START[0]
    b: Point = START[1]
    checkpoint: str = ""
    start: str = "sentence"
    seed: int = 0
    prior_scale: float = 1.0
    moves: tuple[tuple[int, float], ...] = ()
    slots: str = ""
    languages: tuple[str, ...] = CAPTION_LANGUAGES
    temperature: float = 0.0
    prior: str = "normal"
    kept: int = 0
    beta: float | None = None

    def checked(self, checkpoints: Sequence[str]) -> Move:
        """Returns the question with clean values.

        Raises:
            VaegenError: If one is refused.
        """
        moves = []
        for move in self.moves:
            if not isinstance(move, (tuple, list)) or len(move) != 2:
                raise VaegenError(
                    "{move} is no move; give the number of a direction and standard deviations.", move=f"{move!r:.60}"
                )
            number, sd = move
            sd = check_number("A slider", sd, -MAX_SD, MAX_SD)
            moves.append((check_whole("The number of a direction", number, 0, 1000), sd))
        if not isinstance(self.slots, str) or not set(self.slots) <= set(SLOT_STATES):
            told = ", ".join(f"{letter!r} ({state})" for letter, state in SLOT_STATES.items())
            raise VaegenError(
                "The slots are {slots}; write one letter for each, out of {told}.", slots=f"{self.slots!r:.60}", told=told
            )
        start = check_choice("start", self.start, STARTS)
        return Move(
            point(self.a) if start == "sentence" else START[0],
            point(self.b) if "b" in self.slots else START[1],
            check_checkpoint(self.checkpoint, checkpoints),
            start,
            check_whole("The seed", self.seed, 0, MAX_SEED) if start == "prior" or self.temperature else 0,
            check_number("The prior's scale", self.prior_scale, 0.0, 3.0),
            tuple((number, sd) for number, sd in moves if sd),
            self.slots.rstrip("."),
            check_languages(self.languages),
            check_number("The temperature", self.temperature, 0.0, 2.0),
            check_choice("prior", self.prior, PRIORS) if start == "prior" else "normal",
            check_whole("The number of slots", self.kept, 0, MAX_SLOTS),
            check_beta(self.beta),
        )

    def answers(self, model: Any) -> Iterator[MoveAnswer]:
        """Yields the sentence, once."""
        self = fitted(self, model)
        known, shape = _directions(model), model.latent_shape
        if len(self.slots) > shape[0]:
            raise VaegenError("{n} slots are named; this checkpoint has {n_slots}.", n=len(self.slots), n_slots=shape[0])
        if self.start == "prior":
            z = model.draw(1, self.seed, self.prior, self.prior_scale)[0]
        else:
            z = latent_of(model, self.a, self.beta).copy()
        slots = self.slots.ljust(shape[0], ".")
        if "b" in slots:
            taken = [i for i, letter in enumerate(slots) if letter == "b"]
            z[taken] = latent_of(model, self.b, self.beta)[taken]
        free = [i for i, letter in enumerate(slots) if letter in ".b"]
        for number, sd in self.moves:
            z = known.apply(z, number, sd, free)
        z[[letter == "m" for letter in slots]] = 0.0
        if self.kept:
            z[self.kept :] = 0.0
        options = {"method": "sample", "temperature": self.temperature} if self.temperature else {"num_beams": 1}
        stack = np.stack([z] * len(self.languages))
        texts = model.decode(stack, self.languages, seed=self.seed, avoid_loops=True, beta=self.beta, **options)
        written = dict(zip(self.languages, texts, strict=True))
        yield MoveAnswer(written, pack(z), shape[0], known.entries, model.priors, self._python(slots))

    def _python(self, slots: str) -> str:
        lines = python_start(self.checkpoint, self.a, self.b)
        if self.start == "prior":
            lines += [f"z = pipeline.draw(1, {self.seed}, {self.prior!r}, {self.prior_scale})[0]"]
        else:
            lines += python_of(self.a, "z", beta=self.beta)
        if "b" in slots:
            taken = [i for i, letter in enumerate(slots) if letter == "b"]
            lines += [*python_of(self.b, "b", beta=self.beta), f"z[{taken}] = b[{taken}]"]
        if self.moves:
            free = [i for i, letter in enumerate(slots) if letter in ".b"]
            lines += [f"z = pipeline.directions.apply(z, {number}, {sd}, slots={free})" for number, sd in self.moves]
        if "m" in slots:
            lines += [f"z[{[i for i, letter in enumerate(slots) if letter == 'm']}] = 0.0"]
        lines += [f"z[{self.kept}:] = 0.0"] * bool(self.kept)
        how = f'seed={self.seed}, method="sample", temperature={self.temperature}' if self.temperature else "num_beams=1"
        languages = list(self.languages)
        lines += [f"z = numpy.stack([z] * {len(languages)})"]
        how += f", avoid_loops=True{python_rate(self.beta)}"
        lines += [f"print(*pipeline.decode(z, {languages!r}, {how}), sep='\\n')"]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class MoveAnswer:
    """A moved latent and how it reads.

    Attributes:
        texts: The sentence by language.
        z: The latent (`codes.pack`).
        n_slots: M.
        directions: All that the checkpoint has, in the order of their numbers; none if they were not made.
        priors: Names of the priors that the checkpoint has.
        python: Calls that reproduce it.
        kind: Says which of the answers about sampling this is.
        seconds: Time taken.
        avoided: Sentences that were led around a sensitive word.
    """

    texts: dict[str, str]
    z: str
    n_slots: int
    directions: tuple[Direction, ...]
    priors: tuple[str, ...] = ()
    python: str = ""
    kind: str = "move"
    seconds: float = 0.0
    avoided: int = 0


@dataclass(frozen=True)
class Draws:
    """Asks for several sentences from the prior at once.

    Attributes:
        n: How many, up to 12.
        seed: Draw i is that of `Move` with the seed plus i.
        prior_scale: As in `Move`, like the rest.
        languages: Codes of the languages to decode into.
        temperature: 0 decodes greedily.
        checkpoint: Name of a checkpoint.
        prior: Which prior is drawn from.
        kept: How many slots speak; 0: all.
        beta: As in `Move`.
    """

    n: int = 8
    seed: int = 0
    prior_scale: float = 1.0
    languages: tuple[str, ...] = ("en",)
    temperature: float = 0.0
    checkpoint: str = ""
    prior: str = "normal"
    kept: int = 0
    beta: float | None = None

    def checked(self, checkpoints: Sequence[str]) -> Draws:
        """Returns the question with clean values.

        Raises:
            VaegenError: If one is refused.
        """
        return Draws(
            check_whole("The number of draws", self.n, 1, MAX_DRAWS),
            check_whole("The seed", self.seed, 0, MAX_SEED - MAX_DRAWS),
            check_number("The prior's scale", self.prior_scale, 0.0, 3.0),
            check_languages(self.languages),
            check_number("The temperature", self.temperature, 0.0, 2.0),
            check_checkpoint(self.checkpoint, checkpoints),
            check_choice("prior", self.prior, PRIORS),
            check_whole("The number of slots", self.kept, 0, MAX_SLOTS),
            check_beta(self.beta),
        )

    def answers(self, model: Any) -> Iterator[DrawsAnswer]:
        """Yields the sentences, once."""
        self = fitted(self, model)
        seeds = [self.seed + i for i in range(self.n)]
        z = np.concatenate([model.draw(1, seed, self.prior, self.prior_scale) for seed in seeds])
        if self.kept:
            z[:, self.kept :] = 0.0
        options = {"method": "sample", "temperature": self.temperature} if self.temperature else {"num_beams": 1}
        options |= {"seed": self.seed, "avoid_loops": True}
        rows = [model.decode(z, language, beta=self.beta, **options) for language in self.languages]
        texts = [dict(zip(self.languages, row, strict=True)) for row in zip(*rows, strict=True)]
        yield DrawsAnswer(tuple(Found(s, text, pack(one)) for s, text, one in zip(seeds, texts, z, strict=True)))


@dataclass(frozen=True)
class Found:
    """One draw: its seed, its sentence by language and its latent (`codes.pack`)."""

    seed: int
    texts: dict[str, str]
    z: str


@dataclass(frozen=True)
class DrawsAnswer:
    """Several draws from the prior."""

    draws: tuple[Found, ...]
    kind: str = "draws"
    seconds: float = 0.0
    avoided: int = 0


def _directions(model: Any) -> Directions:
    """The directions of a pipeline; none where those beside its weights are of others, which its log has told."""
    try:
        return model.directions
    except VaegenError:
        return NONE
