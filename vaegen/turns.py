"""Where work lets others come between, and where it may be done together with that of others.

The library runs for one caller and nothing happens here. A server that shares one model sets `TURN` in the threads that it
runs work in (`vaegen.app.scheduler`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")
Run = Callable[[Sequence[T]], Sequence[R]]


class Turn(Protocol):
    """What a server does at these places."""

    def pause(self) -> None:
        """Lets others have the model for a while, or raises what ends this work."""

    def together(self, key: Hashable, task: Any, run: Run[Any, Any]) -> Any:
        """Returns what `run` gives for a task, which may wait for tasks of an equal key and be run in one go with them."""


TURN: ContextVar[Turn | None] = ContextVar("turn", default=None)


def pause() -> None:
    """Lets others come between: to be called where work can stand still, some milliseconds after the last time."""
    if (turn := TURN.get()) is not None:
        turn.pause()


def together(key: Hashable, task: T, run: Run[T, R]) -> R:
    """Returns what `run` gives for a task.

    Args:
        key: Tasks of equal keys may be run in one go, by the `run` of any of them; None: this one is run alone.
        task: What to do.
        run: Does a list of tasks; the result of each must not depend on the others.
    """
    turn = TURN.get()
    return run([task])[0] if turn is None or key is None else turn.together(key, task, run)
