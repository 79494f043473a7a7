"""Refined latents read back word by word, stay near, and leave alone what is right already."""

from pathlib import Path

import numpy as np
import pytest
import torch

import vaegen
from vaegen.errors import VaegenError
from vaegen.latent import refinement
from vaegen.model.posterior import DiagonalGaussian

TEXTS = [
    "An old clown in a purple coat juggles five lemons next to a fountain.",
    "A dog runs.",
    "Zwei Köche tragen eine riesige Torte durch den Regen.",
    "Three musicians with striped hats play on a wooden boat.",
]


@pytest.fixture(scope="module")
def pipeline():
    return vaegen.load(Path(__file__).parents[2] / "checkpoints" / "multi30k", device="cpu")


def test_refined_latents_read_back_what_the_encoder_alone_does_not(pipeline):
    languages = ["en", "en", "de", "en"]
    before = pipeline.decode(pipeline.encode(TEXTS).mode, languages, num_beams=1)
    z, reached = pipeline.exact(TEXTS, languages)
    after = pipeline.decode(z, languages, num_beams=1)
    assert [a == b for a, b in zip(after, TEXTS, strict=True)] == reached
    assert sum(reached) >= 3 > sum(a == b for a, b in zip(before, TEXTS, strict=True))
    assert (pipeline.exact(TEXTS)[0] == z).all()  # languages are detected


def test_what_is_right_stays_where_it_is(pipeline):
    posterior = pipeline.encode(TEXTS)
    z, _ = pipeline.exact(TEXTS)
    assert pipeline.decode(posterior.mode[1], "en", num_beams=1) == TEXTS[1:2]
    assert np.array_equal(z[1], posterior.mode[1].numpy())
    moved = ((z - posterior.mu.numpy()) / posterior.std.numpy()).reshape(4, -1)
    assert np.sqrt((moved**2).mean(1)).max() < 1.5  # standard deviations


def test_a_language_that_is_not_there_is_told(pipeline):
    with pytest.raises(VaegenError, match="xx"):
        pipeline.exact(["A dog."], ["xx"])


def test_a_posterior_that_keeps_nothing_is_not_written_into(pipeline, monkeypatch):
    prior = DiagonalGaussian(torch.zeros(1, *pipeline.latent_shape), torch.zeros(1, *pipeline.latent_shape))
    monkeypatch.setattr(pipeline, "encode", lambda texts, beta=None: prior)
    z, reached = pipeline.exact(["A dog runs."], ["en"])
    assert reached == [False] and not z.any()
    monkeypatch.setattr(refinement, "LEAST_NATS", 0.0)
    z, reached = pipeline.exact(["A dog runs."], ["en"])
    assert reached == [True] and z.any()  # the decoder could be made to say it


def test_a_collapsed_decoder_cannot_be_made_to_read_a_sentence_and_its_latents_stay():
    collapsed = vaegen.load(Path(__file__).parents[2] / "checkpoints" / "collapsed", device="cpu")
    z, reached = collapsed.exact(TEXTS[:1], ["en"])
    assert reached == [False]
    assert np.array_equal(z, collapsed.encode(TEXTS[:1]).mode.numpy())
