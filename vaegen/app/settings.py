"""What a tab can be set to: the defaults of its questions, which stand there alone, with what the page's controls allow."""

from __future__ import annotations

from typing import Any

from vaegen.app.questions.checks import MAX_SEED

Setting = dict[str, Any]


def number(question: type, name: str, low: float, high: float) -> Setting:
    """Returns a number from `low` to `high`, by default that of the question."""
    return {"kind": "number", "default": getattr(question, name), "low": low, "high": high}


def whole(question: type, name: str, low: int, high: int = MAX_SEED) -> Setting:
    """Returns a whole number from `low` to `high`, by default that of the question."""
    return {"kind": "whole", "default": getattr(question, name), "low": low, "high": high}


def choice(question: type, name: str, choices: tuple[str, ...]) -> Setting:
    """Returns one of some names, by default that of the question."""
    return {"kind": "choice", "default": getattr(question, name), "choices": choices}


def flag(question: type, name: str) -> Setting:
    """Returns yes or no, by default that of the question."""
    return {"kind": "flag", "default": getattr(question, name)}


def text(question: type, name: str, most: int) -> Setting:
    """Returns a text of at most so many characters, by default that of the question."""
    return {"kind": "text", "default": getattr(question, name), "most": most}


def tag(question: type, name: str = "language", default: str | None = None) -> Setting:
    """Returns a language, or a task such as "en.short", by default that of the question."""
    return {"kind": "tag", "default": getattr(question, name) if default is None else default}


def tags(question: type, name: str = "languages") -> Setting:
    """Returns several of them, by default those of the question."""
    return {"kind": "tags", "default": getattr(question, name)}
