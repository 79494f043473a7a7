"""Whose turn it is: many visitors share one model.

Work is done in pieces, each in a thread, and one thread at a time holds the model: answers never mix, and the processor is
used once. A thread gives the model up when its piece is done, and after `QUANTUM` seconds at each of its pauses
(`vaegen.turns`) if somebody waits who has had less. Who has had least lately is next: fair between visitors whatever each of
them asks, and a short question does not wait for a long one. Tasks that meet at `together` are run in one go.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from vaegen.errors import VaegenError
from vaegen.turns import TURN, Run

T = TypeVar("T")
BUSY = "Many are asking just now, and {n} questions wait before yours. Please ask again in a moment."
MAX_WAITING = 64  # pieces that wait to be begun
MAX_IN_HAND = 16  # pieces that are begun: each may hold caches of some megabytes
MAX_LONG = 2  # long ones among them
MAX_TOGETHER = 16  # tasks in one run
QUANTUM = 0.2  # seconds of the processor in which a piece is not interrupted: what is short stays whole
HALF_LIFE = 10.0  # seconds after which half of what somebody has had is forgotten


class Dropped(Exception):
    """Nobody waits for this answer any more."""


@dataclass(eq=False)
class Asking:
    """A question on its way.

    Attributes:
        visitor: Whose it is.
        is_long: Whether it will take seconds.
        is_gone: Whether its answer is not wanted any more.
    """

    visitor: str
    is_long: bool = False
    is_gone: bool = False


@dataclass(eq=False)
class _Piece:
    """A piece of work: waiting to be begun, holding the model, or parked."""

    asking: Asking
    work: Callable[[], Any]
    done: Future[Any] = field(default_factory=Future)
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))  # released when it holds the model again
    held: float = 0.0  # seconds of its thread's processor time while it held the model, and what that clock said last
    since: float = 0.0
    task: tuple[Hashable, Any, Run[Any, Any]] | None = None  # what it wants to be run, with others or by itself
    outcome: Any = None  # of its task, in a list, where another piece has run it
    others: tuple[_Piece, ...] = ()  # pieces whose tasks it is running with its own


class Scheduler:
    """Runs pieces of work for visitors, one at a time; may be called from any thread."""

    def __init__(self, max_waiting: int = MAX_WAITING, quantum: float = QUANTUM) -> None:
        self._max_waiting, self._quantum = max_waiting, quantum
        self._threads = ThreadPoolExecutor(MAX_IN_HAND, thread_name_prefix="model")
        self._lock = threading.RLock()
        self._waiting: list[_Piece] = []  # in the order in which they came
        self._parked: list[_Piece] = []
        self._holder: _Piece | None = None
        self._n_long = self._n_in_hand = 0
        self._spent: dict[str, tuple[float, float]] = {}  # by visitor: seconds of the model, as of when

    def submit(self, asking: Asking, work: Callable[[], T], must: bool = False) -> Future[T]:
        """Returns what a piece of work will give; the future raises `Dropped` if the asking is dropped.

        Raises:
            VaegenError: If too many wait, unless it `must` be done.
        """
        piece = _Piece(asking, work)
        with self._lock:
            if not must and len(self._waiting) >= self._max_waiting:
                self._make_room(asking.visitor)
            self._waiting.append(piece)
            if asking.is_gone:
                self._forget(piece)
            elif self._holder is None:
                self._pass_on()
        return piece.done

    def drop(self, asking: Asking) -> None:
        """Ends a question: what waits is not begun, what is begun ends at its next pause."""
        with self._lock:
            asking.is_gone = True
            for piece in [piece for piece in self._waiting if piece.asking is asking]:
                self._forget(piece)

    def close(self) -> None:
        """Ends everything at its next pause, and waits for that."""
        with self._lock:
            for piece in (*self._waiting, *self._parked, *([self._holder] if self._holder else [])):
                self.drop(piece.asking)
        self._threads.shutdown(wait=True)

    def _make_room(self, visitor: str) -> None:
        """Refuses the last question of whoever fills the room, or the one that has just come."""
        counts = Counter(piece.asking.visitor for piece in self._waiting)
        filling, n = counts.most_common(1)[0]
        busy = VaegenError(BUSY, n=len(self._waiting))
        if n <= counts[visitor] + 1:
            raise busy
        last = [piece for piece in self._waiting if piece.asking.visitor == filling][-1]
        self._waiting.remove(last)
        last.done.set_exception(busy)

    def _forget(self, piece: _Piece) -> None:
        self._waiting.remove(piece)
        piece.done.set_exception(Dropped())

    def _had(self, visitor: str) -> float:
        """Seconds of the model that a visitor has had lately."""
        seconds, then = self._spent.get(visitor, (0.0, 0.0))
        return seconds * 0.5 ** ((time.perf_counter() - then) / HALF_LIFE)

    def _charge(self, piece: _Piece) -> None:
        """Puts the seconds since the last time down to those for whom they were; called in the piece's thread.

        Of the processor, not of the clock on the wall: whether a piece is short is no matter of what else the machine does.
        """
        clock = time.thread_time()
        for one in (piece, *piece.others):
            seconds = (clock - piece.since) / (1 + len(piece.others))
            one.held += seconds
            self._spent[one.asking.visitor] = (self._had(one.asking.visitor) + seconds, time.perf_counter())
        piece.since = clock
        if len(self._spent) > 1000:
            self._spent = {name: value for name, value in self._spent.items() if self._had(name) > 1e-3}

    def _next(self) -> _Piece | None:
        """The piece that is to have the model: that of the visitor who has had least."""
        begun = self._waiting if self._n_in_hand < MAX_IN_HAND else []
        fresh = [piece for piece in begun if not piece.asking.is_long or self._n_long < MAX_LONG]
        piece = min((*fresh, *self._parked), key=self._rank, default=None)
        if piece is not None and piece.task is not None and fresh:
            return min(fresh, key=self._rank)  # it comes as far as its own task, and then they are run in one go
        return piece

    def _rank(self, piece: _Piece) -> tuple[bool, bool, float]:
        """Who has gone or has been served with others has little left to do, and makes room."""
        return not piece.asking.is_gone, piece.outcome is None, self._had(piece.asking.visitor)

    def _pass_on(self) -> None:
        """Gives the model to whoever is next."""
        self._holder = piece = self._next()
        if piece is None:
            return
        if piece in self._parked:
            self._parked.remove(piece)
            piece.go.release()
            return
        self._waiting.remove(piece)
        self._n_in_hand += 1
        self._n_long += piece.asking.is_long
        self._threads.submit(self._run, piece)

    def _run(self, piece: _Piece) -> None:
        """Does a piece of work, in a thread of its own."""
        TURN.set(_Turn(self, piece))
        piece.since = time.thread_time()
        try:
            if piece.done.set_running_or_notify_cancel():
                piece.done.set_result(piece.work())
        except BaseException as error:  # whoever waits for it is told
            piece.done.set_exception(error)
        finally:
            TURN.set(None)
            with self._lock:
                self._charge(piece)
                self._n_in_hand -= 1
                self._n_long -= piece.asking.is_long
                self._pass_on()

    def _park(self, piece: _Piece) -> None:
        """Gives the model up, and returns when the piece holds it again."""
        with self._lock:
            self._charge(piece)
            self._parked.append(piece)
            self._pass_on()
        piece.go.acquire()
        piece.since = time.thread_time()


class _Turn:
    """What a piece of work does at the places of `vaegen.turns`."""

    def __init__(self, scheduler: Scheduler, piece: _Piece) -> None:
        self._scheduler, self._piece = scheduler, piece

    def pause(self) -> None:
        """Gives the model up if the piece has had it for long and somebody waits who has had less."""
        piece, scheduler = self._piece, self._scheduler
        if all(one.asking.is_gone for one in (piece, *piece.others)):
            raise Dropped
        if piece.held + (time.thread_time() - piece.since) / (1 + len(piece.others)) < scheduler._quantum:
            return
        with scheduler._lock:
            scheduler._charge(piece)
            other = scheduler._next()
            if other is None or scheduler._rank(other) >= scheduler._rank(piece):
                return
        scheduler._park(piece)

    def together(self, key: Hashable, task: Any, run: Run[Any, Any]) -> Any:
        """Runs a task with those of an equal key that wait by then, unless one of these has run it before."""
        piece, scheduler = self._piece, self._scheduler
        piece.task, piece.outcome = (key, task, run), None
        scheduler._park(piece)
        if piece.asking.is_gone:
            raise Dropped
        outcome, piece.outcome = piece.outcome, None
        if outcome is not None:
            return outcome[0]
        with scheduler._lock:
            same = [one for one in scheduler._parked if one.task is not None and one.task[0] == key]
            piece.task, piece.others = None, tuple(one for one in same if not one.asking.is_gone)[: MAX_TOGETHER - 1]
            for one in piece.others:
                scheduler._parked.remove(one)
        outcomes: Sequence[Any] = ()
        try:
            outcomes = run([task, *(one.task[1] for one in piece.others if one.task)])
        except Exception:  # it may be only one that cannot be done: each is run by itself
            if not piece.others:
                raise
        self._hand_out(outcomes)
        return outcomes[0] if outcomes else run([task])[0]

    def _hand_out(self, outcomes: Sequence[Any]) -> None:
        """Lets those go on whose tasks were run with the piece's own."""
        piece, scheduler = self._piece, self._scheduler
        with scheduler._lock:
            scheduler._charge(piece)
            for i, one in enumerate(piece.others, 1):
                one.task = None if outcomes or one.task is None else (object(), *one.task[1:])
                one.outcome = outcomes[i : i + 1] or None
            scheduler._parked += piece.others
            piece.others = ()
