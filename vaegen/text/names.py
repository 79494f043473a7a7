"""Names and numbers as things to copy: other ones are put in their place, the same in all languages of a sentence.

A model that has read ten thousand sentences about Tom and none about Jitka turns Jitka into a word that it knows. What it
has to learn is to copy.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("names.json")
WORD, NUMBER = re.compile(r"[^\W\d_]+"), re.compile(r"\d+")
# Subjects at the beginning of a sentence in whose place a name can stand, whatever follows.
PERSONS = {
    "men": {"en": ("A man", "A boy"), "de": ("Ein Mann", "Ein Junge"), "fr": ("Un homme", "Un garçon"),
            "cs": ("Muž", "Chlapec", "Kluk")},
    "women": {"en": ("A woman", "A girl"), "de": ("Eine Frau", "Ein Mädchen"),
              "fr": ("Une femme", "Une fille", "Une fillette"), "cs": ("Žena", "Dívka", "Holka", "Holčička")},
}  # fmt: skip
INVENTED, FULL = 0.3, 0.2  # shares of names that nobody has, and of first names that get a family name
SYLLABLES = """
ba be bo da de do el en fa fi ga ha hu ja je ka ko la le li lo ma me mi mo na ne ni no ol or pa pe po ra re ri
ro sa se si so ta te ti to ul va ve vi vo za ze zo an ar as er il in ir is on os un us
"""


@lru_cache(maxsize=1)
def lists() -> Mapping[str, tuple[str, ...]]:
    """Returns the names that vaegen ships: `men`, `women`, `families`, `cities`, spelled alike in all four languages."""
    return {kind: tuple(names) for kind, names in json.loads(FILE.read_text(encoding="utf-8")).items()}


@lru_cache(maxsize=1)
def _kinds() -> Mapping[str, str]:
    return {name: kind for kind, names in lists().items() for name in names}


def with_other_names(group: Mapping[str, str], rng: np.random.Generator) -> dict[str, str]:
    """Returns a group (language -> sentence) with other names and numbers where all its languages have the same ones.

    A name that stands in another form in one of them, as Czech declines it, stays; so do numbers below 10, on which the
    form of a noun may hang.
    """
    texts = dict(group)
    words = [Counter(WORD.findall(text)) for text in texts.values()]
    for name in sorted(words[0].keys() & _kinds().keys()):
        if all(count[name] == words[0][name] for count in words):
            other = _name(_kinds()[name], rng)
            texts = {language: re.sub(rf"\b{name}\b", other, text) for language, text in texts.items()}
    for kind, starts in PERSONS.items():
        begins = {language: _begins(text, starts.get(language, ())) for language, text in texts.items()}
        if all(begins.values()):
            name = _name(kind, rng)
            texts = {language: name + text[begins[language] :] for language, text in texts.items()}
    numbers = [sorted(NUMBER.findall(text)) for text in texts.values()]
    if numbers[0] and all(found == numbers[0] for found in numbers):
        others = {number: _number(number, rng) for number in sorted(set(numbers[0]))}
        texts = {language: NUMBER.sub(lambda match: others[match[0]], text) for language, text in texts.items()}
    return texts


def _begins(text: str, starts: tuple[str, ...]) -> int:
    """Length of the subject that a text begins with; 0 if it is none of these, or a part of a word or of a larger phrase."""
    return next((len(start) for start in starts if text.startswith(start + " ")), 0)


def _name(kind: str, rng: np.random.Generator) -> str:
    names = lists()[kind]
    invented = rng.random() < INVENTED
    name = _invented(rng) if invented else names[int(rng.integers(len(names)))]
    if kind in ("men", "women") and rng.random() < FULL:
        family = _invented(rng) if invented else lists()["families"][int(rng.integers(len(lists()["families"])))]
        return f"{name} {family}"
    return name


def _invented(rng: np.random.Generator) -> str:
    parts = rng.choice(SYLLABLES.split(), size=int(rng.integers(2, 4)))
    return "".join(parts).capitalize()


def _number(number: str, rng: np.random.Generator) -> str:
    if len(number) < 2:
        return number
    return str(int(rng.integers(10 ** (len(number) - 1), 10 ** len(number)))) if len(number) < 10 else number
