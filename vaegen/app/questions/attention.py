"""Where the model looks: attention from target words to latent slots to source words, and a word that is taken away.

Attention is not explanation (Jain and Wallace 2019, arXiv 1902.10186); taking a word away comes nearer to one.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vaegen.app.questions.checks import (
    check_beta,
    check_checkpoint,
    check_choice,
    check_line,
    check_tag,
    check_whole,
)
from vaegen.app.questions.doubt import Doubt, doubt_of
from vaegen.app.questions.points import Point, fitted, point, python_rate
from vaegen.decoding.options import CONTEXT
from vaegen.errors import VaegenError
from vaegen.pipeline.occlusion import N_BEAMS, WAYS, Without

MAX_TOKENS = 80  # sub-words of a sentence: beyond, the picture is unreadable and its weights take half a megabyte
LONG_SENTENCE = "The sentence has {n} sub-words; the picture shows up to {most}. Take a shorter one."
LONG_TRANSLATION = "The translation has {n} sub-words; the picture shows up to {most}. Take a shorter one."
SCALE = 65_535  # weights travel as 16-bit integers: an error of 0.00001


@dataclass(frozen=True)
class Attending:
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
        beta: The rate, for a checkpoint with a dial, 0.003 to 1; None: the recommended one.
    """

    a: Point
    b: Point | None = None
    checkpoint: str = ""
    language: str = "de"
    context: str = CONTEXT
    target: str = ""
    merge: bool = True
    without: int = -1
    how: str = "drop"
    beta: float | None = None

    def checked(self, checkpoints: Sequence[str]) -> Attending:
        """Returns the question with clean values.

        Raises:
            VaegenError: If one is refused.
        """
        return Attending(
            _with_words(self.a),
            None if self.b is None else _with_words(self.b),
            check_checkpoint(self.checkpoint, checkpoints),
            check_tag(self.language),
            check_choice("context", self.context, ("source", "latent")),
            check_line(self.target),
            bool(self.merge),
            check_whole("The index of the word to take away", self.without, -1, MAX_TOKENS),
            check_choice("way to take a word away", self.how, WAYS),
            check_beta(self.beta),
        )

    def answers(self, model: Any) -> Iterator[AttendingAnswer]:
        """Yields the first sentence's maps, then what changes without the word, then the second sentence's maps."""
        self = fitted(self, model)
        config, n_sides = model.model.config, 1 if self.b is None else 2
        first = self._side(model, self.a, self.target)
        kinds = (config.encoder, config.decoder)
        shown = (self.checkpoint, config.n_slots, kinds, n_sides, self.without >= 0, self._python(first))
        doubt = doubt_of(model, Point(first.text, first.source_language), [first.unsure])
        answer = AttendingAnswer(*shown, (first,), doubt=doubt)
        yield answer
        if answer.has_without:
            asked = (first.text, self.without, first.language, first.context, first.target_text, self.how)
            change = model.occlude(*asked, first.is_merged, beta=self.beta)
            answer = replace(answer, without=change)
            yield answer
        if self.b is not None:
            yield replace(answer, sides=(first, self._side(model, self.b)))

    def _side(self, model: Any, where: Point, target: str = "") -> Side:
        return side_of(model, where.text, self.language, self.context, target, self.merge, where.language, self.beta)

    def _python(self, first: Side) -> str:
        rate = python_rate(self.beta)
        lines = ["import vaegen", "", f'pipeline = vaegen.load("checkpoints/{self.checkpoint}", avoid=True)']
        for name, where, target in (("a", self.a, self.target), ("b", self.b, "")):
            if where is None:
                continue
            context = first.context if name == "a" else self.context
            asked = f"{where.text!r}, {self.language!r}"
            how = f"context={context!r}, num_beams={N_BEAMS}, max_length={MAX_TOKENS}{rate}"
            written = repr(target) if target else f"pipeline.translate({asked}, {how})"
            lines += [f"{name}_text = {written}"]
            lines += [f"{name} = pipeline.attention({asked}, {context!r}, {name}_text{rate}).by_word({self.merge})"]
            lines += [f"print({name}_text, {name}.source, {name}.target)"]
            lines += [f"print({name}.cross.mean((0, 1)).round(2))  # target words x slots (and source words)"]
        if self.without >= 0:
            asked = f"{self.a.text!r}, {self.without}, {self.language!r}, {first.context!r}, a_text"
            lines += [f"print(pipeline.occlude({asked}, {self.how!r}, {self.merge}{rate}))"]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Weights:
    """Attention weights (L, H, queries, keys); `data` is base64 of them times 65,535 as little-endian 16-bit integers."""

    shape: tuple[int, ...]
    data: str

    @classmethod
    def of(cls, array: np.ndarray) -> Weights:
        """Returns an array of weights, packed."""
        values = np.round(array * SCALE).clip(0, SCALE).astype("<u2")
        return cls(array.shape, base64.b64encode(values.tobytes()).decode())

    def array(self) -> np.ndarray:
        """Returns the weights as float32."""
        values = np.frombuffer(base64.b64decode(self.data), dtype="<u2")
        return (values / np.float32(SCALE)).astype(np.float32).reshape(self.shape)


@dataclass(frozen=True)
class Side:
    """One sentence, its translation and every attention weight between them; see `WordAttention`.

    Attributes:
        text: The sentence.
        source_language: As given or detected.
        target_text: Its translation, the model's or the one that was given.
        is_given: Whether it was given.
        is_merged: Whether sub-words are merged into words.
        language: Of the translation.
        context: What the decoder saw; a sentence goes through the latent alone into its own language.
        log_prob: Natural logarithm of the probability of the translation, its end included (nats).
        source: Words (unmerged: sub-words) of the sentence, "[end]" last.
        target: What each row of the decoder predicted, "[end]" last.
        encoder: Weights, as the two below.
        decoder: See there.
        cross: See there.
        entropy: Mean entropy of the rows in nats by layer and head, of "encoder", its "slots" alone, "decoder", "cross".
        unsure: Probability that the model's own translation is wrong; None for a checkpoint that has no measure of it.
    """

    text: str
    source_language: str
    target_text: str
    is_given: bool
    is_merged: bool
    language: str
    context: str
    log_prob: float
    source: tuple[str, ...]
    target: tuple[str, ...]
    encoder: Weights
    decoder: Weights
    cross: Weights
    entropy: dict[str, tuple[tuple[float, ...], ...]]
    unsure: float | None = None


@dataclass(frozen=True)
class AttendingAnswer:
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
        doubt: What to say of a translation that may be wrong; None for a checkpoint that has no measure of it.
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
    doubt: Doubt | None = None

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


def side_of(
    model: Any,
    text: str,
    language: str,
    context: str = CONTEXT,
    target: str = "",
    merge: bool = True,
    source_language: str = "",
    beta: float | None = None,
) -> Side:
    """Returns where a pipeline looks while it translates a sentence, or reads the translation `target` of it.

    Without `source_language`, the language of the sentence is detected.

    Raises:
        VaegenError: If the sentence or its translation is too long to be shown.
    """
    own = source_language or model.detect_language(text)
    if own == language and model.model.config.n_slots:
        context = "latent"
    _check_length(LONG_SENTENCE, (model.model.source_tokenizer or model.tokenizer).encode(text))
    _check_length(LONG_TRANSLATION, model.tokenizer.encode(target))
    written, unsure = target, None
    if not target:
        options = {"context": context, "num_beams": N_BEAMS, "max_length": MAX_TOKENS, "beta": beta}
        ((own_translation, *_),) = model.generate([text], language, source_language=own, **options)
        written, unsure = own_translation.text, own_translation.unsure
    found = model.attention(text, language, context, written, beta).by_word(merge)
    ((*log_probs,),) = model.score([text], [written], language, context, beta=beta)
    return Side(
        text,
        own,
        written,
        bool(target),
        merge,
        language,
        context,
        sum(log_probs),
        found.source,
        found.target,
        Weights.of(found.encoder),
        Weights.of(found.decoder),
        Weights.of(found.cross),
        found.entropy,
        unsure,
    )


def _check_length(said: str, ids: Sequence[int]) -> None:
    if len(ids) > MAX_TOKENS:
        raise VaegenError(said, n=len(ids), most=MAX_TOKENS)
