"""How people type: what may change, what never does, and capitals that are undone."""

import re
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaegen.text.as_typed import as_typed, fold_capitals

LETTERS = string.ascii_letters + "éèçœßäöüčřžů"
SENTENCE = "L'école fermée, 12 élèves attendent dehors."


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("A DOG RUNS THROUGH THE SNOW.", "A dog runs through the snow."),
        ("ÉCOLE FERMÉE", "École fermée"),
        ("¿QUÉ PASA?", "¿Qué pasa?"),
        ("HELLO", "Hello"),
        ("2 MEN SING", "2 Men sing"),
        ("NASA", "NASA"),  # one short word may be an abbreviation
        ("OK!", "OK!"),
        ("A B", "A B"),
        ("A man at NASA", "A man at NASA"),
        ("12 + 3", "12 + 3"),
        ("", ""),
        ("他在跑步", "他在跑步"),
    ],
)
def test_capitals_are_folded_where_there_is_nothing_else(text, folded):
    assert fold_capitals(text) == folded


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_folding_twice_is_folding_once_and_loses_no_letter(text):
    once = fold_capitals(text)
    assert fold_capitals(once) == once
    assert once == text or once.casefold() == text.lower().casefold()


@settings(max_examples=200)
@given(st.text(alphabet=LETTERS + string.digits + " .,!?'-", min_size=1, max_size=60), st.integers(0, 2**32 - 1))
def test_digits_stay_and_a_seed_says_all(text, seed):
    typed = as_typed(text, np.random.default_rng(seed))
    assert re.findall(r"\d", typed) == re.findall(r"\d", text)
    assert as_typed(text, np.random.default_rng(seed)) == typed
    assert bool(typed) and len(text) - text.count("'") - 60 < len(typed) <= len(text) + 2 + sum(c in "ßœæ" for c in text)


@given(st.lists(st.text(string.ascii_letters, min_size=1, max_size=12), min_size=1, max_size=6), st.integers(0, 999))
def test_words_stay_in_place_and_keep_their_first_letter(words, seed):
    typed = as_typed(" ".join(words), np.random.default_rng(seed)).split(" ")
    assert [word[0].lower() for word in typed] == [word[0].lower() for word in words]
    changed = [(a, b) for a, b in zip(words, typed, strict=True) if a.lower() != b.lower()]
    assert len(changed) <= 2 and all(len(a) > 3 and abs(len(a) - len(b)) <= 2 for a, b in changed)


def test_every_way_is_taken_often_and_few_sentences_stay():
    typed = [as_typed(SENTENCE, np.random.default_rng(seed)) for seed in range(400)]
    no_slip = re.compile(r"(?i)l'?[ée]cole ferm[ée]e, 12 [ée]l[èe]ves attendent dehors")
    shares = {
        "small": np.mean([text == text.lower() for text in typed]),
        "no mark": np.mean([not text.endswith(".") for text in typed]),
        "no accents": np.mean([text.isascii() for text in typed]),
        "slips": np.mean([not no_slip.match(text) for text in typed]),
        "as it was": np.mean([text == SENTENCE for text in typed]),
    }
    assert shares["small"] > 0.15 and shares["no accents"] > 0.2 and shares["as it was"] < 0.1
    assert 0.3 < shares["no mark"] < 0.5 and 0.4 < shares["slips"] < 0.6
