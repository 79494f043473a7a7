"""Defaults are written once: what the page is sent is what the classes say, and decoding's are decoding's own."""

import inspect
import json
from dataclasses import fields

from vaegen.app.build import SETTINGS
from vaegen.app.questions.attention import Attending
from vaegen.app.questions.interpolate_walk import Walk
from vaegen.app.questions.map_own import Place
from vaegen.app.questions.translate import Request
from vaegen.decoding.options import CONTEXT, DecodingOptions
from vaegen.latent.projection import UMAP
from vaegen.pipeline.pipeline import Pipeline


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
