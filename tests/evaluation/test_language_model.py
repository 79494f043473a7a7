"""The language model: it learns, its nats are those of its own loss, it survives its file."""

import json

import numpy as np
import pytest
import torch

from vaegen.commands import lm
from vaegen.config import ModelConfig, preset
from vaegen.errors import VaegenError
from vaegen.evaluation.language_model import (
    load_language_model,
    new_language_model,
    save_language_model,
    sentence_nats,
    train_language_model,
)
from vaegen.model.checkpoint import save_checkpoint
from vaegen.model.vae_transformer import VAETransformer
from vaegen.text.tokenizer import Tokenizer

RNG = np.random.default_rng(0)
PAIRS = zip(RNG.integers(5, 15, 200), RNG.integers(3, 7, 200), strict=True)
SENTENCES = [[1, *((int(k) + j) % 10 + 5 for j in range(n)), 2] for k, n in PAIRS]  # count up from anywhere


@pytest.fixture(scope="module")
def trained():
    return train_language_model(new_language_model(20, width=32, n_layers=1), SENTENCES, 60, lr=1e-2)


def test_it_learns_the_rule_of_the_sentences(trained):
    fresh = new_language_model(20, width=32, n_layers=1)
    n_tokens = sum(len(s) - 1 for s in SENTENCES)
    assert sentence_nats(fresh, SENTENCES).sum() / n_tokens == pytest.approx(np.log(20), abs=0.3)
    assert sentence_nats(trained, SENTENCES).sum() / n_tokens < 1.3


def test_nats_are_the_sum_over_all_tokens_whatever_the_batch(trained):
    ids = torch.tensor([SENTENCES[3]])
    mean = trained(input_ids=ids, labels=ids).loss.item()
    (alone,) = sentence_nats(trained, SENTENCES[3:4])
    assert alone == pytest.approx(mean * (len(SENTENCES[3]) - 1), rel=1e-4)
    assert sentence_nats(trained, SENTENCES, batch_size=7)[3] == pytest.approx(alone, rel=1e-4)


def test_it_survives_its_file(trained, tmp_path):
    save_language_model(tmp_path / "lm", trained)
    restored = load_language_model(tmp_path / "lm")
    np.testing.assert_allclose(sentence_nats(restored, SENTENCES[:9]), sentence_nats(trained, SENTENCES[:9]), rtol=0.01)
    assert next(trained.parameters()).dtype == torch.float32
    with pytest.raises(VaegenError, match="vaegen lm"):
        load_language_model(tmp_path)


def test_a_cycle_needs_three_steps():
    model = new_language_model(20, width=32, n_layers=1)
    with pytest.raises(VaegenError, match="cannot be trained in 2 steps; take 3 or more"):
        train_language_model(model, SENTENCES[:3], 2)
    assert train_language_model(model, SENTENCES[:3], 3) is model


def test_the_command_reads_what_its_checkpoint_was_trained_on(tmp_path, capsys):
    for name, splits in (("own", ("train", "val")), ("noval", ("train",))):
        (tmp_path / name).mkdir()
        for split in splits:
            (tmp_path / name / f"{split}.es").write_text(f"Un perro {split}.\n", encoding="utf-8")
    tokenizer = Tokenizer.train(["Un perro train val."] * 3, 300, ("es",))
    model = VAETransformer(ModelConfig(tokenizer.vocab_size, ("es",), **preset("tiny")[0]))
    save_checkpoint(tmp_path / "es", model, tokenizer, {"corpora": "own:1"})
    command = ["--checkpoint", str(tmp_path / "es"), "--data", str(tmp_path), "--language", "es", "--layers", "1"]
    assert lm.main([*command, "--steps", "3"]) == 0
    assert json.loads(capsys.readouterr().out)["corpora"] == ["own"]
    assert lm.main([*command, "--corpora", "noval,own"]) == 2
    assert "noval has no val sentence in es; give a corpus that has one first" in capsys.readouterr().err


def test_nothing_to_learn_from_is_told():
    with pytest.raises(VaegenError, match="no sentence"):
        train_language_model(new_language_model(20, width=32, n_layers=1), [], 3)
