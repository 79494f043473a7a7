"""The training loop: it learns, it resumes bit for bit, several processes equal one, a kill loses nothing saved."""

import json
import os

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from trainers import PAIRS, make_trainer

from vaegen.config import OPTIMIZERS, TrainConfig
from vaegen.data.batches import pad
from vaegen.decoding.search import greedy
from vaegen.errors import VaegenError
from vaegen.model.checkpoint import load_checkpoint
from vaegen.training.optimization import build_optimizers, lr_factor
from vaegen.training.run_folder import load_state


def translate(model, tokenizer, text, target):
    ids = torch.tensor([[*tokenizer.encode(text), tokenizer.eos_id]])
    model.eval()
    with torch.inference_mode():
        encoding = model.encode(ids, torch.ones_like(ids, dtype=torch.bool))
        memory = model.memory(encoding.posterior.mode, encoding, "latent")
        out = greedy(model, memory, torch.tensor([tokenizer.language_id(target)]), tokenizer.eos_id, max_length=20)
    return tokenizer.decode(out[0])


def test_it_overfits_six_pairs_through_the_latent(tokenizer, tmp_path):
    trainer = make_trainer(tokenizer, tmp_path, steps=150, eval_every=0, lr=5e-3, muon_lr=0.02, label_smoothing=0.0)
    trainer.train()
    for pair in PAIRS:
        assert translate(trainer.model, tokenizer, pair["en"], "de") == pair["de"]
        assert translate(trainer.model, tokenizer, pair["de"], "en") == pair["en"]
        assert translate(trainer.model, tokenizer, pair["de"], "de") == pair["de"]
    figures = trainer.validation.run(trainer.model)[0]
    assert figures["gap"] > 10.0 > 5.0 > figures["recon_latent"]  # another sentence's z is worse than none


def test_alignment_brings_translations_together(tokenizer, tmp_path):
    distances = {}
    for weight in (0.0, 0.1):
        trainer = make_trainer(tokenizer, tmp_path / str(weight), steps=60, eval_every=0, align_kl=weight)
        trainer.train()
        sides = [encoded(trainer.model, tokenizer, [pair[code] for pair in PAIRS]) for code in ("en", "de")]
        distances[weight] = sides[0].kl_from(sides[1]).mean().item()
    assert distances[0.1] < 0.2 * distances[0.0]


def test_nested_slots_put_the_gist_into_the_first(tokenizer, tmp_path):
    recon = {}
    for rate in (0.0, 0.8):
        trainer = make_trainer(tokenizer, tmp_path / str(rate), steps=120, eval_every=0, lr=5e-3, nested_rate=rate)
        trainer.train()
        recon[rate] = trainer.validation.run(trainer.model)[0]["recon_first_slot"]
    assert recon[0.8] < 0.5 * recon[0.0]


def encoded(model, tokenizer, texts):
    model.eval()
    src, mask = pad([[*ids, tokenizer.eos_id] for ids in tokenizer.encode_batch(texts)], tokenizer.pad_id)
    with torch.inference_mode():
        return model.encode(src, mask).posterior


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_k_steps_and_k_more_are_2k_steps_bit_for_bit(tokenizer, tmp_path, optimizer):
    dial = optimizer == "adamw"
    settings = {"shape": {"encoder_dropout": 0.1, "decoder_dropout": 0.1, "latent_dropout": 0.1, "rate_dial": dial},
                "schedule": "dial" if dial else "gated", "typing_noise": 0.3, "name_rate": 0.3,
                "word_dropout": 0.1, "steps": 20, "eval_every": 5, "batch_tokens": 40, "gate_nats": -1e9,
                "nested_rate": 0.5, "align_kl": 0.01, "align_contrast": 0.1, "source_noise": 0.3,
                "optimizer": optimizer}  # fmt: skip
    straight = make_trainer(tokenizer, tmp_path / "a", **settings)
    straight.train()
    first = make_trainer(tokenizer, tmp_path / "b", **settings)
    first.train(lambda progress, figures: os.kill(os.getpid(), 15) if progress.step == 10 else None)
    assert first.progress.step == 10
    torch.manual_seed(999)  # the saved random numbers must win
    second = make_trainer(tokenizer, tmp_path / "b", **settings)
    second.resume()
    assert second.schedule.gate_step == 0
    second.train()
    assert second.progress.step == straight.progress.step == 20
    for name, value in straight.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[name]), name
    for name, value in straight.average.state_dict().items():
        assert torch.equal(value, second.average.state_dict()[name]), name


def _two_processes(rank, folder, port, tokenizer_path):
    from vaegen.text.tokenizer import Tokenizer

    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=2)
    trainer = make_trainer(
        Tokenizer.load(tokenizer_path), folder, rank=rank, world_size=2, shape={"n_slots": 0}, steps=6, eval_every=0
    )
    trainer.train()
    trainer.save()
    dist.destroy_process_group()


def test_two_gloo_processes_equal_one(tokenizer, tmp_path, free_port):
    tokenizer.save(tmp_path / "tokenizer.json")
    # Without a latent and dropout nothing is random, so the two must agree up to the order of float32 sums.
    one = make_trainer(tokenizer, tmp_path / "one", shape={"n_slots": 0}, steps=6, eval_every=0)
    start = {name: value.clone() for name, value in one.model.state_dict().items()}
    one.train()
    mp.spawn(_two_processes, args=(tmp_path / "two", free_port, tmp_path / "tokenizer.json"), nprocs=2)
    two = load_state(tmp_path / "two")
    for name, value in one.model.state_dict().items():
        # Muon works in bfloat16, so rounding shows; a process that saw other data would be off by the update itself.
        update = (value - start[name]).norm()
        assert update > 0
        assert (two["model"][name] - value).norm() < 0.05 * update, name
    assert two["progress"]["tokens"] == one.progress.tokens
    # Each process makes the steps of its share of the matrices; what is saved has the momentum of all.
    alone, shared = one.optimizers[1].state_dict()["state"], two["optimizers"][1]["state"]
    assert shared.keys() == alone.keys()
    for i, state in alone.items():
        momentum = state["momentum_buffer"]
        assert (shared[i]["momentum_buffer"] - momentum).norm() < 0.1 * momentum.norm(), i


def test_a_kill_while_saving_leaves_the_old_state(tokenizer, tmp_path, monkeypatch):
    trainer = make_trainer(tokenizer, tmp_path, steps=3, eval_every=0)
    trainer.train()
    before = (tmp_path / "state.pt").read_bytes()

    def killed(state, path):
        path.write_bytes(b"half a fi")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        trainer.save()
    assert (tmp_path / "state.pt").read_bytes() == before
    assert load_state(tmp_path)["progress"]["step"] == 3


def test_run_folder_holds_a_checkpoint_and_metrics(tokenizer, tmp_path):
    lines = []
    trainer = make_trainer(tokenizer, tmp_path, steps=20, eval_every=10, lines=lines)
    trainer.train()
    loaded = load_checkpoint(tmp_path / "checkpoint")
    for name, value in loaded.model.state_dict().items():
        torch.testing.assert_close(value, trainer.averaged.state_dict()[name], rtol=2e-3, atol=2e-3)
    records = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    evaluations = [r for r in records if r["kind"] == "eval"]
    assert [r["step"] for r in evaluations] == [0, 10, 20]
    assert evaluations[-1]["loss"] < evaluations[0]["loss"]
    assert any("nats" in line and "target tokens/s" in line for line in lines)
    assert any("en-de latent: a dog runs -> " in line for line in lines)


def test_early_stopping(tokenizer, tmp_path):
    lines = []
    trainer = make_trainer(tokenizer, tmp_path, steps=60, eval_every=2, patience=2, lr=1e-9, muon_lr=1e-9, lines=lines,
                           ema_decay=0.0, weight_decay=0.0)  # fmt: skip
    trainer.validation.run = lambda model: ({"loss": 1.0, "gap": 0.0}, [])
    assert trainer.train().step == 4
    assert any("early stop" in line for line in lines)


def test_numbers_that_are_not_finite_stop_the_run(tokenizer, tmp_path):
    trainer = make_trainer(tokenizer, tmp_path, steps=3, eval_every=0)
    trainer.progress.step = 1
    with torch.no_grad():
        trainer.model.embedding.weight[:] = float("nan")
    with pytest.raises(VaegenError, match="not finite"):
        trainer.train()


def test_nothing_to_resume_and_another_shape_are_said(tokenizer, tmp_path):
    with pytest.raises(VaegenError, match="nothing to resume"):
        make_trainer(tokenizer, tmp_path).resume()
    make_trainer(tokenizer, tmp_path).save()
    with pytest.raises(VaegenError, match="another shape"):
        make_trainer(tokenizer, tmp_path, shape={"n_slots": 2}).resume()
    (tmp_path / "state.pt").write_bytes(b"garbage")
    with pytest.raises(VaegenError, match="cannot be read"):
        make_trainer(tokenizer, tmp_path).resume()


def test_learning_rate_warms_up_stays_and_cools_down():
    config = TrainConfig(steps=100, warmup_steps=10, cooldown=0.4)
    factors = [lr_factor(step, config) for step in range(100)]
    assert factors[0] == pytest.approx(0.1) and factors[10:60] == [1.0] * 50
    assert factors[80] == pytest.approx(0.5) and factors[99] == pytest.approx(1 / 40)


@pytest.mark.parametrize(("optimizer", "n"), [(name, 2 if name == "muon" else 1) for name in OPTIMIZERS])
def test_every_parameter_is_optimised_once(tiny_model, optimizer, n):
    optimizers = build_optimizers(tiny_model, TrainConfig(optimizer=optimizer))
    assert len(optimizers) == n
    given = [id(p) for o in optimizers for group in o.param_groups for p in group["params"]]
    assert sorted(given) == sorted(id(p) for p in tiny_model.parameters())


def test_a_resumed_run_takes_the_new_weight_decay_and_logs_no_step_twice(tokenizer, tmp_path):
    first = make_trainer(tokenizer, tmp_path, steps=80, eval_every=0, save_every=40)
    first.train(lambda progress, figures: None)
    state = load_state(tmp_path)
    state["progress"]["step"] = 40  # as after a kill between the save at 40 and the next one
    torch.save(state, tmp_path / "state.pt")
    second = make_trainer(tokenizer, tmp_path, steps=80, eval_every=0, save_every=40, weight_decay=0.5)
    second.resume()
    assert [group["weight_decay"] for group in second.optimizers[0].param_groups] == [0.5, 0.0]
    second.train()
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in lines if line["kind"] == "train"]
    assert steps == [20, 40, 60, 80]


@pytest.mark.parametrize("optimizer", ["adam", "adafactor", "lion"])
def test_every_optimizer_learns(tokenizer, tmp_path, optimizer):
    lr = {"adafactor": 0.05, "lion": 2e-3}.get(optimizer, 5e-3)
    trainer = make_trainer(tokenizer, tmp_path, steps=40, eval_every=0, optimizer=optimizer, lr=lr)
    before = trainer.validation.run(trainer.model)[0]["loss"]
    trainer.train()
    assert trainer.validation.run(trainer.model)[0]["loss"] < 0.6 * before


def test_the_last_checkpoints_are_kept(tokenizer, tmp_path):
    make_trainer(tokenizer, tmp_path, steps=20, eval_every=5, keep_last=2).train()
    assert sorted(path.name for path in (tmp_path / "last").iterdir()) == ["step-00000015", "step-00000020"]
    steps = [load_checkpoint(path).metadata["training"]["step"] for path in sorted((tmp_path / "last").iterdir())]
    assert steps == [15, 20]


def test_early_stopping_leaves_the_best_checkpoint(tokenizer, tmp_path):
    trainer = make_trainer(tokenizer, tmp_path, steps=40, eval_every=5, patience=2)
    losses = iter([9.0, 3.0, 1.0, 2.0, 4.0])
    trainer.validation.run = lambda model: ({"loss": next(losses), "gap": 0.0}, [])
    assert trainer.train().step == 20
    assert load_checkpoint(tmp_path / "checkpoint").metadata["training"]["step"] == 10
