"""Walks, grids, analogies and clouds: ends, corners and middles are exact, figures mean what they say, Python runs."""

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import vaegen
from vaegen import latent
from vaegen.app.questions.interpolate_around import RADII, Analogy, Cloud, Grid
from vaegen.app.questions.interpolate_walk import Walk, plane
from vaegen.app.questions.points import START, Point
from vaegen.app.tabs.interpolate import question
from vaegen.errors import VaegenError
from vaegen.evaluation.generated_text import edit_distance, word_smoothness
from vaegen.latent.codes import pack, unpack
from vaegen.model.posterior import DiagonalGaussian

CHECKPOINTS = ("multi30k",)
SHAPE = (2, 3)
FOLDER = Path(__file__).resolve().parents[2] / "checkpoints" / "multi30k"


class Latents:
    """A model whose latent is the letters of the text, and whose decoder spells the latent rounded."""

    model = SimpleNamespace(config=SimpleNamespace(n_slots=2, latent_dim=3))
    latent_shape = SHAPE
    tags = languages = ("en", "de", "fr", "cs")

    def detect_language(self, text):
        return "en"

    def encode(self, texts, beta=None):
        mu = torch.tensor([[ord(c) % 7 for c in text.ljust(6)[:6]] for text in texts], dtype=torch.float32)
        return DiagonalGaussian(mu.reshape(-1, 2, 3), torch.full((len(texts), 2, 3), math.log(0.25)))

    def exact(self, texts, languages=None, beta=None):
        return self.encode(texts).mode.numpy() + 1.0, [True] * len(texts)

    def decode(self, z, languages, **options):
        z = z.reshape(-1, *SHAPE)
        codes = [languages] * len(z) if isinstance(languages, str) else languages
        return [f"{code} " + " ".join(f"{x:.0f}" for x in row.ravel()) for row, code in zip(z, codes, strict=True)]

    def path(self, a, b, steps, method):
        return latent.path(torch.as_tensor(a), torch.as_tensor(b), steps, method).numpy()


def ask(question):
    return list(question.checked(CHECKPOINTS).answers(Latents()))


def mode(text):
    return Latents().encode([text]).mode[0].numpy()


@pytest.mark.parametrize("method", ["slerp", "lerp"])
def test_a_walk_grows_step_by_step_between_its_exact_ends(method):
    parts = ask(Walk(Point("abc"), Point("xyz"), steps=5, method=method, languages=("cs", "en"), exact=False))
    assert [len(part.stops) for part in parts] == [1, 2, 3, 4, 5]
    assert [part.is_complete for part in parts] == [False] * 4 + [True]
    stops = parts[-1].stops
    assert np.array_equal(unpack(stops[0].z, SHAPE), mode("abc")) and np.array_equal(unpack(stops[-1].z, SHAPE), mode("xyz"))
    assert list(stops[2].texts) == ["en", "cs"] and stops[2].texts["cs"].startswith("cs ")
    assert set(parts[-1].smoothness) == {"en", "cs"}


def test_ends_are_refined_unless_they_were_handed_over():
    stops = ask(Walk(Point("abc"), Point("xyz", z=pack(mode("xyz"))), steps=3))[-1].stops
    assert np.array_equal(unpack(stops[0].z, SHAPE), mode("abc") + 1.0)
    assert np.array_equal(unpack(stops[-1].z, SHAPE), mode("xyz"))


@pytest.mark.parametrize("method", ["slerp", "lerp"])
def test_the_plane_keeps_all_distances(method):
    path = Latents().path(mode("abc"), mode("xyz"), 6, method)
    flat, xy = path.reshape(6, -1), np.array(plane(path))
    for i in range(6):
        assert np.linalg.norm(xy[i]) == pytest.approx(np.linalg.norm(flat[i]), abs=0.01)
        assert np.linalg.norm(xy[i] - xy[0]) == pytest.approx(np.linalg.norm(flat[i] - flat[0]), abs=0.01)


words = st.lists(st.sampled_from("abcd"), max_size=6)


@given(words, words, words)
def test_edit_distance_is_a_metric(x, y, z):
    assert edit_distance(x, x) == 0 and edit_distance(x, y) == edit_distance(y, x)
    assert edit_distance(x, z) <= edit_distance(x, y) + edit_distance(y, z)
    assert abs(len(x) - len(y)) <= edit_distance(x, y) <= max(len(x), len(y))


def test_smoothness_is_one_without_a_detour_and_falls_with_each():
    assert word_smoothness(["a dog runs", "a cat runs", "a cat sits"]) == 1.0
    assert word_smoothness(["a dog runs", "two men sing", "a cat runs"]) == pytest.approx(1 / 6, abs=1e-3)
    assert word_smoothness(["a dog", "a dog", "A dog."]) == 1.0


def test_the_corners_of_a_grid_are_its_sentences_and_its_middle_their_mean():
    corners = [Point(text) for text in ("abc", "xyz", "mno", "pqr")]
    (answer,) = ask(Grid(*corners, size=3, language="fr"))
    z = [unpack(code, SHAPE) for code in answer.zs]
    for i, corner in zip((0, 2, 6, 8), corners, strict=True):
        assert np.array_equal(z[i], mode(corner.text))
    assert np.allclose(z[4], np.mean([mode(c.text) for c in corners], axis=0), atol=1e-2)
    assert np.allclose(z[1], (mode("abc") + mode("xyz")) / 2, atol=1e-2)  # along the top, from A to B
    assert len(answer.texts) == 9 and answer.texts[0].startswith("fr ")
    assert answer.differs == ()  # a translation cannot be what was typed
    (own,) = ask(Grid(*corners[:3], Point("pqr", z=pack(mode("pqr"))), size=3, language="en"))
    assert own.differs == ("A", "B", "C")  # the stub spells no letter; a latent that was handed over is no sentence


def test_an_analogy_is_a_plus_the_difference():
    (answer,) = ask(Analogy(Point("abc"), Point("xyz"), Point("mno"), strength=1.0, languages=("en",)))
    assert np.array_equal(unpack(answer.z, SHAPE), mode("abc") - mode("xyz") + mode("mno"))
    (still,) = ask(Analogy(Point("abc"), Point("xyz"), Point("mno"), strength=0.0, languages=("en",)))
    assert still.cosines["A"] == pytest.approx(1.0)


def test_a_cloud_grows_with_its_radius_and_counts_what_reads_the_same():
    (answer,) = ask(Cloud(Point("abc"), n_draws=6, seed=3))
    assert [ring.radius for ring in answer.rings] == list(RADII)
    assert answer.mean_std == 0.5
    spread = [np.std([unpack(w.z, SHAPE) - mode("abc") for w in ring.wordings]) for ring in answer.rings]
    assert spread[0] < spread[2] < spread[-1]
    for ring in answer.rings:
        assert sum(w.n_draws for w in ring.wordings) == 6
        assert ring.same == sum(w.n_draws for w in ring.wordings if w.text == answer.center) / 6
    assert ask(Cloud(Point("abc"), n_draws=6, seed=3)) == [answer]
    (prior,) = ask(Cloud(Point("abc"), unit="prior"))
    assert prior.mean_std == 1.0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"steps": 2}, "3 to 15"),
        ({"method": "zigzag"}, "slerp"),
        ({"languages": []}, "one or more"),
        ({"languages": ["x?"]}, "give the code"),
        ({"b": None}, "no sentence"),
        ({"mode": "grid", "c": "x", "d": ""}, "Sentence D"),
        ({"mode": "grid", "c": "x", "d": "y", "size": 9}, "3 to 7"),
        ({"mode": "analogy", "c": "x", "strength": 5}, "-3 to 3"),
        ({"mode": "cloud", "unit": "mile"}, "posterior"),
        ({"mode": "cloud", "draws": 1}, "2 to 16"),
        ({"mode": "cloud", "a": Point(z=pack(np.zeros(SHAPE)))}, "prior"),
    ],
)
def test_a_refusal_says_what_is_allowed(data, said):
    with pytest.raises(VaegenError) as refusal:
        question({"a": START[0], "b": START[1], **data}).checked(CHECKPOINTS)
    assert said in str(refusal.value)


@pytest.mark.parametrize("mode", ["walk", "grid", "analogy", "cloud"])
def test_the_copied_python_says_the_same(mode, monkeypatch, capsys):
    import vaegen

    monkeypatch.setattr(vaegen, "load", lambda path, avoid: Latents())
    code = pack(np.arange(6).reshape(SHAPE))
    given = {"a": Point("abc", z=code), "b": Point("xyz"), "c": "mno", "d": "pqr"}
    answer = ask(question({**given, "mode": mode, "languages": ["en"]}))[-1]
    exec(answer.python, {})  # our own text, made above
    printed = capsys.readouterr().out
    texts = {
        "walk": lambda: [stop.texts["en"] for stop in answer.stops],
        "grid": lambda: answer.texts,
        "analogy": lambda: answer.texts.values(),
        "cloud": lambda: [w.text for ring in answer.rings for w in ring.wordings],
    }[mode]()
    assert all(text in printed for text in texts)


def test_an_end_that_repeats_itself_reads_as_typed():
    """The committed model is led out of loops, but not out of what a person typed."""
    said = Point("A man says ha ha ha to a dog.", "en")
    walk = Walk(said, Point("A dog runs through the snow.", "en"), steps=3, languages=("en",)).checked(CHECKPOINTS)
    (*_, answer) = walk.answers(vaegen.load(FOLDER))
    assert answer.stops[0].texts["en"] == said.text and "avoid_loops=False" in answer.python
    assert "avoid_loops=True" in ask(Walk(Point("abc"), Point("xyz"), steps=3))[-1].python
