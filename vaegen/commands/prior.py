"""Fits the priors of a checkpoint to its aggregate posterior, and writes them beside its weights.

    vaegen prior --checkpoint checkpoints/everyday --data DATA

Each sentence of the training text stands for one posterior, in all its languages; every prior is fitted to draws from
them. `--only` fits some of them again and keeps the others.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from vaegen.commands.arguments import DATA_HELP, main_of, positive
from vaegen.latent.prior_kinds import fitted


def run(options: argparse.Namespace) -> None:
    """Fits and saves."""
    from vaegen.artifacts.priors import fit

    fit(
        Path(options.checkpoint),
        options.data,
        options.corpus,
        options.only.split(",") if options.only else (),
        options.groups,
        options.components,
        options.steps,
        options.batch,
        options.seed,
    )


def writes_into(options: argparse.Namespace) -> Path:
    """Returns the folder that no other process may write into meanwhile."""
    return Path(options.checkpoint)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--checkpoint", required=True, metavar="FOLDER", help="checkpoint folder")
    parser.add_argument("--data", required=True, help=DATA_HELP)
    parser.add_argument("--corpus", help="whose training text is encoded, as in a,b (default: all of the checkpoint)")
    parser.add_argument(
        "--groups", type=positive, default=29_000, metavar="N", help="groups of parallel sentences to encode"
    )
    known = ", ".join(fitted())
    parser.add_argument("--only", metavar="A,B,..", help=f"names of the priors to fit, of {known} (default: all)")
    parser.add_argument("--components", type=positive, default=64, metavar="N", help="Gaussians of the mixture")
    parser.add_argument("--steps", type=positive, default=3000, metavar="N", help="optimizer steps of the flow")
    parser.add_argument("--batch", type=positive, default=256, metavar="N", help="latents in one step of the flow")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all draws")


main = main_of(__name__)
