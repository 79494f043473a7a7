"""An answer as it grows, and the last ones, by question."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any


class Cache:
    """The last values by key; safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._size, self._lock = size, threading.Lock()
        self._values: OrderedDict[Any, Any] = OrderedDict()

    def get(self, key: Any) -> Any:
        """Returns the value of a key, or None."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Any, value: Any) -> None:
        """Keeps a value, in place of the one that was asked for longest ago."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)


class Parts:
    """The parts of an answer, each made by whoever holds the model."""

    def __init__(self, load: Callable[[str], Any], question: Any) -> None:
        self._load, self._question = load, question
        self._parts: Iterator[Any] | None = None
        self._model: Any = None

    def next(self) -> tuple[Any, int] | None:
        """Returns the next part, and how many sentences were led around a sensitive word in it; None after the last."""
        if self._parts is None:
            self._model = self._load(self._question.checkpoint)
            self._parts = self._question.answers(self._model)
        before = getattr(self._model, "n_avoided", 0)
        part = next(self._parts, None)
        return None if part is None else (part, getattr(self._model, "n_avoided", 0) - before)
