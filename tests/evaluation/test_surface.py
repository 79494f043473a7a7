"""Figures of how a sentence is typed: the forms themselves, and what a translator that copies or forgets is given."""

from __future__ import annotations

import numpy as np
import pytest

from vaegen.evaluation.surface import FORMS, UNSEEN_NAMES, bleu_lost, names_kept, one_swap, surface_figures
from vaegen.text.names import lists


class Copies:
    """A translator that writes what it reads, or that knows small letters only, or no names."""

    languages = ("en", "de", "fr")

    def __init__(self, write=lambda text: text):
        self.write = write

    def translate(self, texts, target, **_):
        return [self.write(text) for text in texts]


def test_one_swap_keeps_all_letters_and_changes_the_text():
    rng = np.random.default_rng(0)
    for _ in range(50):
        swapped = one_swap("Children are playing outside.", rng)
        assert sorted(swapped) == sorted("Children are playing outside.") and swapped != "Children are playing outside."
    assert one_swap("aaaa I am", rng) == "aaaa I am"


def test_bleu_is_lost_only_to_the_forms_that_a_translator_does_not_know():
    texts = ["A small dog runs through the deep snow.", "Two men sing on a stage at night."]
    lost = bleu_lost(Copies(), texts, texts, "de")
    assert lost["printed"] == pytest.approx(100.0) and lost["lost"]["all capitals"] > 50.0
    folded = bleu_lost(Copies(lambda text: texts[[t.lower() for t in texts].index(text.lower())]
                              if text.lower() in [t.lower() for t in texts] else text), texts, texts, "de")  # fmt: skip
    assert folded["lost"]["all capitals"] == folded["lost"]["all small"] == 0.0 and folded["lost"]["one swap"] > 0.0


def test_names_are_kept_by_one_who_copies_and_lost_by_one_who_forgets():
    texts = ["A man runs.", "A woman sings.", "The dog barks."]
    assert names_kept(Copies(), texts, ["de", "fr"]) == {"n": 4, "known": 1.0, "unseen": 1.0}
    forgets = names_kept(Copies(lambda text: "Tom " + text.split(" ", 1)[1]), texts, ["de"])
    assert forgets["unseen"] == 0.0


def test_unseen_names_are_on_no_list():
    assert not set(UNSEEN_NAMES) & {name for names in lists().values() for name in names}


def test_all_figures_in_both_contexts():
    groups = [{"en": "A man runs.", "de": "A man runs."}, {"en": "", "de": "x"}]
    figures = surface_figures(Copies(), groups)
    assert figures["source"]["n"] == 1 and set(figures["latent"]["lost"]) == set(FORMS)
