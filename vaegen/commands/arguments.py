"""Options of a command out of the fields of a dataclass, and its arguments as they may be told to others."""

from __future__ import annotations

import argparse
import types
import typing
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def converter(kind: Any) -> Any:
    """Returns the function that reads an option of this type: numbers, words, `a,b` lists and `en=2,de=1` tables."""
    if typing.get_origin(kind) is types.UnionType:
        kind = typing.get_args(kind)[0]
    if typing.get_origin(kind) is tuple:
        return lambda text: tuple(text.split(",")) if text else ()
    if typing.get_origin(kind) is dict:
        return table
    return yes_or_no if kind is bool else kind


def table(text: str) -> dict[str, float]:
    """Returns what "en=2,de=1" says."""
    try:
        return {key: float(value) for key, value in (pair.split("=") for pair in text.split(","))}
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: write a number for each code, as in en=2,de=1") from None


def yes_or_no(text: str) -> bool:
    """Returns what "true" or "false" says."""
    if text not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r}: write true or false")
    return text == "true"


def public(arguments: list[str]) -> list[str]:
    """The arguments as anyone could type them: where the files of this machine lie is nobody's business."""
    data = [value for option, value in pairwise(arguments) if option == "--data"]

    def shown(option: str, value: str) -> str:
        if option == "--data":
            return "DATA"
        if option == "--pretrained" and Path(value).is_dir():
            return Path(value).name
        value = value.replace(f"{data[0]}/", "DATA/") if data else value  # a word list there
        return public_path(value) if Path(value).is_absolute() else value

    hidden = []
    for before, argument in zip(["", *arguments], arguments, strict=False):
        option, equals, value = argument.partition("=")
        hidden.append(f"{option}={shown(option, value)}" if equals else shown(before, argument))
    return hidden


def public_path(path: str | Path) -> str:
    """A path as anyone could type it: from this repository, or as it was given; an absolute one without its beginning."""
    path, whole = Path(path), Path(path).resolve()
    if whole.is_relative_to(ROOT):
        return whole.relative_to(ROOT).as_posix()
    return str(Path("PATH/TO", *path.parts[-2 if path.name == "checkpoint" else -1 :]) if path.is_absolute() else path)


def name_of(folder: str | Path) -> str:
    """What a checkpoint's folder is called; `checkpoint`, in the folder of its run, is called as the run is."""
    whole = Path(folder).resolve()
    return whole.parent.name if whole.name == "checkpoint" else whole.name
