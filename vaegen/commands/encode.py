"""Encodes texts, one a line, and writes the means and log-variances of their posteriors to an .npz file.

    vaegen encode --checkpoint checkpoints/everyday --out latents.npz sentences.txt
    vaegen encode --checkpoint checkpoints/everyday --out latents.npz --float16 < sentences.txt

The file holds `mu` and `logvar`, each (N, M, Z): texts, slots, dimensions of a slot, in the order of the lines. Empty lines
have no latent and are refused.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from vaegen.commands.arguments import CHECKPOINT_HELP, DEVICE_HELP, THREADS_HELP, default_checkpoint, main_of, positive
from vaegen.commands.translate import read_lines, standard_input
from vaegen.errors import VaegenError


def run(options: argparse.Namespace) -> None:
    """Reads, encodes, writes."""
    import numpy as np
    import torch
    from tqdm import tqdm

    import vaegen

    texts = lines_of(options.file)
    if options.threads:
        torch.set_num_threads(options.threads)
    pipeline = vaegen.load(options.checkpoint or default_checkpoint(), options.device)
    with tqdm(total=len(texts), unit="line", disable=not sys.stderr.isatty()) as bar:
        posterior = pipeline.encode(texts, options.batch_size, progress=lambda done, _: bar.update(done - bar.n))
    kind = np.float16 if options.float16 else np.float32
    mu, logvar = (values.cpu().numpy().astype(kind) for values in (posterior.mu, posterior.logvar))
    out = Path(options.out)
    partial = out.with_name(f"{out.name}.part")
    try:
        with open(partial, "wb") as file:  # numpy adds .npz to a name, but not to a file
            np.savez(file, mu=mu, logvar=logvar)
        os.replace(partial, out)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise VaegenError(
            "{out} cannot be written ({strerror}); choose another --out.", out=out, strerror=error.strerror or error
        ) from error
    print(f"{out}: {mu.shape} {np.dtype(kind)}, {out.stat().st_size / 1e6:.1f} MB", file=sys.stderr)


def lines_of(file: str | None) -> list[str]:
    """Returns the lines of a file, or of standard input.

    Raises:
        VaegenError: If it cannot be read or has no line.
    """
    try:
        if file is None:
            texts = read_lines(standard_input(), "encode")
        else:
            with open(file, "rb") as stream:
                texts = read_lines(stream, "encode")
    except OSError as error:
        raise VaegenError(
            "{file} cannot be read ({strerror}); give a text file.", file=file, strerror=error.strerror or error
        ) from error
    if not texts:
        raise VaegenError("{file} has no line; give one text a line.", file=file or "Standard input")
    return texts


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
