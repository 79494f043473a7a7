"""The attention view: whose weights it shows, how sub-words become words, and what a missing word changes."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from vaegen.app.questions.attention import MAX_TOKENS, Attending, side_of
from vaegen.app.questions.points import Point
from vaegen.app.tabs.attention import question
from vaegen.errors import VaegenError
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.attention_weights import entropy, groups, merged
from vaegen.pipeline.pipeline import Pipeline
from vaegen.text.words import END, merge_words, word_groups

SNOW = Point("a dog runs through the unsnowed snow", "en")


@pytest.fixture
def pipeline(tiny_model, tokenizer):
    return Pipeline(tiny_model, tokenizer, name="tiny")


def take_away(pipeline, side, index, how="drop"):
    return pipeline.occlude(side.text, index, side.language, side.context, side.target_text, how, side.is_merged)


def test_word_groups_are_the_words_of_merge_words():
    pieces = [" A", " do", "g", "'", "s", " life", ",", " o", "k", "."]
    found = ["".join(pieces[i] for i in group).strip() for group in word_groups(pieces)]
    assert found == ["A", "dog's", "life", ",", "ok", "."]
    assert found == [word.text for word in merge_words(pieces, [-0.1] * len(pieces))]
    assert sorted(i for group in word_groups(pieces) for i in group) == list(range(len(pieces)))


def test_the_end_is_never_part_of_a_word():
    assert groups([" sno", "w", "</s>"], merge=True) == [[0, 1], [2]]
    assert groups([" sno", "w", "</s>"], merge=False) == [[0], [1], [2]]


def test_merging_sums_what_is_looked_at_and_averages_who_looks():
    weights = torch.tensor([[0.2, 0.3, 0.5], [0.6, 0.0, 0.4], [0.1, 0.1, 0.8]])
    assert np.allclose(merged(weights, [[0, 1], [2]], [[0, 1], [2]]), [[0.55, 0.45], [0.2, 0.8]])


@pytest.mark.parametrize("merge", [True, False])
@pytest.mark.parametrize("context", ["source", "latent"])
def test_rows_sum_to_one_and_shapes_are_those_of_the_labels(pipeline, merge, context):
    side = side_of(pipeline, SNOW.text, "de", context, "ein Hund rennt durch den Schnee", merge, source_language="en")
    m, n, rows = pipeline.model.config.n_slots, len(side.source), len(side.target)
    assert side.encoder.shape[2:] == (m + n, m + n)
    assert side.decoder.shape[2:] == (rows, rows)
    assert side.cross.shape[2:] == (rows, m + n if context == "source" else m)
    for part in (side.encoder, side.decoder, side.cross):
        assert np.allclose(part.array().sum(-1), 1, atol=1e-3)
    # Nothing is read before it is written; a merged word reads its own first sub-words.
    assert (np.triu(side.decoder.array(), 2 if merge else 1) == 0).all()
    assert side.source[-1] == side.target[-1] == END


def test_merged_weights_are_those_of_the_pipeline(pipeline):
    asked = {"target": "zwei Männer singen", "source_language": "en"}
    merged_side, plain = (side_of(pipeline, SNOW.text, "de", merge=merge, **asked) for merge in (True, False))
    maps = pipeline.attention(SNOW.text, "de", target_text="zwei Männer singen").maps
    assert np.allclose(plain.cross.array(), maps.cross[:, 0].numpy(), atol=1e-4)
    assert np.allclose(plain.encoder.array(), maps.encoder_self[:, 0].numpy(), atol=1e-4)
    assert len(merged_side.source) < len(plain.source)
    assert merged_side.source[:-1] == tuple(SNOW.text.split())
    word = next(i for i, text in enumerate(merged_side.source) if text == "unsnowed")
    m, spans = pipeline.model.config.n_slots, groups(pipeline.attention(SNOW.text, "de", target_text="").source_tokens, True)
    columns = [m + i for i in spans[word]]
    assert len(columns) > 1
    end = maps.cross[:, 0, :, -1, columns].sum(-1).numpy()  # the last row is the end, a word of one piece
    assert np.allclose(merged_side.cross.array()[:, :, -1, m + word], end, atol=1e-4)


def test_entropy_is_zero_for_one_place_and_the_logarithm_for_all():
    weights = np.zeros((1, 2, 3, 4))
    weights[:, 0, :, 1] = 1
    weights[:, 1] = 0.25
    assert entropy(weights) == ((0.0, round(float(np.log(4)), 3)),)


def test_a_sentence_goes_through_the_latent_alone_into_its_own_language(pipeline):
    assert side_of(pipeline, SNOW.text, "en", "source", source_language="en").context == "latent"
    assert side_of(pipeline, SNOW.text, "de", "source", source_language="en").context == "source"


def test_a_model_without_a_latent_shows_its_words(tiny_config, tokenizer):
    torch.manual_seed(0)
    plain = Pipeline(VAETransformer(replace(tiny_config, n_slots=0)).eval(), tokenizer)
    side = side_of(plain, SNOW.text, "en", source_language="en")
    assert side.context == "source" and side.cross.shape[3] == len(side.source)
    assert set(side.entropy) == {"encoder", "decoder", "cross"}


def test_the_log_probability_is_that_of_the_given_translation(pipeline):
    side = side_of(pipeline, SNOW.text, "de", target="zwei Männer singen", source_language="en")
    assert side.is_given and side.target_text == "zwei Männer singen"
    assert side.log_prob == pytest.approx(sum(pipeline.score([SNOW.text], ["zwei Männer singen"], "de")[0]), abs=1e-4)


@pytest.mark.parametrize("how", ["drop", "mask"])
def test_taking_a_word_away_scores_the_old_translation_both_ways(pipeline, how):
    side = side_of(pipeline, SNOW.text, "de", target="ein Hund rennt", source_language="en")
    found = take_away(pipeline, side, 1, how)
    left = "a [mask] runs through the unsnowed snow" if how == "mask" else "a runs through the unsnowed snow"
    assert (found.word, found.text) == ("dog", left)
    assert found.log_prob_before == pytest.approx(side.log_prob, abs=1e-3)
    assert found.log_prob_after != pytest.approx(found.log_prob_before, abs=1e-6)
    change = sum(word.log_prob_change for word in found.before)
    assert change == pytest.approx(found.log_prob_after - found.log_prob_before, abs=1e-4)
    assert all(word.kl >= 0 for word in found.before) and sum(word.kl for word in found.before) > 0
    if how == "drop":  # the same as a sentence that never had the word
        assert found.log_prob_after == pytest.approx(sum(pipeline.score([left], ["ein Hund rennt"], "de")[0]), abs=1e-3)
        assert "".join(found.after).strip() == pipeline.translate(left, "de", num_beams=5)
    assert len(found.after) == len(found.changed)


def test_only_new_words_are_marked(pipeline):
    side = side_of(pipeline, SNOW.text, "de", source_language="en")
    again = replace(side, target_text=pipeline.translate("a runs through the unsnowed snow", "de"))
    found = take_away(pipeline, again, 1)
    assert not any(found.changed) and all(word.is_kept for word in found.before)
    strange = take_away(pipeline, replace(side, target_text="qqq"), 1)
    assert not strange.before[0].is_kept


def test_what_cannot_be_taken_away_is_said(pipeline):
    side = side_of(pipeline, "dog", "de", target="Hund", source_language="en")
    with pytest.raises(VaegenError, match="Nothing is left"):
        take_away(pipeline, side, 0)
    assert take_away(pipeline, side, 0, "mask").text == "[mask]"
    with pytest.raises(VaegenError, match="has 1, the first is 0"):
        take_away(pipeline, side, 1)


def test_answers_grow_and_are_plain_data(pipeline):
    asked = Attending(SNOW, Point("two men sing", "en"), without=2, target="ein Hund").checked(["tiny"])
    answers = list(asked.answers(pipeline))
    assert [len(answer.sides) for answer in answers] == [1, 1, 2]
    assert [answer.is_complete for answer in answers] == [False, False, True]
    assert [side.is_given for side in answers[-1].sides] == [True, False]
    assert len(json.dumps(asdict(answers[-1]))) < 150_000


@pytest.mark.parametrize(
    "asked", [Attending(SNOW), Attending(SNOW, SNOW, context="latent", target="ein Hund", without=1, merge=False)]
)
def test_the_python_that_is_copied_runs(pipeline, monkeypatch, capsys, asked):
    import vaegen

    monkeypatch.setattr(vaegen, "load", lambda path, avoid: pipeline, raising=False)
    *_, answer = asked.checked(["tiny"]).answers(pipeline)
    exec(answer.python, {})
    assert str(answer.sides[0].source) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"a": {"text": "", "z": "abc"}}, "no words"),
        ({"a": {"text": "  "}}, "sentence"),
        ({"a": None}, "sentence"),
        ({"compare": True}, "sentence"),
        ({"language": "x?"}, "give the code"),
        ({"language": ["de"]}, "give the code"),
        ({"context": None}, "latent"),
        ({"without": "dog"}, "whole number"),
        ({"without": 1e9}, "-1 to 80"),
        ({"how": "burn"}, "drop, mask"),
        ({"target": "x" * 10_000}, "10,000"),
        ({"checkpoint": "../x"}, "tiny"),
    ],
)
def test_a_refusal_says_what_is_allowed(values, said):
    with pytest.raises(VaegenError, match=said):
        question({"a": {"text": "a dog", "language": "en"}, **values}).checked(["tiny"])


def test_a_sentence_too_long_for_the_picture_is_refused(pipeline):
    with pytest.raises(VaegenError, match=f"up to {MAX_TOKENS}"):
        side_of(pipeline, "a dog " * 60, "de", source_language="en")
    with pytest.raises(VaegenError, match="The translation"):
        side_of(pipeline, SNOW.text, "de", target="ein Hund " * 60, source_language="en")
