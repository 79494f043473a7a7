"""What lies beside an own checkpoint of English and Spanish: its map, its directions, its priors."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from vaegen.app.questions.map import Spot
from vaegen.app.questions.points import START
from vaegen.artifacts import atlas as atlases
from vaegen.artifacts import directions as found_directions
from vaegen.artifacts import priors
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
    monkeypatch.setattr(found_directions, "MIN_EFFECT", 0.0)
    command = ["--pairs", "2", "--components", "1", "--checkpoint"]
    assert directions.main([*command, str(folder / "en-es" / "checkpoint")]) == 0
    found = load_directions(folder / "en-es" / "checkpoint")
    assert len(found.entries) == contrasts + 1 and np.isfinite(found.steps).all()
    assert found.about["command"].endswith("--checkpoint PATH/TO/en-es/checkpoint")
    capsys.readouterr()
    assert directions.main([*command, str(folder / "es" / "checkpoint")]) == 2
    assert "English words, but this checkpoint has es; choose one with English" in capsys.readouterr().err


@pytest.mark.parametrize("shows", ["captions", "choosing"])
def test_a_contrast_is_chosen_by_other_captions_than_its_effect_is_told_of(folder, monkeypatch, shows):
    texts = {"captions": ["A captions."], "choosing": ["A choosing."]}

    def measure(pipeline, texts, *rest):
        effect = 1.0 if shows in texts[0] else 0.0
        return found_directions.Effect(effect, 1.0, 1.0, 60)

    monkeypatch.setattr(found_directions, "measure", measure)
    monkeypatch.setattr(found_directions, "CONTRASTS", found_directions.CONTRASTS[:1])
    pipeline = load(folder / "en-es" / "checkpoint")
    found = found_directions.find(pipeline, 2, n_components=1, **texts)
    named = [entry.caption_effect for entry in found.entries if entry.kind == "named"]
    assert named == ([0.0] if shows == "choosing" else [])


def test_the_effect_of_a_direction_is_measured_on_real_captions(monkeypatch):
    captions = ["A red dog runs.", "A man in a blue coat.", "A red and blue car.", "Two red hats.", "Nothing here."]
    assert found_directions.holding(captions, "colour", "red", "blue") == ["A red dog runs.", "Two red hats."]
    assert found_directions.holding(captions, "colour", "none", "red") == ["Nothing here."]
    assert found_directions.holding(captions, "how_many", "one", "two") == ["A red dog runs.", *captions[1:3]]

    class Pipeline:
        """Its latent is the number of a text, and a shift of 10 leads to the changed ones."""

        model = SimpleNamespace(config=SimpleNamespace(n_slots=1, latent_dim=1))
        still = ("a red dog runs", "a red man sits in a hat", "a green dog", "a red cat")
        moved = ("a blue dog runs", "a blue woman sits in a hat", "a blue dog", "a red cat")

        def encode(self, texts, beta=None):
            return SimpleNamespace(mode=torch.arange(len(texts), dtype=torch.float32).reshape(-1, 1, 1))

        def decode(self, z, language, num_beams):
            return [(self.moved[int(x) - 10] if x >= 10 else self.still[int(x)]) for x in z.reshape(-1)]

    few = found_directions.measure(Pipeline(), ["one", "two", "three", "four"], "colour", "red", "blue", np.array([10.0]))
    assert few == found_directions.Effect(None, None, None, 3)  # too few to tell
    monkeypatch.setattr(found_directions, "MIN_SEEN", 3)
    found = found_directions.measure(Pipeline(), ["one", "two", "three", "four"], "colour", "red", "blue", np.array([10.0]))
    assert found.n == 3 and found.effect == pytest.approx(2 / 3)  # the third was not red, the fourth stays red
    # Who, how many, action, clothing of three: the man alone goes.
    assert found.kept == pytest.approx(8 / 9)
    assert found_directions.measure(Pipeline(), [], "colour", "red", "blue", np.array([10.0])).effect is None


def test_priors_are_fitted_to_the_corpus_of_the_checkpoint(folder):
    command = ["--data", str(folder), "--only", "gaussian", "--checkpoint", str(folder / "es" / "checkpoint")]
    assert prior.main(command) == 0
    assert about_priors(folder / "es" / "checkpoint")["corpus"] == "mine"


def test_priors_that_were_cut_off_go_on_behind_those_that_are_done(folder, tmp_path, monkeypatch, capsys):
    shutil.copytree(folder / "es" / "checkpoint", tmp_path / "es")
    command = ["--data", str(folder), "--checkpoint", str(tmp_path / "es"), "--components", "1"]
    command += ["--only", "gaussian,mixture"]
    real, calls = priors.save_priors, []

    def cut_off(where, found, about):
        real(where, found, about)
        calls.append(list(found))
        if len(calls) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(priors, "save_priors", cut_off)
    assert prior.main(command) == 130 and about_priors(tmp_path / "es")["unfinished"] == ["mixture"]
    assert prior.main(command) == 0 and calls == [["gaussian"], ["gaussian", "mixture"]]
    assert "goes on with mixture" in capsys.readouterr().err and "unfinished" not in about_priors(tmp_path / "es")
    assert prior.main([*command, "--components", "5000"]) == 2
    assert "but 5,000 are needed" in capsys.readouterr().err
