"""Makes the map of a checkpoint's latent space that the app shows.

    vaegen map --checkpoint checkpoints/everyday

On it lie captions of a probe set in four languages and draws from the prior, each decoded into all four, or into those of
them that the checkpoint has. Writes, beside the weights, `map.json` (coordinates, sentences, factors, clusters: what the
page draws) and `map.npz` (latents and principal components, for what is asked of the map). Run it again after the weights
have changed.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path

from vaegen.commands.arguments import FOLDER_HELP, default_checkpoint, main_of, positive, public_path
from vaegen.writing import write_json


def run(options: argparse.Namespace) -> None:
    """Makes and writes both files."""
    import vaegen
    from vaegen.artifacts.atlas import build
    from vaegen.latent.atlas import FILE, PICTURE, save_atlas
    from vaegen.model.checkpoint import weights_hash

    folder = Path(options.checkpoint or default_checkpoint())
    atlas, picture = build(vaegen.load(folder), options.probes, options.samples, options.clusters, options.prior)
    prior = f" --prior {options.prior}" if options.prior != "normal" else ""
    about = {"command": f"vaegen map --checkpoint {public_path(folder)}{prior}", "weights": weights_hash(folder)}
    about |= {package: version(package) for package in ("umap-learn", "scikit-learn", "numpy")}
    atlas.about.update(about)
    save_atlas(folder, atlas)
    picture["about"] = atlas.about
    write_json(folder / PICTURE, picture)
    for file in (FILE, PICTURE):
        print(f"{folder / file}: {(folder / file).stat().st_size / 1e6:.1f} MB")


def writes_into(options: argparse.Namespace) -> Path:
    """Returns the folder that no other process may write into meanwhile."""
    return Path(options.checkpoint or default_checkpoint())


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--checkpoint", metavar="FOLDER", help=FOLDER_HELP)
    parser.add_argument("--samples", type=positive, default=2600, metavar="N", help="draws from the prior")
    parser.add_argument("--prior", default="normal", help="name of the prior that they come from")
    parser.add_argument(
        "--probes", type=positive, default=600, metavar="N", help="captions of the probe set, each in up to four languages"
    )
    parser.add_argument("--clusters", type=positive, default=12, metavar="N", help="clusters, the k of k-means")


main = main_of(__name__)
