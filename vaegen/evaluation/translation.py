"""How well a model translates: BLEU, chrF and BLEU as papers print it; every figure comes with its N."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import sacrebleu

from vaegen.pipeline.pipeline import Pipeline
from vaegen.text.chinese import simplified
from vaegen.training.validation import bleu_tokenizer


def contexts_of(pipeline: Pipeline) -> tuple[str, ...]:
    """Returns the contexts that a model is measured in: without a latent there is but one."""
    return ("source", "latent") if pipeline.model.config.n_slots else ("source",)


def translation_scores(
    hypotheses: Sequence[str], references: Sequence[str], tokenised_references: Sequence[str] | None, language: str
) -> dict[str, Any]:
    """Returns `bleu` (sacreBLEU, cased), `chrf` and `bleu_tokenised` (lower-cased, Moses-tokenised), in per cent.

    `bleu` splits text by 13a, Chinese by characters; Chinese references are simplified, as the text that models learn from.
    The last one is what Multi30k papers print: references come tokenised (`.lc.norm.tok`), hypotheses are brought to the
    same form by `moses`, and BLEU counts what it is given. Signatures are those of sacreBLEU.

    Source: Post 2018, arXiv 1804.08771; Popovic 2015 (chrF).
    """
    if language == "zh":
        references = [simplified(text) for text in references]
    bleu, chrf = sacrebleu.BLEU(tokenize=bleu_tokenizer(language)), sacrebleu.CHRF()
    scores: dict[str, Any] = {
        "n": len(references),
        "bleu": round(bleu.corpus_score(hypotheses, [references]).score, 2),
        "chrf": round(chrf.corpus_score(hypotheses, [references]).score, 2),
        "bleu_signature": str(bleu.get_signature()),
        "chrf_signature": str(chrf.get_signature()),
    }
    if tokenised_references is not None:
        plain = sacrebleu.BLEU(tokenize="none", force=True)
        scores["bleu_tokenised"] = round(
            plain.corpus_score([moses(text, language) for text in hypotheses], [tokenised_references]).score, 2
        )
        scores["bleu_tokenised_signature"] = str(plain.get_signature())
    return scores


def moses(text: str, language: str) -> str:
    """Returns a text lower-cased, with Moses-normalised punctuation and Moses tokens: the form of `.lc.norm.tok` files.

    On the four Multi30k test sets this gives 99.9 % of the published lines or more.
    """
    normalizer, tokenizer = _moses(language)
    return tokenizer.tokenize(normalizer.normalize(text.lower()), escape=True, return_str=True)


@functools.cache
def _moses(language: str) -> tuple[Any, Any]:
    from sacremoses import MosesPunctNormalizer, MosesTokenizer

    return MosesPunctNormalizer(language), MosesTokenizer(language)


def shuffled_bleu(
    pipeline: Pipeline, sources: Sequence[str], references: Sequence[str], language: str, **options: Any
) -> float:
    """Returns BLEU (13a, per cent) of translations decoded from the z of the next sentence: near 0 if z is used."""
    z = pipeline.encode(sources).mode.roll(1, dims=0)
    return float(translation_scores(pipeline.decode(z, language, **options), references, None, language)["bleu"])


def translate_and_score(
    pipeline: Pipeline,
    sources: Sequence[str],
    references: Sequence[str],
    language: str,
    tokenised_references: Sequence[str] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Returns the `translation_scores` of a pipeline on some sentences; options as in `Pipeline.translate`."""
    hypotheses = pipeline.translate(list(sources), language, **options)
    return translation_scores(hypotheses, references, tokenised_references, language)
