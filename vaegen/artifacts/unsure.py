"""Fits what tells a checkpoint's wrong answers from its right ones, on held-out text."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import sacrebleu

from vaegen.errors import VaegenError
from vaegen.pipeline.pipeline import Pipeline
from vaegen.pipeline.unsure import SIGNALS, Unsure

SELDOM = 30  # a sub-word that training had fewer times: its words come out right about every other time
WRONG, RIGHT = 35.0, 55.0  # chrF of a sentence: below the first it is wrong, above the second right, between them neither
WARNED_OF_RIGHT = 0.1  # share of right answers that may be warned of: it sets the threshold
Pair = tuple[str, str]


def fit_unsure(
    pipeline: Pipeline,
    training: Iterable[str],
    fitted: Mapping[Pair, Sequence[tuple[str, str]]],
    tested: Mapping[Pair, Sequence[tuple[str, str]]],
    say: Callable[[str], None] = print,
) -> Unsure:
    """Returns the regression, with what it does on the text that it was not fitted on in `about`.

    Args:
        pipeline: The checkpoint.
        training: Its training sentences: which sub-words are rare, and where the latents lie.
        fitted: (source, target) language -> pairs of a text and its reference.
        tested: The same, of other text.
        say: Gets a line now and then.

    Raises:
        VaegenError: If there are not both wrong and right answers among the fitted ones.
    """
    from sklearn.linear_model import LogisticRegression  # comes with umap-learn; fitting alone needs it

    sentences = list(training)
    if not sentences:
        raise VaegenError("There is no training text to tell rare sub-words by; give the corpora of the checkpoint.")
    counts = Counter(index for ids in pipeline.tokenizer.encode_batch(sentences) for index in ids)
    rare = np.array([counts[i] < SELDOM for i in range(pipeline.tokenizer.vocab_size)])
    rare[[pipeline.tokenizer.eos_id]] = False
    mu = pipeline.encode(sentences[:: max(1, len(sentences) // 2000)]).mu.flatten(1).cpu().numpy()
    start = Unsure(
        coefficients=(0.0,) * len(SIGNALS), bias=0.0, centre=(0.0,) * len(SIGNALS), scale=(1.0,) * len(SIGNALS),
        rare=base64.b64encode(np.packbits(rare).tobytes()).decode(), mean=_short(mu.mean(0)), std=_short(mu.std(0) + 1e-3),
        threshold=0.5,
    )  # fmt: skip
    signals, wrong = _labelled(pipeline, start, fitted, say)
    if len(set(wrong)) < 2:
        raise VaegenError("All answers to the held-out text are wrong, or all are right: there is nothing to tell apart.")
    centre, scale = signals.mean(0), signals.std(0) + 1e-9
    model = LogisticRegression(class_weight="balanced").fit((signals - centre) / scale, wrong)
    coefficients, bias = _short(model.coef_[0]), float(model.intercept_[0])
    found = replace(start, coefficients=coefficients, bias=bias, centre=_short(centre), scale=_short(scale))
    threshold = float(np.quantile(found.probability(signals)[~wrong], 1.0 - WARNED_OF_RIGHT))
    found = replace(found, threshold=round(threshold, 4))
    return replace(found, about={"fitted": measured(found, signals, wrong), "tested": measured(
        found, *_labelled(pipeline, found, tested, say)), "wrong_below_chrf": WRONG, "right_above_chrf": RIGHT})  # fmt: skip


def measured(unsure: Unsure, signals: np.ndarray, wrong: np.ndarray) -> dict[str, Any]:
    """Returns the shares of wrong and of right answers that are warned of, and how many of each there were."""
    warned = unsure.probability(signals) >= unsure.threshold
    return {
        "n_wrong": int(wrong.sum()), "n_right": int((~wrong).sum()),
        "warned_of_wrong": round(float(warned[wrong].mean()), 4) if wrong.any() else None,
        "warned_of_right": round(float(warned[~wrong].mean()), 4) if (~wrong).any() else None,
    }  # fmt: skip


def _labelled(
    pipeline: Pipeline, unsure: Unsure, pairs: Mapping[Pair, Sequence[tuple[str, str]]], say: Callable[[str], None]
) -> tuple[np.ndarray, np.ndarray]:
    """Signals (N, 6) of the answers that are clearly wrong or clearly right, and which are wrong, (N,)."""
    rows, wrong = [np.empty((0, len(SIGNALS)))], []
    for (source, target), both in pairs.items():
        texts = [text for text, _ in both]
        answers = [found[0] for found in pipeline.generate(texts, target, source_language=source, num_beams=5)]
        scores = [
            sacrebleu.sentence_chrf(answer.text, [reference]).score
            for answer, (_, reference) in zip(answers, both, strict=True)
        ]
        clear = [i for i, score in enumerate(scores) if (score < WRONG or score > RIGHT) and answers[i].token_log_probs]
        rows.append(pipeline.signals(unsure, [texts[i] for i in clear], [answers[i] for i in clear]))
        wrong += [scores[i] < WRONG for i in clear]
        say(f"{source}-{target}: {len(clear)} of {len(texts)} clear, {sum(scores[i] < WRONG for i in clear)} wrong")
    return np.concatenate(rows), np.array(wrong, dtype=bool)


def _short(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values)
