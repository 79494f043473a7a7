"""What the training loop hands to what: formulas that are right can be joined wrongly, so every joint is looked at."""

import math

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence
from trainers import PAIRS, make_trainer

from vaegen.config import TrainConfig
from vaegen.data.batches import Item, collate, tokenize
from vaegen.errors import VaegenError
from vaegen.model.vae_transformer import VAETransformer
from vaegen.training import trainer as module
from vaegen.training.trainer import TrainingObjective
from vaegen.training.validation import Validation


@pytest.fixture
def decoded(monkeypatch):
    """Target inputs, memory and what is visible of it, of every pass of a decoder."""
    calls, real = [], VAETransformer.decode_hidden

    def spy(self, tgt_in, memory, rows=None, target_mask=None):
        calls.append((tgt_in, memory, target_mask))
        return real(self, tgt_in, memory, rows, target_mask)

    monkeypatch.setattr(VAETransformer, "decode_hidden", spy)
    return calls


@pytest.fixture
def encoded(monkeypatch):
    """Source ids and rates of every pass of an encoder."""
    calls, real = [], VAETransformer.encode

    def spy(self, src, src_mask, log_beta=None):
        calls.append((src, log_beta))
        return real(self, src, src_mask, log_beta)

    monkeypatch.setattr(VAETransformer, "encode", spy)
    return calls


def first_batch(trainer):
    return next(trainer.data.batches(0))


def groups_of(tokenizer):
    return tokenize(PAIRS, tokenizer, 64)[0]


@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
def test_own_language_is_written_from_z_alone_and_others_see_the_source_at_its_rate(tokenizer, tmp_path, decoded, rate):
    trainer = make_trainer(tokenizer, tmp_path, source_context_rate=rate, autoencode_rate=1.0, batch_tokens=10_000)
    batch, m = first_batch(trainer), trainer.model.config.n_slots
    assert set(batch.own.tolist()) == {True, False} and not batch.src_mask.all()
    shares = []
    for _ in range(40 if rate == 0.3 else 3):
        trainer.objective(batch, 0.0)
        _, _, visible = decoded[-1]
        assert visible[:, :m].all() and not visible[batch.own, m:].any()
        others, real = visible[~batch.own, m:], batch.src_mask[batch.rows[~batch.own]]
        sees = others.any(1)
        assert torch.equal(others, real & sees[:, None])  # all of its own source, or nothing
        shares.append(sees.float().mean().item())
    assert sum(shares) / len(shares) == pytest.approx(rate, abs=0.1 if rate == 0.3 else 0.0)


def test_noise_comes_to_what_is_read_and_not_to_what_is_compared(tokenizer, tmp_path, decoded, encoded):
    trainer = make_trainer(tokenizer, tmp_path, word_dropout=0.9, source_noise=0.9, label_smoothing=0.0)
    batch = first_batch(trainer)
    recon = trainer.objective(batch, 0.0).recon
    (tgt_in, memory, visible), (src, _) = decoded[-1], encoded[0]
    assert (tgt_in[:, 0] == batch.tgt_in[:, 0]).all() and (tgt_in[:, 1:] == tokenizer.mask_id).float().mean() > 0.8
    assert (src == tokenizer.mask_id).any() and not torch.equal(src, batch.src)
    hidden = trainer.model.decode_hidden(tgt_in, memory, batch.rows, visible)
    log_probs = trainer.model.logits(hidden).log_softmax(-1).gather(2, batch.tgt_out[..., None])[..., 0]
    assert recon.item() == pytest.approx(-(log_probs * batch.tgt_mask).sum(1).mean().item(), rel=1e-4)


def test_a_step_has_the_beta_the_learning_rate_and_the_gradient_that_were_asked_for(tokenizer, tmp_path, monkeypatch):
    trainer = make_trainer(tokenizer, tmp_path, schedule="constant", beta=0.3, warmup_steps=4, steps=100, clip_norm=0.01)
    betas, rates, norms = [], [], []
    forward, take_step = trainer.objective.forward, module.take_step

    def spy(optimizers, device):
        rates.append([group["lr"] for optimizer in optimizers for group in optimizer.param_groups])
        norms.append(math.sqrt(sum(float(p.grad.square().sum()) for p in trainer.model.parameters() if p.grad is not None)))
        take_step(optimizers, device)

    monkeypatch.setattr(trainer.objective, "forward", lambda batch, beta: betas.append(beta) or forward(batch, beta))
    monkeypatch.setattr(module, "take_step", spy)
    batch = first_batch(trainer)
    figures = [trainer._step(batch) for _ in range(3)]
    assert betas == [one["beta"] for one in figures] == [0.3] * 3
    for step, found in enumerate(rates):
        assert found == pytest.approx([rate * (step + 1) / 4 for rate in (2e-3, 2e-3, 0.01)])
    assert all(norm == pytest.approx(0.01, rel=0.01) for norm in norms) and figures[0]["grad_norm"] > 0.01
    assert int(trainer.average.n_averaged) == 3


def test_a_larger_beta_makes_a_smaller_kl(tokenizer, tmp_path):
    kl = {}
    for beta in (0.0, 1.0):
        trainer = make_trainer(tokenizer, tmp_path, schedule="constant", beta=beta, steps=100, free_bits=0.0)
        batch = first_batch(trainer)
        kl[beta] = [trainer._step(batch)["kl"] for _ in range(25)]
    assert kl[0.0][0] == kl[1.0][0] and kl[1.0][-1] < 0.8 * kl[0.0][-1]


def test_the_controller_is_told_the_kl_of_each_step(tokenizer, tmp_path):
    trainer = make_trainer(tokenizer, tmp_path, schedule="target_kl", target_kl=1e9)
    trainer.schedule.gate_step = 0
    trainer._step(first_batch(trainer))
    assert trainer.schedule.controlled == pytest.approx(1e-4 * math.exp(-0.01))


def test_a_controller_goes_on_from_where_it_was(tokenizer, tmp_path):
    first = make_trainer(tokenizer, tmp_path, schedule="target_kl")
    first.schedule.gate_step, first.schedule.controlled = 7, 0.0123
    first.save()
    second = make_trainer(tokenizer, tmp_path, schedule="target_kl")
    second.resume()
    assert (second.schedule.gate_step, second.schedule.controlled) == (7, 0.0123)


def test_what_is_evaluated_saved_and_kept_is_the_average(tokenizer, tmp_path, monkeypatch):
    trainer, used = make_trainer(tokenizer, tmp_path, keep_last=2), []
    monkeypatch.setattr(module, "save_checkpoint", lambda folder, model, *rest: used.append((folder.name, model)))
    trainer.validation.run = lambda model: used.append(("validation", model)) or ({"loss": 1.0, "gap": 0.0}, [])
    trainer.progress.step = 5
    trainer._evaluate()
    assert [name for name, _ in used] == ["validation", "checkpoint", "step-00000005"]
    assert all(model is trainer.averaged for _, model in used)


def test_alignment_is_the_kl_of_the_translation_from_the_sentence_and_never_of_the_sentence_from_itself(tokenizer, tmp_path):
    trainer, groups = make_trainer(tokenizer, tmp_path, align_kl=1.0), groups_of(tokenizer)
    model = trainer.model.eval()

    def alignment(*targets):
        batch = collate([Item(group, "en", targets) for group in groups], tokenizer)
        return trainer.objective._alignment(batch, model.encode(batch.src, batch.src_mask).posterior, None).item()

    def q(language):
        batch = collate([Item(group, language, (language,)) for group in groups], tokenizer)
        posterior = model.encode(batch.src, batch.src_mask).posterior
        return Independent(Normal(posterior.mu, posterior.std), 2)

    with torch.no_grad():
        each = kl_divergence(q("de"), q("en"))
        assert alignment("en") == 0.0
        assert alignment("de") == pytest.approx(each.mean().item(), rel=1e-4)
        for _ in range(10):  # of several targets one is chosen; of the sentences that chose a translation, the mean
            found = alignment("de", "en")
            assert found == 0.0 or each.min().item() * 0.999 < found < each.max().item() * 1.001


def test_validation_does_not_depend_on_its_batches_and_tells_its_contexts_apart(tokenizer, tmp_path):
    model, groups = make_trainer(tokenizer, tmp_path).model, groups_of(tokenizer)
    alone, together = (Validation(groups, PAIRS, tokenizer, [], batch_size=size).run(model)[0] for size in (1, 64))
    for name in ("recon_source", "recon_latent", "recon_first_slot", "kl", "active_units"):
        assert alone[name] == pytest.approx(together[name], rel=1e-4), name
    assert together["loss"] == together["recon_source"]
    names = ("recon_source", "recon_latent", "recon_first_slot")
    assert len({round(together[name], 4) for name in names}) == 3 and together["gap"] != 0.0
    assert alone["gap"] == 0.0  # there is no other sentence's z


# -- The dial ---------------------------------------------------------------------------------------------------------------
DIAL = {"rate_dial": True}


def test_a_dial_is_trained_with_another_beta_for_each_sentence(tokenizer, tmp_path, encoded):
    trainer = make_trainer(tokenizer, tmp_path, shape=DIAL, schedule="dial", align_kl=0.1, batch_tokens=10_000)
    batch = first_batch(trainer)
    assert len(batch.src) == 6
    trainer.objective(batch, 1.0)
    (_, mine), (_, translations) = encoded
    assert len(set(mine.tolist())) == 6 and set(translations.tolist()) <= set(mine.tolist())
    trainer.objective(batch, 1.0)
    assert not torch.equal(encoded[2][1], mine)


def test_the_dial_waits_for_its_gate_then_its_weight_ramps_and_rates_part(tokenizer, tmp_path):
    closed = make_trainer(tokenizer, tmp_path / "closed", shape=DIAL, schedule="dial", gate_nats=1e9)
    batch, betas = first_batch(closed), []
    assert [closed._step(batch)["beta"] for _ in range(3)] == [0.0] * 3
    trainer = make_trainer(tokenizer, tmp_path / "open", shape=DIAL, schedule="dial", gate_nats=-1e9, steps=80,
                           ramp_steps=10, eval_every=0, lr=5e-3, label_smoothing=0.0)  # fmt: skip
    trainer.train(lambda progress, figures: betas.append(figures["beta"]))
    assert betas == pytest.approx([min(1.0, step / 10) for step in range(80)])
    model = trainer.model.eval()
    betas = (torch.full((len(batch.src),), beta) for beta in (0.003, 0.05, 1.0))
    with torch.no_grad():
        kl = [model.encode(batch.src, batch.src_mask, beta.log()).posterior.kl().mean().item() for beta in betas]
    assert kl[0] > 1.2 * kl[1] > 1.44 * kl[2]


def test_a_schedule_of_the_dial_needs_one(tiny_model):
    with pytest.raises(VaegenError, match="give --rate-dial true"):
        TrainingObjective(tiny_model, TrainConfig(schedule="dial"), 2)
