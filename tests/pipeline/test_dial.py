"""The dial at the door: beta reaches encoder, posterior and decoder, and wrong values are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from vaegen.config import SAMPLING_BETA
from vaegen.errors import VaegenError
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline import Pipeline, load

TEXTS = ["A dog runs.", "Two men sing on a stage."]


@pytest.fixture(scope="module")
def turned() -> Pipeline:
    """The committed captions model with a dial whose functions are not zero: small, so that it still translates."""
    start = load("checkpoints/multi30k")
    model = VAETransformer(replace(start.model.config, rate_dial=True))
    model.load_state_dict(start.model.state_dict(), strict=False)
    assert model.dial is not None
    generator = torch.Generator().manual_seed(1)
    for layer in (model.dial.to_query, model.dial.to_scale, model.dial.to_shift, model.dial.to_memory):
        layer.weight.data.normal_(std=0.02, generator=generator)
    return Pipeline(model, start.tokenizer)


def test_beta_changes_the_posterior_and_the_recommended_one_is_the_default(turned):
    low, high, usual = (turned.encode(TEXTS, beta=beta) for beta in (0.003, 1.0, None))
    assert not torch.allclose(low.mu, high.mu) and not torch.allclose(low.logvar, high.logvar)
    torch.testing.assert_close(usual.mu, turned.encode(TEXTS, beta=turned.model.config.default_beta).mu)


def test_a_latent_is_decoded_at_the_beta_that_is_asked_for(turned):
    z = turned.encode(TEXTS, beta=0.003).mode
    memories = [turned.model.memory(z, None, "latent", torch.full((2,), rate)).states for rate in (-5.0, 0.0)]
    assert not torch.allclose(*memories)
    assert turned.decode(z, "en", beta=0.003, num_beams=1) == turned.translate(
        TEXTS, "en", context="latent", beta=0.003, num_beams=1
    )


def test_scores_draws_and_refinement_follow_the_dial(turned):
    low, high = (turned.score(TEXTS, TEXTS, "en", "latent", beta=beta) for beta in (0.003, 1.0))
    assert low != high
    drawn = [turned.generate(TEXTS[:1], "en", n_draws=2, seed=3, context="latent", beta=beta) for beta in (0.003, 1.0)]
    assert [t.log_prob for t in drawn[0][0]] != [t.log_prob for t in drawn[1][0]]
    z, reached = turned.exact(TEXTS, beta=0.1)
    assert [text for text, good in zip(turned.decode(z, "en", num_beams=1, beta=0.1), reached, strict=True) if good] == [
        text for text, good in zip(TEXTS, reached, strict=True) if good
    ]


@pytest.mark.parametrize("beta", [0.0, -1, 2.0, float("nan"), "0.1", True])
def test_a_beta_out_of_range_is_refused(turned, beta):
    with pytest.raises(VaegenError, match=r"give a number from 0\.003 to 1"):
        turned.encode(TEXTS, beta=beta)


def test_a_checkpoint_without_a_dial_says_so():
    pipeline = load("checkpoints/multi30k")
    assert pipeline.rates == ()
    with pytest.raises(VaegenError, match="one rate only"):
        pipeline.translate(TEXTS, "de", beta=0.1)


def test_draws_from_the_plain_prior_are_decoded_where_sentences_fill_it(monkeypatch):
    pipeline = load("checkpoints/everyday", "cpu")
    asked = []
    monkeypatch.setattr(pipeline, "decode", lambda z, language, **options: asked.append(options["beta"]) or [""] * len(z))
    pipeline.sample(2, "en")
    pipeline.sample(2, "en", prior="mixture")
    pipeline.sample(2, "en", beta=0.1)
    assert asked == [SAMPLING_BETA, None, 0.1]
    assert load("checkpoints/multi30k", "cpu").rate_of("normal") is None  # it has no dial
