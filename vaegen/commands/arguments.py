"""What all commands share: running one, options out of the fields of a dataclass, arguments as others may be told them."""

from __future__ import annotations

import argparse
import inspect
import os
import re
import sys
import types
import typing
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from dataclasses import MISSING, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from vaegen.config import DEFAULT_CHECKPOINT
from vaegen.errors import VaegenError
from vaegen.writing import disk_error, locked, memory_error

ROOT = Path(__file__).resolve().parents[2]
CHECKPOINT = ROOT / "checkpoints" / DEFAULT_CHECKPOINT  # a clone has it, an install has not
CHECKPOINT_SHOWN = CHECKPOINT.relative_to(ROOT).as_posix()
CHECKPOINT_HELP = f"folder or Hub id (default: {CHECKPOINT_SHOWN} of a clone)"
FOLDER_HELP = f"checkpoint folder (default: {CHECKPOINT_SHOWN} of a clone)"
DATA_HELP = "folder that holds the corpora, each a folder of its own"
DEVICE_HELP = "processor: cpu, cuda or cuda:N (default: cuda if there is one, else cpu)"
ENGINE_HELP = "what decodes on a CPU: onnx, onnx-int8 (faster, rounds the weights) or torch (default: onnx where it can)"
THREADS_HELP = "CPU threads of torch (default: as many as torch takes, one for each core)"
METAVARS = {int: "N", float: "X", bool: "true|false", str: "NAME"}


class Help(argparse.RawDescriptionHelpFormatter):
    """Help in which every option with a default tells it, so that no default is written twice."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        default = action.default
        if action.required or default is None or default is False or default in ([], argparse.SUPPRESS):
            return action.help
        return f"{action.help} (default: %(default)s)"


def main_of(module: str) -> Callable[[list[str] | None], int]:
    """Returns the `main` of a command, which reads its options, runs it and returns its exit status.

    A mistake is told in one sentence, with status 2, a fault of the machine (a full disk, too little memory) with status 1;
    a command that is interrupted ends with 130. A command with `writes_into(options)` has that folder to itself.

    Args:
        module: Its `__name__`; it defines `add_options(parser)` and `run(options)`, its docstring is the help. The options
            get a `command`: what was typed, as it may be told to others.
    """

    def main(arguments: list[str] | None = None) -> int:
        name, typed = module.rpartition(".")[2], sys.argv[1:] if arguments is None else arguments
        options = parser_of(module).parse_args(typed)
        options.command = " ".join(["vaegen", name, *public(typed)])
        command = sys.modules[module]
        try:
            folder = command.writes_into(options) if hasattr(command, "writes_into") else None
            with nullcontext() if folder is None else locked(folder):
                status = command.run(options) or 0
            if sys.stdout is not None:
                sys.stdout.flush()
            return status
        except VaegenError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            return 130
        except Exception as error:
            if (told := fault_of_machine(error)) is None:
                raise
            if told:
                print(f"{name}: {told}", file=sys.stderr)
            return 1

    return main


def fault_of_machine(error: Exception) -> str | None:
    """Returns what a full disk, a lack of memory or of rights is told as; "" for a reader that left, None for all else."""
    if isinstance(error, BrokenPipeError):  # whoever reads has had enough, as in `| head`; nothing may be written at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ""
    if memory_error(error):
        return "Memory is too short for this; close other programs, or give smaller batches or fewer texts at a time."
    if (reason := disk_error(error)) is not None:
        place = getattr(error, "filename", None)
        return f"{place or 'A file'} cannot be read or written ({reason}); what was there before is unchanged."
    return None


def parser_of(module: str) -> argparse.ArgumentParser:
    """Returns the command line of a command."""
    command, name = sys.modules[module], module.rpartition(".")[2]
    about = inspect.cleandoc(command.__doc__ or "").replace("%", "%%")
    parser = argparse.ArgumentParser(prog=f"vaegen {name}", description=about, formatter_class=Help)
    command.add_options(parser)
    return parser


def add_fields(
    parser: argparse._ActionsContainer,
    config: type,
    without: Collection[str] = (),
    presets: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Adds an option for every field of a dataclass: its meaning from the docstring, its default from the class.

    Args:
        parser: Gets the options.
        config: The dataclass, with a section Attributes.
        without: Fields that are no options.
        presets: Values by the preset's name that stand for others than the class's. The options are then None where nobody
            gives them.
    """
    hints, meanings = typing.get_type_hints(config), meanings_of(config)
    for field in fields(config):
        if field.name in without:
            continue
        kind = converter(hints[field.name])
        told, default = meanings[field.name].replace("%", "%%"), None if field.default is MISSING else field.default
        if presets is not None:
            changed = [f"{name}: {shown(values[field.name])}" for name, values in presets.items() if field.name in values]
            told, default = f"{told} (default: {'; '.join([shown(default), *changed])})", None
        metavar = METAVARS.get(kind) or ("true|false" if kind is yes_or_no else "CODE=X,.." if kind is table else "A,B,..")
        parser.add_argument(option_of(field.name), type=kind, default=default, metavar=metavar, help=told)


def meanings_of(config: type) -> dict[str, str]:
    """Returns what each field of a dataclass means, from the section Attributes of its docstring."""
    section = inspect.cleandoc(config.__doc__ or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    entries = re.split(r"^ {4}(\w+): ", section, flags=re.MULTILINE)[1:]
    return {name: " ".join(text.split()).rstrip(".") for name, text in zip(entries[::2], entries[1::2], strict=True)}


def shown(value: Any) -> str:
    """Returns a value as it is typed behind its option."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ",".join(f"{key}={number:g}" for key, number in value.items())
    if isinstance(value, tuple):
        return ",".join(value) or "none"
    return "none" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)


def option_of(name: str) -> str:
    """Returns the option of a field."""
    return f"--{name.replace('_', '-')}"


def positive(text: str) -> int:
    """Returns a whole number of 1 or more that was typed."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number of 1 or more")
    return int(text)


def default_checkpoint() -> Path:
    """Returns the checkpoint that is meant where nobody names one.

    Raises:
        VaegenError: If it is not there, as in an install.
    """
    if not CHECKPOINT.is_dir():
        raise VaegenError("No checkpoint comes with an install; give a folder or a Hub id, as in --checkpoint owner/name.")
    return CHECKPOINT


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
