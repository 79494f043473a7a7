"""Arguments of the Python API: types are checked at the door, in a sentence; what has no effect is told."""

from __future__ import annotations

import numpy as np
import pytest

from vaegen.decoding.options import DecodingOptions
from vaegen.errors import UnusedOption, VaegenError
from vaegen.pipeline import load

TEXTS = ["A dog runs through the snow.", "Two men sing."]


@pytest.fixture(scope="module")
def pipeline():
    return load("checkpoints/multi30k", "cpu")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda p: p.translate(TEXTS, "de", num_beams=2.5), r"num_beams=2\.5: give a whole number"),
        (lambda p: p.translate(TEXTS, "de", num_beams=True), "num_beams=True: give a whole number"),
        (lambda p: p.translate(TEXTS, "de", num_beams=0), "num_beams=0: give a whole number from 1 on"),
        (lambda p: p.translate(TEXTS, "de", length_penalty="1"), "length_penalty='1': give a number"),
        (lambda p: p.translate(TEXTS, "de", batch_size=0), "batch_size=0: give a whole number from 1 on"),
        (lambda p: p.translate(TEXTS, None), "There is no language None"),
        (lambda p: p.generate(TEXTS, "de", n_draws=1, seed="3"), "seed='3': give a whole number"),
        (lambda p: p.generate(TEXTS, "de", n_draws=-1), "n_draws=-1: give a whole number from 0 on"),
        (lambda p: p.decode(p.draw(2), "de", batch_size=-1), "batch_size=-1: give a whole number from 1 on"),
        (lambda p: p.interpolate(*TEXTS, "3", "de"), "steps='3': give a whole number"),
        (lambda p: p.draw(2.0), r"n=2\.0: give a whole number"),
        (lambda p: p.elbo(TEXTS, n_draws=0), "n_draws=0: give a whole number from 1 on"),
        (lambda p: p.elbo(["A dog runs.", " "]), "none that is blank"),
    ],
)
def test_a_wrong_type_or_number_is_told_in_a_sentence(pipeline, call, said):
    with pytest.raises(VaegenError, match=said):
        call(pipeline)


def test_numbers_of_numpy_are_numbers(pipeline):
    seed, beams = np.int64(3), np.int32(2)
    assert pipeline.draw(np.int64(1), seed=seed).tolist() == pipeline.draw(1, seed=3).tolist()
    assert pipeline.translate(TEXTS, "de", num_beams=beams) == pipeline.translate(TEXTS, "de", num_beams=2)
    assert isinstance(DecodingOptions(num_beams=beams, temperature=np.float32(2.0)).num_beams, int)


def test_an_option_without_effect_is_told(pipeline):
    with pytest.warns(UnusedOption, match="temperature: without effect where words are not sampled"):
        pipeline.translate(TEXTS[0], "de", temperature=0.5)


def test_a_pipeline_says_what_it_is(pipeline):
    assert repr(pipeline) == "<Pipeline 'multi30k': en, de, fr, cs; 16 slots of 32; 5,554,048 parameters on cpu>"


def test_bounds_are_told_sentence_by_sentence(pipeline):
    both = pipeline.elbo(TEXTS, "en", n_draws=3, seed=1)
    assert len(both) == 2 and both.recon.shape == both.kl.shape == both.nll_iw.shape == (2,)
    np.testing.assert_allclose(both.neg_elbo, both.recon + both.kl)
    np.testing.assert_allclose(both.kl, pipeline.encode(TEXTS).kl().numpy(), rtol=1e-5)
    one = pipeline.elbo(TEXTS[0], "en", n_draws=1)
    np.testing.assert_allclose(one.nll_iw, one.neg_elbo + _kl_of_the_draw(pipeline, one), rtol=1e-4)


def _kl_of_the_draw(pipeline, bounds):
    """With one draw the two differ by KL minus log q(z|x) / p(z) of that draw alone."""
    import torch

    from vaegen.model.posterior import DiagonalGaussian, gaussian_log_prob

    q = pipeline.encode(TEXTS[:1])
    q = DiagonalGaussian(q.mu.cpu(), q.logvar.cpu())
    z = q.sample(torch.Generator().manual_seed(0))
    return (q.log_prob(z) - gaussian_log_prob(z)).numpy() - bounds.kl
