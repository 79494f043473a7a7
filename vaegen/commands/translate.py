#!/usr/bin/env python
"""Translates standard input to standard output, one line out for every line in.

    python scripts/translate.py --checkpoint checkpoints/multi30k --target-language de < in.txt > out.txt

Empty lines stay empty. Progress and messages go to standard error.
Exit status: 0 done, 1 the output could not be written, 2 wrong input, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import BinaryIO

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from vaegen.errors import VaegenError  # torch comes later, once the options are known to be good


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.threads is not None and options.threads < 1:
        parser.error(f"--threads {options.threads}: give 1 or more")
    try:
        if sys.stdin is None:  # closed, as with `<&-`
            raise VaegenError("There is no standard input; give the text as in `< in.txt`.")
        lines = read_lines(sys.stdin.buffer)
        for line in translate(lines, options):
            sys.stdout.buffer.write(line.encode("utf-8") + b"\n")
        sys.stdout.buffer.flush()
    except VaegenError as error:
        print(f"translate: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
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
    chosen = options.checkpoint or [str(ROOT / "checkpoints" / "multi30k")]
    avoid = WordList.load(*options.word_list) if options.avoid or options.word_list else None
    pipeline = vaegen.load(chosen if len(chosen) > 1 else chosen[0], options.device, avoid)
    with tqdm(total=len(lines), unit="line", disable=not sys.stderr.isatty()) as bar:
        return pipeline.translate(
            lines,
            options.target_language,
            source_language=options.source_language,
            context=options.context,
            batch_size=options.batch_size,
            progress=lambda done, total: bar.update(done - bar.n),
            seed=options.seed,
            method=options.method,
            num_beams=options.num_beams,
            length_penalty=options.length_penalty,
            temperature=options.temperature,
            top_k=options.top_k,
            top_p=options.top_p,
        )


def read_lines(stream: BinaryIO) -> list[str]:
    """Returns the lines of a byte stream; only "\\n" and "\\r\\n" end one, and bytes that are no UTF-8 are replaced."""
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
        print(f"translate: {message}", file=sys.stderr)
    return lines


def build_parser() -> argparse.ArgumentParser:
    """Returns the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--checkpoint",
        action="append",
        help="folder or hub id (default: checkpoints/multi30k); given several times, they decode together",
    )
    parser.add_argument("--target-language", required=True, metavar="CODE", help="such as de")
    parser.add_argument("--source-language", metavar="CODE", help="not needed: the model reads all its languages alike")
    parser.add_argument("--context", default="source", help="source (default), or latent: through the latent alone")
    parser.add_argument("--method", default="beam", help="beam (default), greedy or sample")
    parser.add_argument("--num-beams", type=int, default=5, help="width of the beam; 1 is greedy (default: 5)")
    parser.add_argument("--length-penalty", type=float, default=1.0, help="higher favours longer output (default: 1)")
    parser.add_argument("--temperature", type=float, default=1.0, help="sampling: below 1 is safer (default: 1)")
    parser.add_argument("--top-k", type=int, default=0, help="sampling: only the k most probable tokens (default: all)")
    parser.add_argument("--top-p", type=float, default=1.0, help="sampling: only the tokens that hold this probability")
    parser.add_argument("--seed", type=int, default=0, help="sampling: same seed, same output (default: 0)")
    parser.add_argument("--avoid", action="store_true", help="never write a word of the short lists that vaegen ships")
    parser.add_argument(
        "--word-list", nargs="+", default=[], metavar="PATH", help="nor one of your own: en.txt, ..., or a folder of lists"
    )
    parser.add_argument("--batch-size", type=int, default=32, help="most lines in one batch (default: 32)")
    parser.add_argument("--device", help="cpu, cuda or cuda:N (default: cuda if there is one)")
    parser.add_argument("--threads", type=int, help="CPU threads")
    return parser


if __name__ == "__main__":
    sys.exit(main())
