"""What a decoder can be asked to write: a language, as in "en", or a language and a task, as in "en.short".

A tag is the decoder's first token. A bare language is read as well as written; a tag with a task is only ever written, from
a source in its own language. So summaries and replies need no other model than translation does.
"""

from __future__ import annotations

from collections.abc import Sequence

LANGUAGE_NAMES = {"en": "English", "de": "German", "fr": "French", "cs": "Czech", "zh": "Chinese"}
CAPTION_LANGUAGES = ("en", "de", "fr", "cs")  # of Multi30k, of the probes and of most checkpoints
REPLY = "reply"
TASK_NAMES = {"brief": "very short", "short": "short", "trimmed": "a little shorter", REPLY: "reply"}
# Summaries by compression: the largest share of the source's words that each tag stands for, the tightest first.
SUMMARIES = {"brief": 0.4, "short": 0.6, "trimmed": 0.85}


def language_of(tag: str) -> str:
    """Returns the language of a tag: "en" for "en.short"."""
    return tag.partition(".")[0]


def task_of(tag: str) -> str:
    """Returns the task of a tag, "short" for "en.short"; "" for a bare language."""
    return tag.partition(".")[2]


def languages_of(tags: Sequence[str]) -> tuple[str, ...]:
    """Returns the bare languages among some tags: what can be read."""
    return tuple(tag for tag in tags if not task_of(tag))


def targets_for(tags: Sequence[str], source: str) -> tuple[str, ...]:
    """Returns what a checkpoint with these tags can make of a sentence in the language `source`.

    A checkpoint with tasks was taught to write in the language that it reads, any other one to translate.
    """
    if not any(map(task_of, tags)):
        return tuple(tags)
    return tuple(tag for tag in tags if language_of(tag) == source)


def tag_name(tag: str) -> str:
    """Returns how a tag is called: "English", or "English, short"."""
    names = [LANGUAGE_NAMES.get(language_of(tag), language_of(tag))]
    return ", ".join(names + [TASK_NAMES.get(task, task) for task in (task_of(tag),) if task])


def summary_task(n_words: int, n_source_words: int) -> str | None:
    """Returns the task that a summary of so many words belongs to, None if it is too long for one."""
    return next((task for task, share in SUMMARIES.items() if n_words <= share * n_source_words), None)


def kind_of(tags: Sequence[str]) -> str:
    """Returns what a checkpoint with these tags is for: "translate", "summarise", "reply" or "chinese".

    "chinese" is English and Chinese alone; with other languages beside them a checkpoint translates like any other.
    """
    tasks = set(map(task_of, tags))
    if REPLY in tasks:
        return REPLY
    return "summarise" if tasks & set(SUMMARIES) else "chinese" if set(tags) == {"en", "zh"} else "translate"
