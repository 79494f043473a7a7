"""The tab that shows where the model looks."""

from __future__ import annotations

from typing import Any

from vaegen.app.page import add_view
from vaegen.app.questions.attention import MAX_TOKENS, WAYS, Looking
from vaegen.app.questions.checks import MAX_CHARACTERS
from vaegen.app.questions.points import point
from vaegen.app.service import Service
from vaegen.app.settings import choice, flag, tag, text, whole

SETTINGS = {
    "language": tag(Looking),
    "context": choice(Looking, "context", ("source", "latent")),
    "target": text(Looking, "target", MAX_CHARACTERS),
    "merge": flag(Looking, "merge"),
    "without": whole(Looking, "without", -1, MAX_TOKENS),
    "how": choice(Looking, "how", WAYS),
}


def build(service: Service) -> None:
    """Puts the tab on the page that is being built."""
    add_view(service, "attention", question)


def question(data: dict[str, Any]) -> Looking:
    """Returns what the page asks."""
    return Looking(
        point(data.get("a")),
        point(data.get("b")) if data.get("compare") else None,
        str(data.get("checkpoint") or ""),
        data.get("language", Looking.language),
        data.get("context", Looking.context),
        str(data.get("target") or ""),
        bool(data.get("merge", Looking.merge)),
        data.get("without", Looking.without),
        data.get("how", Looking.how),
        data.get("beta"),
    )
