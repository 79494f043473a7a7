"""What tests of service, app and browser share: a stub model, and the app served once a session."""

from __future__ import annotations

import functools
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from vaegen.app.questions.translate import EXAMPLES, Request
from vaegen.app.service import CHECKPOINTS, Service

GOLDEN = CHECKPOINTS / "multi30k"


class StubPipeline:
    """Answers at once with its input and its own name; keeps the calls."""

    tags = languages = ("en", "de", "fr", "cs")
    rates: tuple[float, ...] = ()
    unsure = None
    model = SimpleNamespace(config=SimpleNamespace(n_slots=4))
    calls: list[dict[str, Any]] = []  # noqa: RUF012  (shared on purpose: the service makes the instances)
    fail_on = "\0never"

    def __init__(self, path: str) -> None:
        self.name = Path(path).name

    def detect_language(self, text: str) -> str:
        return "en"

    def generate(
        self, texts: list[str], target_language: str | list[str], n_draws: int = 0, **options: Any
    ) -> list[list[Any]]:
        n, context = len(texts), options.pop("context", "source")
        languages = [target_language] * n if isinstance(target_language, str) else target_language
        contexts = [context] * n if isinstance(context, str) else context
        each = zip(texts, languages, contexts, strict=True)
        return [self._one(text, language, n_draws, {**options, "context": seen}) for text, language, seen in each]

    def _one(self, text: str, language: str, n_draws: int, options: dict[str, Any]) -> list[Any]:
        if self.fail_on in text:
            raise RuntimeError("the model failed")
        self.calls.append({"text": text, "language": language, "n_draws": n_draws, **options})
        text = f"{self.name}: {text}"
        wordings = [text] if not n_draws else [text + "!" * (draw % 3 == 0) for draw in range(n_draws)]
        return [self._translation(wording, "rude" in text and options.get("avoid", True)) for wording in wordings]

    def _translation(self, text: str, avoided: bool) -> Any:
        tokens = [f" {word}" for word in text.split(" ")]
        log_probs = [-0.1 - 0.4 * (index % 4) for index in range(len(tokens))]
        alternatives = [[(" other", 0.25), (" another", 0.125)] for _ in tokens]
        return SimpleNamespace(
            text=text,
            tokens=tokens,
            token_log_probs=log_probs,
            alternatives=alternatives,
            log_prob=sum(log_probs),
            avoided=avoided,
            unsure=None,
        )


def free_port() -> int:
    """Returns a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@functools.cache
def served() -> tuple[str, Service]:
    """Returns the address and the service of the app on the committed checkpoint; started once a session."""
    return serve(Service(GOLDEN))


@functools.cache
def served_stub() -> tuple[str, Service]:
    """Returns the same for the app on the stub model, whose output repeats its input."""
    return serve(Service(Path("stub"), folder="nowhere", load=StubPipeline))


def serve(service: Service) -> tuple[str, Service]:
    """Starts the app on a service and returns its address and the service."""
    from vaegen.app import launch

    service.start(Request(EXAMPLES[0][1]))
    return launch(service, port=free_port(), block=False), service
