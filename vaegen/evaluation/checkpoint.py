"""The figures of a checkpoint: translation in every direction and context, or its task, and what its latent holds."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

from tqdm import tqdm

from vaegen.data.corpus import load_corpus
from vaegen.errors import VaegenError
from vaegen.evaluation.bounds import latent_figures
from vaegen.evaluation.kept import Measured
from vaegen.evaluation.reports.cards import CHINESE, corpora, main_corpus
from vaegen.evaluation.selection import Selection
from vaegen.evaluation.tasks import chinese, task_languages, task_tables, test_sets, with_all
from vaegen.evaluation.translation import contexts_of, shuffled_bleu, translate_and_score
from vaegen.pipeline.pipeline import Pipeline
from vaegen.text.tags import kind_of

TASKS = {"summarise": "summaries", "reply": "replies", "chinese": "translations between English and Chinese"}
MIN_SENTENCES = 100  # of a direction that is measured unasked where others have as many: BLEU on fewer says nothing


def evaluate(
    pipeline: Pipeline, data: str, chosen: Selection, command: str, measured: Measured | None = None
) -> dict[str, Any]:
    """Returns all figures of a pipeline, those that its kind asks for.

    Args:
        pipeline: Of the checkpoint.
        data: Folder with the corpora.
        chosen: What is measured, and on what.
        command: What anyone types to measure the same.
        measured: Keeps what is done, direction by direction.

    Raises:
        VaegenError: If there is nothing to measure on.
    """
    kind = kind_of(pipeline.tags)
    own = chosen.corpus or chosen.directions != "all"  # of Chinese, too: its tables have their own
    if kind == "translate" or (kind == "chinese" and own):
        return evaluate_translation(pipeline, data, chosen, command, measured or Measured(None, {}))
    return evaluate_task(pipeline, kind, data, chosen, command)


def check(kind: str, checkpoint: str, directions: str, compare_as: str | None = None) -> None:
    """Refuses what has no meaning for a checkpoint of this kind.

    Raises:
        VaegenError: If it was asked for.
    """
    if compare_as and kind != "translate":
        raise VaegenError(
            "--compare-as {compare_as}: the comparison is of translations between English, German and Czech, but "
            "{checkpoint} is for {tasks}; leave the option out.",
            compare_as=compare_as,
            checkpoint=checkpoint,
            tasks=TASKS[kind],
        )
    if kind in ("summarise", "reply") and directions != "all":
        raise VaegenError(
            "--directions {directions}: {checkpoint} is for {tasks}, which have no directions; leave the option out.",
            directions=directions,
            checkpoint=checkpoint,
            tasks=TASKS[kind],
        )


def evaluate_translation(
    pipeline: Pipeline, data: str, chosen: Selection, command: str, measured: Measured
) -> dict[str, Any]:
    """Returns all figures of a pipeline on one split of a corpus; one that has Chinese besides, on its test sets, too."""
    corpus = chosen.corpus or main_corpus(pipeline.metadata)
    groups = load_corpus(corpus, data, chosen.split)
    tokenised = tokenised_references(corpus, data, chosen.split)
    if tokenised and importlib.util.find_spec("sacremoses") is None:
        raise VaegenError("Multi30k is scored on Moses tokens; `pip install sacremoses` first.")
    languages = tuple(language for language in pipeline.languages if any(group.get(language) for group in groups))
    if not languages:
        told = ", ".join(pipeline.languages)
        raise VaegenError(
            "{corpus} has no {split} sentence in {told}; choose another split.", corpus=corpus, split=chosen.split, told=told
        )
    if chosen.directions == "all":
        counts = {p: sum(1 for g in groups if g.get(p[0]) and g.get(p[1])) for p in permutations(languages, 2)}
        pairs = [pair for pair, n in counts.items() if n >= MIN_SENTENCES] or [pair for pair, n in counts.items() if n]
    else:
        codes = [direction.split("-") for direction in chosen.directions.split(",")]
        if any(len(both) != 2 for both in codes):
            raise VaegenError(
                "--directions {directions}: write two codes for each, as in en-de,de-en.", directions=chosen.directions
            )
        pairs = [(source, target) for source, target in codes]
    tests = {}
    if chosen.corpus is None and chosen.directions == "all" and "zh" in set(pipeline.languages) - set(languages):
        names = [name for name in CHINESE if name in corpora(pipeline.metadata)]
        tests = {name: groups_with(("en", "zh"), name, data, chosen) for name in names}
    contexts = contexts_of(pipeline)
    translation: dict[str, dict[str, Any]] = {}
    shuffled = {}
    for source, target in pairs:
        rows = [i for i, g in enumerate(groups) if g.get(source) and g.get(target)][: chosen.limit]
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
            name = f"{source}-{target} {context}"
            given = (pipeline, sources, references, target, published, context, chosen.num_beams, name)
            scores[context] = measured.get(name, partial(scored, *given))
        translation[f"{source}-{target}"] = scores
        short = {c: s.get("bleu_tokenised", s["bleu"]) for c, s in scores.items()}
        print(f"{source}-{target} {short}", file=sys.stderr, flush=True)
        if len(contexts) == 2 and source == ("en" if "en" in languages else languages[0]):
            shuffled[f"{source}-{target}"] = shuffled_bleu(pipeline, sources, references, target, num_beams=1, batch_size=64)
    result = {
        "corpus": corpus,
        "split": f"{corpus} {'test_2016' if corpus == 'multi30k' and chosen.split == 'test' else chosen.split}",
        "num_beams": chosen.num_beams,
        "command": command,
        "translation": translation,
    }
    if len(contexts) == 2:
        result["shuffled_z"] = shuffled
        texts = {language: [g[language] for g in groups if g.get(language)] for language in languages}
        if tests:
            texts["zh"] = list(dict.fromkeys(g["zh"] for g in next(iter(tests.values()))))
        result["latent"] = latents(pipeline, texts, chosen)
    if tests:
        result["tasks"] = [chinese(pipeline, tests, num_beams=chosen.num_beams, batch_size=64)]
    return result


def scored(
    pipeline: Pipeline,
    sources: Sequence[str],
    references: Sequence[str],
    target: str,
    published: Sequence[str] | None,
    context: str,
    num_beams: int,
    name: str,
) -> dict[str, Any]:
    """Returns the scores of one direction in one context, with a bar of this name."""
    with tqdm(total=len(sources), desc=name, disable=not sys.stderr.isatty()) as bar:
        return translate_and_score(
            pipeline, sources, references, target, published, context=context, num_beams=num_beams, batch_size=64,
            progress=lambda done, _: bar.update(done - bar.n),
        )  # fmt: skip


def evaluate_task(pipeline: Pipeline, kind: str, data: str, chosen: Selection, command: str) -> dict[str, Any]:
    """Returns the figures of a checkpoint for summaries, replies or Chinese, each beside a baseline."""
    names = test_sets(kind, chosen.corpus, corpora(pipeline.metadata))
    tests = {name: load_corpus(name, data, chosen.split) for name in names}
    training = load_corpus(names[0], data, "train") if kind == "reply" else []
    languages = task_languages(pipeline.tags, kind, tests[names[0]])
    beam = {"num_beams": chosen.num_beams, "batch_size": 64}
    tables = task_tables(pipeline, kind, languages, tests, training, chosen.limit, **beam)
    corpus, groups = names[0], tests[names[0]]
    texts = {code: list(dict.fromkeys(g[code] for g in with_all((code,), groups)[: chosen.limit])) for code in languages}
    return {
        "corpus": corpus,
        "split": f"{corpus} {chosen.split}",
        "num_beams": chosen.num_beams,
        "command": command,
        "tasks": tables,
        "latent": latents(pipeline, texts, chosen),
    }


def groups_with(tags: Sequence[str], corpus: str, data: str, chosen: Selection) -> Sequence[Mapping[str, str]]:
    """Returns the groups to measure on that have all these tags, the first N with `--limit`."""
    return with_all(tags, load_corpus(corpus, data, chosen.split))[: chosen.limit]


def latents(pipeline: Pipeline, texts: Mapping[str, Sequence[str]], chosen: Selection) -> dict[str, Any]:
    """Returns what the latents of each language's first texts hold; nothing without a latent."""
    found = {}
    for language, several in texts.items() if pipeline.model.config.n_slots else ():
        some = several[: chosen.latent_sentences]
        found[language] = latent_figures(pipeline, some, language, chosen.latent_draws)
        print(f"latent {language} {found[language]}", file=sys.stderr, flush=True)
    return found


def tokenised_references(corpus: str, data: str, split: str) -> dict[str, list[str]]:
    """Returns the published tokenised references by language; only the Multi30k test set has them."""
    if corpus != "multi30k" or split != "test":
        return {}
    folder = Path(data, "multi30k")
    files = sorted(folder.glob("test_2016_flickr.lc.norm.tok.*"))
    return {path.suffix[1:]: path.read_text(encoding="utf-8").split("\n")[:-1] for path in files}
