#!/usr/bin/env python
"""Answers the first question of every view of the app, for pages that are shown before the model is loaded.

python scripts/build_examples.py --checkpoint checkpoints/multi30k

Writes `examples.json` beside the weights. Run it again after the weights, or what a view asks first, have changed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from vaegen.app.build import VIEWS
from vaegen.app.page import EXAMPLES_FILE
from vaegen.app.questions.points import START
from vaegen.app.questions.translate import Request
from vaegen.app.service import Service
from vaegen.errors import VaegenError
from vaegen.model.companions import weights_hash


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", default="checkpoints/multi30k", help="folder")
    options = parser.parse_args(arguments)
    try:
        found = examples(options.checkpoint)
    except VaegenError as error:
        print(f"build_examples: {error}", file=sys.stderr)
        return 2
    found = {"weights": weights_hash(options.checkpoint), **found}
    path = Path(options.checkpoint) / EXAMPLES_FILE
    path.write_text(json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path}: {', '.join(found)}; {path.stat().st_size / 1000:.0f} kB")
    return 0


def examples(checkpoint: str | Path) -> dict[str, Any]:
    """Returns the answers by view as plain data, without the times that they took."""
    service = Service(checkpoint)
    a, b = START
    try:
        answers = {"translate": service.ask(Request(a.text))}
        answers |= {name: service.ask(question({"a": a, "b": b})) for name, question in VIEWS.items()}
    finally:
        service.close()
    return {name: {**asdict(answer), "seconds": 0.0} for name, answer in answers.items()}


if __name__ == "__main__":
    sys.exit(main())
