"""Measures a checkpoint: translation in every direction and context, and what its latent holds.

    vaegen evaluate --checkpoint checkpoints/everyday --data DATA --out checkpoints/everyday
    vaegen evaluate --checkpoint runs/a/checkpoint --data DATA --directions en-de,de-en --compare-as "no latent"

Prints the figures; with `--out`, which can be the checkpoint's folder, `metrics.json`, the model card and the licence of the
weights are written there: figures of other corpora and directions, or of more sentences, stay, and the same command goes on
where it was cut off. With `--latent` it measures what the latent space is worth instead (`vaegen prior` and `vaegen lm` go
before), part by part into `latent.json`, and writes `REPORT.md`. Without `--data` only the documents are written again. With
`--compare-as`, in a clone, it adds one row to docs/ledgers/comparisons.json instead.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from vaegen.commands.arguments import (
    DATA_HELP,
    DEVICE_HELP,
    ROOT,
    THREADS_HELP,
    add_fields,
    main_of,
    name_of,
    option_of,
    positive,
    public_path,
)
from vaegen.errors import VaegenError
from vaegen.evaluation.latent_parts import PARTS, explore, write
from vaegen.evaluation.reports.cards import COMPARED, data_card, model_card
from vaegen.evaluation.reports.front_matter import LICENSE, license_text
from vaegen.evaluation.reports.latent_space import REPORT, report, save_plots
from vaegen.evaluation.selection import Selection

COMPARISONS = ROOT / "docs" / "ledgers" / "comparisons.json"


def run(options: argparse.Namespace) -> None:
    """Measures, and writes what was asked for."""
    import torch

    for name in ("num_beams", "limit", "latent_sentences", "latent_draws"):
        if (value := getattr(options, name)) is not None and value < 1:
            raise VaegenError("{name} {value}: give 1 or more.", name=option_of(name), value=value)
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.latent:
        report_latent(options)
    else:
        measure(options)


def measure(options: argparse.Namespace) -> None:
    """Measures translation or the task, and writes figures and model card."""
    import vaegen
    from vaegen.evaluation.checkpoint import check, evaluate
    from vaegen.evaluation.kept import Measured, merged
    from vaegen.model.companions import weights_hash
    from vaegen.text.tags import kind_of

    pipeline = vaegen.load(options.checkpoint, device=options.device)
    metrics = dict(pipeline.metadata)
    folder = Path(options.checkpoint)
    out = out_of(options)
    if not folder.is_dir() and not options.data:
        raise VaegenError(
            "{checkpoint} is on the Hub; fetch it into a folder, where the documents can be written.",
            checkpoint=options.checkpoint,
        )
    if options.compare_as and not options.data:
        raise VaegenError(
            "--compare-as {compare_as} measures; give the folder with the corpora with --data.",
            compare_as=options.compare_as,
        )
    if options.compare_as and not COMPARISONS.parent.is_dir():
        raise VaegenError(
            "--compare-as {compare_as} adds to the ledgers of a clone; here is none. Leave it out.",
            compare_as=options.compare_as,
        )
    if options.data:
        check(kind_of(pipeline.tags), options.checkpoint, options.directions, options.compare_as)
        chosen = Selection(**{field.name: getattr(options, field.name) for field in fields(Selection)})
        command = f"vaegen evaluate --checkpoint {public_path(folder)} --data DATA{changed(chosen)}"
        weights = weights_hash(pipeline.folder) if pipeline.folder else ""
        measured = Measured(out, {"weights": weights, "data": str(options.data), **asdict(chosen)})
        evaluation = {**evaluate(pipeline, options.data, chosen, command, measured), "weights": weights}
        if options.compare_as:
            compare(options.compare_as, metrics, evaluation)
            return
        if out is None:
            print(json.dumps(evaluation, indent=1, ensure_ascii=False))
            tell_unwritten(folder)
            return
        if out.resolve() != folder.resolve() and (out / "metrics.json").is_file():
            metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
        metrics = merged(metrics, evaluation, say)
        write(out / "metrics.json", json.dumps(metrics, indent=1, ensure_ascii=False) + "\n")
        measured.remove()
    config = pipeline.model.config.to_dict()
    data = data_card(metrics)
    write((out or folder) / "README.md", model_card(name_of(folder), config, metrics, data, public_path(folder)))
    write((out or folder) / LICENSE, license_text(name_of(folder), data))


def report_latent(options: argparse.Namespace) -> None:
    """Measures the latent space and writes figures, plots and report."""
    import vaegen

    folder, out = Path(options.checkpoint), out_of(options)
    figures = explore(
        vaegen.load(folder, device="cpu"),
        folder,
        options.data or "",
        options.corpus,
        options.parts.split(",") if options.parts else None,
        options.latent_sentences,
        options.samples,
        options.seeds,
        options.draws,
        out,
    )
    if out is None and options.data:
        print(json.dumps(figures, indent=1, ensure_ascii=False))
        tell_unwritten(folder)
        return
    save_plots(figures, out or folder)
    write((out or folder) / REPORT, report(figures, name_of(folder), path=public_path(folder)))


def out_of(options: argparse.Namespace) -> Path | None:
    """Returns the folder that the figures go to, which is made; None where nobody asked for it."""
    if not options.out or options.compare_as:
        return None
    Path(options.out).mkdir(parents=True, exist_ok=True)
    return Path(options.out)


def tell_unwritten(folder: Path) -> None:
    """Says where the figures could have gone."""
    say(f"evaluate: nothing was written; --out {public_path(folder)} puts figures and documents beside the weights")


def say(line: str) -> None:
    """Says a line on standard error."""
    print(line, file=sys.stderr, flush=True)


def changed(chosen: Selection) -> str:
    """Returns the options, other than their defaults, without which the figures would be others."""
    given = [(field, getattr(chosen, field.name)) for field in fields(Selection)]
    return "".join(f" {option_of(field.name)} {value}" for field, value in given if value != field.default)


def compare(name: str, metrics: dict[str, Any], evaluation: dict[str, Any]) -> None:
    """Adds or replaces one row of the comparisons."""
    rows = json.loads(COMPARISONS.read_text(encoding="utf-8")) if COMPARISONS.exists() else []
    scores = {}
    for key in COMPARED:
        direction, context = key.split(":")
        found = evaluation["translation"].get(direction, {}).get(context)
        if found:
            scores[key] = found.get("bleu_tokenised", found["bleu"])
    training = metrics.get("training", {})
    row = {"name": name, "steps": training.get("step"), "command": metrics.get("command"), "scores": scores}
    if "en" in evaluation.get("latent", {}):
        row["kl"] = evaluation["latent"]["en"]["kl"]
    rows = [r for r in rows if r["name"] != name] + [row]
    write(COMPARISONS, json.dumps(rows, indent=1) + "\n")


def writes_into(options: argparse.Namespace) -> Path | None:
    """Returns the folder that no other process may write into meanwhile."""
    if options.compare_as:
        return COMPARISONS.parent
    return out_of(options) or (None if options.data else Path(options.checkpoint))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--checkpoint", required=True, metavar="FOLDER", help="checkpoint folder")
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        help="folder for figures and documents, such as that of the checkpoint; figures there of other corpora, directions "
        "or of more sentences stay, and what was cut off goes on (default: none, the figures are printed)",
    )
    parser.add_argument("--data", help=f"{DATA_HELP} (default: none, only the documents are written again)")
    add_fields(parser, Selection)
    parser.add_argument("--threads", type=positive, metavar="N", help=THREADS_HELP)
    parser.add_argument("--device", help=DEVICE_HELP)
    parser.add_argument("--latent", action="store_true", help="measure the latent space: priors, paths, languages, factors")
    parser.add_argument(
        "--parts", metavar="A,B,..", help=f"of --latent: parts to measure, out of {', '.join(PARTS)} (default: all)"
    )
    parser.add_argument(
        "--samples", type=positive, default=2000, metavar="N", help="of --latent: samples for each prior and seed"
    )
    parser.add_argument("--seeds", type=positive, default=5, metavar="N", help="of --latent: seeds, each with own samples")
    parser.add_argument(
        "--draws", help="of --latent: more rows of samples, as prior:scale[:slots in use], ... (default: none)"
    )
    parser.add_argument(
        "--compare-as", metavar="NAME", help="name of a row to add to docs/ledgers/comparisons.json instead (default: none)"
    )


main = main_of(__name__)
