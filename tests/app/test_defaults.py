"""Defaults are written once: what the page is sent is what the classes say, and decoding's are decoding's own."""

import inspect
import json
from dataclasses import fields
from pathlib import Path

import pytest
from serving import StubPipeline

from vaegen.app.build import SETTINGS, build_app
from vaegen.app.questions import checks
from vaegen.app.questions.attention import Attending
from vaegen.app.questions.inside import Inside
from vaegen.app.questions.interpolate_around import Analogy, Cloud, Grid
from vaegen.app.questions.interpolate_walk import Walk
from vaegen.app.questions.map import Spot
from vaegen.app.questions.map_own import Place
from vaegen.app.questions.sample import Move
from vaegen.app.questions.translate import OtherWays, Request
from vaegen.app.questions.translate_file import Lines
from vaegen.app.service import Service
from vaegen.decoding.options import CONTEXT, DecodingOptions
from vaegen.latent.projection import UMAP
from vaegen.pipeline.pipeline import Pipeline

ENDPOINTS = {
    "analogy": (Analogy,),
    "attention": (Attending, Request),
    "cloud": (Cloud,),
    "grid": (Grid,),
    "inside": (Inside,),
    "map": (Spot,),
    "other_ways": (OtherWays, Request),
    "place": (Place,),
    "sample": (Move,),
    "translate": (Request,),
    "translate_lines": (Lines,),
    "walk": (Walk,),
}
# What a program writes otherwise than the page: a sentence or a place that may be left out, sliders in letters.
OWN = {"map": {"x": 0.0, "y": 0.0, "a": ""}, "sample": {"text": "", "other": "", "moves": ""}}
NAMES = {"neighbours": "k"}


@pytest.fixture(scope="module")
def api():
    service = Service(Path("stub"), folder="nowhere", load=StubPipeline)
    return build_app(service).get_api_info()["named_endpoints"]


def test_every_endpoint_is_compared(api):
    assert {f"/{name}" for name in ENDPOINTS} == set(api)


@pytest.mark.parametrize("name", ENDPOINTS)
def test_an_endpoint_has_the_defaults_of_its_question(api, name):
    told = [one for one in api[f"/{name}"]["parameters"] if one["parameter_has_default"]]
    given = {one["parameter_name"]: one["parameter_default"] for one in told}
    own = OWN.get(name, {})
    assert {argument: given.pop(argument) for argument in own} == own
    question = {field.name: field.default for one in reversed(ENDPOINTS[name]) for field in fields(one)}
    wanted = {argument: question[NAMES.get(argument, argument)] for argument in given}
    assert given == {key: ",".join(value) if isinstance(value, tuple) else value for key, value in wanted.items()}
    assert {"checkpoint", "beta"} <= set(given)


def test_the_app_cleans_text_in_one_place():
    files = Path(checks.__file__).parents[1].rglob("*.py")
    assert {path.name for path in files if "vaegen.text.cleaning" in path.read_text(encoding="utf-8")} == {"checks.py"}


def test_the_page_gets_plain_data_that_makes_the_same_question():
    found = json.loads(json.dumps(SETTINGS))
    walk, translate = ({k: v["default"] for k, v in found[name].items()} for name in ("interpolate", "translate"))
    assert walk["steps"] == Walk.steps and walk["languages"] == list(Walk.languages)
    assert "checkpoint" not in translate and "a" not in walk
    names = {field.name for field in fields(Request)}
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in translate.items() if key in names}
    assert given.pop("seed") == 1  # the page counts from 1
    assert len(given) > 5 and Request("A dog.", **given) == Request("A dog.")


def test_one_default_for_one_thing():
    decoding = ("method", "num_beams", "temperature", "top_k", "top_p")
    assert all(getattr(Request, name) == getattr(DecodingOptions, name) for name in decoding)
    assert {Request.context, Attending.context} == {CONTEXT}
    for method in ("translate", "generate", "score", "attention", "occlude"):
        given = inspect.signature(getattr(Pipeline, method)).parameters
        assert given["context"].default == CONTEXT
        assert "num_beams" not in given or given["num_beams"].default == DecodingOptions.num_beams
    assert (Place.n_neighbors, Place.min_dist) == (UMAP["n_neighbors"], UMAP["min_dist"])
