"""Writes a checkpoint whose weights are the mean of several of one run.

    vaegen train --data DATA --keep-last 3 --out runs/a
    vaegen average --out runs/a/averaged runs/a/last/*
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from vaegen.commands.arguments import main_of, public_path


def run(options: argparse.Namespace) -> None:
    """Loads, averages, saves."""
    from vaegen.model.checkpoint import load_checkpoint, save_checkpoint
    from vaegen.pipeline.ensemble import average, check_tokenizers

    loaded = [load_checkpoint(path) for path in options.checkpoints]
    check_tokenizers([checkpoint.tokenizer for checkpoint in loaded])
    model = average([checkpoint.model for checkpoint in loaded])
    if len({run_of(checkpoint.metadata) for checkpoint in loaded}) > 1:
        print("average: these are of different runs; a mean is of use within one run only", file=sys.stderr)
    last = loaded[-1]  # it was trained on all that the others were; what was measured on it is not true of the mean
    metadata = {key: value for key, value in last.metadata.items() if key != "evaluation"}
    if "training" in metadata:
        metadata["training"] = {key: value for key, value in metadata["training"].items() if key != "validation"}
    averaged = [public_path(path) for path in options.checkpoints]
    save_checkpoint(options.out, model, last.tokenizer, {**metadata, "averaged": averaged})


def run_of(metadata: dict[str, Any]) -> tuple[Any, Any]:
    """Returns what tells a run from another one: its folder, which stays when it is resumed, and its seed."""
    told = (metadata.get("command") or "").replace("=", " ").split()
    folder = told[told.index("--out") + 1 :][:1] if "--out" in told else None
    return folder and folder[0], metadata.get("training", {}).get("config", {}).get("seed")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--out", required=True, metavar="FOLDER", help="folder of the new checkpoint")
    parser.add_argument("checkpoints", nargs="+", help="folders or Hub ids")


main = main_of(__name__)
