"""Texts one a line, as `vaegen translate` and `vaegen encode` read them: piece by piece, however many there are."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from vaegen.errors import VaegenError
from vaegen.model.companions import weights_hash


class Lines:
    r"""The lines of a byte stream, read as they are asked for; only \n and \r\n end one.

    Bytes that are no UTF-8 are replaced, and counted.

    Attributes:
        n: Lines read so far.
        damaged: Numbers of the first lines that were no UTF-8.
        n_damaged: How many there were.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.n, self.n_damaged = stream, 0, 0
        self.damaged: list[int] = []

    def __iter__(self) -> Iterator[str]:
        for raw in self._stream:
            line = raw.removeprefix(b"\xef\xbb\xbf") if self.n == 0 else raw
            if self.n == 0 and not line:  # nothing but a mark
                return
            self.n += 1
            line = line.removesuffix(b"\n").removesuffix(b"\r")
            try:
                yield line.decode("utf-8")
            except UnicodeDecodeError:
                self.n_damaged += 1
                self.damaged += [self.n] * (len(self.damaged) < 5)
                yield line.decode("utf-8", errors="replace")

    def tell(self, command: str) -> None:
        """Says on standard error which lines were no UTF-8."""
        if self.n_damaged:
            shown = ", ".join(map(str, self.damaged)) + (", ..." if self.n_damaged > len(self.damaged) else "")
            message = f"not UTF-8 in {self.n_damaged} of {self.n} lines ({shown}); the wrong bytes were replaced by \ufffd."
            print(f"{command}: {message}", file=sys.stderr)


def pieces(lines: Iterator[str], size: int) -> Iterator[list[str]]:
    """Yields lists of `size` lines, the last one with what is left."""
    while piece := list(islice(lines, size)):
        yield piece


@contextmanager
def opened(file: str | None) -> Iterator[BinaryIO]:
    """Gives a file to read, or standard input where none is named.

    Raises:
        VaegenError: If it cannot be read, or standard input is closed, as with `<&-`.
    """
    if file is None:
        if sys.stdin is None:
            raise VaegenError("There is no standard input; give the text as in `< in.txt`.")
        yield sys.stdin.buffer
        return
    try:
        stream = open(file, "rb")  # noqa: SIM115 (closed below; the block's own errors are not those of opening)
    except OSError as error:
        raise VaegenError(
            "{file} cannot be read ({strerror}); give a text file.", file=file, strerror=error.strerror or error
        ) from error
    with stream:
        yield stream


def weights_of(checkpoints: Sequence[str | Path]) -> list[str]:
    """Returns what tells checkpoints from others: the hashes of their weights, of those on the Hub their names."""
    return [weights_hash(path) if Path(path).is_dir() else str(path) for path in checkpoints]


def identity(stream: BinaryIO) -> dict[str, Any]:
    """Returns what tells a file from another one, nothing of a pipe: what was cut off goes on with the same text only."""
    try:
        about = os.fstat(stream.fileno())
    except (OSError, AttributeError):
        return {}
    return {"bytes": about.st_size, "changed": about.st_mtime_ns} if stat.S_ISREG(about.st_mode) else {}
