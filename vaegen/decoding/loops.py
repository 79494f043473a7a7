"""Words of a text, and whether they go round in circles: a decoder that loops is asked again. Standard library."""

from __future__ import annotations

import re

Words = tuple[str, ...]


def words(text: str) -> Words:
    """Returns the lower-case words and punctuation marks of a text."""
    return tuple(re.findall(r"\w+(?:['’]\w+)*|[^\w\s]", text.lower()))


def loops(sentence: Words, longest: int = 4, times: int = 3) -> bool:
    """Whether up to `longest` words come `times` times in a row, as in "a man and a man and a man and".

    Figures and marks alone, as in "1 1 1" or "!!!", are none.
    """
    return any(
        all(sentence[i + j * n : i + (j + 1) * n] == sentence[i : i + n] for j in range(1, times))
        for n in range(1, longest + 1)
        for i in range(len(sentence) - times * n + 1)
        if any(character.isalpha() for word in sentence[i : i + n] for character in word)
    )
