"""One sentence in, all languages out; and the other ways to say it that draws from its posterior give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vaegen.app.questions.checks import (
    MAX_SEED,
    check_beta,
    check_checkpoint,
    check_choice,
    check_language,
    check_number,
    check_sentence,
    check_tag,
    check_whole,
    check_work,
)
from vaegen.app.questions.doubt import Doubt, doubt_of
from vaegen.app.questions.points import EVERYDAY_START, Point, at_rate, source_language
from vaegen.decoding.options import CONTEXT, DecodingOptions
from vaegen.pipeline.outputs import Translation
from vaegen.text.tags import REPLY, targets_for, task_of
from vaegen.text.words import Word, merge_words

MAX_BEAMS, MAX_DRAWS = 10, 16
SHORT = 200  # up to this many characters all languages come at once; longer text one by one, to be stoppable
N_ALTERNATIVES = 5
EXAMPLES = (
    ("en", "A dog runs through the snow."),
    ("de", "Zwei Kinder bauen eine Burg aus Sand."),
    ("fr", "Une femme en manteau rouge attend le bus."),
    ("cs", "Starší muž hraje v parku na kytaru."),
)

# Sentences to begin with, by what a checkpoint is for (`vaegen.text.tags.kind_of`); "everyday" stands for "translate" where
# it knows more than captions.
TASK_EXAMPLES = {
    "translate": EXAMPLES,
    "everyday": (
        EXAMPLES[0],
        ("en", EVERYDAY_START[1].text),
        ("de", "Meine Schwester arbeitet in einer kleinen Stadt."),
        EXAMPLES[2],
        ("fr", "Je voudrais un café et un verre d'eau."),
        ("cs", "Kde je nádraží?"),
    ),
    "summarise": (
        ("en", "A young woman in a red jacket is riding her bicycle down a busy street while an old man waves at her."),
        ("en", "Two small children are sitting on a wooden bench in the park and eating ice cream with their father."),
        ("de", "Ein älterer Mann mit einem grauen Hut sitzt auf einer Bank im Park und liest in Ruhe seine Zeitung."),
    ),
    "reply": (
        ("en", "Do you think it is a good idea?"),
        ("en", "Is he coming to the party? | He has not called yet."),
        ("en", "Will it rain tomorrow?"),
    ),
    "chinese": (
        ("en", "A dog runs through the snow."),
        ("zh", "两个孩子在沙滩上玩。"),
        ("zh", "你今天晚上想吃什么？"),
    ),
}


@dataclass(frozen=True)
class Request:
    """Everything that decides an answer: two equal requests have equal answers.

    Attributes:
        text: The sentence.
        checkpoint: Name of a checkpoint; "" is the one the service started with.
        source_language: A code, or "" to detect it. Only reported: the model takes any of its languages.
        context: "source" (the decoder sees the latent and the encoder states) or "latent" (the latent alone).
        method: "beam" or "sample".
        num_beams: Width of the beam, 1 is greedy. Beam only.
        temperature: Of the token distribution. Sampling only, like the three below.
        top_k: Sample among this many tokens; 0 is all.
        top_p: Sample among the most probable tokens that hold this much probability.
        seed: Seed of the sampling.
        avoid: Whether sensitive words are led around, as in all other views.
        beta: The rate, for a checkpoint with a dial, 0.003 to 1; None: the recommended one.
    """

    text: str
    checkpoint: str = ""
    source_language: str = ""
    context: str = CONTEXT
    method: str = DecodingOptions.method
    num_beams: int = DecodingOptions.num_beams
    temperature: float = DecodingOptions.temperature
    top_k: int = DecodingOptions.top_k
    top_p: float = DecodingOptions.top_p
    seed: int = 0
    avoid: bool = True
    beta: float | None = None

    @property
    def is_long(self) -> bool:
        """Whether it takes seconds."""
        return len(self.text) > SHORT

    def checked(self, checkpoints: Sequence[str]) -> Request:
        """Returns the request with clean values; what its method does not use is reset, so that caches match.

        Raises:
            VaegenError: If the text or an option is refused.
        """
        common = (
            check_sentence(self.text),
            check_checkpoint(self.checkpoint, checkpoints),
            check_language(self.source_language) if self.source_language else "",
            check_choice("context", self.context, ("source", "latent")),
            check_choice("decoding method", self.method, ("beam", "sample")),
        )
        rest: dict[str, Any] = {"avoid": bool(self.avoid), "beta": check_beta(self.beta)}
        if self.method == "beam":
            return Request(*common, num_beams=check_whole("The beam width", self.num_beams, 1, MAX_BEAMS), **rest)
        return Request(
            *common,
            temperature=check_number("The temperature", self.temperature, 0.05, 5.0),
            top_k=check_whole("Top-k", self.top_k, 0, 1000),
            top_p=check_number("Top-p", self.top_p, 0.01, 1.0),
            seed=check_whole("The seed", self.seed, 0, MAX_SEED),
            **rest,
        )

    def answers(self, model: Any) -> Iterator[Answer]:
        """Yields the answer as it grows: short text arrives whole, longer text one language at a time."""
        self = at_rate(self, model)
        source = source_language(model, Point(self.text, self.source_language))
        answer = Answer(self, source, not self.source_language, targets_for(model.tags, source))
        if len(self.text) <= SHORT:
            yield _with_doubt(model, replace(answer, cards=_decode(model, answer, answer.languages)))
            return
        yield answer
        for language in answer.languages:
            answer = replace(answer, cards=answer.cards + _decode(model, answer, (language,)))
            yield _with_doubt(model, answer) if answer.is_complete else answer


@dataclass(frozen=True)
class Card:
    """The output in one language, or of one task.

    Attributes:
        language: Its code, or a tag such as "en.short".
        text: The sentence.
        words: The same with probabilities.
        log_prob: Natural logarithm of the probability of the whole output, its end included (nats).
        context: What the decoder saw; a reconstruction always goes through the latent alone.
        is_reconstruction: Whether this is the language that the sentence came in.
        avoided: Whether the model would have written a sensitive word, and was led around it.
        unsure: Probability that it is wrong; None for a checkpoint that has no measure of it, and where words are sampled.
    """

    language: str
    text: str
    words: tuple[Word, ...]
    log_prob: float
    context: str
    is_reconstruction: bool
    avoided: bool = False
    unsure: float | None = None


@dataclass(frozen=True)
class Answer:
    """What a request gave, so far or in full.

    Attributes:
        request: The request with its text cleaned and its checkpoint named.
        source_language: As given or as detected.
        is_detected: Whether it was detected.
        languages: The languages that will be answered, in order.
        cards: The outputs so far.
        seconds: Time taken so far, waiting for other visitors included.
        doubt: What to say of cards that may be wrong; None for a checkpoint that has no measure of it.
    """

    request: Request
    source_language: str
    is_detected: bool
    languages: tuple[str, ...]
    cards: tuple[Card, ...] = ()
    seconds: float = 0.0
    doubt: Doubt | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every language has its card."""
        return len(self.cards) == len(self.languages)


@dataclass(frozen=True)
class Variant:
    """One wording found by drawing from the posterior, how many draws gave it, and whether one had to avoid a word."""

    text: str
    n_draws: int
    log_prob: float
    avoided: bool = False


@dataclass(frozen=True)
class OtherWays:
    """Asks for the wordings that draws from the sentence's posterior give in a language.

    Draws are decoded as the request says, in its context; a reconstruction through the latent alone.
    """

    request: Request
    language: str
    n_draws: int = 8
    seed: int = 0

    @property
    def checkpoint(self) -> str:
        """The request's."""
        return self.request.checkpoint

    @property
    def is_long(self) -> bool:
        """Whether it takes seconds."""
        return self.request.is_long

    def checked(self, checkpoints: Sequence[str]) -> OtherWays:
        """Returns the question with clean values.

        Raises:
            VaegenError: If the request, the language, the number of draws or the seed is refused.
        """
        request, n_draws = self.request.checked(checkpoints), check_whole("The number of draws", self.n_draws, 1, MAX_DRAWS)
        check_work(len(request.text), n_draws * (request.num_beams if request.method == "beam" else 1))
        return OtherWays(
            request,
            check_tag(self.language),
            n_draws,
            check_whole("The seed", self.seed, 0, MAX_SEED),
        )

    def answers(self, model: Any) -> Iterator[Wordings]:
        """Yields the wordings, once."""
        request = at_rate(self.request, model)
        source = source_language(model, Point(request.text, request.source_language))
        context = _context(model, request, self.language == source)
        options = {**_options(request, context=context, n_draws=self.n_draws), "seed": self.seed}
        results = model.generate([request.text], self.language, **options)[0]
        counts = Counter(result.text for result in results)
        best = {result.text: max(r.log_prob for r in results if r.text == result.text) for result in results}
        led = {result.text for result in results if result.avoided}
        order = sorted(counts, key=lambda text: (-counts[text], -best[text]))
        yield Wordings(tuple(Variant(text, counts[text], best[text], text in led) for text in order))


@dataclass(frozen=True)
class Wordings:
    """What `OtherWays` gave, the commonest wording first."""

    variants: tuple[Variant, ...]
    seconds: float = 0.0


def _options(request: Request, **more: Any) -> dict[str, Any]:
    shared: dict[str, Any] = {"source_language": request.source_language or None, "beta": request.beta}
    shared |= {"method": request.method, "seed": request.seed}
    if not request.avoid:
        shared["avoid"] = False
    if request.method == "beam":
        return {**shared, "num_beams": request.num_beams, **more}
    return {**shared, "temperature": request.temperature, "top_k": request.top_k, "top_p": request.top_p, **more}


def _context(model: Any, request: Request, own: bool) -> str:
    """What the decoder sees; the model learns to repeat a sentence from its latent alone, if it has one."""
    return "latent" if own and model.model.config.n_slots else request.context


def _with_doubt(model: Any, answer: Answer) -> Answer:
    where = Point(answer.request.text, answer.source_language)
    return replace(answer, doubt=doubt_of(model, where, [card.unsure for card in answer.cards]))


def _replies(model: Any, request: Request, tag: str, context: str) -> list[Translation]:
    """Different replies, ranked: the most probable one suits everything, so that a beam finds only stock replies."""
    shared: dict[str, Any] = {"context": context, "beta": request.beta, "n_alternatives": N_ALTERNATIVES + 1}
    led = {} if request.avoid else {"avoid": False}
    return model.reply(request.text, tag, seed=request.seed, **shared, **led)


def _decode(model: Any, answer: Answer, languages: tuple[str, ...]) -> tuple[Card, ...]:
    """The cards of some languages, in order: one source, many targets, each in its context."""
    request, cards = answer.request, []
    contexts = [_context(model, request, language == answer.source_language) for language in languages]
    options = _options(request, context=contexts, n_alternatives=N_ALTERNATIVES + 1)
    ranked = [task_of(tag) == REPLY and request.method == "beam" and request.num_beams > 1 for tag in languages]
    plain = [i for i, is_ranked in enumerate(ranked) if not is_ranked]
    asked = options | {"context": [contexts[i] for i in plain]}
    found = iter(model.generate([request.text] * len(plain), [languages[i] for i in plain], **asked) if plain else [])
    for language, context, is_ranked in zip(languages, contexts, ranked, strict=True):
        result, *_ = _replies(model, request, language, context) if is_ranked else next(found)
        words = merge_words(result.tokens, result.token_log_probs, result.alternatives, N_ALTERNATIVES)
        own = language == answer.source_language
        unsure = result.unsure if request.method == "beam" else None  # sampled words are improbable for any text
        cards.append(Card(language, result.text, words, result.log_prob, context, own, result.avoided, unsure))
    return tuple(cards)
