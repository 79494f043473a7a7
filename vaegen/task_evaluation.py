"""Figures of the uses beyond translation: summaries, replies, Chinese. Each stands beside what anyone gets for nothing.

Every function returns a table: a title that says what was measured on how many sentences, a header, and rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sacrebleu

from vaegen.errors import VaegenError
from vaegen.evaluation import contexts_of, translation_scores
from vaegen.pipeline import Pipeline
from vaegen.tags import SUMMARIES, tag_name
from vaegen.text import simplified

Group = Mapping[str, str]
Table = dict[str, Any]
N_REPLIES = 5  # people wrote five replies to every context of DailyDialog++; as many draws are compared with them


class _Words:
    """The tokenizer for ROUGE: the package's own one takes every letter beyond a to z for a space."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


def words(text: str) -> list[str]:
    """Returns the words of a text in lower case, without punctuation."""
    return "".join(c if c.isalnum() else " " for c in text.lower()).split()


def rouge(hypotheses: Sequence[str], references: Sequence[str]) -> list[float]:
    """Returns the mean F1 of ROUGE-1, ROUGE-2 and ROUGE-L, in per cent. Source: Lin 2004, W04-1013; package rouge-score."""
    from rouge_score.rouge_scorer import RougeScorer  # here, because only the evaluation of summaries needs it

    names = ["rouge1", "rouge2", "rougeL"]
    scorer = RougeScorer(names, tokenizer=_Words())
    scores = [scorer.score(reference, hypothesis) for hypothesis, reference in zip(hypotheses, references, strict=True)]
    return [round(100 * sum(score[name].fmeasure for score in scores) / len(scores), 2) for name in names]


def compression(texts: Sequence[str], sources: Sequence[str]) -> float:
    """Returns the words of the texts in per cent of those of their sources."""
    return round(100 * sum(len(words(text)) for text in texts) / sum(len(words(source)) for source in sources), 1)


def distinct(texts: Sequence[str], n: int) -> float:
    """Returns the different n-grams of some texts in per cent of all of them. Source: Li et al. 2016, N16-1014."""
    grams = [gram for text in texts for gram in _ngrams(words(text), n)]
    return 100 * len(set(grams)) / max(1, len(grams))


def summaries(pipeline: Pipeline, groups: Sequence[Group], language: str, **options: Any) -> Table:
    """Returns ROUGE and compression of every length tag against the shortest caption of the same image.

    Args:
        pipeline: Has tags such as "en.short".
        groups: Of the corpus `captions-short`, whose first summary is the shortest.
        language: Of the captions.
        **options: Of `Pipeline.translate`.

    Raises:
        VaegenError: If there is no group.
    """
    if not groups:
        raise VaegenError(f"There is no caption in {tag_name(language)} to shorten; give groups that have this language.")
    pairs = [(group[language], next(text for tag, text in group.items() if tag != language)) for group in groups]
    sources, references = [source for source, _ in pairs], [reference for _, reference in pairs]
    n_words = round(sum(len(text.split()) for text in references) / len(references))
    outputs = {
        "the source itself": sources,
        f"its first {n_words} words": [" ".join(source.split()[:n_words]) for source in sources],
    }
    for task in SUMMARIES:
        for context in contexts_of(pipeline):
            name = f"`{language}.{task}`, {context}"
            outputs[name] = pipeline.translate(sources, f"{language}.{task}", context=context, **options)
    rows = [[name, *rouge(texts, references), compression(texts, sources)] for name, texts in outputs.items()]
    return {
        "title": f"{tag_name(language)}: from an image's longest caption to its shortest, N = {len(pairs)}; "
        f"the shortest has {compression(references, sources)} % of the words",
        "header": ["summary", "ROUGE-1", "ROUGE-2", "ROUGE-L", "words kept, %"],
        "rows": rows,
    }


def replies(pipeline: Pipeline, groups: Sequence[Group], training: Sequence[Group], **options: Any) -> Table:
    """Returns the BLEU of one reply to each context against the five human ones, beside cheap replies.

    Args:
        pipeline: Has the tag "en.reply".
        groups: Contexts ("en") with a human reply ("en.reply"); a context comes five times.
        training: The same of the training text, for the baselines.
        **options: Of `Pipeline.translate`.
    """
    contexts, references = human_replies(groups)
    common = Counter(group["en.reply"] for group in training).most_common(1)[0][0]
    outputs = {
        f"the most frequent reply, “{common}”": [common] * len(contexts),
        "the reply to the most similar context of the training text (TF-IDF)": retrieved(contexts, training),
    }
    for context in contexts_of(pipeline):
        outputs[f"`en.reply`, {context}"] = pipeline.translate(contexts, "en.reply", context=context, **options)
    rows = [
        [name, reply_bleu(texts, references), round(distinct(texts, 1), 2), round(distinct(texts, 2), 2)]
        for name, texts in outputs.items()
    ]
    return {
        "title": f"One reply to each of {len(contexts)} contexts",
        "header": ["reply", f"BLEU, {N_REPLIES} references", "distinct-1, %", "distinct-2, %"],
        "rows": rows,
    }


def several_replies(pipeline: Pipeline, groups: Sequence[Group], seed: int = 0, **options: Any) -> Table:
    """Returns how different five replies to one context are: draws from the posterior, beside five people.

    Without a latent there are draws of words only.

    Args:
        pipeline: Has the tag "en.reply".
        groups: As in `replies`.
        seed: Of the draws.
        **options: Of `Pipeline.generate`.
    """
    contexts, references = human_replies(groups)
    rows: list[list[Any]] = [["five people", "", *_variety(references)]]
    has_latent = "latent" in contexts_of(pipeline)
    draws_of: dict[str, Any] = {"n_draws": N_REPLIES} if has_latent else {"n_best": N_REPLIES}
    for context in contexts_of(pipeline):
        for temperature in (0.0, 0.8) if has_latent else (0.8,):
            how = {"method": "sample", "temperature": temperature} if temperature else {"num_beams": 1}
            found = pipeline.generate(
                contexts, "en.reply", context=context, seed=seed, source_language="en", **draws_of, **how, **options
            )
            several = [[one.text for one in draws] for draws in found]
            bleu = sum(reply_bleu([draws[k] for draws in several], references) for k in range(N_REPLIES)) / N_REPLIES
            name = f"{N_REPLIES} draws, {context}, {f'words sampled at {temperature}' if temperature else 'greedy words'}"
            rows.append([name, round(bleu, 2), *_variety(several)])
    return {
        "title": f"{N_REPLIES} replies to each of {len(contexts)} contexts",
        "header": ["replies", "BLEU, mean of the draws", f"different ones of {N_REPLIES}", "distinct-1, %", "distinct-2, %"],
        "rows": rows,
    }


def human_replies(groups: Sequence[Group]) -> tuple[list[str], list[list[str]]]:
    """Returns the contexts that have five replies or more, and five replies to each.

    Raises:
        VaegenError: If no context has as many.
    """
    found: dict[str, list[str]] = {}
    for group in groups:
        found.setdefault(group["en"], []).append(group["en.reply"])
    kept = {context: texts[:N_REPLIES] for context, texts in found.items() if len(texts) >= N_REPLIES}
    if not kept:
        raise VaegenError(
            f"None of the {len(found)} contexts has {N_REPLIES} replies to compare with; give more groups, with --limit "
            f"{N_REPLIES} or more."
        )
    return list(kept), list(kept.values())


def reply_bleu(texts: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Returns corpus BLEU (13a, per cent) against several references to each text."""
    columns = [list(column) for column in zip(*references, strict=True)]
    return round(sacrebleu.corpus_bleu(list(texts), columns).score, 2)


def retrieved(contexts: Sequence[str], training: Sequence[Group]) -> list[str]:
    """Returns, for each context, the reply to the training context with the most similar words (TF-IDF, cosine)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer()
    known = vectorizer.fit_transform([group["en"] for group in training])
    best = (vectorizer.transform(contexts) @ known.T).argmax(axis=1)
    return [training[i]["en.reply"] for i in np.asarray(best).ravel()]


def chinese(pipeline: Pipeline, tests: Mapping[str, Sequence[Group]], **options: Any) -> Table:
    """Returns BLEU and chrF of both directions and contexts on some test sets, beside copying the source.

    Args:
        pipeline: Has English and Chinese.
        tests: Name -> groups with "en" and "zh".
        **options: Of `Pipeline.translate`.
    """
    rows = []
    for name, groups in tests.items():
        for source, target in (("en", "zh"), ("zh", "en")):
            sources, references = ([simplified(group[code]) for group in groups] for code in (source, target))
            row: list[Any] = [f"{name}, {source}-{target}", len(groups)]
            for context in contexts_of(pipeline):
                texts = pipeline.translate(sources, target, context=context, **options)
                row += _bleu_and_chrf(texts, references, target)
            rows.append([*row, *_bleu_and_chrf(sources, references, target)])
    kinds = [f"{score}, {what}" for what in (*contexts_of(pipeline), "copied") for score in ("BLEU", "chrF")]
    return {
        "title": "English and Chinese; BLEU of Chinese is sacreBLEU's `zh`, by characters",
        "header": ["test set", "N", *kinds],
        "rows": rows,
    }


def _bleu_and_chrf(texts: Sequence[str], references: Sequence[str], language: str) -> list[float]:
    scores = translation_scores(texts, references, None, language)
    return [scores["bleu"], scores["chrf"]]


def _variety(several: Sequence[Sequence[str]]) -> list[float]:
    """Means over the contexts of: different replies, distinct-1, distinct-2."""
    n = len(several)
    different = round(sum(len(set(texts)) for texts in several) / n, 2)
    return [different, *(round(sum(distinct(texts, k) for texts in several) / n, 1) for k in (1, 2))]


def _ngrams(tokens: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    return (tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
