"""What the latent space of a checkpoint is worth, measured part by part."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaegen.data.corpus import load_corpus
from vaegen.errors import VaegenError
from vaegen.evaluation.reports.cards import main_corpus
from vaegen.evaluation.reports.latent_space import FIGURES
from vaegen.text.tags import tag_name
from vaegen.writing import write_text

if TYPE_CHECKING:
    from vaegen.pipeline.pipeline import Pipeline

PARTS = ("rates", "surface", "interpolation", "languages", "factors", "probes", "samples")  # the slowest last
PROBE_SENTENCES = 8000  # training captions that the linear probes see
LABELS = ("len_bin", "subj_number", "gender", "age", "animal", "color", "verb", "setting")


def explore(
    pipeline: Pipeline,
    folder: Path,
    data: str,
    corpus: str | None = None,
    asked: Sequence[str] | None = None,
    n_sentences: int = 500,
    n_samples: int = 2000,
    n_seeds: int = 5,
    draws: str | None = None,
    out: Path | None = None,
) -> dict[str, Any]:
    """Measures the latent space, and returns and writes all figures: each part as soon as it is there.

    Args:
        pipeline: Of the checkpoint, on the CPU.
        folder: Of the checkpoint, with the language model `lm` for the parts that need a judge.
        data: Folder with the corpora; "": nothing is measured, and the figures are those that are there.
        corpus: Whose text is read; None: the first one of the checkpoint.
        asked: Names of the parts to measure; None: all that the checkpoint allows.
        n_sentences: Sentences for the rates.
        n_samples: Samples for each prior and seed.
        n_seeds: Seeds.
        draws: More rows of samples, as "prior:scale:slots,...".
        out: Where the figures go, part by part; None: nowhere.

    Raises:
        VaegenError: If a part is not known or cannot be measured.
    """
    from vaegen.evaluation import latent_space as measure
    from vaegen.evaluation.language_model import load_language_model
    from vaegen.evaluation.surface import surface_figures
    from vaegen.evaluation.tasks import with_all
    from vaegen.latent.directions import load_directions
    from vaegen.model.checkpoint import weights_hash

    path, weights = (out or folder) / FIGURES, weights_hash(folder)
    figures = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if figures.get("weights") != weights:
        figures = {"weights": weights, **{key: figures[key] for key in ("notes",) if key in figures}}
    corpus = corpus or main_corpus(pipeline.metadata)
    lacks = {part: lacking(part, pipeline.languages, corpus) for part in PARTS}
    possible = [part for part in PARTS if not lacks[part]]
    parts = asked or (possible if data else [])
    if unknown := set(parts) - set(PARTS):
        raise VaegenError(
            "There is no part {unknown} for --parts; use {parts}.",
            unknown=", ".join(sorted(unknown)),
            parts=", ".join(PARTS),
        )
    if parts and not data:
        raise VaegenError("--latent measures on the corpora; give their folder with --data.")
    for part in parts:
        if lacks[part]:
            instead = f"use --parts {','.join(possible)}" if possible else "leave it out"
            raise VaegenError("The part {part} needs {lacks}; {instead}.", part=part, lacks=lacks[part], instead=instead)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def need(texts: Sequence[Any], what: str, least: int = 2) -> None:
        if len(texts) < least:
            raise VaegenError(
                "The part {part} needs {least} or more {what}, but {corpus} has {n}; choose another corpus with --corpus, "
                "or leave the part out with --parts.",
                part=part,
                least=least,
                what=what,
                corpus=corpus,
                n=len(texts),
            )

    for part in (part for part in PARTS if lacks[part] and data and not asked):
        say(f"left out: {part}, which needs {lacks[part]}")
    text = {split: load_corpus(corpus, data, split) for split in ("train", "val", "test")} if parts else {}
    english = {split: [group["en"] for group in groups if group.get("en")] for split, groups in text.items()}
    complete = {split: with_all(pipeline.languages, groups) for split, groups in text.items()}
    for part in parts:
        start = time.perf_counter()
        if part == "rates" and pipeline.rates:
            found = turned(pipeline, folder, text["test"], n_sentences, say)
        elif part == "surface":
            found = surface_figures(pipeline, text["test"], target_of(pipeline.languages))
        elif part == "languages":
            for split in ("val", "test"):
                need(complete[split], f"{split} groups with {', '.join(pipeline.languages)}", measure.NEIGHBOURS)
            val, test = ({c: [g[c] for g in complete[split]] for c in pipeline.languages} for split in ("val", "test"))
            found = measure.across_languages(pipeline, val, test, say)
        elif part == "factors":
            found = measure.factors(pipeline, say)
        elif part == "probes":
            rows = {split: silver_labels(data, split) for split in ("train", "test")}
            train = [group["en"] for group in text["train"]][:PROBE_SENTENCES]
            labels = {label: values[:PROBE_SENTENCES] for label, values in rows["train"].items()}
            codes = [code for code in pipeline.languages if code in text["test"][0]]
            tests = {code: [group[code] for group in text["test"]] for code in codes}
            found = measure.silver_probes(pipeline, (train, labels), (tests, rows["test"]), say)
        else:
            judge = load_language_model(folder / "lm")
            if part == "rates":
                n = n_sentences
                target = target_of(pipeline.languages)
                pairs = with_all(("en", target), text["test"])[:n]
                need(pairs, f"test pairs in English and {tag_name(target)}")
                sources, references = ([group[code] for group in pairs] for code in ("en", target))
                found = measure.rates(pipeline, judge, english["test"][:n], sources, references, target, say)
            elif part == "interpolation":
                need(english["test"], "English test sentences")
                found = measure.interpolation(pipeline, judge, english["test"][:200], 11, say)
            else:
                also = load_corpus("multi30k-captions", data, "train") if corpus == "multi30k" else []
                seen = english["train"] + [group["en"] for group in also if group.get("en")]
                held_out = english["val"] + english["test"]
                need(held_out, "English sentences of val and test")
                need(english["train"], "English training sentences, or fewer --samples", n_samples)
                seeds = range(n_seeds)
                found = measure.prior_samples(
                    pipeline, judge, held_out, english["train"], seen, n_samples, seeds, say,
                    [*((name, 1.0, None) for name in pipeline.priors), *more_draws(draws)],
                )  # fmt: skip
        figures[part] = {**found, "seconds": round(time.perf_counter() - start)}
        if out is not None:
            write(path, json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    if "latent" in pipeline.metadata.get("evaluation", {}):
        figures["bounds"] = pipeline.metadata["evaluation"]["latent"]
    if (directions := load_directions(folder)) is not None:
        figures["directions"] = [vars(entry) for entry in directions.entries]
        figures["directions_chosen"] = directions.about.get("chosen", "")
        if out is not None:
            write(path, json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    return figures


def turned(
    pipeline: Pipeline, folder: Path, groups: Sequence[Mapping[str, str]], n: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Returns the rate curve of a checkpoint with a dial on n English sentences, into every language; see `rate_curve`."""
    from vaegen.evaluation.dial import rate_curve
    from vaegen.evaluation.language_model import load_language_model, sentence_nats
    from vaegen.evaluation.latent_space import as_ids
    from vaegen.evaluation.tasks import with_all

    texts = [group["en"] for group in groups if group.get("en")][:n]
    limit = None
    if (folder / "lm").is_dir():
        ids = as_ids(pipeline, texts, "en")
        limit = float(sentence_nats(load_language_model(folder / "lm"), ids).mean())
    pairs = {}
    for target in (code for code in pipeline.languages if code != "en"):
        both = with_all(("en", target), groups)[:n]
        if both:
            pairs["en", target] = [group["en"] for group in both], [group[target] for group in both]
    return rate_curve(pipeline, texts, pairs, language_model_nats=limit, say=say)


def target_of(languages: Sequence[str]) -> str:
    """Returns the language that English is translated into where one is enough: German where the checkpoint has it."""
    return "de" if "de" in languages else next(code for code in languages if code != "en")


def lacking(part: str, languages: Sequence[str], corpus: str) -> str:
    """Returns what a part of the report needs that these languages and this corpus lack; "" if nothing."""
    if part == "probes" and corpus != "multi30k":
        return "the corpus multi30k, whose captions have labels"
    if part == "languages":
        return "" if len(languages) > 1 else "two languages"
    translates = part in ("rates", "surface")
    if "en" not in languages or (translates and len(languages) < 2):
        return "a checkpoint of English" + " and another language" * translates
    return ""


def more_draws(told: str | None) -> list[tuple[str, float, int | None]]:
    """Returns the rows that `--draws` asks for: prior, scale and slots in use."""
    rows: list[tuple[str, float, int | None]] = []
    for entry in told.split(",") if told else []:
        name, *numbers = entry.split(":")
        try:
            rows.append((name, float(numbers[0]), int(numbers[1]) if numbers[1:] else None))
        except (ValueError, IndexError):
            example = "prior:scale or prior:scale:slots, as in gaussian:0.8,normal:1:4"
            raise VaegenError("--draws {told}: write {example}.", told=told, example=example) from None
    return rows


def silver_labels(data: str, split: str) -> dict[str, list[str]]:
    """Returns the silver labels of the Multi30k captions of a split, by label, in the order of the captions."""
    import csv

    path = Path(data, "probing", f"multi30k.{'test_2016_flickr' if split == 'test' else split}.tsv")
    if not path.is_file():
        raise VaegenError("There is no file {path}; leave the part probes out with --parts.", path=path)
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {label: [row[label] for row in rows] for label in LABELS}


def write(path: Path, text: str) -> None:
    """Writes a file and says so."""
    write_text(path, text)
    print(f"wrote {path}", file=sys.stderr)
