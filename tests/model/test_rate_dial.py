"""The dial: nothing at first, one beta for each sentence, told to the encoder and to the memory alike."""

import math

import pytest
import torch

from vaegen.config import override
from vaegen.errors import VaegenError
from vaegen.model.checkpoint import load_checkpoint, save_checkpoint
from vaegen.model.posterior import DiagonalGaussian
from vaegen.model.rate_dial import BETA_MAX, BETA_MIN, check_beta, draw_log_beta, per_sentence
from vaegen.model.vae_transformer import VAETransformer

SRC = torch.tensor([[9, 10, 11, 1], [12, 13, 1, 0]])
MASK = SRC != 0
TGT_IN = torch.tensor([[3, 9, 10], [4, 11, 12]])
LOG_BETA = torch.tensor([0.004, 0.7]).log()


@pytest.fixture
def dialled(tiny_model):
    """`tiny_model` with a dial that was never turned."""
    model = VAETransformer(override(tiny_model.config, rate_dial=True)).eval()
    missing = model.load_state_dict(tiny_model.state_dict(), strict=False).missing_keys
    assert missing and all(name.startswith("dial.") for name in missing)
    return model


@pytest.fixture
def turned(dialled):
    """The same with a dial that does something."""
    with torch.no_grad():
        for name, weight in dialled.dial.named_parameters():
            if name.startswith("to_"):
                weight.normal_(std=0.1)
    return dialled


@pytest.mark.parametrize("beta", [None, BETA_MIN, 0.05, BETA_MAX])
def test_a_fresh_dial_changes_nothing(tiny_model, dialled, beta):
    log_beta = None if beta is None else torch.full((2,), math.log(beta))
    plain, told = tiny_model.encode(SRC, MASK), dialled.encode(SRC, MASK, log_beta)
    assert torch.equal(plain.posterior.mu, told.posterior.mu) and torch.equal(plain.posterior.logvar, told.posterior.logvar)
    for context in ("latent", "source"):
        logits = (
            model.decode_logits(TGT_IN, model.memory(encoding.posterior.mode, encoding, context))
            for model, encoding in ((tiny_model, plain), (dialled, told))
        )
        assert torch.equal(*logits)


def test_every_part_of_the_dial_learns_from_the_first_step(dialled):
    encoding = dialled.encode(SRC, MASK, LOG_BETA)
    z = encoding.posterior.sample(torch.Generator().manual_seed(0))
    nats = -dialled.decode_logits(TGT_IN, dialled.memory(z, encoding, "latent")).log_softmax(-1)[..., 9].sum()
    (nats + per_sentence(encoding.posterior, encoding.log_beta).mean()).backward()
    for name in ("to_query", "to_scale", "to_shift", "to_memory"):
        assert getattr(dialled.dial, name).weight.grad.abs().sum() > 0, name


def test_each_sentence_has_its_own_beta_and_the_usual_one_where_none_is_given(turned):
    both = turned.encode(SRC, MASK, LOG_BETA).posterior
    for row in (0, 1):
        alone = turned.encode(SRC[row : row + 1], MASK[row : row + 1], LOG_BETA[row : row + 1]).posterior
        torch.testing.assert_close(both.mu[row : row + 1], alone.mu)
        torch.testing.assert_close(both.logvar[row : row + 1], alone.logvar)
    swapped = turned.encode(SRC, MASK, LOG_BETA.flip(0)).posterior
    assert (swapped.mu - both.mu).abs().amax((1, 2)).min() > 1e-3
    usual = turned.encode(SRC, MASK, torch.full((2,), math.log(turned.config.default_beta))).posterior
    torch.testing.assert_close(turned.encode(SRC, MASK).posterior.mu, usual.mu)


def test_the_memory_is_told_what_the_encoder_was_told(turned):
    encoding = turned.encode(SRC, MASK, LOG_BETA)
    z = encoding.posterior.mode
    low, other = turned.latent_to_memory(z, LOG_BETA), turned.latent_to_memory(z, LOG_BETA.flip(0))
    assert (low - other).abs().amax() > 1e-3
    assert torch.equal(turned.memory(z, encoding, "latent").states, low)
    assert torch.equal(turned.memory(z, None, "latent", LOG_BETA.flip(0)).states, other)  # of a latent without a sentence
    usual = torch.full((2,), math.log(turned.config.default_beta))
    assert torch.equal(turned.memory(z, None, "latent").states, turned.latent_to_memory(z, usual))


def test_the_scale_of_the_posterior_is_a_positive_factor(turned):
    dial, ones = turned.dial, torch.ones(2, turned.config.n_slots, 2 * turned.config.latent_dim)
    torch.nn.init.zeros_(dial.to_shift.weight)
    once = dial.posterior(ones, LOG_BETA)
    with torch.no_grad():
        dial.to_scale.weight.mul_(-2.0)
    torch.testing.assert_close(dial.posterior(ones, LOG_BETA), once**-2.0)


def test_log_beta_is_drawn_evenly_from_end_to_end():
    torch.manual_seed(0)
    drawn = draw_log_beta(40_000)
    low, high = math.log(0.003), 0.0
    assert low <= drawn.min() < low + 0.01 and high - 0.01 < drawn.max() <= high
    quartiles = torch.quantile(drawn, torch.tensor([0.25, 0.5, 0.75])).tolist()
    assert quartiles == pytest.approx([0.75 * low, 0.5 * low, 0.25 * low], abs=0.05)


def test_what_a_sentence_pays_is_beta_times_its_own_kl():
    posterior = DiagonalGaussian(torch.tensor([[[1.0]], [[3.0]]]), torch.zeros(2, 1, 1))  # 0.5 and 4.5 nats
    assert per_sentence(posterior, torch.tensor([0.5, 0.1]).log()).tolist() == pytest.approx([0.25, 0.45])


@pytest.mark.parametrize("beta", [0.0, 0.0029, 1.01, -1, float("nan"), True, "0.1", None])
def test_a_beta_out_of_range_is_said(beta):
    with pytest.raises(VaegenError, match=r"beta=.*: give a number from 0\.003 to 1"):
        check_beta(beta)
    assert [check_beta(given) for given in (0.003, 0.5, 1)] == [0.003, 0.5, 1.0]


def test_a_model_without_a_dial_says_so(tiny_model, tiny_config):
    with pytest.raises(VaegenError, match="one rate only; leave beta out"):
        tiny_model.encode(SRC, MASK, LOG_BETA)
    with pytest.raises(VaegenError, match="without a latent there is no rate"):
        override(tiny_config, rate_dial=True, n_slots=0)
    with pytest.raises(VaegenError, match=r"default_beta=2\.0: give a number from 0\.003 to 1"):
        override(tiny_config, default_beta=2.0)


def test_a_dial_survives_its_checkpoint(turned, tokenizer, tmp_path):
    save_checkpoint(tmp_path / "dial", turned, tokenizer)
    restored = load_checkpoint(tmp_path / "dial").model
    assert restored.config.rate_dial
    for name, value in turned.dial.state_dict().items():
        assert torch.equal(restored.dial.state_dict()[name], value.half().float()), name
