"""How much it matters how a sentence is typed: BLEU lost to capitals, small letters, a missing mark, a slip; names kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sacrebleu

from vaegen.pipeline.pipeline import Pipeline
from vaegen.text.names import PERSONS, lists
from vaegen.training.validation import bleu_tokenizer

# First names that are on no list of the project: what is kept of them was copied, not known.
UNSEEN_NAMES = (
    "Aiko", "Anouk", "Bastian", "Birgit", "Chidi", "Dagmar", "Eleni", "Faruk", "Gisela", "Hamza", "Ivo", "Jorge", "Kamala",
    "Ljuba", "Mirek", "Nkechi", "Ondrej", "Priya", "Radek", "Sanjay", "Thandi", "Uwe", "Vlasta", "Wim", "Yuki",
)  # fmt: skip
WHOLE, WORD = re.compile(r"[^\W\d_]+"), re.compile(r"[^\W\d_]{4,}")


def one_swap(text: str, rng: np.random.Generator) -> str:
    """Returns a sentence in which two neighbouring letters within one word of four or more have changed places."""
    words = [word for word in WORD.finditer(text) if len(set(word[0][1:])) > 1]
    if not words:
        return text
    word = words[int(rng.integers(len(words)))]
    places = [i for i in range(word.start() + 1, word.end() - 1) if text[i] != text[i + 1]]
    i = places[int(rng.integers(len(places)))]
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


FORMS: dict[str, Callable[[str, np.random.Generator], str]] = {
    "all capitals": lambda text, _: text.upper(),
    "all small": lambda text, _: text.lower(),
    "no final mark": lambda text, _: text.rstrip(".!?… "),
    "one swap": one_swap,
}


def bleu_lost(
    pipeline: Pipeline,
    sources: Sequence[str],
    references: Sequence[str],
    target: str,
    context: str = "source",
    seed: int = 0,
) -> dict[str, Any]:
    """Returns the BLEU (greedy) of sentences as printed, and by how much it falls for each of `FORMS`."""

    def bleu(texts: Sequence[str]) -> float:
        written = pipeline.translate(texts, target, context=context, num_beams=1)
        return sacrebleu.corpus_bleu(written, [list(references)], tokenize=bleu_tokenizer(target)).score

    printed = bleu(sources)
    lost = {}
    for name, form in FORMS.items():
        rng = np.random.default_rng(seed)
        lost[name] = round(printed - bleu([form(text, rng) for text in sources]), 2)
    return {"n": len(sources), "printed": round(printed, 2), "lost": lost}


def names_kept(
    pipeline: Pipeline, sources: Sequence[str], targets: Sequence[str], context: str = "source"
) -> dict[str, Any]:
    """Returns in how many translations a first name stays that stands where "A man", "A woman", ... stood.

    Half of the names are on the list that training draws from, half are on none; the name has to come back letter by letter.
    """
    starts = [start for kind in PERSONS.values() for start in kind["en"]]
    known = [*lists()["men"][::7], *lists()["women"][::7]]
    found: dict[str, list[bool]] = {"known": [], "unseen": []}
    for kind, names in (("known", known), ("unseen", UNSEEN_NAMES)):
        pairs: list[tuple[str, str]] = []
        for text in sources:
            start = next((s for s in starts if text.startswith(s + " ")), None)
            if start is not None:
                name = names[len(pairs) % len(names)]
                pairs.append((name, name + text[len(start) :]))
        for target in targets:
            written = pipeline.translate([text for _, text in pairs], target, context=context, num_beams=1)
            found[kind] += [name in WHOLE.findall(line) for (name, _), line in zip(pairs, written, strict=True)]
    return {"n": len(found["known"]), **{kind: share(kept) for kind, kept in found.items()}}


def share(kept: Sequence[bool]) -> float | None:
    """Returns the share of what was kept; None of nothing."""
    return round(sum(kept) / len(kept), 4) if kept else None


def surface_figures(
    pipeline: Pipeline, groups: Sequence[Mapping[str, str]], target: str = "de", n: int = 200
) -> dict[str, Any]:
    """Returns both for English captions: BLEU lost on n of them in both contexts, and names kept in all other languages."""
    both = [(group["en"], group[target]) for group in groups if group.get("en") and group.get(target)]
    sources, references = [a for a, _ in both[:n]], [b for _, b in both[:n]]
    others = [language for language in pipeline.languages if language != "en"]
    figures: dict[str, Any] = {"direction": f"en-{target}"}
    for context in ("source", "latent"):
        figures[context] = bleu_lost(pipeline, sources, references, target, context)
        figures[context]["names_kept"] = names_kept(pipeline, [a for a, _ in both][:n], others, context)
    return figures
