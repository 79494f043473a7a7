"""Text hygiene: the check of what a person typed, and the cleaning of a corpus with its counts."""

from __future__ import annotations

import html
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vaegen.errors import VaegenError
from vaegen.text.chinese import simplified
from vaegen.text.sensitive import WordList
from vaegen.text.tags import task_of

JOINERS = "\u200c\u200d"  # format characters with a meaning: parts of an emoji, letters in Persian
EXTRA_LENGTH = 10  # added to both lengths of a ratio, so that "Go!" may be "Gehen Sie!"

WIDE = 2.5  # letters of an alphabet that say as much as one Chinese character

UNICODE, CONTROL, SPACE, STOP_WORDS = "Unicode form (NFC)", "control characters", "white space", "stop words"
TRADITIONAL = "traditional characters, spaces in Chinese"
EMPTY, LONG, RATIO, HELD_OUT, DUPLICATE = "empty", "too long", "length ratio", "held out", "duplicate"
SENSITIVE = "sensitive word"
ENTITIES = "HTML entities"


def check_text(text: str, max_characters: int | None = None) -> str:
    """Returns what a person typed as one line in NFC, without control characters; "" if nothing is left.

    Raises:
        VaegenError: If it has more than `max_characters` characters, where that is given.
    """
    text, _ = _tidy(text)
    if max_characters is not None and len(text) > max_characters:
        said = "The text has {n} characters; at most {most} are possible. Shorten it."
        raise VaegenError(said, n=len(text), most=max_characters)
    return text


@dataclass(frozen=True)
class CleaningReport:
    """What a cleaning did, counted in sentences; `n_kept` plus everything dropped is `n_read`.

    Attributes:
        n_read: Sentences given.
        n_kept: Sentences returned.
        n_groups_read: Groups given.
        n_groups_kept: Groups returned.
        changed: Reason -> sentences that were repaired and stay, unless they fall for another reason.
        dropped: Reason -> sentences left out.
    """

    n_read: int
    n_kept: int
    n_groups_read: int
    n_groups_kept: int
    changed: Mapping[str, int]
    dropped: Mapping[str, int]

    def __str__(self) -> str:
        """Returns a short table; reasons without a case are left out."""
        rows = [("read", self.n_read, f"in {self.n_groups_read:,} groups")]
        for what, reasons in (("changed", self.changed), ("dropped", self.dropped)):
            rows += [
                (what, count, reason) for reason, count in sorted(reasons.items(), key=lambda item: -item[1])
            ]
        rows += [("kept", self.n_kept, f"in {self.n_groups_kept:,} groups")]
        return "cleaning, in sentences\n" + "\n".join(
            f"  {what:<8}{count:>10,}  {why}" for what, count, why in rows
        )


def clean(
    groups: Iterable[Mapping[str, str]],
    *,
    held_out: Iterable[Mapping[str, str]] = (),
    max_characters: int = 1000,
    max_ratio: float = 3.0,
    stop_words: Mapping[str, Collection[str]] | None = None,
    sensitive: WordList | None = None,
) -> tuple[list[dict[str, str]], CleaningReport]:
    """Returns the usable sentences of some groups, and the report of what was changed and dropped.

    An empty or too long sentence leaves its group; a group whose lengths do not fit together, that has one of
    the held-out sentences or a sensitive word, or that was there before, falls as a whole.

    Args:
        groups: Language -> sentence.
        held_out: Groups to keep out of training; a sentence of theirs is looked for in its own language. What a task makes
            of a sentence is not: "Yes." may be the reply to many a question.
        max_characters: Longest sentence.
        max_ratio: Largest quotient of the longest and the shortest sentence of a group, both taken 10
            characters longer, so that short ones may differ more; Chinese characters count for several. A summary or a
            reply may be of any length.
        stop_words: Language -> words to take out of its sentences, upper or lower case. Off by default.
        sensitive: Words whose sentences are not used, nor their translations. Off by default.
    """
    forbidden = {
        (language, _repaired(text, language)[0]) for group in held_out for language, text in group.items()
    }
    forbidden -= {(language, "") for language, _ in forbidden}
    stops = {language: {word.casefold() for word in words} for language, words in (stop_words or {}).items()}
    changed: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    seen: set[tuple[tuple[str, str], ...]] = set()
    kept: list[dict[str, str]] = []
    n_read = n_groups = 0
    for raw in groups:
        n_groups += 1
        n_read += len(raw)
        group = _usable(raw, max_characters, stops, changed, dropped)
        if not group:
            continue
        reason = _objection(group, forbidden, max_ratio, seen)
        if not reason and sensitive and any(sensitive.find(text, language) for language, text in group.items()):
            reason = SENSITIVE
        if reason:
            dropped[reason] += len(group)
        else:
            seen.add(_key(group))
            kept.append(group)
    n_kept = sum(map(len, kept))
    return kept, CleaningReport(n_read, n_kept, n_groups, len(kept), dict(changed), dict(dropped))


def _usable(
    raw: Mapping[str, str],
    max_characters: int,
    stops: Mapping[str, set[str]],
    changed: Counter[str],
    dropped: Counter[str],
) -> dict[str, str]:
    """Returns the repaired sentences of a group that are neither empty nor too long, and counts."""
    group = {}
    for language, text in raw.items():
        text, changes = _repaired(text, language)
        changed.update(changes)
        if language in stops:
            words = text.split(" ")
            rest = [word for word in words if word.casefold() not in stops[language]]
            if len(rest) < len(words):
                changed[STOP_WORDS] += 1
                text = " ".join(rest)
        if not text:
            dropped[EMPTY] += 1
        elif len(text) > max_characters:
            dropped[LONG] += 1
        else:
            group[language] = text
    return group


def _objection(
    group: Mapping[str, str],
    forbidden: set[tuple[str, str]],
    max_ratio: float,
    seen: set[tuple[tuple[str, str], ...]],
) -> str | None:
    """Returns why a whole group cannot be used, or None."""
    read = [(language, text) for language, text in group.items() if not task_of(language)]
    lengths = [len(text) * (WIDE if language == "zh" else 1) + EXTRA_LENGTH for language, text in read]
    if lengths and max(lengths) > max_ratio * min(lengths):
        return RATIO
    if not forbidden.isdisjoint(read):
        return HELD_OUT
    return DUPLICATE if _key(group) in seen else None


def _key(group: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(group.items()))


def _repaired(text: str, language: str) -> tuple[str, Sequence[str]]:
    """Returns the tidy form of a corpus's sentence in its language, and the repairs made."""
    plain = html.unescape(text)  # left by whoever took it from the web: "&amp;" would be learned as a word
    entities = [ENTITIES] if plain != text else []
    text, changes = _tidy(plain)
    changes = [*entities, *changes]
    if language == "zh" and (simple := simplified(text)) != text:
        return simple, [*changes, TRADITIONAL]
    return text, changes


def _tidy(text: str) -> tuple[str, Sequence[str]]:
    """Returns the text in NFC, without control characters, with single spaces, and the repairs made."""
    changes = []
    if not text.isprintable():  # also false for tabs and no-break spaces, which are dealt with below
        visible = "".join(
            c
            for c in text
            if c.isspace() or c in JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs")
        )
        if visible != text:
            changes.append(CONTROL)
            text = visible
    spaced = " ".join(text.split())
    if spaced != text:
        changes.append(SPACE)
        text = spaced
    if not unicodedata.is_normalized("NFC", text):
        changes.append(UNICODE)
        text = unicodedata.normalize("NFC", text)
    return (text if text.strip(JOINERS) else ""), changes
