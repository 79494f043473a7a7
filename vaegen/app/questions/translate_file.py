"""A file of sentences, translated line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vaegen.app.questions.checks import (
    MAX_FILE_WORK,
    check_beta,
    check_checkpoint,
    check_choice,
    check_line,
    check_tag,
    check_whole,
    check_work,
)
from vaegen.app.questions.doubt import threshold_of
from vaegen.app.questions.points import at_rate
from vaegen.decoding.options import CONTEXT
from vaegen.errors import VaegenError

MAX_LINES, MAX_BEAMS = 1000, 5
BATCH = 16  # lines between two reports


@dataclass(frozen=True)
class Lines:
    """Asks for the translation of many lines into one language.

    Attributes:
        lines: The sentences, up to 1,000; an empty one stays empty.
        language: Code of the language to translate into.
        context: "source" or "latent".
        num_beams: Width of the beam, 1 is greedy.
        checkpoint: Name of a checkpoint.
        beta: The rate, for a checkpoint with a dial, 0.003 to 1; None: the recommended one.
    """

    lines: tuple[str, ...]
    language: str
    context: str = CONTEXT
    num_beams: int = 1
    checkpoint: str = ""
    beta: float | None = None

    @property
    def is_long(self) -> bool:
        """Whether it takes seconds."""
        return len(self.lines) > BATCH

    def checked(self, checkpoints: Sequence[str]) -> Lines:
        """Returns the question with clean values.

        Raises:
            VaegenError: If one is refused.
        """
        if not 1 <= len(self.lines) <= MAX_LINES:
            raise VaegenError("The file has {n} lines; give 1 to {most}.", n=len(self.lines), most=MAX_LINES)
        clean = []
        for i, line in enumerate(self.lines, 1):
            try:
                clean.append(check_line(line))
            except VaegenError as error:
                raise VaegenError("Line {number}: {reason}", number=i, reason=error) from error
        num_beams = check_whole("The beam width", self.num_beams, 1, MAX_BEAMS)
        check_work(sum(map(len, clean)), num_beams, MAX_FILE_WORK)
        return Lines(
            tuple(clean),
            check_tag(self.language),
            check_choice("context", self.context, ("source", "latent")),
            num_beams,
            check_checkpoint(self.checkpoint, checkpoints),
            check_beta(self.beta),
        )

    def answers(self, model: Any) -> Iterator[LinesAnswer]:
        """Yields the translations so far, after each batch."""
        self = at_rate(self, model)
        answer = LinesAnswer(len(self.lines), threshold=threshold_of(model))
        how = {"context": self.context, "num_beams": self.num_beams, "beta": self.beta}
        for start in range(0, len(self.lines), BATCH):
            batch = list(self.lines[start : start + BATCH])
            done = [found[0] for found in model.generate(batch, self.language, **how)]
            lines, unsure = (tuple(getattr(one, name) for one in done) for name in ("text", "unsure"))
            answer = replace(answer, lines=answer.lines + lines, unsure=answer.unsure + unsure)
            yield answer


@dataclass(frozen=True)
class LinesAnswer:
    """The translations so far, one for each line.

    Attributes:
        n_lines: Lines in all.
        lines: Their translations.
        unsure: Probability that each is wrong; None for an empty one, or without a measure of it.
        threshold: Probability from which on one is called unsure; None where there is no measure.
        seconds: Time taken so far.
        avoided: Lines that were led around a sensitive word.
    """

    n_lines: int
    lines: tuple[str, ...] = ()
    unsure: tuple[float | None, ...] = ()
    threshold: float | None = None
    seconds: float = 0.0
    avoided: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every line is translated."""
        return len(self.lines) == self.n_lines
