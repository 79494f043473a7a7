"""Translates standard input to standard output, or a file to a file, one line out for every line in.

    vaegen translate --checkpoint checkpoints/everyday --target-language de < in.txt > out.txt
    vaegen translate --checkpoint checkpoints/everyday --target-language de in.txt --out out.txt

Lines are read and written some hundred at a time, however long the file is. With --out, the same command goes on where it
was cut off. Empty lines stay empty; a line that is too long for the model is marked, `<too long: 600 tokens, 512 fit>`, and
counted. Progress and messages go to standard error.
Exit status: 0 done, 1 the output could not be written, 2 wrong input, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaegen.commands.arguments import (
    CHECKPOINT_SHOWN,
    DEVICE_HELP,
    ENGINE_HELP,
    THREADS_HELP,
    add_fields,
    default_checkpoint,
    main_of,
    positive,
)
from vaegen.commands.streams import Lines, identity, opened, pieces, weights_of
from vaegen.decoding.options import DecodingOptions
from vaegen.errors import TextTooLong, VaegenError
from vaegen.writing import Growing

if TYPE_CHECKING:
    from vaegen.pipeline.pipeline import Pipeline

LEFT_OUT = ("n_best", "max_length", "n_alternatives")  # one line out for every line in, as long as it gets
PIECE = 256  # lines that are translated, and written, together
WITHOUT_EFFECT = ("out", "file", "device", "threads", "batch_size", "command")  # on what is written


def run(options: argparse.Namespace) -> int:
    """Reads, translates, writes; returns 1 if the output could not be written."""
    with opened(options.file) as stream:
        lines = Lines(stream)
        if options.out:
            to_file(lines, Path(options.out), identity(stream), options)
            lines.tell("translate")
            return 0
        try:
            for piece in translated(iter(lines), load(options), options):
                sys.stdout.buffer.write(encoded(piece))
                sys.stdout.buffer.flush()
        except OSError as error:
            # Whoever reads has had enough, as in `| head`, or a disk is full; nothing may be written at exit either.
            if not isinstance(error, BrokenPipeError):
                print(f"translate: reading or writing failed: {error.strerror or error}.", file=sys.stderr)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        lines.tell("translate")
    return 0


def to_file(lines: Lines, out: Path, text: dict[str, Any], options: argparse.Namespace) -> None:
    """Translates into a file, beginning behind what an earlier call has left there unfinished."""
    pipeline = load(options)
    settings = {name: value for name, value in vars(options).items() if name not in WITHOUT_EFFECT}
    weights = weights_of(options.checkpoint or [default_checkpoint()])
    found = Growing(out, ("lines",), {"options": settings, "weights": weights, "text": text})
    if found.done:
        print(f"translate: {found.done:,} lines are there; going on behind them", file=sys.stderr)
    rest = islice(iter(lines), found.done, None)
    for piece in translated(rest, pipeline, options, found.done):
        found.add((encoded(piece),), len(piece))
    os.replace(found.files[0], out)
    found.remove()


def translated(
    lines: Iterator[str], pipeline: Pipeline, options: argparse.Namespace, start: int = 0
) -> Iterator[list[str]]:
    """Yields the translations of the lines piece by piece, with progress on standard error.

    Args:
        lines: What is to be translated.
        pipeline: Translates.
        options: How.
        start: Lines before them that are done.
    """
    from tqdm import tqdm

    n_long = 0
    with tqdm(initial=start, unit="line", disable=not sys.stderr.isatty()) as bar:
        for piece in pieces(lines, PIECE):
            # Sampling: a line gets the same numbers whether or not the command was cut off before it.
            found, long = translate(piece, pipeline, options, options.seed + start)
            for number, mark in long.items():
                print(f"translate: line {start + number:,} is {mark.strip('<>')}; marked", file=sys.stderr)
            n_long += len(long)
            start += len(piece)
            bar.update(len(piece))
            yield found
    if n_long:
        print(f"translate: {n_long:,} of {start:,} lines are too long and were marked; split them.", file=sys.stderr)


def translate(
    lines: list[str], pipeline: Pipeline, options: argparse.Namespace, seed: int
) -> tuple[list[str], dict[int, str]]:
    """Returns the translations of some lines, and the marks of those that are too long by their number."""
    settings = {
        field.name: getattr(options, field.name)
        for field in fields(DecodingOptions)
        if field.name not in LEFT_OUT and getattr(options, field.name) != field.default
    }
    long: dict[int, str] = {}
    while True:
        try:
            found = pipeline.translate(
                ["" if number in long else line for number, line in enumerate(lines, start=1)],
                options.target_language,
                source_language=options.source_language,
                context=options.context,
                batch_size=options.batch_size,
                seed=seed,
                **settings,
            )
        except TextTooLong as error:
            values = error.values
            long[int(values["number"])] = f"<too long: {values['n']:,} tokens, {values['most']:,} fit>"
            continue
        return [long.get(number, line) for number, line in enumerate(found, start=1)], long


def load(options: argparse.Namespace) -> Pipeline:
    """Returns what translates."""
    import torch

    import vaegen
    from vaegen.text.sensitive import WordList

    if options.threads:
        torch.set_num_threads(options.threads)
    chosen = options.checkpoint or [default_checkpoint()]
    avoid = WordList.load(*options.word_list) if options.avoid or options.word_list else None
    return vaegen.load(chosen if len(chosen) > 1 else chosen[0], options.device, avoid, options.engine)


def encoded(lines: list[str]) -> bytes:
    """Returns lines as they are written."""
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def writes_into(options: argparse.Namespace) -> Path | None:
    """Returns what no other process may write meanwhile."""
    if options.out and not Path(options.out).absolute().parent.is_dir():
        raise VaegenError("There is no folder {folder} for --out; make it first.", folder=Path(options.out).parent)
    return Path(options.out) if options.out else None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("file", nargs="?", help="text file in UTF-8, one text a line (default: standard input)")
    parser.add_argument("--out", metavar="FILE", help="file to write; cut off, it goes on (default: standard output)")
    parser.add_argument(
        "--checkpoint",
        action="append",
        help=f"folder or Hub id; given several times, they decode together (default: {CHECKPOINT_SHOWN} of a clone)",
    )
    parser.add_argument("--target-language", required=True, metavar="CODE", help="language to write, such as de")
    parser.add_argument(
        "--source-language", metavar="CODE", help="language of the input (default: any, a model reads all alike)"
    )
    parser.add_argument(
        "--context", default="source", help="what the decoder sees: source, the words and the latent, or latent alone"
    )
    add_fields(parser, DecodingOptions, LEFT_OUT)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of sampling: same seed, same output")
    parser.add_argument("--avoid", action="store_true", help="never write a word of the short lists that vaegen ships")
    parser.add_argument(
        "--word-list",
        nargs="+",
        default=[],
        metavar="PATH",
        help="nor a word of your own lists: en.txt, ..., or a folder of lists (default: none)",
    )
    parser.add_argument("--batch-size", type=int, default=32, metavar="N", help="most lines in one batch")
    parser.add_argument("--device", help=DEVICE_HELP)
    parser.add_argument("--engine", metavar="NAME", help=ENGINE_HELP)
    parser.add_argument("--threads", type=positive, metavar="N", help=THREADS_HELP)


main = main_of(__name__)
