"""Sub-words joined into the words that a person reads, with probabilities that multiply. Standard library."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

END = "[end]"  # shown where the alternative was to stop
_JOINERS = frozenset("'-\u2019\u2010\u2011")  # apostrophes and hyphens


@dataclass(frozen=True)
class Alternative:
    """Something that could have stood there, and how probable the model thought it."""

    text: str
    probability: float


@dataclass(frozen=True)
class Word:
    """One word or punctuation mark of an output.

    Attributes:
        text: What is shown, without the space before it.
        space_before: Whether a space separates it from the word before.
        probability: Product of the probabilities of its sub-words, each given everything before it.
        pieces: The sub-words with their own probabilities.
        alternatives: Other beginnings of this word, most probable first. Each probability is that of the
            whole beginning, so it compares with `probability`.
    """

    text: str
    space_before: bool
    probability: float
    pieces: tuple[Alternative, ...]
    alternatives: tuple[Alternative, ...]


def merge_words(
    pieces: Sequence[str],
    log_probs: Sequence[float],
    alternatives: Sequence[Sequence[tuple[str, float]]] | None = None,
    n_alternatives: int = 5,
) -> tuple[Word, ...]:
    """Returns the words of an output; `"".join` of their texts and spaces is the output itself.

    Args:
        pieces: What each token adds to the text, spaces included; "" for the unfinished bytes of a character.
        log_probs: Natural logarithm of each token's probability; more of them (the end) are ignored.
        alternatives: For each token, pieces and their probabilities; the token itself may be among them.
        n_alternatives: Most alternatives kept for a word.
    """
    words: list[Word] = []
    for group in word_groups(pieces):
        text = "".join(pieces[i] for i in group)
        if not text.strip():
            continue
        words.append(
            Word(
                text=text.strip(),
                space_before=bool(words) and text[0].isspace(),
                probability=math.exp(min(0.0, sum(log_probs[i] for i in group))),
                pieces=tuple(Alternative(pieces[i].strip(), math.exp(min(0.0, log_probs[i]))) for i in group),
                alternatives=_beginnings(group, pieces, log_probs, alternatives, n_alternatives),
            )
        )
    return tuple(words)


def word_groups(pieces: Sequence[str]) -> list[list[int]]:
    """Returns which neighbouring pieces make a word or a punctuation mark; every index is in exactly one group."""
    groups: list[list[int]] = []
    for index, piece in enumerate(pieces):
        if groups and _continues([pieces[i] for i in groups[-1]], piece):
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _continues(word: list[str], piece: str) -> bool:
    """Whether a piece belongs to the word before it rather than starting one."""
    if not piece:
        return True
    before = "".join(word).strip()
    if piece[0].isspace():
        return not before  # a space of its own belongs to what follows it
    if not before:
        return True
    if _is_han(piece[0]) or _is_han(before[-1]):  # Chinese has no spaces: each piece is a word
        return False
    return _is_wordlike(piece) and _is_wordlike(before)


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff"


def _is_wordlike(text: str) -> bool:
    """False for a run of punctuation; hyphens and apostrophes hold words together."""
    return any(char in _JOINERS or not unicodedata.category(char).startswith("P") for char in text)


def _beginnings(
    group: list[int],
    pieces: Sequence[str],
    log_probs: Sequence[float],
    alternatives: Sequence[Sequence[tuple[str, float]]] | None,
    limit: int,
) -> tuple[Alternative, ...]:
    """Every alternative at every sub-word of a word, as the beginning of a word that it would have made."""
    if alternatives is None:
        return ()
    found: dict[str, float] = {}
    prefix, log_prefix = "", 0.0
    for index in group:
        for piece, probability in alternatives[index]:
            if piece == pieces[index]:
                continue
            text = (prefix + piece).strip() if piece else f"{prefix.strip()} {END}".strip()
            found[text] = found.get(text, 0.0) + math.exp(min(0.0, log_prefix)) * probability
        prefix += pieces[index]
        log_prefix += log_probs[index]
    best = sorted(found.items(), key=lambda item: -item[1])[:limit]
    return tuple(Alternative(text, probability) for text, probability in best if text)
