"""How every file of a run, a checkpoint or a measurement is written: whole or not at all, and by one process at a time.

A file is written beside its place, brought to the disk and renamed: whoever is killed, or whose disk is full, leaves the old
file. A folder is locked by whoever writes into it for longer; the system frees the lock of a process that was killed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vaegen.errors import VaegenError

PATIENCE = 2.0  # seconds for the lock: a process that was killed and started again may meet the last of its own helpers
DISK = ("no space left", "file too large", "pytorchstreamwriter", "unexpected pos", "i/o error")  # what libraries say for it


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Gives a path beside `path` to write to; when the block ends well it takes its place, else nothing is left of it.

    Raises:
        VaegenError: If it cannot be written; the old file is then still there.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        flush(beside)
        os.replace(beside, path)
        flush(path.parent)
    except Exception as error:  # each library has its own class for a full disk
        if (reason := disk_error(error)) is None:
            raise
        raise VaegenError(
            "{path} cannot be written ({reason}); what was there is unchanged. Make room, or choose another place.",
            path=path,
            reason=reason,
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Writes a text file in UTF-8, as `replacing` does."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: str | Path, values: Any, indent: int | None = None) -> None:
    """Writes values as JSON, as `replacing` does; without an indent as short as can be."""
    separators = (",", ":") if indent is None else None
    write_text(path, json.dumps(values, indent=indent, separators=separators, ensure_ascii=False) + "\n")


@contextmanager
def locked(folder: str | Path) -> Iterator[None]:
    """Keeps all other processes that lock `folder` out of it, and removes what killed ones left half written there.

    A folder whose parent is not there cannot be locked and needs not be.

    Raises:
        VaegenError: If another process has it, or its place cannot be written.
    """
    from filelock import FileLock, Timeout

    folder = Path(os.path.abspath(folder))
    if not folder.parent.is_dir():
        yield
        return
    place = folder.with_name(f".{folder.name}.lock")
    lock = FileLock(place, timeout=PATIENCE, is_singleton=True)  # one that this process has already is had again
    try:
        lock.acquire()
    except Timeout as error:
        raise VaegenError(
            "Another process is writing into {folder}; wait for its end, or choose another folder.", folder=folder
        ) from error
    except OSError as error:
        raise VaegenError(
            "{folder} cannot be written ({reason}); choose another place.", folder=folder, reason=error.strerror or error
        ) from error
    try:
        for leftover in folder.glob(".*.part"):
            if leftover.is_file():
                leftover.unlink(missing_ok=True)
        yield
    finally:
        if lock.lock_counter == 1:  # while it is still ours: whoever waits for this file looks for the next one
            place.unlink(missing_ok=True)
        lock.release()


def flush(path: Path) -> None:
    """Brings a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (22, 95):  # a file system that cannot, such as some of networks: no reason to lose the file
            raise
    finally:
        os.close(handle)


def disk_error(error: BaseException | None) -> str | None:
    """Returns what the disk had against it, where that is what an exception comes from; else None."""
    while error is not None:
        if isinstance(error, OSError):
            return error.strerror or str(error)
        if not isinstance(error, VaegenError) and any(told in str(error).lower() for told in DISK):
            return "the disk took only a part of it"
        error = error.__cause__ or error.__context__
    return None


def memory_error(error: BaseException) -> bool:
    """Whether an exception says that memory was too short."""
    return isinstance(error, MemoryError) or "out of memory" in str(error).lower() or "can't allocate memory" in str(error)


class Growing:
    """Files beside `path` that a long command appends to piece by piece; cut off, it goes on behind the last whole piece.

    Args:
        path: What is to be there in the end.
        parts: Names of the files.
        about: What the content depends on; begun with something else, the files are begun again.

    Attributes:
        done: Items that are in the files.
        files: The files, in the order of `parts`.
    """

    def __init__(self, path: str | Path, parts: tuple[str, ...], about: dict[str, Any]) -> None:
        path = Path(path)
        self.about, self.done = json.loads(json.dumps(about)), 0
        self.files = [path.with_name(f"{path.name}.{part}.unfinished") for part in parts]
        self._state = path.with_name(f"{path.name}.unfinished.json")
        sizes = [0] * len(parts)
        if self._state.is_file():
            try:
                found = json.loads(self._state.read_text(encoding="utf-8"))
                there = [file.stat().st_size if file.is_file() else -1 for file in self.files]
                if found["about"] == self.about and all(a >= b for a, b in zip(there, found["sizes"], strict=True)):
                    self.done, sizes = found["done"], found["sizes"]
            except (ValueError, KeyError, TypeError):  # not ours, or damaged
                pass
        for file, size in zip(self.files, sizes, strict=True):
            with file.open("ab") as stream:
                stream.truncate(size)

    def add(self, pieces: tuple[bytes, ...], n: int) -> None:
        """Appends a piece of n items to each file; it counts once all of them are on the disk."""
        for file, piece in zip(self.files, pieces, strict=True):
            with file.open("ab") as stream:
                stream.write(piece)
                stream.flush()
                os.fsync(stream.fileno())
        self.done += n
        sizes = [file.stat().st_size for file in self.files]
        write_json(self._state, {"about": self.about, "done": self.done, "sizes": sizes})

    def remove(self) -> None:
        """Removes the files, once what was made of them is in its place."""
        for file in (self._state, *self.files):
            file.unlink(missing_ok=True)
