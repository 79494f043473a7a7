"""Checkpoint folders: what goes in comes out, a kill leaves the old one, and everything broken is named."""

import json
import os

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerFast

from vaegen.config import ModelConfig, override
from vaegen.errors import VaegenError
from vaegen.model import checkpoint as module
from vaegen.model.checkpoint import find_checkpoints, load_checkpoint, save_checkpoint
from vaegen.model.vae_transformer import VAETransformer


@pytest.fixture
def saved(tiny_model, tokenizer, tmp_path):
    save_checkpoint(tmp_path / "good", tiny_model, tokenizer, {"note": "é", "bleu": 36.5})
    return tmp_path / "good"


def test_what_is_saved_is_loaded(saved, tiny_model, tokenizer):
    loaded = load_checkpoint(saved)
    assert loaded.model.config == tiny_model.config and not loaded.model.training
    assert loaded.metadata == {"note": "é", "bleu": 36.5} and loaded.name == "good" and loaded.path == saved
    assert loaded.tokenizer.encode("ein Hund") == tokenizer.encode("ein Hund")
    state = tiny_model.state_dict()
    assert loaded.model.state_dict().keys() == state.keys()
    for name, value in loaded.model.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, state[name].half().float())


def test_the_folder_is_half_precision_safetensors_and_a_standard_tokenizer(saved):
    names = sorted(path.name for path in saved.iterdir())
    assert names == ["config.json", "metrics.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    assert {value.dtype for value in load_file(saved / "model.safetensors").values()} == {torch.float16}
    assert json.loads((saved / "config.json").read_text())["format"] == 1
    assert len(PreTrainedTokenizerFast(tokenizer_file=str(saved / "tokenizer.json"))("ein Hund")["input_ids"]) > 1


def test_large_models_are_sharded(tokenizer, tiny_config, tmp_path):
    model = VAETransformer(override(tiny_config, width=256, ffn_width=4096, n_encoder_layers=3, n_decoder_layers=2))
    save_checkpoint(tmp_path / "big", model, tokenizer)
    shards = sorted(tmp_path.glob("big/model-*.safetensors"))
    assert len(shards) > 1 and all(shard.stat().st_size < 9_000_000 for shard in shards)
    assert (tmp_path / "big" / "model.safetensors.index.json").is_file()
    loaded = load_checkpoint(tmp_path / "big")
    assert all(torch.equal(v, model.state_dict()[k].half().float()) for k, v in loaded.model.state_dict().items())


def test_saving_again_replaces_the_weights_and_keeps_other_files(saved, tiny_config, tokenizer):
    (saved / "README.md").write_text("card")
    (saved / "map").mkdir()
    (saved / "map" / "points.npy").write_bytes(b"1")
    (saved / "model-00001-of-00002.safetensors").write_bytes(b"a shard of an older, larger model")
    model = VAETransformer(override(tiny_config, n_slots=0))
    save_checkpoint(saved, model, tokenizer)
    assert load_checkpoint(saved).model.config.n_slots == 0
    names = sorted(path.name for path in saved.iterdir())
    ours = ["config.json", "map", "metrics.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    assert names == ["README.md", *ours]
    assert (saved / "map" / "points.npy").read_bytes() == b"1"
    assert [path.name for path in saved.parent.iterdir()] == ["good"]


@pytest.mark.parametrize("nth", [1, 2])
def test_a_kill_between_any_two_steps_leaves_a_whole_checkpoint(saved, tiny_config, tokenizer, monkeypatch, nth):
    (saved / "README.md").write_text("card")  # beside the weights, and nowhere else
    calls = []
    real = os.replace

    def killed(source, target):
        calls.append(source)
        if len(calls) == nth:
            raise KeyboardInterrupt
        real(source, target)

    other = VAETransformer(override(tiny_config, n_slots=2))
    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(saved, other, tokenizer)
    assert load_checkpoint(saved).model.config.n_slots == 4
    monkeypatch.setattr(os, "replace", real)
    save_checkpoint(saved, other, tokenizer)
    assert load_checkpoint(saved).model.config.n_slots == 2
    assert [path.name for path in saved.parent.iterdir()] == ["good"]
    assert (saved / "README.md").read_text() == "card"


def test_a_kill_while_writing_weights_leaves_the_old_ones(saved, tiny_model, tokenizer, monkeypatch):
    before = (saved / "model.safetensors").read_bytes()
    monkeypatch.setattr("huggingface_hub.save_torch_state_dict", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
    with torch.no_grad():
        tiny_model.embedding.weight.add_(1.0)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(saved, tiny_model, tokenizer)
    assert (saved / "model.safetensors").read_bytes() == before
    assert load_checkpoint(saved).name == "good"


@pytest.mark.parametrize("value", [float("nan"), 1e6])
def test_weights_that_half_precision_cannot_hold_are_not_saved(tiny_model, tokenizer, tmp_path, value):
    with torch.no_grad():
        tiny_model.from_latent.bias[0] = value
    with pytest.raises(VaegenError, match=r"from_latent\.bias"):
        save_checkpoint(tmp_path / "bad", tiny_model, tokenizer)
    assert not (tmp_path / "bad").exists()


def test_a_wrong_path_names_what_there_is(saved, monkeypatch):
    with pytest.raises(VaegenError, match=r"no checkpoint .*bad; .* has good"):
        load_checkpoint(saved.parent / "bad")
    monkeypatch.chdir(saved.parent.parent)
    with pytest.raises(VaegenError, match=r"has good"):  # looks like a hub id, but its parent is a folder here
        load_checkpoint(f"{saved.parent.name}/bad")
    with pytest.raises(VaegenError, match="holds the checkpoints good"):
        load_checkpoint(saved.parent)
    with pytest.raises(VaegenError, match="is a file"):
        load_checkpoint(saved / "config.json")
    assert find_checkpoints(saved.parent) == ["good"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", None, "has no config.json; it has metrics.json, model.safetensors, tokenizer.json"),
        ("config.json", b"{", "not valid JSON"),
        ("config.json", b"[]", "no JSON object"),
        ("config.json", b'{"model_type": "bert"}', "no vaegen checkpoint"),
        ("config.json", b'{"format": 2, "model": {}}', "update vaegen"),
        ("config.json", b'{"format": 1, "model": {"languages": ["en"]}}', "does not describe a model"),
        ("config.json", b'{"format": 1, "model": {"vocab_size": 9, "wings": 2}}', "no field wings"),
        ("model.safetensors.index.json", b'{"weight_map": []}', "weight_map must name a file"),
        ("model.safetensors.index.json", b'{"weight_map": {"embedding.weight": 3}}', "weight_map must name a file"),
        ("tokenizer.json", None, "has no tokenizer.json"),
        ("tokenizer.json", b"{}", "tokenizer.json"),
        ("model.safetensors", None, "has no model.safetensors"),
        ("model.safetensors", b"junk", "damaged or cut short"),
        ("metrics.json", b"\xff", "not valid JSON"),
    ],
)
def test_a_broken_folder_says_what_is_wrong(saved, name, content, message):
    (saved / name).unlink(missing_ok=True)
    if content is not None:
        (saved / name).write_bytes(content)
    with pytest.raises(VaegenError, match=message):
        load_checkpoint(saved)


def test_a_shape_that_cannot_be_built_is_said(saved):
    config = json.loads((saved / "config.json").read_text())
    for name, value in (("width", float(config["model"]["width"])), ("max_length", 10**16)):
        (saved / "config.json").write_text(json.dumps({**config, "model": {**config["model"], name: value}}))
        with pytest.raises(VaegenError, match="does not describe a model that can be built"):
            load_checkpoint(saved)


def test_weights_cut_short_or_of_another_model_are_refused(saved):
    path = saved / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(VaegenError, match="damaged or cut short"):
        load_checkpoint(saved)
    path.write_bytes(whole)
    state = load_file(path)
    save_file({k: v for k, v in state.items() if k != "slot_queries"}, path)
    with pytest.raises(VaegenError, match=r"1 missing \(slot_queries\)"):
        load_checkpoint(saved)
    save_file({**state, "slot_queries": torch.zeros(3, 3), "extra": torch.zeros(1)}, path)
    with pytest.raises(VaegenError, match=r"1 unknown \(extra\); 1 of another shape \(slot_queries\)"):
        load_checkpoint(saved)


def test_an_index_cannot_point_out_of_the_folder(saved):
    (saved.parent / "outside.safetensors").write_bytes((saved / "model.safetensors").read_bytes())
    for name in ("../outside.safetensors", str(saved.parent / "outside.safetensors"), "..", "gone.safetensors"):
        (saved / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"embedding.weight": name}}))
        with pytest.raises(VaegenError, match="has no "):
            load_checkpoint(saved)


def test_a_tokenizer_of_another_model_is_refused(saved):
    config = json.loads((saved / "config.json").read_text())
    config["model"]["languages"] = ["en", "de"]
    (saved / "config.json").write_text(json.dumps(config))
    with pytest.raises(VaegenError, match="is not the model's"):
        load_checkpoint(saved)


def test_a_model_card_and_metrics_are_optional(saved):
    (saved / "metrics.json").unlink()
    assert load_checkpoint(saved).metadata == {}


def test_hub_ids_come_from_the_local_cache_without_a_network(saved, tmp_path, monkeypatch):
    cache = tmp_path / "hub" / "models--someone--captions"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text("0" * 40)
    (cache / "snapshots").mkdir()
    os.replace(saved, cache / "snapshots" / ("0" * 40))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.chdir(tmp_path)
    loaded = load_checkpoint("someone/captions")
    assert loaded.name == "captions" and loaded.metadata["bleu"] == 36.5
    with pytest.raises(VaegenError, match="no folder someone/else, and it could not be had"):
        load_checkpoint("someone/else")


def test_only_the_files_of_a_checkpoint_are_downloaded(saved, tmp_path, monkeypatch):
    asked = {}

    def download(repo_id, **options):
        asked.update(options, repo_id=repo_id)
        return str(saved)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    monkeypatch.chdir(tmp_path)
    assert load_checkpoint("someone/captions").name == "captions"
    assert asked["repo_id"] == "someone/captions"
    assert not any(pattern.endswith((".bin", ".pt", ".py", "*")) for pattern in asked["allow_patterns"])


def test_config_of_a_checkpoint_is_the_model_config(saved, tiny_config):
    assert ModelConfig.from_dict(json.loads((saved / "config.json").read_text())["model"]) == tiny_config
    assert module.FORMAT == 1
