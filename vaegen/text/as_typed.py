"""How people type: small letters, no final mark, slips of letters, accents left out; and what is undone before reading."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable

import numpy as np

FINAL_MARKS = ".!?…" + string.whitespace
WORD = re.compile(r"[^\W\d_]{4,}")  # slips are made in words long enough to be known again
APOSTROPHES = str.maketrans("", "", "'’")
LETTERS = str.maketrans({"ß": "ss", "œ": "oe", "æ": "ae"})


def fold_capitals(text: str) -> str:
    """Returns a text IN CAPITALS as a sentence in small letters that begins with one; any other as it is.

    A model that learned from ordinary sentences knows no word in capitals. One short word may be an abbreviation and stays.
    """
    if any(c.islower() for c in text):
        return text
    words = [word for word in re.findall(r"[^\W\d_]+", text) if len(word) > 1]
    if len(words) < 2 and max(map(len, words), default=0) < 5:
        return text
    small = text.lower()
    first = next((i for i, c in enumerate(small) if c.isalpha()), None)
    return small if first is None else small[:first] + small[first].upper() + small[first + 1 :]


def as_typed(text: str, rng: np.random.Generator) -> str:
    """Returns a sentence with one or more of the ways in which people type it otherwise than it is printed."""
    ways: list[tuple[Callable[[str, np.random.Generator], str], float]] = [
        (_slips, 0.45),
        (_without_accents, 0.25),
        (_small, 0.4),
        (_without_final_mark, 0.35),
    ]
    chosen = [way for way, rate in ways if rng.random() < rate] or [ways[int(rng.integers(len(ways)))][0]]
    for way in chosen:
        text = way(text, rng) or text
    return text


def _small(text: str, rng: np.random.Generator) -> str:
    small = text.lower()
    return small if rng.random() < 0.5 else text[:1] + small[1:]


def _without_final_mark(text: str, rng: np.random.Generator) -> str:
    return text.rstrip(FINAL_MARKS)


def _without_accents(text: str, rng: np.random.Generator) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(LETTERS).translate(APOSTROPHES))
    return "".join(c for c in plain if not unicodedata.combining(c))


def _slips(text: str, rng: np.random.Generator) -> str:
    """One letter, seldom two, swapped with the next, left out or typed twice; the first of a word stays."""
    for _ in range(1 + (rng.random() < 0.25)):
        words = list(WORD.finditer(text))
        if not words:
            return text
        word = words[int(rng.integers(len(words)))]
        i = word.start() + int(rng.integers(1, len(word[0]) - 1))
        kind = rng.random()
        if kind < 0.5:
            text = text[:i] + text[i + 1] + text[i] + text[i + 2 :]
        elif kind < 0.8:
            text = text[:i] + text[i + 1 :]
        else:
            text = text[:i] + text[i] + text[i:]
    return text
