"""What lies beside an own checkpoint of English and Spanish: its map, its directions, its priors."""

import numpy as np
import pytest
import torch

from vaegen.app.questions.map import Spot
from vaegen.app.questions.points import START
from vaegen.artifacts import atlas as atlases
from vaegen.artifacts import directions as found_directions
from vaegen.commands import directions, prior
from vaegen.config import ModelConfig, preset
from vaegen.errors import VaegenError
from vaegen.latent.atlas import load_atlas, save_atlas
from vaegen.latent.directions import load_directions
from vaegen.latent.priors import about_priors
from vaegen.model.checkpoint import save_checkpoint
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.pipeline import load
from vaegen.text.tokenizer import Tokenizer

SENTENCES = ["A man in a red shirt runs.", "Two dogs sit in the snow.", "Un hombre corre.", "Dos perros en la nieve."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Untrained checkpoints, and the corpus that one of them tells of."""
    folder = tmp_path_factory.mktemp("own")
    torch.manual_seed(0)
    for name, tags in (("en-es", ("es", "en")), ("es", ("es",))):
        tokenizer = Tokenizer.train(SENTENCES, 400, tags)
        model = VAETransformer(ModelConfig(tokenizer.vocab_size, tags, **preset("tiny")[0]))
        save_checkpoint(folder / name / "checkpoint", model, tokenizer, {"corpora": "mine:1"})
    (folder / "mine").mkdir()
    (folder / "mine" / "train.es").write_text("\n".join(SENTENCES[2:]) + "\n", encoding="utf-8")
    return folder


def test_a_map_has_those_of_its_languages_that_the_checkpoint_has(folder, tmp_path, monkeypatch):
    pipeline = load(folder / "en-es" / "checkpoint")
    monkeypatch.setattr(atlases, "_fitted", lambda latents, n: latents[:, :n])  # a UMAP takes long and is not asked here
    atlas, picture = atlases.build(pipeline, n_probes=8, n_samples=3, n_clusters=2, prior="normal")
    assert picture["languages"] == ["en"] == list(picture["texts"]) and len(picture["texts"]["en"]) == 11
    assert picture["group"] == list(range(11)) and len(atlas.latents) == 11
    save_atlas(tmp_path, atlas)
    np.testing.assert_allclose(load_atlas(tmp_path).latents, atlas.latents, atol=0.01)
    pipeline.folder = tmp_path
    (answer,) = Spot(*START, index=9).checked(["own"]).answers(pipeline)
    assert answer.how == "point" and list(answer.texts) == ["es", "en"] and answer.neighbours[0].index == 9
    with pytest.raises(VaegenError, match=r"has es, but the captions of a map are in en, de, fr, cs; choose"):
        atlases.build(load(folder / "es" / "checkpoint"), 8, 3, 2, "normal")


def test_directions_are_found_with_the_languages_of_the_probes(folder, capsys, monkeypatch):
    contrasts = 2
    monkeypatch.setattr(found_directions, "CONTRASTS", found_directions.CONTRASTS[:contrasts])
    command = ["--pairs", "2", "--components", "1", "--checkpoint"]
    assert directions.main([*command, str(folder / "en-es" / "checkpoint")]) == 0
    found = load_directions(folder / "en-es" / "checkpoint")
    assert len(found.entries) == contrasts + 1 and np.isfinite(found.steps).all()
    assert found.about["command"].endswith("--checkpoint PATH/TO/en-es/checkpoint")
    capsys.readouterr()
    assert directions.main([*command, str(folder / "es" / "checkpoint")]) == 2
    assert "English words, but this checkpoint has es; choose one with English" in capsys.readouterr().err


def test_priors_are_fitted_to_the_corpus_of_the_checkpoint(folder):
    command = ["--data", str(folder), "--only", "gaussian", "--checkpoint", str(folder / "es" / "checkpoint")]
    assert prior.main(command) == 0
    assert about_priors(folder / "es" / "checkpoint")["corpus"] == "mine"
