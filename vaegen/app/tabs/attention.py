"""The tab that shows where the model looks."""

from __future__ import annotations

from typing import Any

from vaegen.app.page import add_view
from vaegen.app.questions.attention import MAX_TOKENS, WAYS, Attending
from vaegen.app.questions.checks import MAX_CHARACTERS
from vaegen.app.questions.points import point
from vaegen.app.service import Service
from vaegen.app.settings import choice, flag, tag, text, whole

SETTINGS = {
    "language": tag(Attending),
    "context": choice(Attending, "context", ("source", "latent")),
    "target": text(Attending, "target", MAX_CHARACTERS),
    "merge": flag(Attending, "merge"),
    "without": whole(Attending, "without", -1, MAX_TOKENS),
    "how": choice(Attending, "how", WAYS),
}


def build(service: Service) -> None:
    """Puts the tab on the page that is being built."""
    add_view(service, "attention", question)


def question(data: dict[str, Any]) -> Attending:
    """Returns what the page asks."""
    return Attending(
        point(data.get("a")),
        point(data.get("b")) if data.get("compare") else None,
        str(data.get("checkpoint") or ""),
        data.get("language", Attending.language),
        data.get("context", Attending.context),
        str(data.get("target") or ""),
        bool(data.get("merge", Attending.merge)),
        data.get("without", Attending.without),
        data.get("how", Attending.how),
        data.get("beta"),
    )
