"""Measures of generated text against hand counts, a library, and cases whose answer is known."""

import numpy as np
import pytest
import sacrebleu

from vaegen.decoding.loops import loops, words
from vaegen.evaluation.generated_text import (
    distinct,
    features,
    mauve,
    memorised,
    n_grams,
    self_bleu,
    smoothness,
    trigram_perplexity,
    word_distance,
)


def split(*texts):
    return [words(text) for text in texts]


def test_words_are_lower_case_and_marks_stand_alone():
    assert words("A man's Dog, über-cool.") == ("a", "man's", "dog", ",", "über", "-", "cool", ".")
    assert list(n_grams(("a", "b", "c"), 2)) == [("a", "b"), ("b", "c")]


def test_distinct_counts_each_n_gram_once():
    sentences = split("a dog runs", "a dog sits")
    assert distinct(sentences, 1) == pytest.approx(4 / 6) and distinct(sentences, 2) == pytest.approx(3 / 4)
    assert distinct(split(""), 1) == 0.0


def test_self_bleu_is_that_of_sacrebleu():
    texts = ["a man rides a red bike in the park", "a man rides a bike", "two dogs run in the snow", "the the the dog"]
    mine = self_bleu(split(*texts))
    theirs = [
        sacrebleu.sentence_bleu(text, texts[:i] + texts[i + 1 :], tokenize="none", smooth_method="add-k", smooth_value=1)
        for i, text in enumerate(texts)
    ]
    assert mine == pytest.approx(np.mean([score.score / 100 for score in theirs]), abs=0.01)


def test_self_bleu_is_one_where_all_say_the_same():
    assert self_bleu(split(*["a man rides a bike"] * 5)) == pytest.approx(1.0)
    assert self_bleu(split("a b c d", "e f g h")) < 0.01


def test_memorised_are_whole_sentences_and_four_word_runs():
    grams, whole = memorised(split("a dog runs in snow", "two men sing"), split("a dog runs in grass", "Two men sing"))
    assert (grams, whole) == (1 / 2, 1 / 2)


@pytest.mark.parametrize(
    ("text", "is_loop"),
    [
        ("a man and a man and a man and sings", True),
        ("a very very very big dog", True),
        ("a very very big dog", False),
        ("one man and two men and three men", False),
        ("1 1 1 wins!!!", False),
        ("", False),
    ],
)
def test_a_loop_comes_three_times_in_a_row(text, is_loop):
    assert loops(words(text)) is is_loop


def test_a_straight_way_is_smooth_and_a_detour_is_not():
    assert smoothness([1.0, 2.0], 3.0) == 1.0
    assert smoothness([1.0, 2.0], 1.0) == pytest.approx(1 / 3)
    assert smoothness([0.0, 0.0], 0.0) == 1.0


def test_mauve_tells_captions_from_anything_else():
    rng = np.random.default_rng(0)

    def some(*parts, n=150):
        return features([" ".join(rng.choice(part.split(",")) for part in parts) + "." for _ in range(n)])

    captions = ("A,Two,The", "man,boys,girl,dogs,child", "in red,in blue,near a car,in snow", "running,sings,sleeping,eats")
    other = ("The interest,The tax,A growth", "rate", "rose by,fell by", "2,3,5,7,9", "percent in", "1999,2001,2012,2020")
    real, near, far = some(*captions), some(*captions), some(*other)
    assert near.shape == (150, 384) and np.allclose(np.linalg.norm(near, axis=1), 1.0, atol=1e-4)
    assert mauve(real, near) > 0.8 > 0.1 > mauve(real, far)


def test_word_distance_is_a_metric_that_knows_words():
    dog, hound, tax = "a dog runs", "a puppy runs", "the tax law"
    assert word_distance(dog, dog) == 0.0 and word_distance(dog, hound) == pytest.approx(word_distance(hound, dog))
    assert 0.0 < word_distance(dog, hound) < word_distance(dog, tax)
    assert word_distance(dog, tax) <= word_distance(dog, hound) + word_distance(hound, tax) + 1e-9


def test_trigrams_are_a_distribution_and_the_hand_count():
    """Kneser-Ney on "a b c." twice and "x b c."; ids: tag 0, end 1, a 2, b 3, c 4, x 5."""
    training = [[0, 2, 3, 4, 1], [0, 2, 3, 4, 1], [0, 5, 3, 4, 1]]
    vocab, d = 8, 0.75

    def probability(*gram):  # of the last id after two others, from the perplexity of that sentence alone
        return 1.0 / trigram_perplexity(training, [list(gram)], vocab)

    def after_start(token):  # the only trigram of this sentence: (0, 0, token)
        return probability(0, token)

    assert sum(after_start(token) for token in range(vocab)) == pytest.approx(1.0)
    # Six different bigrams: 0 a, 0 x, a b, x b, b c, c end; so p1(a) = (1 - d) / 6 + d * 5 / 6 / vocab
    p1 = (1 - d) / 6 + d * 5 / 6 / vocab
    p2 = (2 - d) / 3 + d * 2 / 3 * p1  # nothing stands before 0: what follows it, a and x, is counted as it comes
    assert after_start(2) == pytest.approx((2 - d) / 3 + d * 2 / 3 * p2)
    assert trigram_perplexity(training, training, vocab) < trigram_perplexity(training, [[0, 4, 5, 1]], vocab)


def test_a_beginning_counts_as_often_as_it_comes():
    """99 sentences begin with 5, one with 6; after a context that nobody has seen, 5 is as much likelier."""
    training = [[0, 5, 7, 1]] * 99 + [[0, 6, 7, 1]]
    likely, rare = (1.0 / trigram_perplexity(training, [[0, token]], 10) for token in (5, 6))
    assert likely == pytest.approx(0.99, abs=0.01) and likely / rare > 50
    # Five bigrams, which end in four words: 0 5, 0 6, 5 7, 6 7, 7 end. Unigrams 5 and 6 follow one word each, 0.
    d = 0.75
    p1 = (1 - d) / 5 + d * 4 / 5 / 10
    expected = []
    for count in (99, 1):
        p2 = (count - d) / 100 + d * 2 / 100 * p1
        expected.append((count - d) / 100 + d * 2 / 100 * p2)
    assert [likely, rare] == pytest.approx(expected)


def test_varied_samples_tell_more_of_held_out_text_than_the_same_one_again():
    rng = np.random.default_rng(0)
    sentences = [[0, *rng.choice([[2, 3], [4, 5], [6, 7]]).tolist(), *rng.choice([[8, 9], [10, 11]]).tolist(), 1]
                 for _ in range(80)]  # fmt: skip
    varied, held_out = sentences[:40], sentences[40:]
    assert trigram_perplexity(varied, held_out, 12) < 2.5 < trigram_perplexity(sentences[:1] * 40, held_out, 12)
