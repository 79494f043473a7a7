"""Sub-words become words: nothing is lost, probabilities multiply, alternatives compare."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaegen.text.words import END, merge_words


def shown(words):
    return "".join(" " * word.space_before + word.text for word in words)


def test_sub_words_join_and_their_probabilities_multiply():
    words = merge_words([" Schnee", "mann", "."], [math.log(0.5), math.log(0.4), math.log(0.9)])
    assert [(word.text, word.space_before) for word in words] == [("Schneemann", False), (".", False)]
    assert words[0].probability == pytest.approx(0.2)
    assert [piece.text for piece in words[0].pieces] == ["Schnee", "mann"]
    assert words[0].pieces[1].probability == pytest.approx(0.4)


def test_punctuation_stands_alone_but_hyphens_and_apostrophes_join():
    words = merge_words([" l", "'", "homme", " (", "T", "-", "shirt", ")", ","], [0.0] * 9)
    assert [word.text for word in words] == ["l'homme", "(", "T-shirt", ")", ","]
    assert shown(words) == "l'homme (T-shirt),"


def test_bytes_of_one_character_are_one_word():
    words = merge_words([" ", "", "", "\u96ea", " x"], [math.log(0.5)] * 5)
    assert [word.text for word in words] == ["\u96ea", "x"]
    assert words[0].probability == pytest.approx(0.5**4)


def test_an_alternative_is_a_beginning_with_the_probability_of_all_of_it():
    alternatives = [[(" Schnee", 0.5), (" Hund", 0.3)], [("mann", 0.4), ("ball", 0.2), ("", 0.1)]]
    (word,) = merge_words([" Schnee", "mann"], [math.log(0.5), math.log(0.4)], alternatives)
    found = {other.text: other.probability for other in word.alternatives}
    assert found == pytest.approx({"Hund": 0.3, "Schneeball": 0.1, f"Schnee {END}": 0.05})
    assert [other.text for other in word.alternatives] == ["Hund", "Schneeball", f"Schnee {END}"]


def test_no_more_alternatives_than_asked_for():
    (word,) = merge_words([" a"], [math.log(0.1)], [[(letter, 0.05) for letter in "bcdefgh"]], n_alternatives=3)
    assert len(word.alternatives) == 3


@given(st.lists(st.text(alphabet="ab .,-'\u00e9\u96ea", min_size=0, max_size=4), max_size=12))
def test_no_character_is_lost_and_no_probability_leaves_its_range(pieces):
    words = merge_words(pieces, [-0.1] * len(pieces))
    assert shown(words).replace(" ", "") == "".join(pieces).replace(" ", "")
    assert all(0 < word.probability <= 1 for word in words)


def test_chinese_has_a_word_for_each_piece_and_no_spaces():
    pieces = [" 一只", "", "狗", "在", "雪地", "里", "。", " OK"]
    found = merge_words(pieces, [-0.1] * len(pieces))
    assert [word.text for word in found] == ["一只", "狗", "在", "雪地", "里", "。", "OK"]
    assert [word.space_before for word in found] == [False] * 6 + [True]
