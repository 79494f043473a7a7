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
import time
from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import vaegen
from vaegen.checkpoint import weights_hash
from vaegen.commandline import name_of, public_path
from vaegen.corpus import Group, load_corpus
from vaegen.errors import VaegenError
from vaegen.evaluation import contexts_of, latent_figures, shuffled_bleu, translate_and_score
from vaegen.latent_report import FIGURES, REPORT, draw_plots, report
from vaegen.pipeline import Pipeline
from vaegen.report import CHINESE, COMPARED, corpora, data_card, main_corpus, model_card
from vaegen.tags import kind_of, tag_name
from vaegen.task_evaluation import chinese, task_languages, task_tables, test_sets, with_all
from vaegen.views.directions import load_directions

CHECKPOINTS = ROOT / "checkpoints"
COMPARISONS = CHECKPOINTS / "comparisons.json"
PARTS = ("rates", "interpolation", "languages", "factors", "probes", "samples")  # the slowest last
PROBE_SENTENCES = 8000  # training captions that the linear probes see
LABELS = ("len_bin", "subj_number", "gender", "age", "animal", "color", "verb", "setting")
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
        raise VaegenError(f"{options.checkpoint} is on the Hub; fetch it into a folder, where the figures can be written.")
    if options.compare_as and not options.data:
        raise VaegenError(f"--compare-as {options.compare_as} measures; give the folder with the corpora with --data.")
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
            f"--compare-as {options.compare_as}: the comparison is of translations between English, German and Czech, but "
            f"{options.checkpoint} is for {TASKS[kind]}; leave the option out."
        )
    if kind in ("summarise", "reply") and options.directions != "all":
        raise VaegenError(
            f"--directions {options.directions}: {options.checkpoint} is for {TASKS[kind]}, which have no directions; leave "
            "the option out."
        )


def explore(options: argparse.Namespace) -> None:
    """Measures the latent space, part by part, and writes the report."""
    from vaegen import latent_evaluation as measure
    from vaegen.language_model import load_language_model

    folder = Path(options.checkpoint)
    pipeline = vaegen.load(folder, device="cpu")
    path, weights = folder / FIGURES, weights_hash(folder)
    figures = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if figures.get("weights") != weights:
        figures = {"weights": weights, **{key: figures[key] for key in ("notes",) if key in figures}}
    corpus = options.corpus or main_corpus(pipeline.metadata)
    lacks = {part: lacking(part, pipeline.languages, corpus) for part in PARTS}
    possible = [part for part in PARTS if not lacks[part]]
    parts = options.parts.split(",") if options.parts else possible if options.data else []
    if unknown := set(parts) - set(PARTS):
        raise VaegenError(f"--parts {options.parts}: there is no part {', '.join(sorted(unknown))}; use {', '.join(PARTS)}.")
    if parts and not options.data:
        raise VaegenError("--latent measures on the corpora; give their folder with --data.")
    for part in parts:
        if lacks[part]:
            instead = f"use --parts {','.join(possible)}" if possible else "leave it out"
            raise VaegenError(f"The part {part} needs {lacks[part]}; {instead}.")

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def need(texts: Sequence[Any], what: str, least: int = 2) -> None:
        if len(texts) < least:
            raise VaegenError(
                f"The part {part} needs {least} or more {what}, but {corpus} has {len(texts)}; choose another corpus with "
                "--corpus, or leave the part out with --parts."
            )

    for part in (part for part in PARTS if lacks[part] and options.data and not options.parts):
        say(f"left out: {part}, which needs {lacks[part]}")
    text = {split: load_corpus(corpus, options.data, split) for split in ("train", "val", "test")} if parts else {}
    english = {split: [group["en"] for group in groups if group.get("en")] for split, groups in text.items()}
    complete = {split: with_all(pipeline.languages, groups) for split, groups in text.items()}
    for part in parts:
        start = time.perf_counter()
        if part == "languages":
            for split in ("val", "test"):
                need(complete[split], f"{split} groups with {', '.join(pipeline.languages)}", measure.NEIGHBOURS)
            val, test = ({c: [g[c] for g in complete[split]] for c in pipeline.languages} for split in ("val", "test"))
            found = measure.across_languages(pipeline, val, test, say)
        elif part == "factors":
            found = measure.factors(pipeline, say)
        elif part == "probes":
            rows = {split: silver_labels(options.data, split) for split in ("train", "test")}
            train = [group["en"] for group in text["train"]][:PROBE_SENTENCES]
            labels = {label: values[:PROBE_SENTENCES] for label, values in rows["train"].items()}
            codes = [code for code in pipeline.languages if code in text["test"][0]]
            tests = {code: [group[code] for group in text["test"]] for code in codes}
            found = measure.silver_probes(pipeline, (train, labels), (tests, rows["test"]), say)
        else:
            judge = load_language_model(folder / "lm")
            if part == "rates":
                n = options.latent_sentences
                pairs = with_all(("en", "de"), text["test"])[:n]
                need(pairs, "test pairs in English and German")
                sources, references = ([group[code] for group in pairs] for code in ("en", "de"))
                found = measure.rates(pipeline, judge, english["test"][:n], sources, references, say)
            elif part == "interpolation":
                need(english["test"], "English test sentences")
                found = measure.interpolation(pipeline, judge, english["test"][:200], 11, say)
            else:
                also = load_corpus("multi30k-captions", options.data, "train") if corpus == "multi30k" else []
                seen = english["train"] + [group["en"] for group in also if group.get("en")]
                held_out = english["val"] + english["test"]
                need(held_out, "English sentences of val and test")
                need(english["train"], "English training sentences, or fewer --samples", options.samples)
                seeds = range(options.seeds)
                found = measure.prior_samples(
                    pipeline, judge, held_out, english["train"], seen, options.samples, seeds, say,
                    [*((name, 1.0, None) for name in pipeline.priors), *more_draws(options.draws)],
                )  # fmt: skip
        figures[part] = {**found, "seconds": round(time.perf_counter() - start)}
        write(path, json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    if "latent" in pipeline.metadata.get("evaluation", {}):
        figures["bounds"] = pipeline.metadata["evaluation"]["latent"]
    if (directions := load_directions(folder)) is not None:
        figures["directions"] = [vars(entry) for entry in directions.entries]
        write(path, json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    draw_plots(figures, folder)
    write(folder / REPORT, report(figures, name_of(folder), path=public_path(folder)))


def lacking(part: str, languages: Sequence[str], corpus: str) -> str:
    """Returns what a part of the report needs that these languages and this corpus lack; "" if nothing."""
    if part == "probes" and corpus != "multi30k":
        return "the corpus multi30k, whose captions have labels"
    if part == "languages":
        return "" if len(languages) > 1 else "two languages"
    needed = ("en", "de") if part == "rates" else ("en",)
    return "" if set(needed) <= set(languages) else f"a checkpoint of {' and '.join(map(tag_name, needed))}"


def more_draws(told: str | None) -> list[tuple[str, float, int | None]]:
    """Returns the rows that `--draws` asks for: prior, scale and slots in use."""
    rows: list[tuple[str, float, int | None]] = []
    for entry in told.split(",") if told else []:
        name, *numbers = entry.split(":")
        try:
            rows.append((name, float(numbers[0]), int(numbers[1]) if numbers[1:] else None))
        except (ValueError, IndexError):
            example = "prior:scale or prior:scale:slots, as in gaussian:0.8,normal:1:4"
            raise VaegenError(f"--draws {told}: write {example}.") from None
    return rows


def silver_labels(data: str, split: str) -> dict[str, list[str]]:
    """Returns the silver labels of the Multi30k captions of a split, by label, in the order of the captions."""
    import csv

    path = Path(data, "probing", f"multi30k.{'test_2016_flickr' if split == 'test' else split}.tsv")
    if not path.is_file():
        raise VaegenError(f"There is no file {path}; leave the part probes out with --parts.")
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {label: [row[label] for row in rows] for label in LABELS}


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
        raise VaegenError(f"{corpus} has no {options.split} sentence in {told}; choose another split.")
    if options.directions == "all":
        counts = {p: sum(1 for g in groups if g.get(p[0]) and g.get(p[1])) for p in permutations(languages, 2)}
        pairs = [pair for pair, n in counts.items() if n >= MIN_SENTENCES] or [pair for pair, n in counts.items() if n]
    else:
        pairs = [tuple(direction.split("-")) for direction in options.directions.split(",")]
        if any(len(pair) != 2 for pair in pairs):
            raise VaegenError(f"--directions {options.directions}: write two codes for each, as in en-de,de-en.")
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
                f"{corpus} has no {source}-{target} sentences; its directions are those of {', '.join(languages)}."
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


def write(path: Path, text: str) -> None:
    """Writes a file and says so."""
    path.write_text(text, encoding="utf-8")
    print(f"wrote {path}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
