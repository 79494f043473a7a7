"""Translates standard input to standard output, one line out for every line in.

    vaegen translate --checkpoint checkpoints/everyday --target-language de < in.txt > out.txt

Empty lines stay empty. Progress and messages go to standard error.
Exit status: 0 done, 1 the output could not be written, 2 wrong input, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import fields
from typing import BinaryIO

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
from vaegen.decoding.options import DecodingOptions
from vaegen.errors import VaegenError

LEFT_OUT = ("n_best", "max_length", "n_alternatives")  # one line out for every line in, as long as it gets

def run(options: argparse.Namespace) -> int:
    """Reads, translates, writes; returns 1 if the output could not be written."""
    try:
        for line in translate(read_lines(standard_input()), options):
            sys.stdout.buffer.write(line.encode("utf-8") + b"\n")
        sys.stdout.buffer.flush()
    except OSError as error:
        # Whoever reads has had enough, as in `| head`, or a disk is full; nothing may be written at exit either.
        if not isinstance(error, BrokenPipeError):
            print(f"translate: reading or writing failed: {error.strerror or error}.", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def translate(lines: list[str], options: argparse.Namespace) -> list[str]:
    """Returns the translations of the lines, with progress on standard error."""
    import torch
    from tqdm import tqdm

    import vaegen
    from vaegen.text.sensitive import WordList

    if options.threads:
        torch.set_num_threads(options.threads)
    chosen = options.checkpoint or [default_checkpoint()]
    avoid = WordList.load(*options.word_list) if options.avoid or options.word_list else None
    pipeline = vaegen.load(chosen if len(chosen) > 1 else chosen[0], options.device, avoid, options.engine)
    with tqdm(total=len(lines), unit="line", disable=not sys.stderr.isatty()) as bar:
        return pipeline.translate(
            lines,
            options.target_language,
            source_language=options.source_language,
            context=options.context,
            batch_size=options.batch_size,
            progress=lambda done, total: bar.update(done - bar.n),
            seed=options.seed,
            **{
        field.name: getattr(options, field.name)
        for field in fields(DecodingOptions)
        if field.name not in LEFT_OUT and getattr(options, field.name) != field.default
    },
        )


def standard_input() -> BinaryIO:
    """Returns standard input.

    Raises:
        VaegenError: If it is closed, as with `<&-`.
    """
    if sys.stdin is None:
        raise VaegenError("There is no standard input; give the text as in `< in.txt`.")
    return sys.stdin.buffer


def read_lines(stream: BinaryIO, command: str = "translate") -> list[str]:
    """Returns the lines of a byte stream; only "\\n" and "\\r\\n" end one, and bytes that are no UTF-8 are replaced, which
    the command tells."""
    raw = stream.read().removeprefix(b"\xef\xbb\xbf")
    parts = raw.split(b"\n")
    if not parts[-1]:
        parts.pop()
    lines = []
    damaged = []
    for number, part in enumerate(parts, start=1):
        part = part.removesuffix(b"\r")
        try:
            lines.append(part.decode("utf-8"))
        except UnicodeDecodeError:
            damaged.append(number)
            lines.append(part.decode("utf-8", errors="replace"))
    if damaged:
        shown = ", ".join(map(str, damaged[:5])) + (", ..." if len(damaged) > 5 else "")
        message = f"not UTF-8 in {len(damaged)} of {len(lines)} lines ({shown}); the wrong bytes were replaced by \ufffd."
        print(f"{command}: {message}", file=sys.stderr)
    return lines


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
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
