#!/usr/bin/env python
"""Writes a checkpoint whose weights are the mean of several of one run.

    python scripts/train.py --data DATA --keep-last 3 --out runs/a
    python scripts/average.py --out runs/a/averaged runs/a/last/*
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from vaegen.commands.arguments import public_path
from vaegen.errors import VaegenError
from vaegen.model.checkpoint import load_checkpoint, save_checkpoint
from vaegen.pipeline.ensemble import average, check_tokenizers


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="folder of the new checkpoint")
    parser.add_argument("checkpoints", nargs="+", help="folders or hub ids")
    options = parser.parse_args(arguments)
    try:
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
    except VaegenError as error:
        print(f"average: {error}", file=sys.stderr)
        return 2
    return 0


def run_of(metadata: dict[str, Any]) -> tuple[Any, Any]:
    """Returns what tells a run from another one: its folder, which stays when it is resumed, and its seed."""
    told = (metadata.get("command") or "").replace("=", " ").split()
    folder = told[told.index("--out") + 1 :][:1] if "--out" in told else None
    return folder and folder[0], metadata.get("training", {}).get("config", {}).get("seed")


if __name__ == "__main__":
    sys.exit(main())
