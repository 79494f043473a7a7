"""Moving latents: sliders, locks, mutes and swaps do what they say to every slot; draws are seeded; files are checked."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from vaegen.app.questions import sample as sampling
from vaegen.app.questions.points import START, Point
from vaegen.app.questions.sample import Draws, Move
from vaegen.app.tabs.sample import question
from vaegen.errors import VaegenError
from vaegen.latent.codes import pack, unpack
from vaegen.latent.directions import FILE, NONE, Direction, Directions, load_directions, save_directions
from vaegen.latent.prior_kinds import PRIORS
from vaegen.latent.priors import Normal
from vaegen.model.posterior import DiagonalGaussian

CHECKPOINTS = ("multi30k",)
M, Z = 3, 2
STEPS = np.arange(2 * M * Z, dtype=np.float32).reshape(2, M, Z) / 4 + 0.25


@pytest.fixture
def model(tmp_path):
    named = Direction("one → two", "named", 0.9, 0.8, 0.1, 2.0)
    entries = (named, Direction("component 1", "component", None, None, 0.3, 4.0))
    save_directions(tmp_path, Directions(entries, STEPS, {"weights": "abc"}))

    def encode(texts, beta=None):
        mu = torch.tensor([[float(len(text))] * (M * Z) for text in texts]).reshape(-1, M, Z)
        return DiagonalGaussian(mu, torch.full((len(texts), M, Z), math.log(0.25)))

    def decode(z, languages, **options):
        codes = [languages] * len(z) if isinstance(languages, str) else languages
        return [f"{code} {row.sum():.2f} {options.get('temperature', 0)}" for row, code in zip(z, codes, strict=True)]

    def draw(n, seed, prior="normal", prior_scale=1.0):
        assert prior in ("normal", "flow")
        return Normal(M, Z).sample(n, torch.Generator().manual_seed(seed + 100 * (prior == "flow")), prior_scale).numpy()

    config = SimpleNamespace(n_slots=M, latent_dim=Z)
    parts = {"encode": encode, "decode": decode, "draw": draw, "priors": ("normal", "flow"), "folder": tmp_path}
    parts |= {"languages": ("en", "de", "fr", "cs"), "tags": ("en", "de", "fr", "cs"), "detect_language": lambda text: "en"}
    return Stub(**parts, latent_shape=(M, Z), model=SimpleNamespace(config=config))


class Stub(SimpleNamespace):
    @property
    def directions(self):
        return load_directions(self.folder) or NONE


def ask(model, question):
    (answer,) = question.checked(CHECKPOINTS).answers(model)
    return answer


def z_of(answer):
    return unpack(answer.z, (M, Z))


def test_sliders_add_standard_deviations_along_their_directions(model):
    answer = ask(model, Move(Point("four"), moves=((0, 2.0), (1, -0.5)), languages=("en", "fr")))
    assert np.allclose(z_of(answer), 4.0 + 2.0 * STEPS[0] - 0.5 * STEPS[1])
    assert list(answer.texts) == ["en", "fr"] and answer.n_slots == M
    assert [entry.name for entry in answer.directions] == ["one → two", "component 1"]


def test_a_locked_slot_stays_a_muted_one_is_zero_and_a_swapped_one_is_bs(model):
    answer = ask(model, Move(Point("four"), Point("sixsix"), moves=((0, 1.0),), slots="lmb"))
    z = z_of(answer)
    assert (z[0] == 4.0).all() and (z[1] == 0.0).all()
    assert np.allclose(z[2], 6.0 + STEPS[0][2])


def test_a_draw_is_that_of_its_seed_and_scales(model):
    first = ask(model, Move(start="prior", seed=5, prior_scale=0.5))
    assert np.allclose(z_of(first), 0.5 * model.draw(1, 5)[0], atol=1e-3) and first.priors == ("normal", "flow")
    assert ask(model, Move(start="prior", seed=6)) != first
    assert np.allclose(z_of(ask(model, Move(start="prior", seed=5, prior="flow"))), model.draw(1, 5, "flow")[0], atol=1e-3)
    found = ask(model, Draws(3, seed=5, prior_scale=0.5)).draws
    assert [one.seed for one in found] == [5, 6, 7] and found[0].z == first.z


def test_only_the_first_slots_speak(model):
    kept = z_of(ask(model, Move(start="prior", seed=5, moves=((0, 1.0),), kept=2)))
    whole = z_of(ask(model, Move(start="prior", seed=5, moves=((0, 1.0),))))
    assert (kept[:2] == whole[:2]).all() and (kept[2:] == 0.0).all() and (whole[2:] != 0.0).any()
    one = ask(model, Draws(1, seed=5, prior="flow", kept=1)).draws[0]
    assert np.allclose(z_of(one)[:1], model.draw(1, 5, "flow")[0][:1], atol=1e-3) and (z_of(one)[1:] == 0.0).all()


def test_the_priors_are_those_that_there_are():
    assert sampling.PRIORS == PRIORS


def test_what_makes_no_difference_makes_no_other_question():
    here = Move(Point("four"), moves=((0, 0.0),), slots="...", seed=9).checked(CHECKPOINTS)
    assert here == Move(Point("four"), START[1]).checked(CHECKPOINTS)


def test_without_directions_a_slider_is_refused_and_the_rest_works(model):
    (model.folder / FILE).unlink()
    assert ask(model, Move(Point("four"))).directions == ()
    with pytest.raises(VaegenError, match="has 0"):
        ask(model, Move(Point("four"), moves=((0, 1.0),)))


def test_a_damaged_file_is_told(model):
    (model.folder / FILE).write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(VaegenError, match="build_directions"):
        load_directions(model.folder)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"moves": {"0": 9}}, "-5 to 5"),
        ({"moves": {"x": 1}}, "direction"),
        ({"slots": "q"}, "muted"),
        ({"start": "moon"}, "prior"),
        ({"prior_scale": -1}, "0 to 3"),
        ({"prior": "moon", "start": "prior"}, "flow"),
        ({"kept": -1}, "slots"),
        ({"temperature": 9}, "0 to 2"),
        ({"languages": []}, "one or more"),
        ({"seed": -1, "start": "prior"}, "seed"),
        ({"a": {}}, "no sentence"),
        ({"batch": 1, "n": 99}, "1 to 12"),
    ],
)
def test_a_refusal_says_what_is_allowed(data, said):
    with pytest.raises(VaegenError) as refusal:
        question({"a": START[0], "b": START[1], **data}).checked(CHECKPOINTS)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    "data",
    [
        {"moves": {"0": 1.5, "1": -1}, "slots": "lmb"},
        {"start": "prior", "seed": 4, "temperature": 0.5, "moves": {"1": 2}},
        {"start": "prior", "prior": "flow", "kept": 1},
    ],
)
def test_the_copied_python_says_the_same(data, model, monkeypatch, capsys):
    import vaegen

    monkeypatch.setattr(vaegen, "load", lambda path, avoid: model)
    answer = ask(model, question({"a": Point("abc", z=pack(np.ones((M, Z)))), "b": Point("sixsix"), **data}))
    exec(answer.python, {})  # our own text, made above
    assert all(text in capsys.readouterr().out for text in list(answer.texts.values())[:1])
