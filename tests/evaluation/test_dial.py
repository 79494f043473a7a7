"""The rate curve of a checkpoint with a dial, and what the report writes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from vaegen.errors import VaegenError
from vaegen.evaluation.dial import rate_curve
from vaegen.evaluation.reports.latent_space import report, save_plots
from vaegen.evaluation.surface import surface_figures
from vaegen.model.rate_dial import BETAS
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.pipeline import Pipeline, load

TEXTS = ["A dog runs.", "Two men sing on a stage.", "A woman reads."]
PAIRS = {("en", "de"): (TEXTS, ["Ein Hund rennt.", "Zwei Männer singen auf einer Bühne.", "Eine Frau liest."])}


@pytest.fixture(scope="module")
def start() -> Pipeline:
    """The committed captions model."""
    return load("checkpoints/multi30k")


@pytest.fixture(scope="module")
def curve(start):
    """Of a dial set by hand, that draws the posterior towards the prior as beta grows: the KL has to fall."""
    model = VAETransformer(replace(start.model.config, rate_dial=True))
    model.load_state_dict(start.model.state_dict(), strict=False)
    assert model.dial is not None
    torch.nn.init.ones_(model.dial.hidden.weight)
    torch.nn.init.zeros_(model.dial.hidden.bias)
    torch.nn.init.constant_(model.dial.to_scale.weight, -0.03)
    turned = Pipeline(model, start.tokenizer)
    return rate_curve(turned, TEXTS, PAIRS, language_model_nats=20.0, n_draws=2, say=lambda _: None)


def test_kl_falls_as_beta_rises_and_the_bound_is_recon_plus_kl(curve):
    rows = curve["rows"]
    assert [row["beta"] for row in rows] == list(BETAS)
    kl = [row["kl"] for row in rows]
    assert kl == sorted(kl, reverse=True) and kl[0] > kl[-1] + 10.0
    for row in rows:
        assert row["neg_elbo"] == pytest.approx(row["recon"] + row["kl"], abs=0.02)
        assert 0.0 <= row["exact"] <= 1.0 and 0.0 <= row["bleu_en-de_source"] <= 100.0
    assert max(row["bleu_en-de_source"] for row in rows) > 50.0
    assert curve["best_over_limit"] == pytest.approx(min(row["neg_elbo"] for row in rows) / 20.0, abs=1e-3)


def test_one_rate_only_has_no_curve(start):
    with pytest.raises(VaegenError, match="one rate only"):
        rate_curve(start, TEXTS, PAIRS)


def test_the_report_shows_the_curve_and_the_forms(curve, start, tmp_path):
    groups = [{"en": a, "de": b} for a, b in zip(*PAIRS["en", "de"], strict=True)]
    figures = {"weights": "0" * 12, "rates": curve, "surface": surface_figures(start, groups, "de", 3)}
    text = report(figures, "own")
    assert "| beta | KL |" in text and "| 0.003 |" in text and "As people type" in text and "lost: one swap" in text
    save_plots(figures, tmp_path)
    assert "beta" in (tmp_path / "rate.svg").read_text() or (tmp_path / "rate.svg").stat().st_size > 5000
