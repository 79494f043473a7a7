"""Configs: there and back, and every wrong value told with what is allowed."""

import json

import pytest

from vaegen.config import PRESETS, ModelConfig, TrainConfig, override, preset
from vaegen.errors import VaegenError


def test_round_trip_through_json():
    model = ModelConfig(400, ("en", "cs"), n_slots=3)
    assert ModelConfig.from_dict(json.loads(json.dumps(model.to_dict()))) == model
    training = TrainConfig(exclude_pairs=("en-cs",), source_weights={"en": 2.0})
    assert TrainConfig.from_dict(json.loads(json.dumps(training.to_dict()))) == training


@pytest.mark.parametrize("name", list(PRESETS))
def test_presets_are_valid(name):
    model, training = preset(name)
    assert ModelConfig(8000, **model).n_slots > 0
    assert TrainConfig(**training).steps > 0


def test_override_leaves_none_alone():
    assert override(TrainConfig(), steps=7, lr=None) == TrainConfig(steps=7)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"width": 30, "n_heads": 4}, "multiple of"),
        ({"n_slots": -1}, "n_slots >= 0"),
        ({"encoder_dropout": 1.5}, "from 0 to 1"),
        ({"languages": ("en", "en")}, "once"),
        ({"n_decoder_layers": 0}, "1 or more"),
    ],
)
def test_wrong_shapes_are_refused(values, message):
    with pytest.raises(VaegenError, match=message):
        ModelConfig(**{"vocab_size": 400, **values})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"optimizer": "sgd"}, "choose one of muon, adamw, adam"),
        ({"schedule": "linear"}, "choose one of gated"),
        ({"exclude_pairs": ("en",)}, "not a pair"),
        ({"steps": 0}, "1 or more"),
    ],
)
def test_wrong_training_settings_are_refused(values, message):
    with pytest.raises(VaegenError, match=message):
        TrainConfig(**values)


SHARES = ["cooldown", "word_dropout", "source_noise", "typing_noise", "name_rate", "source_context_rate"]


@pytest.mark.parametrize("name", [*SHARES, "autoencode_rate", "nested_rate"])
def test_a_share_may_be_all_and_no_more(name):
    assert getattr(TrainConfig(**{name: 1.0}), name) == 1.0
    for value in (1.01, -0.01, float("nan")):
        with pytest.raises(VaegenError, match=f"{name}=.*from 0 to 1"):
            TrainConfig(**{name: value})


@pytest.mark.parametrize("name", ["label_smoothing", "ema_decay", "encoder_dropout", "decoder_dropout", "latent_dropout"])
def test_what_would_leave_nothing_at_1_is_refused_there(name):
    config = (lambda **values: ModelConfig(vocab_size=400, **values)) if "dropout" in name else TrainConfig
    assert getattr(config(**{name: 0.99}), name) == 0.99
    with pytest.raises(VaegenError, match=f"{name}=1.0: give a number from 0 to 1, but not 1 itself"):
        config(**{name: 1.0})


def test_unknown_fields_and_presets_are_named():
    with pytest.raises(VaegenError, match="no field depth"):
        ModelConfig.from_dict({"vocab_size": 400, "languages": ["en"], "depth": 3})
    with pytest.raises(VaegenError, match="tiny, cpu, gpu"):
        preset("huge")


@pytest.mark.parametrize("values", [{"lr": -1.0}, {"beta": float("nan")}, {"warmup_steps": -1}, {"patience": -2}])
def test_a_number_that_makes_no_sense_is_named(values):
    with pytest.raises(VaegenError, match=next(iter(values))):
        TrainConfig(**values)
