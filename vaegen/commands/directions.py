"""Finds directions in a checkpoint's latent space: named ones from minimal pairs, and the strongest components.

    vaegen directions --checkpoint checkpoints/everyday --data DATA

A named direction turns one value of a factor of captions (who, colour, place, ...) into another; its effect is measured on
captions of the project's own that it was not made of, and with --data on real test captions, once validation captions have
shown which contrasts are worth a name. Writes `directions.npz` beside the weights and prints what each direction does.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from vaegen.commands.arguments import DATA_HELP, FOLDER_HELP, default_checkpoint, main_of, positive, public_path

CHOSEN = "{n} of {of} candidates are kept: those that change 60 % or more of the choosing sentences, which are of {text}."


def run(options: argparse.Namespace) -> None:
    """Finds, saves, tells."""
    import numpy as np

    import vaegen
    from vaegen.artifacts.directions import CONTRASTS, find
    from vaegen.data.corpus import load_corpus
    from vaegen.errors import VaegenError
    from vaegen.latent.directions import Directions, save_directions
    from vaegen.model.checkpoint import weights_hash

    folder = Path(options.checkpoint or default_checkpoint())
    captions: dict[str, list[str]] = {"test": [], "val": []}
    for split in captions if options.data else ():
        captions[split] = [group["en"] for group in load_corpus(options.corpus, options.data, split) if group.get("en")]
        if not captions[split]:
            said = "{corpus} has no English sentence in {split}; name another with --corpus."
            raise VaegenError(said, corpus=options.corpus, split=split)
    size = (options.pairs, options.sd, options.components)
    directions = find(vaegen.load(folder), *size, captions["test"], captions["val"])
    about = {"command": f"vaegen directions --checkpoint {public_path(folder)}" + " --data DATA" * bool(options.data)}
    about |= {"captions": options.corpus if options.data else ""}
    text = f"the validation set of {options.corpus}" if options.data else "the probe set"
    n_named = sum(entry.kind == "named" for entry in directions.entries)
    about |= {"chosen": CHOSEN.format(n=n_named, of=len(CONTRASTS), text=text)}
    about |= {"pairs": str(options.pairs), "sd": str(options.sd)}
    about |= {"numpy": np.__version__, "weights": weights_hash(folder)}
    save_directions(folder, Directions(directions.entries, directions.steps, about))
    for entry in directions.entries:
        told = ""
        if entry.effect is not None:
            told = f"effect {entry.effect:.0%}, keeps {entry.kept:.0%} (each {entry.kept_least:.0%} or more), "
        if entry.caption_effect is not None:
            told += f"on {entry.n_captions} captions {entry.caption_effect:.0%}, keeps {entry.caption_kept:.0%}, "
        print(f"{entry.name:24} {told}{entry.share:.1%} of the variance, KL {entry.kl:.2f} nats")


def writes_into(options: argparse.Namespace) -> Path:
    """Returns the folder that no other process may write into meanwhile."""
    return Path(options.checkpoint or default_checkpoint())


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--checkpoint", metavar="FOLDER", help=FOLDER_HELP)
    parser.add_argument("--data", help=f"{DATA_HELP}; measures effects on real captions too (default: none)")
    parser.add_argument("--corpus", default="multi30k", metavar="NAME", help="whose English test sentences these are")
    parser.add_argument(
        "--pairs", type=positive, default=60, metavar="N", help="pairs that make a direction, and as many to measure it"
    )
    parser.add_argument(
        "--sd", type=float, default=2.0, metavar="X", help="how far to move when measuring, in standard deviations"
    )
    parser.add_argument("--components", type=int, default=8, metavar="N", help="how many of the strongest components")


main = main_of(__name__)
