"""Disentanglement scores: high where a dimension is a factor, low where factors are mixed, chance where there is none."""

import numpy as np
import pytest

from vaegen.disentanglement import (
    dci,
    mutual_information_gap,
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


def test_a_probe_learns_what_is_there_and_is_at_chance_where_nothing_is():
    half = N // 2
    labels = [str(value) for value in FACTORS["number"]]
    tests = {"same": (MIXED[half:], labels[half:]), "none": (NOISE[half:], labels[half:])}
    scores = probe_accuracy(MIXED[:half], labels[:half], tests)
    assert scores["same"] > 0.98 and abs(scores["none"] - 0.5) < 0.1


def test_retrieval_finds_the_row_of_the_same_number():
    assert retrieval(NOISE, 3.0 * NOISE) == 1.0
    assert retrieval(NOISE, NOISE[::-1]) < 0.02
