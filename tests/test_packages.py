"""Packages offer their main names, bring along no more than is asked for, and old paths say what replaces them."""

import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import vaegen

ROOT = Path(__file__).resolve().parents[1]

LIGHT = [
    "vaegen.app.questions.attention",
    "vaegen.app.questions.map",
    "vaegen.app.questions.sample",
    "vaegen.app.service",
    "vaegen.commands.arguments",
    "vaegen.config",
    "vaegen.data.corpus",
    "vaegen.data.probe_sentences",
    "vaegen.decoding.loops",
    "vaegen.decoding.options",
    "vaegen.latent.atlas",
    "vaegen.latent.codes",
    "vaegen.latent.directions",
    "vaegen.latent.projection",
    "vaegen.pipeline.attention_weights",
    "vaegen.pipeline.occlusion",
    "vaegen.text.cleaning",
    "vaegen.text.tokenizer",
]


@pytest.mark.parametrize(
    ("package", "name", "module"),
    [
        ("pipeline", "Pipeline", "pipeline.pipeline"),
        ("pipeline", "load", "pipeline.pipeline"),
        ("decoding", "DecodingOptions", "decoding.options"),
        ("data", "TrainingData", "data.batches"),
        ("engine", "engine_for", "engine.engine"),
        ("latent", "path", "latent.paths"),
        ("model", "VAETransformer", "model.vae_transformer"),
        ("text", "Tokenizer", "text.tokenizer"),
        ("training", "Trainer", "training.trainer"),
        ("evaluation", "reconstruction_nats", "evaluation.bounds"),
    ],
)
def test_a_package_offers_what_its_module_defines(package, name, module):
    found = getattr(import_module(f"vaegen.{package}"), name)
    assert found is getattr(import_module(f"vaegen.{module}"), name)
    assert found.__module__ == f"vaegen.{module}"


def test_every_name_that_a_package_offers_is_there():
    for package in ["app", "data", "decoding", "engine", "evaluation", "latent", "model", "pipeline", "text", "training"]:
        homes = import_module(f"vaegen.{package}").__getattr__.__closure__
        (offered,) = [cell.cell_contents for cell in homes if isinstance(cell.cell_contents, dict)]
        for name in offered:
            assert getattr(import_module(f"vaegen.{package}"), name) is not None


def test_a_name_that_a_package_lacks_is_told_as_usual():
    with pytest.raises(ImportError, match="cannot import name 'Pipelin'"):
        exec("from vaegen.pipeline import Pipelin", {})


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("import vaegen.posterior", "vaegen.posterior has moved: import vaegen.model.posterior."),
        ("from vaegen.inference import Inference", "vaegen.inference has moved: import vaegen.pipeline.batching."),
        ("from vaegen import service", "vaegen.service has moved: import vaegen.app.service."),
        ("from vaegen.views.atlas import load_atlas", "vaegen.views has moved: import vaegen.app.questions; maps, .*latent"),
    ],
)
def test_an_old_path_says_what_replaces_it(statement, said):
    with pytest.raises(ModuleNotFoundError, match=said):
        exec(statement, {})


def test_what_replaces_an_old_path_exists_and_the_old_one_does_not():
    for old, new in vaegen._NOW.items():
        assert find_spec(new.partition(";")[0]) is not None
        with pytest.raises(ModuleNotFoundError, match="has moved"):
            find_spec(old)


def test_what_a_page_needs_first_brings_neither_torch_nor_gradio_nor_umap():
    code = f"import sys, {', '.join(LIGHT)}; print({{'torch', 'gradio', 'umap', 'transformers'}} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_nothing_outside_the_pipeline_constructs_what_batches():
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("vaegen", "scripts")
        for path in (ROOT / folder).rglob("*.py")
        if path.parent.name != "pipeline" and re.search(r"\bbatching\b.* import|\bInference\(", path.read_text("utf-8"))
    ]
    assert found == []  # whoever goes past the pipeline goes past its word list
