"""Where the model looks: attention from target words to latent slots to source words, and a word that is taken away.

Attention is not explanation (Jain and Wallace 2019, arXiv 1902.10186); taking a word away comes nearer to one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vaegen.app.questions.checks import MAX_CHARACTERS, check_checkpoint, check_choice, check_tag, check_whole
from vaegen.app.questions.points import Point, fitted, point
from vaegen.errors import VaegenError
from vaegen.pipeline.attention_weights import MAX_TOKENS, Side, look
from vaegen.pipeline.occlusion import WAYS, Without, take_away
from vaegen.text.cleaning import check_text


@dataclass(frozen=True)
class Looking:
    """Asks where the model looks while it translates a sentence, and a second one to compare.

    Attributes:
        a: The sentence; its words count, the latent is that of the words.
        b: A second sentence, or None.
        checkpoint: Name of a checkpoint.
        language: Code of the language to translate into.
        context: "source" (the decoder sees the latent and the encoder states) or "latent" (the latent alone).
        target: A translation of `a` to read instead of the model's own; "" for the model's.
        merge: Whether the sub-words of a word are merged.
        without: Index of the source word (unmerged: sub-word) of `a` to take away; -1 for none.
        how: "drop" (leave it out) or "mask" (put the mask token in place of each of its sub-words).
    """

    a: Point
    b: Point | None = None
    checkpoint: str = ""
    language: str = "de"
    context: str = "source"
    target: str = ""
    merge: bool = True
    without: int = -1
    how: str = "drop"

    def checked(self, checkpoints: Sequence[str]) -> Looking:
        """Returns the question with clean values.

        Raises:
            VaegenError: If one is refused.
        """
        return Looking(
            _with_words(self.a),
            None if self.b is None else _with_words(self.b),
            check_checkpoint(self.checkpoint, checkpoints),
            check_tag(self.language),
            check_choice("context", self.context, ("source", "latent")),
            check_text(str(self.target), MAX_CHARACTERS),
            bool(self.merge),
            check_whole("The index of the word to take away", self.without, -1, MAX_TOKENS),
            check_choice("way to take a word away", self.how, WAYS),
        )

    def answers(self, model: Any) -> Iterator[LookingAnswer]:
        """Yields the first sentence's maps, then what changes without the word, then the second sentence's maps."""
        self = fitted(self, model)
        config, n_sides = model.model.config, 1 if self.b is None else 2
        first = self._look(model, self.a, self.target)
        kinds = (config.encoder, config.decoder)
        answer = LookingAnswer(self.checkpoint, config.n_slots, kinds, n_sides, self.without >= 0, self._python(), (first,))
        yield answer
        if answer.has_without:
            answer = replace(answer, without=take_away(model, first, self.without, self.how))
            yield answer
        if self.b is not None:
            yield replace(answer, sides=(first, self._look(model, self.b)))

    def _look(self, model: Any, where: Point, target: str = "") -> Side:
        return look(model, where.text, self.language, self.context, target, self.merge, where.language)

    def _python(self) -> str:
        lines = ["import vaegen", "from vaegen.pipeline.attention_weights import look"]
        lines += ["from vaegen.pipeline.occlusion import take_away"] if self.without >= 0 else []
        lines += ["", f'pipeline = vaegen.load("checkpoints/{self.checkpoint}", avoid=True)']
        for name, where, target in (("a", self.a, self.target), ("b", self.b, "")):
            if where is not None:
                options = f"{self.language!r}, {self.context!r}, {target!r}, {self.merge}, {where.language!r}"
                lines += [f"{name} = look(pipeline, {where.text!r}, {options})"]
                lines += [f"print({name}.target_text, {name}.source, {name}.target)"]
                lines += [f"print({name}.cross.array().mean((0, 1)).round(2))  # target words x slots (and source words)"]
        if self.without >= 0:
            lines += [f"print(take_away(pipeline, a, {self.without}, {self.how!r}))"]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class LookingAnswer:
    """The maps so far.

    Attributes:
        checkpoint: Name.
        n_slots: M; 0 for a model without latent.
        kinds: Of its encoder and decoder: what does not attend has no weights to show.
        n_sides: Sentences in all.
        has_without: Whether a word is taken away.
        python: Calls that give the weights.
        sides: The sentences that are done.
        without: What changes without the word.
        seconds: Time taken so far.
        avoided: Sentences that were led around a sensitive word.
    """

    checkpoint: str
    n_slots: int
    kinds: tuple[str, str]
    n_sides: int
    has_without: bool
    python: str
    sides: tuple[Side, ...] = ()
    without: Without | None = None
    seconds: float = 0.0
    avoided: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every sentence is there, and what changes without the word."""
        return len(self.sides) == self.n_sides and self.has_without == (self.without is not None)


def _with_words(where: Any) -> Point:
    """The point with clean values and without a latent: attention runs between words."""
    clean = point(where)
    if not clean.text:
        raise VaegenError("This latent has no words to look at; decode it in another view, or type a sentence.")
    return replace(clean, z="")
