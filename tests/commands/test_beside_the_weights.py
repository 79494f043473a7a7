"""`vaegen map` and `vaegen examples`: what they write beside a checkpoint's weights, and that it is of these weights."""

import json

import pytest

from vaegen.app.build import VIEWS
from vaegen.artifacts import atlas as atlases
from vaegen.commands import examples
from vaegen.commands import map as make_map
from vaegen.latent.atlas import load_atlas
from vaegen.model.checkpoint import save_checkpoint, weights_hash


@pytest.fixture
def folder(tiny_model, tokenizer, tmp_path):
    save_checkpoint(tmp_path / "tiny", tiny_model, tokenizer)
    return tmp_path / "tiny"


def test_a_map_and_the_first_answers_of_all_tabs(folder, monkeypatch, capsys):
    monkeypatch.setattr(atlases, "_fitted", lambda latents, n: latents[:, :n])  # a UMAP takes long and is not asked here
    size = ["--probes", "8", "--samples", "3", "--clusters", "2"]
    assert make_map.main(["--checkpoint", str(folder), *size]) == 0
    picture = json.loads((folder / "map.json").read_text(encoding="utf-8"))
    assert picture["n_probes"] == 8 and len(picture["texts"]["cs"]) == 11 and len(load_atlas(folder).latents) == 4 * 8 + 3
    about = picture["about"]
    assert about["weights"] == weights_hash(folder) and about["command"] == "vaegen map --checkpoint PATH/TO/tiny"
    assert "map.npz: 0.0 MB" in capsys.readouterr().out
    assert examples.main(["--checkpoint", str(folder)]) == 0
    answers = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
    assert answers.pop("weights") == weights_hash(folder)
    assert list(answers) == list(VIEWS) and all(answer["seconds"] == 0.0 for answer in answers.values())
    assert len(answers["translate"]["cards"]) == 4


def test_a_map_of_a_prior_that_is_not_there_is_refused(folder, capsys):
    assert make_map.main(["--checkpoint", str(folder), "--probes", "4", "--samples", "3", "--prior", "flow"]) == 2
    assert capsys.readouterr().err.startswith("map: There is no prior 'flow'; this checkpoint has normal.")
    assert not (folder / "map.json").exists()
