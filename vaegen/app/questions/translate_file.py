"""A file of sentences, translated line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vaegen.app.questions.checks import check_beta, check_checkpoint, check_choice, check_line, check_tag, check_whole
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
        return Lines(
            tuple(clean),
            check_tag(self.language),
            check_choice("context", self.context, ("source", "latent")),
            check_whole("The beam width", self.num_beams, 1, MAX_BEAMS),
            check_checkpoint(self.checkpoint, checkpoints),
            check_beta(self.beta),
        )

    def answers(self, model: Any) -> Iterator[LinesAnswer]:
        """Yields the translations so far, after each batch."""
        self = at_rate(self, model)
        answer, how = LinesAnswer(len(self.lines)), {"context": self.context, "num_beams": self.num_beams, "beta": self.beta}
        for start in range(0, len(self.lines), BATCH):
            batch = list(self.lines[start : start + BATCH])
            done = model.translate(batch, self.language, **how)
            answer = replace(answer, lines=(*answer.lines, *done))
            yield answer


@dataclass(frozen=True)
class LinesAnswer:
    """The translations so far, one for each line."""

    n_lines: int
    lines: tuple[str, ...] = ()
    seconds: float = 0.0
    avoided: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every line is translated."""
        return len(self.lines) == self.n_lines
