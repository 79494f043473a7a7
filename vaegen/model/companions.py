"""What was made from a checkpoint's weights and lies beside them is read here, and refused where it is of other weights.

A map, directions, priors, examples and a report tell of one set of weights. Each stores their hash: whoever copies one of
them to another checkpoint, or trains on, is told so. Runs without torch: a page reads what lies there before the model.

`PARTS` is the one list of all that a checkpoint may hold: saving, downloading and uploading are made from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from vaegen.errors import VaegenError

T = TypeVar("T")

# Patterns of paths in a checkpoint. Nothing that is not here comes from a Hub, and nothing of it can be run.
PARTS = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "model*.safetensors",
    "model.safetensors.index.json",
    "pretrained/*.json",
    "metrics.json",
    "README.md",
    "LICENSE",
    "priors.safetensors",
    "directions.npz",
    "unsure.json",
    "map.json",
    "map.npz",
    "examples.json",
    "curves.json",
    "latent.json",
    "REPORT.md",
    "rate.svg",
    "priors.svg",
    "lm/*.json",
    "lm/model*.safetensors",
)


def parts_of(folder: str | Path) -> list[Path]:
    """Returns the files of a checkpoint, as paths in its folder."""
    folder = Path(folder)
    return sorted({path.relative_to(folder) for part in PARTS for path in folder.glob(part) if path.is_file()})


def weights_hash(folder: str | Path) -> str:
    """Returns the first 12 digits of the SHA-256 of a checkpoint's weights: what files made from them belong to."""
    files = sorted(Path(folder).glob("model*.safetensors"))
    return _digest(tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files))


def companion(folder: Path | None, file: str, read: Callable[[Path], tuple[T, str | None]], maker: str) -> T | None:
    """Returns what lies in a file beside a checkpoint's weights; None where there is no such file.

    Args:
        folder: The checkpoint's.
        file: Name in it.
        read: Gives the content of a path and the hash of the weights that it was made from; None for a text that names none.
        maker: The command that makes the file anew.

    Raises:
        VaegenError: If the file is damaged, or was made from other weights.
    """
    if folder is None or not (folder / file).is_file():
        return None
    place = f"{folder.name}/{file}"
    try:
        found, theirs = read(folder / file)
    except Exception as error:  # a broken file may raise anything, each format has its own errors
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        said = "{place} cannot be read or does not fit this checkpoint ({reason}); make it anew with {maker}."
        raise VaegenError(said, place=place, reason=reason[:200], maker=maker) from error
    has_weights = next(folder.glob("model*.safetensors"), None) is not None
    if theirs is not None and has_weights and theirs != weights_hash(folder):
        raise VaegenError(
            "{place} was made from other weights ({theirs}) than those beside it ({own}); make it anew with {maker}.",
            place=place,
            theirs=theirs or "it does not say which",
            own=weights_hash(folder),
            maker=maker,
        )
    return found


@lru_cache(maxsize=32)  # of short strings; a file that has changed is read again
def _digest(files: tuple[tuple[Path, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for path, _, _ in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
