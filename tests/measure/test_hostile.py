"""Checkpoints and requests that mean harm: some of each kind, as scripts/measure makes them by the thousand."""

import importlib.util
import json
import random
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from vaegen.errors import VaegenError
from vaegen.latent.atlas import load_atlas
from vaegen.model.checkpoint import load_checkpoint

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts" / "measure"


def script(name):
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


HOSTILE, FUZZ = script("hostile_checkpoints"), script("fuzz")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return FUZZ.tiny(tmp_path_factory.mktemp("sound") / "tiny")


@pytest.fixture
def folder(sound, tmp_path):
    return Path(shutil.copytree(sound, tmp_path / "bent"))


def bend(folder, **fields):
    path = folder / "config.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "model": {**values["model"], **fields}}))


@pytest.mark.parametrize("kind", sorted(HOSTILE.KINDS))
def test_what_was_bent_opens_or_is_refused_in_a_sentence(folder, kind):
    HOSTILE.make(folder, random.Random(kind), kind)
    assert HOSTILE.use(folder)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"languages": [1, 2]}, "give codes of languages"),
        ({"languages": 5}, "give codes of languages"),
        ({"width": "32"}, "give a whole number"),
        ({"n_slots": True}, "give a whole number"),
        ({"rate_dial": 1}, "give true or false"),
        ({"max_length": 10**7}, "at most 16,384"),
        ({"n_encoder_layers": 10**4}, "at most 64"),
        ({"max_length": 16_384, "width": 16_384, "n_heads": 2}, "their product"),
        ({"n_encoder_layers": 64}, "do not fit its config.json"),
        ({"width": 4096, "ffn_width": 65_536}, "do not fit its config.json"),
    ],
)
def test_a_config_is_bounded_and_compared_before_a_model_is_built(folder, fields, said, monkeypatch):
    bend(folder, **fields)
    monkeypatch.setattr("vaegen.model.checkpoint.read_weights", lambda folder: pytest.fail("weights were read"))
    with pytest.raises(VaegenError, match=said):
        load_checkpoint(folder)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(folder, value):
    path = next(folder.glob("model*.safetensors"))
    state = load_file(path)
    name = sorted(state)[0]
    save_file({**state, name: np.full_like(state[name], value)}, path)
    with pytest.raises(VaegenError, match="no finite numbers"):
        load_checkpoint(folder)


def test_another_kind_of_tokenizer_and_metrics_of_another_kind_are_refused(folder):
    (folder / "metrics.json").write_text('{"training": 5}')
    with pytest.raises(VaegenError, match="training is 5; it must be an object"):
        load_checkpoint(folder)
    (folder / "metrics.json").unlink()
    values = json.loads((folder / "tokenizer.json").read_text())
    word_level = {"type": "WordLevel", "vocab": values["model"]["vocab"], "unk_token": "</s>"}
    pattern = {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": ""}
    for bent in ({"model": word_level}, {"normalizer": pattern}):
        (folder / "tokenizer.json").write_text(json.dumps({**values, **bent}))
        with pytest.raises(VaegenError, match=r"not one of vaegen's"):
            load_checkpoint(folder)


def test_arrays_are_bounded_before_they_are_unpacked(folder):
    HOSTILE.write_bomb(folder / "map.npz")
    with pytest.raises(VaegenError, match="unpacks to 500,000,"):
        load_atlas(folder)
