"""Answers the first question of every tab of the app, for pages that are shown before the model is loaded.

    vaegen examples --checkpoint checkpoints/everyday

Writes `examples.json` beside the weights. Run it again after the weights, or what a tab asks first, have changed.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vaegen.commands.arguments import FOLDER_HELP, default_checkpoint, main_of
from vaegen.writing import write_json


def run(options: argparse.Namespace) -> None:
    """Asks and writes."""
    from vaegen.app.page import EXAMPLES_FILE
    from vaegen.model.companions import weights_hash

    folder = Path(options.checkpoint or default_checkpoint())
    found = {"weights": weights_hash(folder), **examples(folder)}
    path = folder / EXAMPLES_FILE
    write_json(path, found)
    print(f"{path}: {', '.join(found)}; {path.stat().st_size / 1000:.0f} kB")


def examples(checkpoint: str | Path) -> dict[str, Any]:
    """Returns the answers by view as plain data, without the times that they took."""
    from vaegen.app.build import VIEWS
    from vaegen.app.questions.points import start_of
    from vaegen.app.service import Service

    service = Service(checkpoint)
    a, b = start_of(service.domains())
    try:
        answers = {name: service.ask(question({"a": a, "b": b})) for name, question in VIEWS.items()}
    finally:
        service.close()
    return {name: {**asdict(answer), "seconds": 0.0} for name, answer in answers.items()}


def writes_into(options: argparse.Namespace) -> Path:
    """Returns the folder that no other process may write into meanwhile."""
    return Path(options.checkpoint or default_checkpoint())


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--checkpoint", metavar="FOLDER", help=FOLDER_HELP)


main = main_of(__name__)
