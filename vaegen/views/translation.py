"""What visitors ask and what they get: frozen dataclasses, and the check of every request. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vaegen.errors import VaegenError
from vaegen.text import LANGUAGE_NAMES, check_text
from vaegen.words import Word

MAX_CHARACTERS = 2000
MAX_BEAMS, MAX_DRAWS, MAX_SEED = 10, 16, 2**31 - 1
EXAMPLES = (
    ("en", "A dog runs through the snow."),
    ("de", "Zwei Kinder bauen eine Burg aus Sand."),
    ("fr", "Une femme en manteau rouge attend le bus."),
    ("cs", "Starší muž hraje v parku na kytaru."),
)


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
    """

    text: str
    checkpoint: str = ""
    source_language: str = ""
    context: str = "source"
    method: str = "beam"
    num_beams: int = 5
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Card:
    """The output in one language.

    Attributes:
        language: Its code.
        text: The sentence.
        words: The same with probabilities.
        log_prob: Natural logarithm of the probability of the whole output, its end included (nats).
        context: What the decoder saw; a reconstruction always goes through the latent alone.
        is_reconstruction: Whether this is the language that the sentence came in.
    """

    language: str
    text: str
    words: tuple[Word, ...]
    log_prob: float
    context: str
    is_reconstruction: bool


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
    """

    request: Request
    source_language: str
    is_detected: bool
    languages: tuple[str, ...]
    cards: tuple[Card, ...] = ()
    seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether every language has its card."""
        return len(self.cards) == len(self.languages)


@dataclass(frozen=True)
class Variant:
    """One wording found by drawing from the posterior, and how many of the draws gave it."""

    text: str
    n_draws: int
    log_prob: float


def check_request(request: Request, checkpoints: Sequence[str]) -> Request:
    """Returns the request with clean values; what its method does not use is reset, so that caches match.

    Raises:
        VaegenError: If the text or an option is refused.
    """
    text = check_text(str(request.text), MAX_CHARACTERS)
    if not text:
        names = ", ".join(LANGUAGE_NAMES.values())
        raise VaegenError(f"There is no sentence to translate; type one in any of {names}.")
    name = request.checkpoint or (checkpoints[0] if checkpoints else "")
    if name and name not in checkpoints:
        raise VaegenError(f"There is no checkpoint {name!r}; choose one of {', '.join(checkpoints)}.")
    if request.source_language:
        check_language(request.source_language)
    if request.context not in ("source", "latent"):
        raise VaegenError(f"There is no context {request.context!r}; choose 'source' or 'latent'.")
    if request.method not in ("beam", "sample"):
        raise VaegenError(f"There is no decoding method {request.method!r}; choose 'beam' or 'sample'.")
    common = (text, name, request.source_language, request.context, request.method)
    if request.method == "beam":
        return Request(*common, num_beams=check_whole("The beam width", request.num_beams, 1, MAX_BEAMS))
    return Request(
        *common,
        temperature=check_number("The temperature", request.temperature, 0.05, 5.0),
        top_k=check_whole("Top-k", request.top_k, 0, 1000),
        top_p=check_number("Top-p", request.top_p, 0.01, 1.0),
        seed=check_whole("The seed", request.seed, 0, MAX_SEED),
    )


def check_language(language: str) -> str:
    """Returns the code of a language that exists.

    Raises:
        VaegenError: If it does not.
    """
    if language not in LANGUAGE_NAMES:
        known = ", ".join(f"{code} ({name})" for code, name in LANGUAGE_NAMES.items())
        raise VaegenError(f"There is no language {language!r}; choose one of {known}.")
    return language


def check_whole(name: str, value: object, low: int, high: int) -> int:
    """Returns a whole number from `low` to `high`.

    Raises:
        VaegenError: If the value is none.
    """
    number = _float(value)
    if number is None or number != int(number) or not low <= number <= high:
        raise VaegenError(f"{name} is {value!r}; give a whole number from {low} to {high}.")
    return int(number)


def check_number(name: str, value: object, low: float, high: float) -> float:
    """Returns a number from `low` to `high`.

    Raises:
        VaegenError: If the value is none.
    """
    number = _float(value)
    if number is None or not low <= number <= high:
        raise VaegenError(f"{name} is {value!r}; give a number from {low:g} to {high:g}.")
    return number


def _float(value: object) -> float | None:
    """The value as a finite number, or None: what arrives from a page may be anything."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < 1e18 else None
