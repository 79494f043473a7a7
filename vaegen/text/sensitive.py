"""Sensitive words: lists per language that a user can extend, and how their words are found in a text.

A list is plain text, one entry a line, of one word or several; `# ...` is a comment and `! word` a harmless word that only
looks like an inflected entry. Entries are found as whole words, so "classic" and "Essex" are left alone; but inflected
("bitches"), spelled with look-alikes ("b1tch"), with a letter repeated ("biiitch"), taken apart ("b.i.t.c.h"), with letters
starred ("b*tch") or, if longer than three letters, with other accents ("bîtch") or digits at an end ("2bitch"). Chinese has
no word boundaries: its entries are found anywhere in a text, those of a single character only where it stands alone; in
simplified and in traditional characters alike. What is found is a matter of spelling alone: no list knows what a sentence
means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vaegen.errors import VaegenError
from vaegen.text.chinese import HAN, simplified_each
from vaegen.text.spelling import UMLAUTS, bare, inflected, lower, normal, readings, visible, without_edge_digits
from vaegen.text.tags import language_of

SHIPPED = Path(__file__).parent / "wordlists"
# Between these, spellings are read on their own. Not among them: what stands for a letter or parts the letters of a word.
SEGMENT = re.compile(r'[^\s,;:?"()\[\]{}…«»„“”/\\]+')
WORD = re.compile(r"[^\W_]+")
EDGES = ".!-–—'’‘`*_~#^°·•=|&%<>"
PARTING = re.compile(r"[.\-–—'’‘`*_~#^°·•=]")
SPELLED = re.compile(r"(?<![^\W_])[^\W_](?![^\W_])(?:[\s.,_*~/|\-–·•]{1,3}[^\W_](?![^\W_])){2,}")
STARS = "*#"
MAX_SPELLED = 40  # single letters in a row that may be one word; all parts of a longer run would take its length squared
Place = tuple[int, int]


@dataclass(frozen=True)
class Finding:
    """A listed word in a text: it spans `text[start:end]` and is a spelling of `entry`."""

    start: int
    end: int
    entry: str


class WordList:
    """The sensitive words of some languages; a language without a list has none. Immutable, safe in several threads."""

    def __init__(self, entries: Mapping[str, Iterable[str]], harmless: Mapping[str, Iterable[str]] | None = None) -> None:
        """Takes the entries and the harmless words of each language by its code."""
        self.entries = {code: tuple(dict.fromkeys(words)) for code, words in entries.items()}
        given = harmless or {}
        self._find: dict[str, _Words | _Characters] = {
            code: _Characters(words) if code == "zh" else _Words(words, given.get(code, ()), code)
            for code, words in self.entries.items()
        }

    @classmethod
    def load(cls, *paths: str | Path, shipped: bool = True) -> WordList:
        """Returns the words of some lists together.

        Args:
            paths: Files named by their language, as in `en.txt` or `own.en.txt`, or folders of such files.
            shipped: Whether the project's own short lists come first; their harmless words always count.

        Raises:
            VaegenError: If there is no such file, or its name has no language.
        """
        entries: dict[str, list[str]] = {}
        harmless: dict[str, list[str]] = {}
        for path in [file for place in (SHIPPED, *paths) for file in _files(Path(place))]:
            code = path.stem.rpartition(".")[2]
            lines = [line.strip() for line in _read(path).splitlines()]
            harmless.setdefault(code, []).extend(line[1:].strip() for line in lines if line.startswith("!"))
            if shipped or path.parent != SHIPPED:
                entries.setdefault(code, []).extend(line for line in lines if line and line[0] not in "#!")
        return cls(entries, harmless)

    def find(self, text: str, language: str) -> list[Finding]:
        """Returns the listed words of a language in a text, in order; of overlapping ones the first.

        A tag such as "en.reply" has the words of its language.
        """
        words = self._find.get(language_of(language))
        if words is None:
            return []
        found: list[Finding] = []
        for one in sorted(words.find(text), key=lambda one: (one.start, -one.end)):
            if not found or one.start >= found[-1].end:
                found.append(one)
        return found

    def allows(self, text: str, language: str | None) -> bool:
        """Returns whether a text has no listed word of a language; None: of any language."""
        return not any(self.find(text, code) for code in ([language] if language else self.entries))

    def mask(self, text: str, language: str) -> str:
        """Returns the text with "…" in the place of each listed word."""
        for one in reversed(self.find(text, language)):
            text = f"{text[: one.start]}…{text[one.end :]}"
        return text


class _Words:
    """The entries of a language that puts spaces between its words."""

    def __init__(self, entries: Iterable[str], harmless: Iterable[str], language: str) -> None:
        self._forms: dict[str, str] = {}  # a spelling -> its entry
        self._bare: dict[str, str] = {}  # a spelling without its accents -> its entry, also found with any others
        self._phrases: dict[str, list[tuple[list[set[str]], str]]] = {}  # first word -> what follows; without accents
        self._harmless = {normal(word) for word in harmless}
        for entry in entries:
            words = WORD.findall(normal(entry))
            if len(words) > 1 and " " in entry:
                rest = [*({bare(word)} for word in words[1:-1]), {bare(form) for form in inflected(words[-1], language)}]
                self._phrases.setdefault(bare(words[0]), []).append((rest, entry))
                self._add("".join(words), entry, language)
            else:  # a sign between letters, as in "s&m", belongs to the word
                self._add(normal(entry), entry, language)
        self._segment = lru_cache(maxsize=100_000)(self._read_segment)

    def _add(self, word: str, entry: str, language: str) -> None:
        for form in inflected(word, language) - self._harmless:
            self._forms.setdefault(form, entry)
            self._forms.setdefault(bare(form.translate(UMLAUTS) if language == "de" else form), entry)
            if len(word) > 3:  # "cône" is no spelling of "con"
                self._bare.setdefault(bare(form), entry)

    def find(self, text: str) -> Iterator[Finding]:
        words: list[tuple[int, int, tuple[str, ...]]] = []
        for match in SEGMENT.finditer(text):
            at = match.start()
            hits, inner = self._segment(match.group())
            yield from (Finding(at + start, at + end, entry) for (start, end), entry in hits)
            words += [(at + start, at + end, ways) for (start, end), ways in inner]
        for i, (start, _, ways) in enumerate(words):
            for rest, entry in [one for way in ways for one in self._phrases.get(way, ())]:
                after = words[i + 1 : i + 1 + len(rest)]
                if len(after) == len(rest) and all(not w.isdisjoint(a[2]) for w, a in zip(rest, after, strict=True)):
                    yield Finding(start, after[-1][1], entry)
        for match in SPELLED.finditer(text):
            yield from self._spelled(match)

    def _spelled(self, run: re.Match[str]) -> Iterator[Finding]:
        """Words in a run of single letters; one of three letters only if it is the whole run."""
        places = [run.start() + letter.start() for letter in WORD.finditer(run.group())]
        for first in range(len(places)):
            for last in range(first + 3, min(len(places), first + MAX_SPELLED) + 1):
                word = "".join(run.string[place] for place in places[first:last])
                if (last - first > 3 or len(places) == 3) and (entry := self._entry(readings(word))):
                    yield Finding(places[first], places[last - 1] + 1, entry)

    def _read_segment(self, segment: str) -> tuple[list[tuple[Place, str]], list[tuple[Place, tuple[str, ...]]]]:
        """Returns the listed words in a piece of text without spaces, and how each of its words can be read."""
        clean = visible(segment)
        whole = (0, len(segment)) if clean != segment else None  # places within it are lost
        places = [(whole or match.span(), readings(match.group())) for match in WORD.finditer(clean)]
        hits = [(place, entry) for place, ways in places if (entry := self._entry(ways))]
        words = [(place, tuple(dict.fromkeys(map(bare, ways)))) for place, ways in places]
        core = clean.strip(EDGES)
        if not hits and not core.isalnum():
            entry = self._entry((normal(core), *readings(PARTING.sub("", core)))) or self._starred(core)
            start = len(segment) - len(segment.lstrip(EDGES))
            hits = [(whole or (start, start + len(core)), entry)] if entry else []
        return hits, words

    def _entry(self, ways: Iterable[str]) -> str | None:
        """The entry that one of the ways to read a word is a form of."""
        for way in ways:
            if way in self._harmless:
                return None
            entry = self._forms.get(way) or (None if way.isascii() else self._bare.get(bare(way)))
            if entry:
                return entry
        return None

    def _starred(self, word: str) -> str | None:
        """The entry that a word with stars for up to half of its letters may stand for; its ends must be letters."""
        word = without_edge_digits(normal(word))
        n_stars = sum(letter in STARS for letter in word)
        if not 0 < 2 * n_stars <= len(word) or word[0] in STARS or word[-1] in STARS:
            return None
        pattern = re.compile("".join("." if letter in STARS else re.escape(letter) for letter in word))
        return next((entry for form, entry in self._forms.items() if pattern.fullmatch(form)), None)


class _Characters:
    """The entries of Chinese: found anywhere; dots, spaces and the like between their characters do not hide them.

    Entries and text are compared in simplified characters, each on its own, so places stay what they are.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self._entries = {simplified_each(lower(entry)): entry for entry in entries}
        ordered = sorted(self._entries, key=len, reverse=True)
        self._pattern = re.compile("|".join(f"({self._one(entry)})" for entry in ordered) or "(?!)")
        self._ordered = ordered

    @staticmethod
    def _one(entry: str) -> str:
        inner = "[\\s.*_\u200b-\u200d-]{0,2}".join(map(re.escape, entry))
        if len(entry) == 1:  # part of many harmless words, as in the ones for milk or gender
            return f"(?<!{HAN.pattern}){inner}(?!{HAN.pattern})"
        before, after = ("(?<![a-z0-9])" if entry[0].isascii() else ""), ("(?![a-z0-9])" if entry[-1].isascii() else "")
        return before + inner + after

    def find(self, text: str) -> Iterator[Finding]:
        for match in self._pattern.finditer(simplified_each(lower(text))):
            yield Finding(match.start(), match.end(), self._entries[self._ordered[(match.lastindex or 1) - 1]])


def _files(path: Path) -> list[Path]:
    """The list at a path, or those in a folder.

    Raises:
        VaegenError: If there is none, or a name has no language.
    """
    files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise VaegenError("There is no word list at {path}; give a file such as en.txt, or a folder of them.", path=path)
    for file in files:
        if not re.fullmatch("[a-z]{2,3}", file.stem.rpartition(".")[2]):
            raise VaegenError("{name} names no language; call the list en.txt or own.en.txt, by its code.", name=file.name)
    return files


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise VaegenError(
            "The word list {path} cannot be read ({reason}); it must be plain text in UTF-8.", path=path, reason=error
        ) from error
