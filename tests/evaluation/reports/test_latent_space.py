"""The report says what the figures say, leaves out what was not measured, and its plots are files."""

import json

from vaegen.app.service import CHECKPOINTS
from vaegen.evaluation.reports.latent_space import FIGURES, REPORT, prior_name, report, save_plots
from vaegen.latent.prior_kinds import PRIORS

RATES = {"n": 5, "target": "es", "language_model_nats": 40.0, "best_over_limit": 1.1, "rows": [
    {"slots": 1, "kl": 3.0, "recon": 41.0, "neg_elbo": 44.0, "bleu": 1.5},
    {"slots": 2, "kl": 30.0, "recon": 31.0, "neg_elbo": 61.0, "bleu": 20.25}]}  # fmt: skip


def row(prior, mauve, sentences):
    mean = {"mauve": mauve, "forward_perplexity": 12.34, "memorised_sentences": sentences, "loops": 0.0123}
    return {"prior": prior, "scale": 1.0, "slots": None, "mean": mean, "spread": dict.fromkeys(mean, 0.01)}


SAMPLES = {"n": 9, "seeds": [0, 1], "held_out": 7}
SAMPLES["rows"] = [row("real", 0.9, None), row("flow", 0.7, 0.04)]


def test_parts_that_were_not_measured_are_left_out():
    text = report({"weights": "abc"}, "own")
    assert text.startswith("# What the latent space of `own`") and "abc" in text and "##" not in text


def test_figures_stand_where_they_belong():
    text = report({"rates": RATES, "samples": SAMPLES, "notes": ["Tried and failed."]}, "own")
    assert "| 2 | 30.0 | 31.0 | 61.0 | 20.2 |" in text and "1.10 times" in text and "rate.svg" in text
    assert "| real captions | 0.900 ± 0.010 | 12.3 ± 0.0 | – | 1.2% ± 1.0 |" in text
    assert "| flow matching | 0.700 ± 0.010 | 12.3 ± 0.0 | 4.0% ± 1.0 | 1.2% ± 1.0 |" in text
    assert "- Tried and failed." in text


def test_the_shipped_report_is_made_of_its_figures():
    folder = CHECKPOINTS / "multi30k"
    figures = json.loads((folder / FIGURES).read_text(encoding="utf-8"))
    assert report(figures, "multi30k") == (folder / REPORT).read_text(encoding="utf-8")


def test_languages_without_a_name_come_last_and_are_not_dropped():
    shares = {f"{a}-{b}": 0.5 for a in ("xx", "es", "en") for b in ("xx", "es", "en") if a != b}
    languages = {"n": 4, "neighbours": 4, "retrieval": shares, "retrieval_by_margin": shares, "chance": 1 / 3}
    languages["language_from"] = {"z": 0.9, "mu": 1.0}
    probes = {"n_train": 9, "rows": [{"label": "verb", "majority": 0.4, "es": 0.5, "en": 0.6}]}
    text = report({"languages": languages, "probes": probes}, "own", path="PATH/TO/own/checkpoint")
    assert "## One meaning, three languages" in text and "| from, to; by cosine alone | en | es | xx |" in text
    assert "| label | always the commonest | English | es |" in text and "| verb | 40.0% | 60.0% | 50.0% |" in text
    assert "--checkpoint PATH/TO/own/checkpoint --data DATA`" in text


def test_directions_that_reach_both_goals_are_counted():
    one = {"kind": "named", "name": "one → two", "effect": 0.7, "kept": 0.95, "kept_least": 0.85}
    text = report({"directions": [one, {**one, "kept_least": 0.75}, {**one, "effect": 0.5}]}, "own")
    assert "1 of 3 change" in text and "| one → two | 70% | 95% | 85% |" in text and "captions" not in text
    unseen = {**one, "name": "unseen", "effect": None, "kept": None, "kept_least": None}
    assert "unseen" not in report({"directions": [one, unseen]}, "own")
    seen = {**one, "caption_effect": 0.4, "caption_kept": 0.6, "n_captions": 12}
    text = report({"directions": [seen, {**one, "name": "rare", "caption_effect": None, "caption_kept": None}]}, "own")
    assert "on average 40% change and 60% of the other factors stay (1 directions" in text
    assert "| one → two | 70% | 95% | 85% | 40% | 60% | 12 |" in text and "| rare | 70% | 95% | 85% | – | – | – |" in text


def test_every_prior_has_a_name():
    assert all(prior_name(name) not in ("", name) for name in ("real", *PRIORS))


def test_plots_are_written_the_same_again(tmp_path):
    save_plots({"rates": RATES, "samples": SAMPLES}, tmp_path)
    first = {path.name: path.read_text() for path in tmp_path.glob("*.svg")}
    save_plots({"rates": RATES, "samples": SAMPLES}, tmp_path)
    assert set(first) == {"rate.svg", "priors.svg"} and all("<svg" in text for text in first.values())
    assert first == {path.name: path.read_text() for path in tmp_path.glob("*.svg")}
