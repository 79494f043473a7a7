"""What "Copy as Python" gives of every view runs, on a committed checkpoint, with nothing but the public API."""

import ast
import time

import numpy as np
import pytest

import vaegen
from vaegen.app.questions.attention import Attending
from vaegen.app.questions.inside import Inside
from vaegen.app.questions.interpolate_around import Analogy, Cloud, Grid
from vaegen.app.questions.interpolate_walk import Walk
from vaegen.app.questions.map import Spot
from vaegen.app.questions.map_own import Place
from vaegen.app.questions.points import START, Point
from vaegen.app.questions.sample import Move
from vaegen.app.service import CHECKPOINTS
from vaegen.latent.codes import pack

PUBLIC = {"numpy", "torch", "vaegen", "vaegen.latent.codes"}
A, B = START
LANGUAGES = ("en", "de")


@pytest.fixture(scope="module")
def pipeline():
    return vaegen.load(CHECKPOINTS / "multi30k", avoid=True)


@pytest.fixture(scope="module")
def own(pipeline):
    """A latent without words."""
    return Point(z=pack(pipeline.draw(1, seed=3)[0]))


def imported(code):
    """Returns the modules that a piece of Python imports."""
    nodes = list(ast.walk(ast.parse(code)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


QUESTIONS = {
    "walk": lambda own: Walk(A, B, steps=3, languages=LANGUAGES),
    "walk from a latent": lambda own: Walk(own, B, steps=3, languages=LANGUAGES, exact=False),
    "grid": lambda own: Grid(A, B, own, A, size=3),
    "analogy": lambda own: Analogy(A, B, own, languages=LANGUAGES),
    "cloud": lambda own: Cloud(A, n_draws=2),
    "sample": lambda own: Move(start="prior", seed=3, prior="flow", kept=4, languages=LANGUAGES),
    "directions": lambda own: Move(own, B, moves=((0, 2.0), (3, -1.0)), slots="lmb", languages=LANGUAGES),
    "map": lambda own: Spot(A, B),
    "map, a latent": lambda own: Spot(own, B, index=5),
    "map, a place": lambda own: Spot(A, B, at=(3.0, 4.0)),
    "map, a plane": lambda own: Spot(A, B, projection="pca2", at=(1.0, 2.0), off_plane="a"),
    "map, a blend": lambda own: Spot(A, B, blend=((A.text, 1.0), (B.text, 2.0))),
    "own sentences": lambda own: Place((A.text, B.text)),
    "attention": lambda own: Attending(A, B, without=1),
    "attention of a translation": lambda own: Attending(A, target="Ein Hund.", merge=False, context="latent"),
    "inside": lambda own: Inside(A),
}


@pytest.mark.parametrize("view", QUESTIONS)
def test_it_runs_on_the_public_api_alone(view, pipeline, own, monkeypatch, capsys):
    question = QUESTIONS[view](own).checked(["multi30k"])
    *_, answer = question.answers(pipeline)
    assert "vaegen" in imported(answer.python) and imported(answer.python) <= PUBLIC
    assert "_inference" not in answer.python
    asked = []
    monkeypatch.setattr(vaegen, "load", lambda path, avoid: asked.append((path, avoid)) or pipeline)
    exec(answer.python, {})  # our own text, made above
    assert asked == [("checkpoints/multi30k", True)]
    out = capsys.readouterr().out
    shown = [*getattr(answer, "texts", {"": ""})] if view == "grid" else [*getattr(answer, "texts", {"": ""}).values()]
    assert out.strip() and all(text in out for text in shown)


def test_a_map_of_their_own_is_fitted_by_the_same_call(pipeline):
    lines = tuple(f"A {who} {does}." for who in ("man", "dog", "girl") for does in ("runs", "sits", "sleeps", "sings"))
    for answer in Place(lines, fit=True, n_neighbors=5).checked(["multi30k"]).answers(pipeline):
        time.sleep(answer.pause)  # as the service does, while another process fits
    assert imported(answer.python) <= PUBLIC
    found = {}
    exec(answer.python.replace("print(own.places)", "").replace('vaegen.load("checkpoints/multi30k", avoid=True)', "given"),
         found | {"given": pipeline}, found)  # fmt: skip
    assert found["own"].places["umap2"] == pytest.approx(np.array(answer.where["umap2"]), abs=1e-3)
    assert found["own"].texts == lines
