#!/usr/bin/env python
"""Measures a checkpoint: translation in every direction and context, and what its latent holds.

    python scripts/evaluate.py --checkpoint checkpoints/multi30k --data DATA
    python scripts/evaluate.py --checkpoint runs/a/checkpoint --data DATA --directions en-de,de-en --compare-as "no latent"

Writes `metrics.json` and the model card into the checkpoint's folder; `scripts/update_readme.py` then takes them into the
README. With `--latent` it measures what the latent space is worth instead (scripts/fit_prior.py and scripts/train_lm.py
go before), part by part into `latent.json`, and writes `REPORT.md`. With `--compare-as` it adds one row to
checkpoints/comparisons.json instead and leaves the checkpoint alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from latent_parts import PARTS, explore, write

import vaegen
from vaegen.commands.arguments import name_of, public_path
from vaegen.data.corpus import Group, load_corpus
from vaegen.errors import VaegenError
from vaegen.evaluation.bounds import latent_figures
from vaegen.evaluation.reports.cards import CHINESE, COMPARED, corpora, data_card, main_corpus, model_card
from vaegen.evaluation.tasks import chinese, task_languages, task_tables, test_sets, with_all
from vaegen.evaluation.translation import contexts_of, shuffled_bleu, translate_and_score
from vaegen.pipeline.pipeline import Pipeline
from vaegen.text.tags import kind_of

CHECKPOINTS = ROOT / "checkpoints"
COMPARISONS = CHECKPOINTS / "comparisons.json"
TASKS = {"summarise": "summaries", "reply": "replies", "chinese": "translations between English and Chinese"}
MIN_SENTENCES = 100  # of a direction that is measured unasked where others have as many: BLEU on fewer says nothing


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--data", help="folder with the corpora; without it only the documents are written again")
    parser.add_argument("--corpus", help="corpus to measure translation on (default: the first of the training)")
    parser.add_argument("--split", default="test", choices=["val", "test"])
    parser.add_argument("--directions", default="all", help="as in 'en-de,de-en'")
    parser.add_argument("--num-beams", type=int, default=5)
    parser.add_argument("--limit", type=int, help="first N sentences of each direction")
    parser.add_argument("--latent-sentences", type=int, default=500, help="sentences for the latent's figures")
    parser.add_argument("--latent-draws", type=int, default=20, help="draws of z for recon and NLL")
    parser.add_argument("--threads", type=int, help="CPU threads")
    parser.add_argument("--device", help="cpu or cuda")
    parser.add_argument("--latent", action="store_true", help="measure the latent space: priors, paths, languages, factors")
    parser.add_argument("--parts", help=f"of --latent, comma-separated out of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--samples", type=int, default=2000, help="of --latent: samples for each prior and seed")
    parser.add_argument("--seeds", type=int, default=5, help="of --latent: seeds")
    parser.add_argument("--draws", help="of --latent: more rows of samples, as prior:scale[:slots in use], ...")
    parser.add_argument("--compare-as", help="add the figures to checkpoints/comparisons.json under this name")
    options = parser.parse_args(arguments)
    options.also = changed(parser, options)
    for name in ("num_beams", "limit", "latent_sentences", "latent_draws", "threads"):
        if (value := getattr(options, name)) is not None and value < 1:
            parser.error(f"--{name.replace('_', '-')} {value}: give 1 or more")
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        run(options)
    except VaegenError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    return 0


def run(options: argparse.Namespace) -> None:
    """Measures, and writes what was asked for."""
    if options.latent:
        explore(options)
        return
    pipeline = vaegen.load(options.checkpoint, device=options.device)
    metrics = dict(pipeline.metadata)
    folder = Path(options.checkpoint)
    if not folder.is_dir() and not options.compare_as:
        raise VaegenError(
            "{checkpoint} is on the Hub; fetch it into a folder, where the figures can be written.",
            checkpoint=options.checkpoint,
        )
    if options.compare_as and not options.data:
        raise VaegenError(
            "--compare-as {compare_as} measures; give the folder with the corpora with --data.",
            compare_as=options.compare_as,
        )
    if options.data:
        kind = kind_of(pipeline.tags)
        check(kind, options)
        chosen = options.corpus or options.directions != "all"  # of Chinese, too: its tables have their own
        translates = kind == "translate" or (kind == "chinese" and chosen)
        evaluation = evaluate(pipeline, options) if translates else evaluate_task(pipeline, kind, options)
        if options.compare_as:
            compare(options.compare_as, metrics, evaluation)
            return
        metrics["evaluation"] = evaluation
        write(folder / "metrics.json", json.dumps(metrics, indent=1, ensure_ascii=False) + "\n")
    config = pipeline.model.config.to_dict()
    card = model_card(name_of(folder), config, metrics, data_card(metrics), public_path(folder))
    write(folder / "README.md", card)


def check(kind: str, options: argparse.Namespace) -> None:
    """Refuses the options that have no meaning for a checkpoint of this kind.

    Raises:
        VaegenError: If one was given.
    """
    if options.compare_as and kind != "translate":
        raise VaegenError(
            "--compare-as {compare_as}: the comparison is of translations between English, German and Czech, but "
            "{checkpoint} is for {tasks}; leave the option out.",
            compare_as=options.compare_as,
            checkpoint=options.checkpoint,
            tasks=TASKS[kind],
        )
    if kind in ("summarise", "reply") and options.directions != "all":
        raise VaegenError(
            "--directions {directions}: {checkpoint} is for {tasks}, which have no directions; leave the option out.",
            directions=options.directions,
            checkpoint=options.checkpoint,
            tasks=TASKS[kind],
        )


def changed(parser: argparse.ArgumentParser, options: argparse.Namespace) -> str:
    """Returns the options, other than their defaults, without which the figures would be others."""
    names = ("corpus", "split", "directions", "num_beams", "limit", "latent_sentences", "latent_draws")
    given = [(name, getattr(options, name)) for name in names]
    return "".join(f" --{name.replace('_', '-')} {v}" for name, v in given if v != parser.get_default(name))


def evaluate(pipeline: Pipeline, options: argparse.Namespace) -> dict[str, Any]:
    """Returns all figures of a pipeline on one split of a corpus; one that has Chinese besides, on its test sets, too."""
    corpus = options.corpus or main_corpus(pipeline.metadata)
    groups = load_corpus(corpus, options.data, options.split)
    tokenised = tokenised_references(corpus, options)
    if tokenised and importlib.util.find_spec("sacremoses") is None:
        raise VaegenError("Multi30k is scored on Moses tokens; `pip install sacremoses` first.")
    languages = tuple(language for language in pipeline.languages if any(group.get(language) for group in groups))
    if not languages:
        told = ", ".join(pipeline.languages)
        raise VaegenError(
            "{corpus} has no {split} sentence in {told}; choose another split.",
            corpus=corpus,
            split=options.split,
            told=told,
        )
    if options.directions == "all":
        counts = {p: sum(1 for g in groups if g.get(p[0]) and g.get(p[1])) for p in permutations(languages, 2)}
        pairs = [pair for pair, n in counts.items() if n >= MIN_SENTENCES] or [pair for pair, n in counts.items() if n]
    else:
        pairs = [tuple(direction.split("-")) for direction in options.directions.split(",")]
        if any(len(pair) != 2 for pair in pairs):
            raise VaegenError(
                "--directions {directions}: write two codes for each, as in en-de,de-en.", directions=options.directions
            )
    tests = {}
    if options.corpus is None and options.directions == "all" and "zh" in set(pipeline.languages) - set(languages):
        tests = {name: groups_with(("en", "zh"), name, options) for name in CHINESE if name in corpora(pipeline.metadata)}
    contexts = contexts_of(pipeline)
    translation: dict[str, dict[str, Any]] = {}
    shuffled = {}
    for source, target in pairs:
        rows = [i for i, g in enumerate(groups) if g.get(source) and g.get(target)][: options.limit]
        if not rows:
            raise VaegenError(
                "{corpus} has no {source}-{target} sentences; its directions are those of {languages}.",
                corpus=corpus,
                source=source,
                target=target,
                languages=", ".join(languages),
            )
        sources, references = [groups[i][source] for i in rows], [groups[i][target] for i in rows]
        published = [tokenised[target][i] for i in rows] if tokenised else None
        scores = {}
        for context in contexts:
            with tqdm(total=len(rows), desc=f"{source}-{target} {context}", disable=not sys.stderr.isatty()) as bar:
                scores[context] = translate_and_score(
                    pipeline, sources, references, target, published, context=context, num_beams=options.num_beams,
                    batch_size=64, progress=lambda done, _, bar=bar: bar.update(done - bar.n),
                )  # fmt: skip
        translation[f"{source}-{target}"] = scores
        short = {c: s.get("bleu_tokenised", s["bleu"]) for c, s in scores.items()}
        print(f"{source}-{target} {short}", file=sys.stderr, flush=True)
        if len(contexts) == 2 and source == ("en" if "en" in languages else languages[0]):
            shuffled[f"{source}-{target}"] = shuffled_bleu(pipeline, sources, references, target, num_beams=1, batch_size=64)
    result = {
        "corpus": corpus,
        "split": f"{corpus} {'test_2016' if corpus == 'multi30k' and options.split == 'test' else options.split}",
        "num_beams": options.num_beams,
        "command": command(options),
        "translation": translation,
    }
    if len(contexts) == 2:
        result["shuffled_z"] = shuffled
        texts = {language: [g[language] for g in groups if g.get(language)] for language in languages}
        if tests:
            texts["zh"] = list(dict.fromkeys(g["zh"] for g in next(iter(tests.values()))))
        result["latent"] = latents(pipeline, texts, options)
    if tests:
        result["tasks"] = [chinese(pipeline, tests, num_beams=options.num_beams, batch_size=64)]
    return result


def evaluate_task(pipeline: Pipeline, kind: str, options: argparse.Namespace) -> dict[str, Any]:
    """Returns the figures of a checkpoint for summaries, replies or Chinese, each beside a baseline."""
    names = test_sets(kind, options.corpus, corpora(pipeline.metadata))
    tests = {name: load_corpus(name, options.data, options.split) for name in names}
    training = load_corpus(names[0], options.data, "train") if kind == "reply" else []
    languages = task_languages(pipeline.tags, kind, tests[names[0]])
    beam = {"num_beams": options.num_beams, "batch_size": 64}
    tables = task_tables(pipeline, kind, languages, tests, training, options.limit, **beam)
    corpus, groups = names[0], tests[names[0]]
    texts = {code: list(dict.fromkeys(g[code] for g in with_all((code,), groups)[: options.limit])) for code in languages}
    return {
        "corpus": corpus,
        "split": f"{corpus} {options.split}",
        "num_beams": options.num_beams,
        "command": command(options),
        "tasks": tables,
        "latent": latents(pipeline, texts, options),
    }


def groups_with(tags: Sequence[str], corpus: str, options: argparse.Namespace) -> list[Group]:
    """Returns the groups to measure on that have all these tags, the first N with `--limit`."""
    return with_all(tags, load_corpus(corpus, options.data, options.split))[: options.limit]


def command(options: argparse.Namespace) -> str:
    """Returns what anyone types to measure the same."""
    return f"python scripts/evaluate.py --checkpoint {public_path(options.checkpoint)} --data DATA{options.also}"


def latents(pipeline: Pipeline, texts: Mapping[str, Sequence[str]], options: argparse.Namespace) -> dict[str, Any]:
    """Returns what the latents of each language's first texts hold; nothing without a latent."""
    found = {}
    for language, several in texts.items() if pipeline.model.config.n_slots else ():
        some = several[: options.latent_sentences]
        found[language] = latent_figures(pipeline, some, language, options.latent_draws)
        print(f"latent {language} {found[language]}", file=sys.stderr, flush=True)
    return found


def tokenised_references(corpus: str, options: argparse.Namespace) -> dict[str, list[str]]:
    """Returns the published tokenised references by language; only the Multi30k test set has them."""
    if corpus != "multi30k" or options.split != "test":
        return {}
    folder = Path(options.data, "multi30k")
    files = sorted(folder.glob("test_2016_flickr.lc.norm.tok.*"))
    return {path.suffix[1:]: path.read_text(encoding="utf-8").split("\n")[:-1] for path in files}


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


if __name__ == "__main__":
    sys.exit(main())
