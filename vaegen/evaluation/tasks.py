"""Figures of the uses beyond translation: summaries, replies, Chinese. Each stands beside what anyone gets for nothing.

Every function returns a table: a title that says what was measured on how many sentences, a header, and rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median_high
from typing import Any

import numpy as np
import sacrebleu

from vaegen.errors import VaegenError
from vaegen.evaluation import generated_text
from vaegen.evaluation.reports.cards import CHINESE
from vaegen.evaluation.translation import contexts_of, translation_scores
from vaegen.pipeline.pipeline import Pipeline
from vaegen.text.chinese import simplified
from vaegen.text.tags import SUMMARIES, language_of, tag_name, task_of

Group = Mapping[str, str]
Table = dict[str, Any]
N_REPLIES = 5  # people wrote five replies to every context of DailyDialog++; as many draws are compared with them


TEST_SETS = {"summarise": ("captions-short",), "reply": ("dailydialogpp",), "chinese": CHINESE}  # of the shipped checkpoints


def test_sets(kind: str, chosen: str | None, learned: Sequence[str]) -> list[str]:
    """Returns the corpora to measure a task on: the one chosen, the usual ones that were learned, or the first of these."""
    usual = list(TEST_SETS[kind])
    return [chosen] if chosen else [name for name in usual if name in learned] or list(learned[:1]) or usual


def task_languages(tags: Sequence[str], kind: str, groups: Sequence[Group]) -> list[str]:
    """Returns the languages whose tags for a task have text in these groups; all that have tags if there is no such text."""
    if kind == "chinese":
        return ["en", "zh"]
    asked = [tag for tag in tags if task_of(tag) in (SUMMARIES if kind == "summarise" else ("reply",))]
    there = [tag for tag in asked if any(group.get(tag) for group in groups)]
    return list(dict.fromkeys(map(language_of, there or asked)))


def task_tables(
    pipeline: Pipeline,
    kind: str,
    languages: Sequence[str],
    tests: Mapping[str, Sequence[Group]],
    training: Sequence[Group],
    limit: int | None,
    **options: Any,
) -> list[Table]:
    """Returns the tables of a checkpoint for summaries, replies or Chinese.

    Args:
        pipeline: The model.
        kind: "summarise", "reply" or "chinese".
        languages: From `task_languages`.
        tests: From the corpora of `test_sets`, by name.
        training: Of the first of them, for the baselines of replies.
        limit: Measure on the first N groups only.
        **options: Of `Pipeline.translate`.
    """
    if kind == "chinese":
        return [chinese(pipeline, {name: with_all(languages, groups)[:limit] for name, groups in tests.items()}, **options)]
    name, groups = next(iter(tests.items()))
    tables = []
    for code in languages:
        if kind == "summarise":
            captions = name in TEST_SETS[kind]
            tables.append(summaries(pipeline, with_all((code,), groups)[:limit], code, captions, **options))
        else:
            tags = (code, f"{code}.reply")
            test = with_all(tags, groups)[:limit]
            tables.append(replies(pipeline, test, with_all(tags, training), code, **options))
            tables.append(several_replies(pipeline, test, code))
    return tables


def with_all(tags: Sequence[str], groups: Sequence[Group]) -> list[Group]:
    """Returns the groups that have all these tags."""
    return [group for group in groups if all(group.get(tag) for tag in tags)]


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


def percent_distinct(texts: Sequence[str], n: int) -> float:
    """Returns the different n-grams of some texts in per cent of all of them; see `generated_text.distinct`."""
    return 100 * generated_text.distinct([tuple(words(text)) for text in texts], n)


def summaries(pipeline: Pipeline, groups: Sequence[Group], language: str, captions: bool = True, **options: Any) -> Table:
    """Returns ROUGE and compression of every length tag against the shortest summary, or caption of the same image.

    Args:
        pipeline: Has tags such as "en.short".
        groups: Texts with summaries, the shortest first, as in the corpus `captions-short`.
        language: Of the texts.
        captions: Whether they are of `captions-short`; the title says so.
        **options: Of `Pipeline.translate`.

    Raises:
        VaegenError: If there is no group.
    """
    several = [[text for tag, text in group.items() if is_summary(tag, language) and text] for group in groups]
    pairs = [(group[language], shorter[0]) for group, shorter in zip(groups, several, strict=True) if shorter]
    if not pairs:
        tags = ", ".join(tag for tag in pipeline.tags if is_summary(tag, language))
        raise VaegenError(
            "There is no text in {language} with a summary to compare with; choose a corpus or a split that has "
            "{language_2} and one of {tags}.",
            language=tag_name(language),
            language_2=language,
            tags=tags,
        )
    sources, references = [source for source, _ in pairs], [reference for _, reference in pairs]
    n_words = round(sum(len(text.split()) for text in references) / len(references))
    outputs = {
        "the source itself": sources,
        f"its first {n_words} words": [" ".join(source.split()[:n_words]) for source in sources],
    }
    for task in (task for task in SUMMARIES if f"{language}.{task}" in pipeline.tags):
        for context in contexts_of(pipeline):
            name = f"`{language}.{task}`, {context}"
            outputs[name] = pipeline.translate(sources, f"{language}.{task}", context=context, **options)
    rows = [[name, *rouge(texts, references), compression(texts, sources)] for name, texts in outputs.items()]
    what = "an image's longest caption to its shortest" if captions else "a text to its shortest summary"
    return {
        "title": f"{tag_name(language)}: from {what}, N = {len(pairs)}; "
        f"the shortest has {compression(references, sources)} % of the words",
        "header": ["summary", "ROUGE-1", "ROUGE-2", "ROUGE-L", "words kept, %"],
        "rows": rows,
    }


def is_summary(tag: str, language: str) -> bool:
    """Whether a tag asks for a summary in a language."""
    return language_of(tag) == language and task_of(tag) in SUMMARIES


def replies(
    pipeline: Pipeline, groups: Sequence[Group], training: Sequence[Group], language: str = "en", **options: Any
) -> Table:
    """Returns the BLEU of one reply to each context against the human ones, beside cheap replies.

    Args:
        pipeline: Has the tag "en.reply", or that of another language.
        groups: Contexts ("en") with a human reply ("en.reply"); a context comes as often as it has replies.
        training: The same of the training text, for the baselines.
        language: Of the dialogues.
        **options: Of `Pipeline.translate`.

    Raises:
        VaegenError: If there is no group or no training text.
    """
    tag = f"{language}.reply"
    contexts, references = human_replies(groups, language)
    if not training:
        raise VaegenError(
            "The training text has no {tag} to compare with; choose a corpus that has {language} and {tag}.",
            tag=tag,
            language=language,
        )
    n = len(references[0])
    own = {context: pipeline.translate(contexts, tag, context=context, **options) for context in contexts_of(pipeline)}
    said = [text for texts in own.values() for text in texts]
    # BLEU against several people favours what suits every context a little: the model's own stock reply is a baseline, too.
    common, own_common = (Counter(texts).most_common(1)[0][0] for texts in ([group[tag] for group in training], said))
    outputs = {
        f"the most frequent reply, “{common}”": [common] * len(contexts),
        f"the model's own most frequent reply to all of them, “{own_common}”": [own_common] * len(contexts),
        "the reply to the most similar context of the training text (TF-IDF)": retrieved(contexts, training, language),
        **{f"`{tag}`, {context}": texts for context, texts in own.items()},
    }
    rows = [
        [name, reply_bleu(texts, references), round(percent_distinct(texts, 1), 2), round(percent_distinct(texts, 2), 2)]
        for name, texts in outputs.items()
    ]
    return {
        "title": f"One reply to each of {len(contexts)} contexts",
        "header": ["reply", f"BLEU, {n} reference{'s' * (n > 1)}", "distinct-1, %", "distinct-2, %"],
        "rows": rows,
    }


def several_replies(
    pipeline: Pipeline, groups: Sequence[Group], language: str = "en", seed: int = 0, **options: Any
) -> Table:
    """Returns how different five replies to one context are: draws from the posterior, beside people if several replied.

    Without a latent there are draws of words only.

    Args:
        pipeline: Has the tag "en.reply", or that of another language.
        groups: As in `replies`.
        language: Of the dialogues.
        seed: Of the draws.
        **options: Of `Pipeline.generate`.
    """
    contexts, references = human_replies(groups, language)
    n = len(references[0])
    people = "five people" if n == N_REPLIES else f"{n} people, different ones of {n}"
    rows: list[list[Any]] = [[people, "", *_variety(references)]] if n > 1 else []
    has_latent = "latent" in contexts_of(pipeline)
    draws_of: dict[str, Any] = {"n_draws": N_REPLIES} if has_latent else {"n_best": N_REPLIES}
    for context in contexts_of(pipeline):
        for temperature in (0.0, 0.8) if has_latent else (0.8,):
            how = {"method": "sample", "temperature": temperature} if temperature else {"num_beams": 1}
            found = pipeline.generate(
                contexts, f"{language}.reply", context=context, seed=seed, source_language=language, **draws_of, **how,
                **options,
            )  # fmt: skip
            several = [[one.text for one in draws] for draws in found]
            bleu = sum(reply_bleu([draws[k] for draws in several], references) for k in range(N_REPLIES)) / N_REPLIES
            name = f"{N_REPLIES} draws, {context}, {f'words sampled at {temperature}' if temperature else 'greedy words'}"
            rows.append([name, round(bleu, 2), *_variety(several)])
    return {
        "title": f"{N_REPLIES} replies to each of {len(contexts)} contexts" + (f", BLEU with {n}" if n < N_REPLIES else ""),
        "header": ["replies", "BLEU, mean of the draws", f"different ones of {N_REPLIES}", "distinct-1, %", "distinct-2, %"],
        "rows": rows,
    }


def human_replies(groups: Sequence[Group], language: str = "en") -> tuple[list[str], list[list[str]]]:
    """Returns contexts, and to each of them as many replies: five, or what half of the contexts have if that is fewer.

    Raises:
        VaegenError: If there is no context.
    """
    found: dict[str, list[str]] = {}
    for group in groups:
        found.setdefault(group[language], []).append(group[f"{language}.reply"])
    if not found:
        raise VaegenError(
            "There is no text in {language} with a reply to compare with; choose a corpus or a split that has {language_2} "
            "and {language_2}.reply.",
            language=tag_name(language),
            language_2=language,
        )
    n = min(N_REPLIES, median_high(map(len, found.values())))
    kept = {context: texts[:n] for context, texts in found.items() if len(texts) >= n}
    return list(kept), list(kept.values())


def reply_bleu(texts: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Returns corpus BLEU (13a, per cent) against several references to each text."""
    columns = [list(column) for column in zip(*references, strict=True)]
    return round(sacrebleu.corpus_bleu(list(texts), columns).score, 2)


def retrieved(contexts: Sequence[str], training: Sequence[Group], language: str = "en") -> list[str]:
    """Returns, for each context, the reply to the training context with the most similar words (TF-IDF, cosine)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer()
    known = vectorizer.fit_transform([group[language] for group in training])
    best = (vectorizer.transform(contexts) @ known.T).argmax(axis=1)
    return [training[i][f"{language}.reply"] for i in np.asarray(best).ravel()]


def chinese(pipeline: Pipeline, tests: Mapping[str, Sequence[Group]], **options: Any) -> Table:
    """Returns BLEU and chrF of both directions and contexts on some test sets, beside copying the source.

    Args:
        pipeline: Has English and Chinese.
        tests: Name -> groups with "en" and "zh".
        **options: Of `Pipeline.translate`.

    Raises:
        VaegenError: If a test set has no group.
    """
    rows = []
    for name, groups in tests.items():
        if not groups:
            raise VaegenError(
                "{name} has no sentence in English and Chinese here; choose another corpus or split.", name=name
            )
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
    return [different, *(round(sum(percent_distinct(texts, k) for texts in several) / n, 1) for k in (1, 2))]
