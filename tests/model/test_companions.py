"""What lies beside the weights: read if it was made from them, refused in words if not, and the app goes on without it."""

import json
import logging
import shutil

import numpy as np
import pytest
import torch

from vaegen.app.page import EXAMPLES_FILE, load_examples
from vaegen.app.questions.inside import checkpoint_facts
from vaegen.app.questions.points import START
from vaegen.app.questions.sample import Move
from vaegen.app.service import Service
from vaegen.errors import VaegenError
from vaegen.latent.atlas import PICTURE, Atlas, load_picture, save_atlas
from vaegen.latent.directions import Direction, Directions, save_directions
from vaegen.latent.priors import Gaussian, save_priors
from vaegen.latent.projection import fit_pca
from vaegen.model.checkpoint import save_checkpoint
from vaegen.model.companions import weights_hash
from vaegen.pipeline.pipeline import load

REFUSED = "was made from other weights"


@pytest.fixture
def folder(tiny_model, tokenizer, tmp_path):
    """A checkpoint with everything that can lie beside its weights, made from them."""
    folder = tmp_path / "own"
    save_checkpoint(folder, tiny_model, tokenizer)
    weights, (m, z) = weights_hash(folder), (tiny_model.config.n_slots, tiny_model.config.latent_dim)
    latents = np.random.default_rng(0).normal(size=(30, m * z)).astype(np.float32)
    places, gaps = {"umap2": latents[:, :2], "umap3": latents[:, :3]}, dict.fromkeys(("umap2", "umap3", "pca2", "pca3"), 1.0)
    save_atlas(folder, Atlas(latents, places, fit_pca(latents), gaps, {"weights": weights}))
    texts = {"en": [f"dog {i}" for i in range(30)]}
    picture = {
        "languages": ["en"],
        "texts": texts,
        "group": [*range(30)],
        "language": [0] * 30,
        "n_probes": 30,
        "about": {"weights": weights},
    }
    (folder / PICTURE).write_text(json.dumps(picture))
    entry = Direction("one → two", "named", 0.9, 0.8, 0.1, 2.0)
    save_directions(folder, Directions((entry,), np.ones((1, m, z), np.float32), {"weights": weights}))
    save_priors(folder, {"gaussian": Gaussian(torch.zeros(m, z), torch.eye(m * z))}, {"weights": weights})
    (folder / EXAMPLES_FILE).write_text(json.dumps({"weights": weights, "translate": {"cards": []}}))
    (folder / "REPORT.md").write_text(f"# Own\n\nMade by a command; weights {weights}. Nats.\n")
    return folder


@pytest.fixture
def strange(folder, tmp_path):
    """The same companions beside weights that they do not belong to."""
    strange = shutil.copytree(folder, tmp_path / "strange")
    path = strange / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-2] + b"\0\0")  # the last weight is another one
    assert weights_hash(strange) != weights_hash(folder)
    return strange


def test_what_belongs_to_the_weights_is_read(folder):
    pipeline = load(folder)
    assert pipeline.map().nearest(pipeline.map().latent(7)[None], 1)[0][0].text == "dog 7"
    assert pipeline.directions.names == ("one → two",) and pipeline.directions.entry("one → two").effect == 0.9
    assert pipeline.priors == ("normal", "gaussian") and pipeline.draw(1, prior="gaussian").any()
    assert set(load_examples(folder)) == {"translate"}
    assert "Nats" in checkpoint_facts(folder, {})["report"]


def test_what_belongs_to_other_weights_is_refused_in_words(strange):
    pipeline = load(strange)
    for use in (
        pipeline.map,
        lambda: pipeline.directions,
        lambda: pipeline.draw(1, prior="gaussian"),
        lambda: load_picture(strange),
        lambda: load_examples(strange),
    ):
        with pytest.raises(VaegenError, match=f"{REFUSED}.*make it anew with") as refusal:
            use()
        assert weights_hash(strange) in str(refusal.value)
    assert "report" not in checkpoint_facts(strange, {})


def test_a_file_that_names_no_weights_is_refused(folder):
    (folder / EXAMPLES_FILE).write_text(json.dumps({"translate": {"cards": []}}))
    with pytest.raises(VaegenError, match="it does not say which"):
        load_examples(folder)


def test_the_app_goes_on_without_it_and_says_so_once(strange, caplog):
    pipeline = load(strange)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert pipeline.priors == ("normal",) and pipeline.draw(1).any()
            (answer,) = Move(START[0], START[1], languages=("en",)).checked(["strange"]).answers(pipeline)
            assert answer.directions == () and answer.texts["en"] is not None
        service = Service(strange, folder=strange.parent)
        assert [service.beside(load_examples), service.beside(load_examples)] == [None, None]
        service.close()
    told = [record.getMessage() for record in caplog.records if REFUSED in record.getMessage()]
    assert len(told) == len(set(told)) == 3  # priors, directions, examples


def test_a_file_that_has_changed_is_read_again(folder):
    pipeline = load(folder)
    assert pipeline.directions.names == ("one → two",)
    (folder / "directions.npz").unlink()
    assert pipeline.directions.names == ()
