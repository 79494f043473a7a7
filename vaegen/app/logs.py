"""What the app's log says of a failure: where it happened, never what a visitor gave.

The message of an exception may hold a visitor's sentence, so it is left out; and whoever makes the app fail again and again
fills no disk: each place is reported once in `PAUSE` seconds, and `MOST` places in all.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback

LOG = logging.getLogger("vaegen.app")
PAUSE, MOST = 600.0, 50
FAILED = "This could not be answered; the app's log says why."  # to the visitor
_LOCK = threading.Lock()
_told: dict[tuple[str, str, int], float] = {}  # when a place was reported last


def report(what: str, error: BaseException, clock: float | None = None) -> bool:
    """Logs the kind of an exception and its frames, without its message; returns whether it did.

    Args:
        what: What failed, in a few words of ours.
        error: The exception.
        clock: The time in seconds; None: now.
    """
    now = time.monotonic() if clock is None else clock
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    place = (type(error).__name__, last.filename if last else "", (last.lineno or 0) if last else 0)
    with _LOCK:
        for old in [key for key, at in _told.items() if now - at >= PAUSE]:
            del _told[old]
        if place in _told or len(_told) >= MOST:
            return False
        _told[place] = now
    LOG.error("%s (%s):\n%s", what, place[0], "".join(traceback.format_list(frames)).rstrip())
    return True
