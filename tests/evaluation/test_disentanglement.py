"""Disentanglement scores: high where a dimension is a factor, low where factors are mixed, chance where there is none."""

import numpy as np
import pytest

from vaegen.evaluation.disentanglement import (
    dci,
    mutual_information_gap,
    ngram_features,
    ngram_probe_accuracy,
    probe_accuracy,
    retrieval,
    separated_attribute_predictability,
)

RNG = np.random.default_rng(0)
N = 800
FACTORS = {"colour": RNG.integers(0, 4, N), "number": RNG.integers(0, 2, N)}
CLEAN = np.stack([FACTORS["colour"] + 0.05 * RNG.standard_normal(N), 3 * FACTORS["number"] + 0.05 * RNG.standard_normal(N),
                  RNG.standard_normal(N), RNG.standard_normal(N)], 1)
MIXED = CLEAN @ np.linalg.qr(RNG.standard_normal((4, 4)))[0]
NOISE = RNG.standard_normal((N, 4))


@pytest.mark.parametrize("score", [mutual_information_gap, separated_attribute_predictability])
def test_gaps_are_wide_where_a_dimension_is_a_factor(score):
    assert score(CLEAN, FACTORS) > 0.45
    assert score(NOISE, FACTORS) < 0.1
    assert score(MIXED, FACTORS) < 0.6 * score(CLEAN, FACTORS)


def test_dci_tells_clean_from_mixed_and_informative_from_noise():
    clean, mixed, noise = (dci(latents, FACTORS) for latents in (CLEAN, MIXED, NOISE))
    assert clean["disentanglement"] > 0.8 and clean["completeness"] > 0.8 and clean["informativeness"] > 0.98
    assert mixed["disentanglement"] < clean["disentanglement"] - 0.2 and mixed["informativeness"] > 0.8
    assert noise["informativeness"] < 0.6
    # Where all dimensions matter alike to all factors, whose numbers differ, neither score has anything to show.
    assert noise["disentanglement"] < 0.05 and noise["completeness"] < 0.05


def test_a_probe_learns_what_is_there_and_is_at_chance_where_nothing_is():
    half = N // 2
    labels = [str(value) for value in FACTORS["number"]]
    tests = {"same": (MIXED[half:], labels[half:]), "none": (NOISE[half:], labels[half:])}
    scores = probe_accuracy(MIXED[:half], labels[:half], tests)
    assert scores["same"] > 0.98 and abs(scores["none"] - 0.5) < 0.1


def test_ngrams_know_endings_and_names_but_no_meaning():
    """The number of a subject stands in its ending, and a name in all languages; what a word means does not."""
    nouns = ["dog", "cat", "car", "boy", "tree", "house", "table", "river", "girl", "hand", "bird", "road", "chair", "king"]
    texts = [f"the {noun}{'s' * many} {verb}" for noun in nouns for many in (0, 1) for verb in ("fell", "came")]
    labels = [str("s " in text) for text in texts]
    assert ngram_probe_accuracy(texts[:40], labels[:40], texts[40:], labels[40:]) == 1.0
    unlike = ["cat" if i % 3 else "bird" for i in range(40)]  # nothing in the texts comes every third time
    assert ngram_probe_accuracy(texts[:20], unlike[:20], texts[20:40], unlike[20:]) < 0.8
    names = ["Prague", "Vienna", "Oslo", "Lisbon", "Madrid", "Athens"]
    here, there, nowhere = ngram_features(
        names, [f"a road to {name}" for name in names], [f"ein Weg nach {name}" for name in names], nouns[:6]
    )
    np.testing.assert_allclose(np.linalg.norm(here, axis=1), 1.0)
    assert retrieval(here, there) == 1.0 and retrieval(here, nowhere) < 0.6


def test_retrieval_finds_the_row_of_the_same_number():
    assert retrieval(NOISE, 3.0 * NOISE) == 1.0
    assert retrieval(NOISE, NOISE[::-1]) < 0.02


def test_a_margin_keeps_a_hub_from_winning():
    """Row 0 of b points into the mean direction, so that it is nearest to many rows of a, but to none much more."""
    rng = np.random.default_rng(0)
    common = np.zeros(12)
    common[0] = 3.0
    a = common + rng.normal(size=(40, 12))
    b = a + 1.2 * rng.normal(size=a.shape)
    b[0] = common
    plain, margin = retrieval(a, b), retrieval(a, b, neighbours=4)
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b)]
    assert ((unit[0] @ unit[1].T).argmax(1) == 0).sum() > 5  # the hub
    assert margin > plain
    s = unit[0] @ unit[1].T
    near_a, near_b = (np.array([np.sort(row)[-4:].mean() for row in x]) for x in (s, s.T))  # by hand
    hits = [np.argmax([2 * s[i, j] / (near_a[i] + near_b[j]) for j in range(40)]) == i for i in range(40)]
    assert margin == np.mean(hits)
