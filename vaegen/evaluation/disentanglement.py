"""What single dimensions, and linear probes, know about a sentence. Latents are rows (N, D); a factor has a value a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

N_BINS = 20
N_HASHED = 4096  # numbers that n-grams are counted in


def mutual_information_gap(latents: np.ndarray, factors: Mapping[str, Sequence[str]]) -> float:
    """Returns MIG: how much more one dimension says about a factor than the next best, by its entropy, mean over factors.

    Source: Chen et al. 2018, arXiv 1802.04942, eq. 6; dimensions in 20 bins of equal counts.
    """
    from sklearn.metrics import mutual_info_score

    bins = [np.digitize(x, np.quantile(x, np.linspace(0, 1, N_BINS + 1)[1:-1])) for x in latents.T]
    gaps = []
    for values in factors.values():
        information = sorted((mutual_info_score(values, x) for x in bins), reverse=True)
        shares = np.unique(list(values), return_counts=True)[1] / len(values)
        gaps.append((information[0] - information[1]) / -(shares * np.log(shares)).sum())
    return float(np.mean(gaps))


def separated_attribute_predictability(latents: np.ndarray, factors: Mapping[str, Sequence[str]]) -> float:
    """Returns SAP: how much better one dimension alone predicts a factor than the next best, mean over factors.

    Source: Kumar et al. 2018, arXiv 1711.00848, section 3.1; the predictor is the nearest class mean, balanced accuracy.
    """
    gaps = []
    for values in factors.values():
        classes, y = np.unique(list(values), return_inverse=True)
        means = np.stack([latents[y == c].mean(0) for c in range(len(classes))])  # (C, D)
        guess = np.abs(latents[:, None] - means[None]).argmin(1)  # (N, D)
        right = np.stack([(guess[y == c] == c).mean(0) for c in range(len(classes))]).mean(0)
        best = np.sort(right)
        gaps.append(best[-1] - best[-2])
    return float(np.mean(gaps))


def dci(latents: np.ndarray, factors: Mapping[str, Sequence[str]], seed: int = 0) -> dict[str, float]:
    """Returns disentanglement, completeness and informativeness (held-out accuracy), each 0 to 1.

    Source: Eastwood & Williams 2018; importances from random forests.
    """
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(seed)
    order = rng.permutation(len(latents))
    train, test = order[: 3 * len(order) // 4], order[3 * len(order) // 4 :]
    importance, accuracy = [], []
    for values in factors.values():
        y = np.asarray(list(values))
        forest = RandomForestClassifier(100, random_state=seed).fit(latents[train], y[train])
        importance.append(forest.feature_importances_)
        accuracy.append(forest.score(latents[test], y[test]))
    matrix = np.stack(importance, 1) + 1e-12  # (D, F)
    per_dim, per_factor = matrix / matrix.sum(1, keepdims=True), matrix / matrix.sum(0, keepdims=True)
    disentangled = 1.0 + (per_dim * np.log(per_dim)).sum(1) / np.log(matrix.shape[1])
    complete = 1.0 + (per_factor * np.log(per_factor)).sum(0) / np.log(matrix.shape[0])
    return {
        "disentanglement": float((disentangled * matrix.sum(1)).sum() / matrix.sum()),
        "completeness": float(complete.mean()),
        "informativeness": float(np.mean(accuracy)),
    }


def probe_accuracy(
    train: np.ndarray, labels: Sequence[str], tests: Mapping[str, tuple[np.ndarray, Sequence[str]]]
) -> dict[str, float]:
    """Returns the accuracy of one linear probe (logistic regression on standardised latents) on several test sets."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300)).fit(train, list(labels))
    return {name: float(probe.score(x, list(y))) for name, (x, y) in tests.items()}


def ngram_probe_accuracy(train: Sequence[str], labels: Sequence[str], test: Sequence[str], wanted: Sequence[str]) -> float:
    """Returns the accuracy of a linear probe on the spelling of texts: what `probe_accuracy` has to beat."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    probe = make_pipeline(_spelling(), LogisticRegression(C=10.0, max_iter=300)).fit(list(train), list(labels))
    return float(probe.score(list(test), list(wanted)))


def ngram_features(train: Sequence[str], *others: Sequence[str]) -> list[np.ndarray]:
    """Returns how texts are spelled, (N, 4096) for each list after the first: what latents have to beat in `retrieval`."""
    spelling = _spelling().fit(list(train))
    return [spelling.transform(list(texts)).toarray() for texts in others]


def _spelling() -> Any:
    """Runs of one to four characters within words, weighted by how rare they are in the training text, unit length."""
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
    from sklearn.pipeline import make_pipeline

    counts = HashingVectorizer(n_features=N_HASHED, analyzer="char_wb", ngram_range=(1, 4), alternate_sign=False, norm=None)
    return make_pipeline(counts, TfidfTransformer(sublinear_tf=True))


def retrieval(a: np.ndarray, b: np.ndarray, neighbours: int = 0) -> float:
    """Returns R@1: the share of rows of a (N, D) whose nearest row of b by cosine is the one of the same number.

    With `neighbours` k > 0 each cosine is divided by the mean of those to the k nearest neighbours of both rows on the other
    side: the ratio margin by which translations are mined. Otherwise rows of b that lie near to everything (hubs) win too
    often. Source: Artetxe & Schwenk 2019, arXiv 1811.01136, with k = 4.
    """
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
    cosine = a @ b.T
    if neighbours:
        of_a = np.sort(cosine, axis=1)[:, -neighbours:].mean(axis=1, keepdims=True)
        of_b = np.sort(cosine, axis=0)[-neighbours:].mean(axis=0, keepdims=True)
        cosine = cosine / ((of_a + of_b) / 2)
    return float((cosine.argmax(1) == np.arange(len(a))).mean())
