"""Encodes texts, one a line, and writes the means and log-variances of their posteriors to an .npz file.

    vaegen encode --checkpoint checkpoints/everyday --out latents.npz sentences.txt
    vaegen encode --checkpoint checkpoints/everyday --out latents.npz --float16 < sentences.txt

The file holds `mu` and `logvar`, each (N, M, Z): texts, slots, dimensions of a slot, in the order of the lines. Empty lines
have no latent and are refused. Texts are read and written some hundred at a time, however many there are; cut off, the same
command goes on.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import zipfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaegen.commands.arguments import CHECKPOINT_HELP, DEVICE_HELP, THREADS_HELP, default_checkpoint, main_of, positive
from vaegen.commands.streams import Lines, identity, opened, pieces, weights_of
from vaegen.errors import TextTooLong, VaegenError
from vaegen.writing import Growing, replacing

if TYPE_CHECKING:
    from vaegen.pipeline.pipeline import Pipeline

PIECE = 512  # texts that are encoded, and written, together
ARRAYS = ("mu", "logvar")


def run(options: argparse.Namespace) -> None:
    """Reads, encodes, writes."""
    import numpy as np
    import torch
    from tqdm import tqdm

    import vaegen

    if options.threads:
        torch.set_num_threads(options.threads)
    out, kind = Path(options.out), np.dtype(np.float16 if options.float16 else np.float32)
    with opened(options.file) as stream:
        checkpoint = options.checkpoint or default_checkpoint()
        pipeline = vaegen.load(checkpoint, options.device)
        text = identity(stream)
        if text:  # hours of work are not to end at an empty line
            check(pipeline, stream)
        lines = Lines(stream)
        found = Growing(out, ARRAYS, {"weights": weights_of([checkpoint]), "text": text, "kind": kind.name})
        if found.done:
            print(f"encode: {found.done:,} texts are there; going on behind them", file=sys.stderr)
        with tqdm(initial=found.done, unit="line", disable=not sys.stderr.isatty()) as bar:
            for piece in pieces(islice(iter(lines), found.done, None), PIECE):
                posterior = encode(pipeline, piece, found.done, options.batch_size)
                arrays = (values.cpu().numpy().astype(kind) for values in (posterior.mu, posterior.logvar))
                found.add(tuple(array.tobytes() for array in arrays), len(piece))
                bar.update(len(piece))
        lines.tell("encode")
    if not found.done:
        found.remove()
        raise VaegenError("{file} has no line; give one text a line.", file=options.file or "Standard input")
    shape = (found.done, pipeline.model.config.n_slots, pipeline.model.config.latent_dim)
    save(out, dict(zip(ARRAYS, found.files, strict=True)), shape, kind)
    found.remove()
    print(f"{out}: {shape} {kind}, {out.stat().st_size / 1e6:.1f} MB", file=sys.stderr)


def encode(pipeline: Pipeline, texts: list[str], start: int, batch_size: int) -> Any:
    """Returns the posteriors of some texts; errors count from the first line of all."""
    try:
        return pipeline.encode(texts, batch_size)
    except VaegenError as error:
        if isinstance(number := error.values.get("number"), int):
            raise type(error)(error.text, **{**error.values, "number": start + number}) from error
        raise


def check(pipeline: Pipeline, stream: Any) -> None:
    """Refuses a file with an empty or too long line before anything is encoded, and goes back to its beginning."""
    start = stream.tell()
    for i, line in enumerate(Lines(stream), start=1):
        if not line.strip():
            raise VaegenError("Text {number} is empty and has no latent; give a sentence.", number=i)
        # No token is less than a byte: what is shorter in bytes fits.
        most = pipeline.model.config.max_length
        if len(line.encode()) > most and (n := len(pipeline.tokenizer.encode(line))) > most:
            said = "Text {number} has {n} tokens; this model takes up to {most}. Please split it."
            raise TextTooLong(said, number=i, n=n, most=most)
    stream.seek(start)


def save(out: Path, arrays: dict[str, Path], shape: tuple[int, ...], kind: Any) -> None:
    """Writes raw numbers out of files as one .npz, without having them in memory."""
    from numpy.lib import format as npy

    header = {"descr": npy.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    with replacing(out) as beside, zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
        for name, raw in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file, raw.open("rb") as numbers:
                npy.write_array_header_1_0(file, header)
                shutil.copyfileobj(numbers, file, 1 << 20)


def writes_into(options: argparse.Namespace) -> Path:
    """Returns what no other process may write meanwhile."""
    if not Path(options.out).absolute().parent.is_dir():
        raise VaegenError(
            "{out} cannot be written ({strerror}); choose another --out.",
            out=options.out,
            strerror="No such file or directory",
        )
    return Path(options.out)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("file", nargs="?", help="text file in UTF-8, one text a line (default: standard input)")
    parser.add_argument("--checkpoint", help=CHECKPOINT_HELP)
    parser.add_argument("--out", required=True, metavar="FILE", help="the .npz file to write")
    parser.add_argument("--float16", action="store_true", help="write half precision: half the size, three digits")
    parser.add_argument("--batch-size", type=positive, default=64, metavar="N", help="most lines in one batch")
    parser.add_argument("--device", help=DEVICE_HELP)
    parser.add_argument("--threads", type=positive, metavar="N", help=THREADS_HELP)


main = main_of(__name__)
