"""The tables: every figure in its place, and markers that must exist."""

import json

import pytest

from vaegen.app.service import CHECKPOINTS
from vaegen.config import ModelConfig
from vaegen.data.corpus import CORPORA
from vaegen.errors import VaegenError
from vaegen.evaluation.reports.cards import (
    UNKNOWN,
    comparison_table,
    data_card,
    fill,
    main_corpus,
    markdown_table,
    model_card,
    results,
)
from vaegen.evaluation.reports.front_matter import license_text

LATENT = {
    "n": 10, "recon": 5.0, "kl": 40.0, "neg_elbo": 45.0, "nll_iw": 44.0, "nll_iw_draws": 20, "active_units": 7,
    "dimensions": 8, "active_threshold": 0.01, "mutual_information": 2.2, "mutual_information_limit": 2.3,
}  # fmt: skip
METRICS = {
    "parameters": 5_554_048,
    "evaluation": {
        "split": "multi30k test_2016", "num_beams": 5, "command": "python scripts/evaluate.py",
        "translation": {"en-de": {"source": {"bleu_tokenised": 41.5, "bleu": 40.5, "chrf": 65.5},
                                  "latent": {"bleu_tokenised": 38.5, "bleu": 37.5, "chrf": 62.5}}},
        "latent": {"en": LATENT}, "shuffled_z": {"en-de": 0.5},
    },
}  # fmt: skip


def test_markdown_table():
    assert markdown_table(["a", "b"], [[1, 2.5]]) == "| a | b |\n| --- | --- |\n| 1 | 2.5 |"


def test_results_show_each_figure_once():
    text = results("multi30k", METRICS)
    assert "| en-de | 41.5 | 40.5 | 65.5 | 38.5 | 37.5 | 62.5 |" in text
    assert "| English | 10 | 45.0 | 5.0 | 40.0 | 44.0 | 7 of 8 | 2.2 (limit 2.3) |" in text
    assert "en-de 0.5" in text and "5.6 M parameters" in text and "IW-20" in text


def test_model_card_is_made_of_what_was_measured():
    data = {"description": "D.", "license": "L.", "license_id": "cc-by-2.0"}
    card = model_card("multi30k", ModelConfig(400).to_dict(), METRICS, data)
    assert card.startswith("---\nlanguage: [en, de, fr, cs]\nlicense: cc-by-2.0")
    assert results("multi30k", METRICS) in card
    assert "Not measured yet" in model_card("new", ModelConfig(400).to_dict(), {}, data)
    assert "16 Gaussian latent\nslots of 32 dimensions" in card and "pipeline.sample(" in card


@pytest.mark.parametrize("name", ["chinese", "collapsed", "dialogue", "everyday", "multi30k", "summaries", "tatoeba"])
def test_the_cards_of_the_shipped_checkpoints_are_made_of_their_figures(name):
    folder = CHECKPOINTS / name
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model"]
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    card = model_card(name, ModelConfig.from_dict(config).to_dict(), metrics, data_card(metrics))
    assert card == (folder / "README.md").read_text(encoding="utf-8")
    assert license_text(name, data_card(metrics)) == (folder / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["chinese", "collapsed", "dialogue", "everyday", "multi30k", "summaries", "tatoeba"])
def test_the_hub_reads_figures_licence_and_data_of_the_cards(name):
    from huggingface_hub import ModelCard

    data = ModelCard((CHECKPOINTS / name / "README.md").read_text(encoding="utf-8"), ignore_metadata_errors=False).data
    metrics = json.loads((CHECKPOINTS / name / "metrics.json").read_text(encoding="utf-8"))
    assert data.eval_results and data.model_name == name and all(result.dataset_split for result in data.eval_results)
    found = {(result.task_name, result.metric_name): result.metric_value for result in data.eval_results}
    for direction, contexts in metrics["evaluation"].get("translation", {}).items():
        assert found[direction, "BLEU, context latent"] == contexts["latent"]["bleu"]
    named = data.license != "other" or (data.license_link == "LICENSE" and data.license_name)
    assert named and (name == "chinese" or name == "dialogue" or data.datasets)
    if "multi30k" in (metrics["corpora"] + name):
        assert data.license_name == "non-commercial-research"


@pytest.mark.parametrize(
    ("tags", "target"),
    [(("en", "es"), "es"), (("en", "de"), "de"), (("en", "en.brief"), "en.brief"), (("es.reply", "es"), "es.reply")],
)
def test_the_card_of_an_own_checkpoint_has_calls_that_run(tags, target):
    card = model_card("mine", ModelConfig(400, tags).to_dict(), {}, UNKNOWN | {"description": "D."}, "runs/mine/checkpoint")
    assert "# mine\n" in card and 'vaegen.load("runs/mine/checkpoint")' in card and f'snow.", "{target}")' in card
    assert "runs.md" not in card


def test_the_corpus_to_measure_on_is_the_first_that_has_other_languages_than_chinese():
    assert main_corpus({"corpora": "tatoeba-zh:0.5,own:1"}) == "own" and main_corpus({}) == "multi30k"
    assert main_corpus({"corpora": "tatoeba-zh"}) == "tatoeba-zh"


def test_the_card_of_a_model_without_a_latent_promises_none():
    card = model_card("plain", ModelConfig(400, n_slots=0).to_dict(), {}, UNKNOWN | {"description": "D."})
    assert "A Transformer without a latent that translates between English, German, French, Czech" in card
    assert "slots" not in card.split("## Training")[0] and "pipeline.sample(" not in card


@pytest.mark.parametrize("name", CORPORA)
def test_the_card_says_the_terms_of_every_corpus(name):
    card = data_card({"corpora": f"{name}:1"})
    assert card["license"] != UNKNOWN["license"] and card["license"] in model_card("x", ModelConfig(400).to_dict(), {}, card)
    assert data_card({"corpora": "own:1"})["license"] == UNKNOWN["license"]


def test_comparisons_have_a_column_for_every_direction():
    row = {"name": "no latent", "steps": 800, "scores": {"en-de:source": 20.5}, "kl": None}
    assert "| no latent | 800 | 20.5 |  |" in comparison_table([row])


def test_fill_replaces_what_is_between_the_markers_and_nothing_else():
    document = "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb"
    filled = fill(document, "x", "new \\1")
    assert filled == "a\n<!-- x:begin -->\nnew \\1\n<!-- x:end -->\nb"
    assert fill(filled, "x", "old") == document
    with pytest.raises(VaegenError, match="x:begin"):
        fill("nothing", "x", "new")
