"""What a model card tells machines: the block at its top, as the Hub reads it, and the licence file beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vaegen.data.corpus import CORPORA
from vaegen.text.tags import kind_of, languages_of

Figures = Mapping[str, Any]
LICENSE = "LICENSE"
# The Hub's name for what a checkpoint does, by kind, and what its figures are filed under.
HUB_TASKS = {"translate": "translation", "summarise": "summarization", "reply": "text-generation", "chinese": "translation"}
METRICS = {"BLEU": "bleu", "chrF": "chrf", "ROUGE-1": "rouge1", "ROUGE-2": "rouge2", "ROUGE-L": "rougeL"}


def front_matter(name: str, config: Figures, metrics: Figures, data: Figures) -> str:
    """Returns the YAML block of a card; the arguments are those of `model_card`."""
    kind = kind_of(config["languages"])
    lines = [f"language: [{', '.join(languages_of(config['languages']))}]", f"license: {data['license_id']}"]
    if data["license_id"] == "other":  # the Hub then asks for a name, and where the terms are
        lines += [f"license_name: {data.get('license_name') or 'terms-of-its-text'}", f"license_link: {LICENSE}"]
    lines += ["library_name: vaegen", f"pipeline_tag: {HUB_TASKS[kind]}"]
    lines.append("tags: [vae, transformer, translation, latent-space]")
    if datasets := data.get("datasets"):
        lines.append(f"datasets: [{', '.join(datasets.split())}]")
    if found := list(_results(HUB_TASKS[kind], metrics.get("evaluation") or {})):
        lines += ["model-index:", f"- name: {name}", "  results:", *found]
    return "\n".join(["---", *lines, "---"])


def license_text(name: str, data: Figures) -> str:
    """Returns the licence file of a checkpoint's weights."""
    return f"""Licence of the weights of the checkpoint {name}

The code of vaegen is under the MIT licence. These weights, and what was made from them and lies beside them, were made from
text of others and are under the terms of that text:

{data["description"]} {data["license"]}

Where these terms differ, the strictest holds. They come without any warranty.
"""


def _results(task: str, evaluation: Figures) -> Iterator[str]:
    """The lines of `model-index`, one result for each direction or row."""
    corpus, split = evaluation.get("corpus", ""), evaluation.get("split", "")
    for direction, contexts in evaluation.get("translation", {}).items():
        scores = [
            (kind, f"{name}, context {context}", values[kind])
            for context, values in contexts.items()
            for name, kind in METRICS.items()
            if kind in values
        ]
        yield from _result(task, direction, corpus, split, scores)
    for table in evaluation.get("tasks", ()):
        own = [row for row in table["rows"] if str(row[0]).startswith("`")] or table["rows"]
        for label, *values in own:
            columns = zip(table["header"][1:], values, strict=True)
            scores = [
                (kind, column, value)
                for column, value in columns
                if isinstance(value, (int, float)) and not column.endswith("copied") and (kind := _metric(column))
            ]
            first = str(label).split(",")[0]  # a row may be of a corpus of its own
            of, part = (first, f"{first} test") if first in CORPORA else (corpus, split)
            yield from _result(task, str(label).replace("`", ""), of, part, scores)


def _result(task: str, what: str, corpus: str, split: str, scores: list[tuple[str, str, float]]) -> Iterator[str]:
    if not scores:
        return
    yield f"  - task: {{type: {task}, name: {_quoted(what)}}}"
    yield f"    dataset: {{type: {corpus}, name: {_quoted(corpus)}, split: {_quoted(split)}}}"
    yield "    metrics:"
    for kind, name, value in scores:
        yield f"    - {{type: {kind}, name: {_quoted(name)}, value: {value}}}"


def _metric(column: str) -> str | None:
    return METRICS.get(column.split(",")[0])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
