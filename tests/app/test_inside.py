"""The figures of the Inside view agree with those that are reported, and each slot is muted alone."""

import json

import numpy as np
import pytest
import torch

import vaegen
from vaegen.app.questions.inside import N_DRAWS, Inside, checkpoint_facts
from vaegen.app.questions.points import Point
from vaegen.app.service import CHECKPOINTS
from vaegen.errors import VaegenError
from vaegen.evaluation.bounds import reconstruction_nats
from vaegen.latent.codes import pack

SNOW = "A dog runs through the snow."


@pytest.fixture(scope="module")
def pipeline():
    return vaegen.load(CHECKPOINTS / "multi30k")


@pytest.fixture(scope="module")
def answer(pipeline):
    (answer,) = Inside(Point(SNOW, "en"), "multi30k", "de").checked(["multi30k"]).answers(pipeline)
    return answer


def test_the_bound_is_the_one_that_is_reported(pipeline, answer):
    posterior = pipeline.encode([SNOW])
    assert answer.kl == pytest.approx(float(posterior.kl()), abs=1e-3)
    generator = torch.Generator().manual_seed(0)
    nats = [float(reconstruction_nats(pipeline, [SNOW], posterior.sample(generator), "en")) for _ in range(N_DRAWS)]
    assert answer.recon == pytest.approx(np.mean(nats), abs=0.01)
    assert answer.neg_elbo == pytest.approx(answer.recon + answer.kl, abs=0.002)
    assert sum(answer.kl_per_dim) == pytest.approx(answer.kl, abs=0.3)  # each rounded
    assert len(answer.kl_per_slot) == answer.shape[0] and len(answer.active) == answer.shape[0] * answer.shape[1]


def test_each_slot_is_muted_alone(pipeline, answer):
    z = pipeline.encode([SNOW]).mode.clone()
    assert answer.whole == pipeline.decode(z, "de", num_beams=1)[0]
    z[0, 5] = 0.0
    assert answer.without[5] == pipeline.decode(z, "de", num_beams=1)[0]
    assert len(answer.without) == len(answer.cost) == answer.shape[0]


def test_what_a_slot_costs_is_told_even_where_the_words_stay(pipeline, answer):
    mode = pipeline.encode([SNOW]).mode
    muted = mode.clone()
    muted[0, 6] = 0.0
    whole, without = (float(reconstruction_nats(pipeline, [SNOW], z, "en")) for z in (mode, muted))
    assert answer.cost[6] == pytest.approx(without - whole, abs=2e-3)
    assert max(answer.cost) > 0.2


def test_more_slots_say_more_and_all_of_them_are_the_sentence(pipeline, answer):
    assert [one.n for one in answer.first] == [1, 2, 4, 8, 16]
    assert answer.first[-1].text == answer.whole and answer.first[-1].kl == pytest.approx(answer.kl, abs=2e-3)
    assert answer.first[-1].recon == pytest.approx(answer.recon, abs=0.05)
    rates, distortions = [one.kl for one in answer.first], [one.recon for one in answer.first]
    assert rates == sorted(rates) and distortions[0] > distortions[-1] + 3.0
    z = pipeline.encode([SNOW]).mode.clone()
    z[0, 2:] = 0.0
    assert answer.first[1].text == pipeline.decode(z, "de", num_beams=1)[0]


def test_a_collapsed_checkpoint_is_seen_to_be_collapsed():
    pipeline = vaegen.load(CHECKPOINTS / "collapsed")
    (answer,) = Inside(Point(SNOW), "collapsed").checked(["collapsed"]).answers(pipeline)
    assert answer.kl < 0.1 and not any(answer.active)
    assert set(answer.without) == {answer.whole}


def test_the_facts_of_a_checkpoint_survive_missing_and_damaged_files(tmp_path):
    assert checkpoint_facts(None, {})["training"] == {}
    (tmp_path / "curves.json").write_text("{ nothing")
    assert "curves" not in checkpoint_facts(tmp_path, {})
    (tmp_path / "curves.json").write_text(json.dumps({"series": {"kl": [[1, 2.0]]}}))
    facts = checkpoint_facts(tmp_path, {"parameters": 5, "training": {"step": 3, "config": {"beta": 0.1}}})
    (tmp_path / "REPORT.md").write_text("# Title\n\n## Walks\n\n![plot](a.svg)\n\n| a |\n")
    assert checkpoint_facts(tmp_path, {})["report"] == "\n## Walks\n\n\n| a |"
    assert facts["curves"] == {"kl": [[1, 2.0]]} and facts["training"] == {"step": 3, "beta": 0.1}


def test_a_latent_without_words_is_refused():
    with pytest.raises(VaegenError, match="no posterior"):
        Inside(Point(z=pack(np.zeros((2, 2))))).checked([""])


def test_the_copied_python_says_the_same(answer, capsys, monkeypatch):
    monkeypatch.chdir(CHECKPOINTS.parent)
    exec(answer.python, {})  # our own text, made above
    assert f"recon {answer.recon:.2f} + KL {answer.kl:.2f} nats" in capsys.readouterr().out
