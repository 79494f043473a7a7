"""How words are spelled: usual endings, look-alike signs, repeated letters. For `sensitive`. Standard library."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONG_RUN, ODD_PAIR, RUN = re.compile(r"(.)\1{2,}"), re.compile(r"([uihjqvwxy])\1"), re.compile(r"(.)\1+")
# Digits and signs that stand for letters; 1, ! and | are read as i and as l. Cyrillic and Greek letters that look Latin.
SIGNS = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "€": "e", "+": "t"}
LEET = [str.maketrans({**SIGNS, **dict.fromkeys("1!|", letter)}) for letter in "il"]
TWINS = str.maketrans("авекмнорстухіјѕοαικντυ", "abekmhopctyxijsoaikvtu")
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
ENDINGS = {
    "de": ("e", "en", "er", "es", "em", "n", "s"),
    "fr": ("s", "e", "es"),
    "cs": (
        *("a", "e", "i", "o", "u", "y", "ě", "í", "ou", "ám", "ách", "ami", "em", "ů", "ům", "ech", "ové", "ím", "ích"),
        *("ý", "á", "é", "ého", "ému", "ém", "ým", "ých", "ými"),
    ),
}


def inflected(word: str, language: str) -> set[str]:
    """Returns a word (in lower case) with the usual endings of its language; not all of them are words.

    A word of up to three letters takes the plural alone: "cum" is not in "cumin".
    """
    plural = "" if language not in ("en", "fr") else "es" if language == "en" and re.search("(s|x|z|ch|sh)$", word) else "s"
    if len(word) <= 3:
        return {word, word + plural}
    forms = {word, word + plural}
    if language == "en":
        stems = {word[:-1] if word[-1] == "e" else word + "k" * (word[-1] == "c")}
        if re.search("[^aeiou][aeiou][^aeiouwxy]$", word):
            stems.add(word + word[-1])
        forms |= {stem + end for stem in stems for end in ("ed", "er", "ers", "ing", "ings", "in")}
        return forms | ({word[:-1] + end for end in ("ies", "ied", "ier", "iest")} if word[-1] == "y" else set())
    stem = word.rstrip("aeoyý") if language == "cs" else word
    forms |= {stem + end for end in ENDINGS.get(language, ()) if len(stem) > 2}
    if language == "de" and word.endswith("en"):
        forms |= {word[:-2] + end for end in ("e", "t", "st", "te", "ten", "end", "ende")} | {f"ge{word[:-2]}t"}
    if language == "cs" and len(word) > 4 and word.endswith(("at", "it")):
        forms |= {word[:-1] + end for end in ("l", "la", "lo", "li", "ly", "ný", "ná", "né")}
    return forms


@lru_cache(maxsize=100_000)
def readings(word: str) -> tuple[str, ...]:
    """Returns what a word may stand for, itself first: digits at its ends, signs for letters, Latin twins, repetitions."""
    plain = normal(word)
    found = list(dict.fromkeys((plain, without_edge_digits(plain))))
    found += [one.translate(TWINS) for one in found if not one.isascii()]
    for one in list(found):
        if len(one) > 2 and not one.isalpha() and 2 * sum(c.isdigit() for c in one) <= len(one):  # not "455"
            found += [one.translate(table) for table in LEET]
    for one in list(found):
        if LONG_RUN.search(one):
            found += [LONG_RUN.sub(r"\1\1", one), RUN.sub(r"\1", one)]
        once = ODD_PAIR.sub(r"\1", LONG_RUN.sub(r"\1", one))
        found += [once] if once != one else []
    return tuple(dict.fromkeys(found))


def without_edge_digits(word: str) -> str:
    """Returns a word without the digits before and after it, if more than three letters are left."""
    core = word.strip("0123456789")
    return core if len(core) > 3 else word


def visible(text: str) -> str:
    """Returns the text in NFC without format characters and without marks that belong to no letter."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    return "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Mn", "Me"))


def normal(text: str) -> str:
    """Returns the text as it is compared: compatibility forms resolved, case folded."""
    return unicodedata.normalize("NFKC", visible(text)).casefold()


def bare(text: str) -> str:
    """Returns the text without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def lower(text: str) -> str:
    """Returns the text in lower case, as long as before."""
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)
