"""Fits what tells a checkpoint's wrong answers from its right ones, and writes it beside the weights.

    vaegen unsure --checkpoint checkpoints/everyday --data DATA

Fitted on validation text, tested on test text, of all corpora of the checkpoint that have both; see
`vaegen.pipeline.unsure`.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from itertools import permutations
from pathlib import Path

from vaegen.commands.arguments import DATA_HELP, main_of, positive
from vaegen.errors import VaegenError


def run(options: argparse.Namespace) -> None:
    """Fits, tests, saves."""
    import vaegen
    from vaegen.artifacts.unsure import fit_unsure
    from vaegen.data.corpus import load_corpus
    from vaegen.evaluation.reports.cards import corpora
    from vaegen.model.companions import weights_hash

    folder = Path(options.checkpoint)
    pipeline = vaegen.load(folder, device="cpu")
    names = options.corpora.split(",") if options.corpora else corpora(pipeline.metadata)
    if not names:
        raise VaegenError("The checkpoint does not say what it was trained on; name corpora with --corpora.")
    held: dict[str, dict[tuple[str, str], list[tuple[str, str]]]] = {"val": {}, "test": {}}
    training: list[str] = []
    for name in names:
        for split, pairs in held.items():
            groups = load_corpus(name, options.data, split)
            for source, target in permutations(pipeline.languages, 2):
                both = [(g[source], g[target]) for g in groups if g.get(source) and g.get(target)]
                spread = both[:: max(1, len(both) // options.pairs)][: options.pairs]
                pairs.setdefault((source, target), []).extend(spread)
        training += [text for group in load_corpus(name, options.data, "train") for text in group.values()]
    fitted, tested = ({pair: both for pair, both in held[split].items() if both} for split in ("val", "test"))

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    found = fit_unsure(pipeline, training, fitted, tested, say)
    about = {**found.about, "corpora": names, "weights": weights_hash(folder)}
    replace(found, about=about).save(folder)
    print(json.dumps(about, indent=1))


def writes_into(options: argparse.Namespace) -> Path:
    """Returns the folder that no other process may write into meanwhile."""
    return Path(options.checkpoint)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--checkpoint", required=True, metavar="FOLDER", help="checkpoint folder")
    parser.add_argument("--data", required=True, help=DATA_HELP)
    parser.add_argument("--corpora", metavar="A,B,..", help="whose held-out text is used (default: those of the checkpoint)")
    parser.add_argument(
        "--pairs", type=positive, default=60, metavar="N", help="sentences of each corpus, direction and split"
    )


main = main_of(__name__)
