"""Puts the training curves of one run, or of several that went on from each other, beside a checkpoint's weights.

    vaegen curves runs/everyday --checkpoint checkpoints/everyday

Writes `curves.json`, which the app's tab Inside draws: by name, at most 200 pairs of step and value. A later run's steps
follow on the earlier one's.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from vaegen.commands.arguments import main_of
from vaegen.errors import VaegenError
from vaegen.writing import write_json

SHOWN = {"train": ("recon_per_token", "kl", "beta"), "eval": ("recon_source", "recon_latent", "gap", "kl", "active_units")}
MAX_POINTS = 200
Curves = dict[str, list[tuple[int, float]]]


def run(options: argparse.Namespace) -> None:
    """Reads, thins, writes."""
    from vaegen.training.run_folder import LOG_FILE, read_log

    if missing := [run for run in options.runs if not read_log(run)]:
        raise VaegenError("{missing} has no {log_file}; give the folder of a run.", missing=missing[0], log_file=LOG_FILE)
    if not options.checkpoint.is_dir():
        raise VaegenError("{checkpoint} is no folder; give the folder of a checkpoint.", checkpoint=options.checkpoint)
    path = options.checkpoint / "curves.json"
    before = json.loads(path.read_text(encoding="utf-8"))["series"] if options.append and path.is_file() else {}
    found = {name: thinned(points) for name, points in series(options.runs, before).items()}
    write_json(path, {"series": found})
    print(f"{path}: {', '.join(found)}")


def series(runs: list[Path], before: Curves | None = None) -> Curves:
    """Returns the points of each curve behind those of `before`; `validation_` marks those of the evaluations."""
    from vaegen.training.run_folder import read_log

    found: Curves = {name: [(int(step), value) for step, value in points] for name, points in (before or {}).items()}
    offset = max((points[-1][0] for points in found.values()), default=0)
    for run in runs:
        lines = read_log(run)
        latest = {(line["kind"], line["step"]): line for line in lines}  # what was done twice counts as done last
        for (kind, step), line in sorted(latest.items(), key=lambda item: item[0][1]):
            names = [*SHOWN[kind], *(name for name in line if name.startswith("bleu_"))]
            for name in names:
                if name in line:
                    key = name if kind == "train" or name.startswith("bleu_") else f"validation_{name}"
                    found.setdefault(key, []).append((offset + step, round(line[name], 4)))
        offset += max(line["step"] for line in lines)
    return found


def thinned(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Returns at most MAX_POINTS points: means of equal numbers of neighbours, which also calms the curve."""
    size = -(-len(points) // MAX_POINTS)
    groups = [points[i : i + size] for i in range(0, len(points), size)]
    return [(group[-1][0], round(sum(value for _, value in group) / len(group), 4)) for group in groups]


def writes_into(options: argparse.Namespace) -> Path:
    """Returns the folder that no other process may write into meanwhile."""
    return Path(options.checkpoint)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("runs", nargs="+", type=Path, help="run folders, the first one first")
    parser.add_argument("--checkpoint", required=True, type=Path, help="checkpoint folder")
    parser.add_argument("--append", action="store_true", help="go on from the curves that are there, of runs that are not")


main = main_of(__name__)
