"""Replies ranked by what the turn adds to their probability, on the committed checkpoint for dialogue."""

from __future__ import annotations

import numpy as np
import pytest

import vaegen
from vaegen.app.service import CHECKPOINTS
from vaegen.pipeline import replies
from vaegen.pipeline.replies import ranked_replies

TURN = "Did you watch the game last night?"


@pytest.fixture(scope="module")
def pipeline():
    return vaegen.load(CHECKPOINTS / "dialogue", "cpu")


def test_replies_differ_and_repeat_with_their_seed(pipeline):
    found = [reply.text for reply in pipeline.reply(TURN, n_best=5, seed=3)]
    assert len(set(found)) == 5
    assert found == [reply.text for reply in pipeline.reply(TURN, n_best=5, seed=3)]
    assert found != [reply.text for reply in pipeline.reply(TURN, n_best=5, seed=4)]


def test_without_the_penalty_the_order_is_that_of_the_probability(pipeline, monkeypatch):
    monkeypatch.setattr(replies, "PENALTY", 0.0)
    monkeypatch.setattr(replies, "LENGTH", 0.0)
    found = [reply.log_prob for reply in ranked_replies(pipeline, TURN, "en.reply", 0)]
    assert found == sorted(found, reverse=True)


def test_the_penalty_prefers_what_is_about_the_turn(pipeline, monkeypatch):
    """The replies that it puts first are less probable for another turn than those that a beam's order puts first."""

    def elsewhere(found):
        texts = [reply.text for reply in found[:8]]
        return np.mean([sum(s) for s in pipeline.score(["I broke your cup, sorry."] * len(texts), texts, "en.reply")])

    ranked = ranked_replies(pipeline, TURN, "en.reply", 0)
    assert {reply.text for reply in ranked[:8]} != {
        reply.text for reply in sorted(ranked, key=lambda reply: -reply.log_prob)[:8]
    }
    assert elsewhere(ranked) < elsewhere(sorted(ranked, key=lambda reply: -reply.log_prob))
