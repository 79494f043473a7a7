"""Checks of single values. What arrives from a page may be anything; a refusal says what was given and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from vaegen.config import BETA_MAX, BETA_MIN
from vaegen.errors import VaegenError
from vaegen.text.cleaning import check_text
from vaegen.text.tags import LANGUAGE_NAMES, language_of, task_of

MAX_CHARACTERS = 2000  # of a text; what a model can read of it is for the pipeline to say, in tokens
MAX_SEED = 2**31 - 1
MAX_TAG = 40  # characters of a code, with its task
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]+)*")
MAX_WORK, MAX_FILE_WORK = 20_000, 500_000  # characters times hypotheses, of a text and of a file: ten seconds, and minutes
NO_SENTENCE = "There is no sentence; type one in {languages}."


def check_line(text: object) -> str:
    """Returns a text as one clean line, "" if nothing is left: what questions are compared by, and what is shown.

    The only place of the app that cleans. The pipeline cleans what it is given too, as programs hand it any text, and leaves
    a clean one as it is.

    Raises:
        VaegenError: If it is too long.
    """
    return check_text(str(text), MAX_CHARACTERS)


def check_sentence(text: object) -> str:
    """Returns the cleaned text of a sentence.

    Raises:
        VaegenError: If it is blank or too long.
    """
    clean = check_line(text)
    if not clean:
        raise VaegenError(NO_SENTENCE, languages="a language of the checkpoint")
    return clean


def check_work(n: int, width: int, most: int = MAX_WORK) -> None:
    """Refuses what would keep the model busy for long, whatever each of its values is: characters times hypotheses.

    Raises:
        VaegenError: If it is more than `most`.
    """
    if n * width > most:
        raise VaegenError(
            "{n} characters with {width} hypotheses each are too much; with so many, at most {most} are possible. "
            "Take less text, a narrower beam or fewer draws.",
            n=n,
            width=width,
            most=most // width,
        )


def check_checkpoint(name: object, checkpoints: Sequence[str]) -> str:
    """Returns the name of a checkpoint on offer; the first for an empty one.

    Raises:
        VaegenError: If there is no such checkpoint.
    """
    if not name:
        return checkpoints[0] if checkpoints else ""
    return check_choice("checkpoint", name, checkpoints)


def check_choice(what: str, value: object, allowed: Collection[str]) -> str:
    """Returns a value that is among the allowed ones; `what` names it in the refusal.

    Raises:
        VaegenError: If it is not.
    """
    if not isinstance(value, str) or value not in allowed:
        raise VaegenError(
            "There is no {what} {value}; choose one of {allowed}.",
            what=what,
            value=f"{value!r:.80}",
            allowed=", ".join(allowed),
        )
    return value


def check_language(language: object) -> str:
    """Returns what can be the code of a language; whether a checkpoint has that language is for the checkpoint to say.

    Raises:
        VaegenError: If it is none.
    """
    if not isinstance(language, str) or len(language) > MAX_TAG or not LANGUAGE.fullmatch(language):
        raise VaegenError(
            "There is no language {language}; give the code of one that the checkpoint has, as in en.",
            language=f"{language!r:.80}",
        )
    return language


def check_tag(tag: object) -> str:
    """Returns what is to be written: the code of a language, or a tag with a task such as "en.short".

    Raises:
        VaegenError: If it can be none.
    """
    if not isinstance(tag, str) or len(tag) > MAX_TAG or not re.fullmatch(r"\w*", task_of(tag)):
        return check_language(tag)
    return tag if check_language(language_of(tag)) else ""


def check_languages(languages: object) -> tuple[str, ...]:
    """Returns codes or tags, one or more, without repeats and in the order of the app's languages, others behind.

    Raises:
        VaegenError: If one can be none or there is none.
    """
    codes = [check_tag(code) for code in languages] if isinstance(languages, (list, tuple)) else []
    if not codes:
        raise VaegenError("No language is chosen; choose one or more.")
    order = [*LANGUAGE_NAMES, *map(language_of, codes)]
    return tuple(sorted(dict.fromkeys(codes), key=lambda tag: order.index(language_of(tag))))


def check_whole(name: str, value: object, low: int, high: int) -> int:
    """Returns a whole number from `low` to `high`.

    Raises:
        VaegenError: If the value is none.
    """
    number = _float(value)
    if number is None or number != int(number) or not low <= number <= high:
        raise VaegenError(
            "{name} is {value}; give a whole number from {low} to {high}.",
            name=name,
            value=f"{value!r:.80}",
            low=str(low),
            high=str(high),
        )
    return int(number)


def check_number(name: str, value: object, low: float, high: float) -> float:
    """Returns a number from `low` to `high`.

    Raises:
        VaegenError: If the value is none.
    """
    number = _float(value)
    if number is None or not low <= number <= high:
        raise VaegenError(
            "{name} is {value}; give a number from {low} to {high}.",
            name=name,
            value=f"{value!r:.80}",
            low=f"{low:g}",
            high=f"{high:g}",
        )
    return number


def check_beta(beta: object) -> float | None:
    """Returns a rate for a checkpoint with a dial; None is the recommended one.

    Raises:
        VaegenError: If it is no number of the dial's range.
    """
    return None if beta is None else check_number("The rate beta", beta, BETA_MIN, BETA_MAX)


def _float(value: Any) -> float | None:
    """The value as a finite number, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < 1e18 else None
