"""Defaults are written once: what the page is sent is what the classes say, and decoding's are decoding's own."""

import inspect
import json

from vaegen.app.questions.attention import Looking
from vaegen.app.questions.defaults import defaults
from vaegen.app.questions.interpolate_walk import Walk
from vaegen.app.questions.map_own import Place
from vaegen.app.questions.translate import Request
from vaegen.decoding.options import CONTEXT, DecodingOptions
from vaegen.latent.projection import UMAP
from vaegen.pipeline.pipeline import Pipeline


def test_the_page_gets_plain_data_that_makes_the_same_question():
    found = json.loads(json.dumps(defaults()))
    assert found["walk"]["steps"] == Walk.steps and found["walk"]["languages"] == list(Walk.languages)
    assert "checkpoint" not in found["translate"] and "a" not in found["walk"]
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in found["translate"].items()}
    assert Request("A dog.", **given) == Request("A dog.")


def test_one_default_for_one_thing():
    decoding = ("method", "num_beams", "temperature", "top_k", "top_p")
    assert all(getattr(Request, name) == getattr(DecodingOptions, name) for name in decoding)
    assert {Request.context, Looking.context} == {CONTEXT}
    for method in ("translate", "generate", "score", "attention", "occlude"):
        given = inspect.signature(getattr(Pipeline, method)).parameters
        assert given["context"].default == CONTEXT
        assert "num_beams" not in given or given["num_beams"].default == DecodingOptions.num_beams
    assert (Place.n_neighbors, Place.min_dist) == (UMAP["n_neighbors"], UMAP["min_dist"])
