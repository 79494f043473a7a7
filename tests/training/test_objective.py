"""The loss: values and gradients against the textbook formula, signs, units, schedules."""

import math

import pytest
import torch
import torch.nn.functional as F

from vaegen.config import TrainConfig, override
from vaegen.model.likelihood import token_log_probs
from vaegen.model.posterior import DiagonalGaussian
from vaegen.training.beta_schedule import BetaSchedule
from vaegen.training.linear_cross_entropy import CHUNK, linear_cross_entropy
from vaegen.training.objective import contrast, drop_words, free_bits_kl, nested_kl_weights, nested_prefixes, vae_loss

VOCAB, WIDTH = 50, 8


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("n", [3, CHUNK, CHUNK + 5])
def test_fused_cross_entropy_has_the_value_and_gradient_of_the_plain_one(n, smoothing):
    hidden = torch.randn(n, WIDTH, requires_grad=True)
    weight = torch.randn(VOCAB, WIDTH, requires_grad=True)
    target = torch.randint(VOCAB, (n,))
    loss, nll = linear_cross_entropy(hidden, weight, target, smoothing)
    (3.0 * loss).backward()
    fused = hidden.grad.clone(), weight.grad.clone()
    hidden.grad = weight.grad = None
    logits = hidden @ weight.T
    plain = F.cross_entropy(logits, target, label_smoothing=smoothing, reduction="sum")
    (3.0 * plain).backward()
    torch.testing.assert_close(loss, plain, rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(nll, F.cross_entropy(logits, target, reduction="sum"), rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(fused[0], hidden.grad, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(fused[1], weight.grad, rtol=1e-4, atol=1e-3)


def test_fused_cross_entropy_under_autocast_is_close():
    hidden, weight, target = torch.randn(64, WIDTH), torch.randn(VOCAB, WIDTH), torch.randint(VOCAB, (64,))
    with torch.autocast("cpu", torch.bfloat16):
        loss, nll = linear_cross_entropy(hidden, weight, target, 0.1)
    assert loss.dtype == nll.dtype == torch.float32
    assert nll.item() == pytest.approx(F.cross_entropy(hidden @ weight.T, target, reduction="sum").item(), rel=0.01)


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize("nats", [80.0, 200.0, 5000.0])
def test_fused_cross_entropy_has_no_ceiling(nats, autocast):
    """One token that the model rules out, one whose logits are far from 0 and whose loss is nothing."""
    hidden, weight = torch.tensor([[nats, 0.0], [0.0, nats]], requires_grad=True), torch.eye(2)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        loss, nll = linear_cross_entropy(hidden, weight, torch.tensor([1, 1]), 0.0)
    loss.backward()
    assert nll.item() == pytest.approx(nats, rel=0.01 if autocast else 1e-6) and loss.item() == nll.item()
    assert hidden.grad[0].tolist() == [1.0, -1.0] and hidden.grad[1].abs().max() < 1e-30


def test_only_the_smoothed_loss_can_be_minimised():
    hidden = torch.randn(4, WIDTH, requires_grad=True)
    loss, nll = linear_cross_entropy(hidden, torch.randn(VOCAB, WIDTH), torch.randint(VOCAB, (4,)), 0.1)
    assert loss.requires_grad and not nll.requires_grad  # its gradient would be a silent 0


def test_token_log_probs_pick_the_target():
    logits, target = torch.randn(2, 3, VOCAB), torch.randint(VOCAB, (2, 3))
    expected = -F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="none").view(2, 3)
    torch.testing.assert_close(token_log_probs(logits, target), expected)


def loss_of(config, beta, posterior):
    hidden, weight = torch.randn(4, 6, WIDTH), torch.randn(VOCAB, WIDTH)
    target = torch.randint(VOCAB, (4, 6))
    mask = torch.arange(6) < torch.tensor([6, 2, 4, 1])[:, None]
    return vae_loss(hidden, weight, target, mask, posterior, beta, config), (hidden, weight, target, mask)


def test_recon_and_kl_are_honest_whatever_training_adds():
    posterior = DiagonalGaussian(torch.randn(2, 3, 4), torch.randn(2, 3, 4))
    config = TrainConfig(label_smoothing=0.3, free_bits=5.0)
    terms, (hidden, weight, target, mask) = loss_of(config, 0.7, posterior)
    expected = -(token_log_probs(hidden @ weight.T, target) * mask).sum(1).mean()
    torch.testing.assert_close(terms.recon, expected, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(terms.kl, posterior.kl().mean())
    assert terms.n_tokens == 13 and terms.recon > 0 and terms.kl >= 0
    assert terms.kl_free == pytest.approx(5.0 * 12)  # every dimension is under the floor


def test_loss_is_recon_plus_beta_kl_per_token():
    posterior = DiagonalGaussian(torch.randn(2, 3, 4), torch.randn(2, 3, 4))
    config = TrainConfig(label_smoothing=0.0, free_bits=0.0)
    terms, _ = loss_of(config, 0.7, posterior)
    tokens_per_sentence = 13 / 4
    expected = (terms.recon + 0.7 * posterior.kl().mean()) / tokens_per_sentence
    torch.testing.assert_close(terms.loss, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("settings", [{"free_bits": 5.0}, {"free_bits": 0.0, "nested_rate": 0.5, "nested_beta": 2.0}])
def test_the_floor_and_the_weights_of_the_slots_are_in_the_loss_and_smoothing_is(settings):
    posterior = DiagonalGaussian(torch.randn(2, 3, 4), torch.randn(2, 3, 4))
    config = TrainConfig(label_smoothing=0.2, beta=0.1, **settings)
    terms, (hidden, weight, target, mask) = loss_of(config, 0.7, posterior)
    per_dim = posterior.kl_per_dim().mean(0).clamp_min(config.free_bits)
    kl = float(per_dim.sum(-1) @ nested_kl_weights(3, config))
    smoothed = F.cross_entropy((hidden @ weight.T)[mask], target[mask], label_smoothing=0.2, reduction="sum")
    assert terms.loss.item() == pytest.approx((float(smoothed) + 4 * 0.7 * kl) / 13, rel=1e-5)
    assert terms.kl_free.item() == pytest.approx(kl, rel=1e-5) and terms.kl.item() != pytest.approx(kl, rel=0.01)


def test_each_sentence_of_the_dial_pays_its_own_beta_and_no_floor():
    posterior = DiagonalGaussian(torch.randn(2, 3, 4), torch.randn(2, 3, 4))
    hidden, weight, target = torch.randn(2, 1, WIDTH), torch.randn(VOCAB, WIDTH), torch.tensor([[3], [4]])
    betas = torch.tensor([0.01, 0.5])
    config = TrainConfig(label_smoothing=0.0, free_bits=5.0, beta=0.03)
    terms = vae_loss(hidden, weight, target, target > 0, posterior, 0.25, config, betas.log())
    recon = -token_log_probs(hidden @ weight.T, target).sum() / 2
    first, second = posterior.kl().tolist()
    assert terms.loss.item() == pytest.approx(recon.item() + 0.25 * (0.01 * first + 0.5 * second) / 2, rel=1e-5)
    assert terms.kl.item() == pytest.approx((first + second) / 2, rel=1e-5)


def test_without_a_latent_there_is_no_kl():
    terms, _ = loss_of(TrainConfig(), 1.0, None)
    assert terms.kl == terms.kl_free == 0


def test_free_bits_floor_the_batch_mean_of_each_dimension():
    mu = torch.zeros(2, 1, 2)
    mu[0, 0, 0] = 2.0  # KL 2 nats for one of two sentences: mean 1; the other dimension has none
    mu.requires_grad_()
    kl = free_bits_kl(DiagonalGaussian(mu, torch.zeros(2, 1, 2)), 0.25)
    assert kl.item() == pytest.approx(1.0 + 0.25)
    kl.backward()
    assert mu.grad[0, 0, 0] == pytest.approx(1.0)
    small = torch.full((2, 1, 1), 0.1, requires_grad=True)
    free_bits_kl(DiagonalGaussian(small, torch.zeros(2, 1, 1)), 0.25).backward()
    assert small.grad.abs().sum() == 0  # under the floor nothing is pushed


def test_word_dropout_spares_the_language_tag():
    tgt_in = torch.full((500, 10), 7)
    dropped = drop_words(tgt_in, 0.3, mask_id=2)
    assert (dropped[:, 0] == 7).all()
    assert (dropped[:, 1:] == 2).float().mean() == pytest.approx(0.3, abs=0.03)
    assert drop_words(tgt_in, 0.0, mask_id=2) is tgt_in


def test_gated_schedule_waits_for_evidence_then_ramps():
    schedule = BetaSchedule(TrainConfig(schedule="gated", beta=0.1, ramp_steps=100, gate_nats=30.0))
    assert schedule.beta_at(10_000) == 0.0
    assert schedule.observe_gap(500, 29.0) is None and schedule.beta_at(900) == 0.0
    assert "gate open" in schedule.observe_gap(1000, 31.0)
    assert [schedule.beta_at(step) for step in (1000, 1050, 1100, 5000)] == pytest.approx([0.0, 0.05, 0.1, 0.1])
    assert schedule.observe_gap(1200, 40.0) is None


def test_posterior_collapse_is_named():
    schedule = BetaSchedule(TrainConfig(gate_nats=30.0))
    assert schedule.observe_gap(0, 0.0) is None  # nothing to lose yet
    schedule.observe_gap(100, 35.0)
    assert "posterior_collapse" in schedule.observe_gap(200, 3.0)


def test_cyclical_schedule_ramps_in_each_cycle():
    schedule = BetaSchedule(TrainConfig(schedule="cyclical", beta=0.1, steps=400, n_cycles=4), gate_step=0)
    assert [schedule.beta_at(s) for s in (0, 25, 50, 99, 100, 125)] == pytest.approx([0.0, 0.05, 0.1, 0.1, 0.0, 0.05])


@pytest.mark.parametrize(
    ("steps", "gate_step", "n_cycles"), [(403, 0, 4), (8000, 1001, 4), (5, 0, 4), (100, 98, 7), (9, 2, 9)]
)
def test_cyclical_schedule_ends_on_its_plateau(steps, gate_step, n_cycles):
    config = TrainConfig(schedule="cyclical", beta=0.1, steps=steps, n_cycles=n_cycles)
    betas = [BetaSchedule(config, gate_step=gate_step).beta_at(step) for step in range(gate_step, steps)]
    assert betas[-1] == 0.1 and min(betas) == betas[0] == 0.0
    assert betas.count(0.0) <= n_cycles


def test_schedule_of_the_dial_waits_ramps_to_1_and_leaves_beta_to_the_sentences():
    schedule = BetaSchedule(TrainConfig(schedule="dial", beta=0.1, ramp_steps=100, gate_nats=30.0))
    assert schedule.beta_at(10_000) == 0.0
    schedule.observe_gap(1000, 31.0)
    assert [schedule.beta_at(step) for step in (1000, 1050, 1100, 5000)] == pytest.approx([0.0, 0.5, 1.0, 1.0])


def test_target_kl_controller_steers_towards_the_target():
    config = TrainConfig(schedule="target_kl", beta=1.0, target_kl=40.0)
    high, low = BetaSchedule(config, gate_step=0, controlled=0.01), BetaSchedule(config, gate_step=0, controlled=0.01)
    for _ in range(50):
        high.observe_kl(80.0)
        low.observe_kl(20.0)
    assert high.beta_at(1) == pytest.approx(0.01 * math.exp(0.5), rel=1e-6)
    assert low.beta_at(1) == pytest.approx(0.01 * math.exp(-0.25), rel=1e-6)
    assert BetaSchedule(override(config, schedule="constant", beta=0.3)).beta_at(0) == 0.3


def test_nested_prefixes_double_evenly_and_the_rest_is_whole():
    k = nested_prefixes(40_000, 16, 0.4)
    assert (k == 16).float().mean().item() == pytest.approx(0.6, abs=0.01)
    for low in (1, 2, 4, 8):  # 1, 2-3, 4-7, 8-15
        assert ((k >= low) & (k < 2 * low)).float().mean().item() == pytest.approx(0.1, abs=0.01)
    assert set(nested_prefixes(100, 4, 0.0).tolist()) == {4}


def test_the_weight_of_a_slots_kl_is_its_mean_beta_over_the_prefixes():
    config = TrainConfig(nested_rate=0.4, nested_beta=0.5, beta=0.01)
    k = nested_prefixes(200_000, 8, config.nested_rate)
    beta = config.nested_beta * k.float() ** -(math.log(config.nested_beta / config.beta) / math.log(8))
    assert beta.min().item() == pytest.approx(config.beta, rel=1e-4)
    simulated = torch.stack([(beta * (k >= slot)).mean() for slot in range(1, 9)])
    torch.testing.assert_close(nested_kl_weights(8, config) * config.beta, simulated, rtol=0.03, atol=0.0)
    assert (nested_kl_weights(8, TrainConfig()) == 1.0).all()


def test_contrast_is_nothing_where_translations_agree_and_all_where_they_are_strangers():
    mu = torch.eye(6).reshape(6, 2, 3) * 5.0
    here = DiagonalGaussian(mu, torch.zeros_like(mu))
    assert contrast(here, here).item() < 1e-6
    strange = DiagonalGaussian(torch.ones_like(mu), torch.zeros_like(mu))
    assert contrast(here, strange).item() == pytest.approx(math.log(6), rel=1e-4)
