"""Every part of the evaluation of a latent space, run for real on a tiny model, and the report of it."""

import json

import numpy as np
import pytest
import torch
from sklearn import ensemble

from vaegen.config import ModelConfig, preset
from vaegen.evaluation import generated_text, latent_space
from vaegen.evaluation.disentanglement import retrieval
from vaegen.evaluation.language_model import new_language_model, sentence_nats
from vaegen.evaluation.reports.latent_space import SECTIONS, report
from vaegen.latent.priors import PRIORS
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.pipeline import Pipeline
from vaegen.text.tokenizer import Tokenizer

TEXTS = {
    "en": ["a dog runs through the snow", "two men sing", "a girl reads", "two dogs run", "a girl sings to a dog"],
    "de": ["ein Hund rennt durch Schnee", "zwei Männer singen", "ein Mädchen liest", "zwei Hunde rennen", "ein Junge singt"],
    "fr": ["un chien court dehors", "deux hommes chantent", "une fille lit", "deux chiens courent", "une fille chante"],
}


@pytest.fixture(scope="module")
def pipeline(tokenizer):
    torch.manual_seed(0)
    config = ModelConfig(tokenizer.vocab_size, tuple(tokenizer.languages), **preset("tiny")[0])
    return Pipeline(VAETransformer(config).eval(), tokenizer)


@pytest.fixture(scope="module")
def judge(tokenizer):
    return new_language_model(tokenizer.vocab_size, width=16, n_layers=1, n_heads=2).eval()


@pytest.fixture(autouse=True)
def _without_a_pretrained_encoder(monkeypatch):
    """Features of letters, and their distance: the encoder's own are tested with the measures that use them."""

    def features(texts):
        return np.array([[text.count(letter) + 1e-3 for letter in "aeinrst"] for text in texts], dtype=np.float64)

    monkeypatch.setattr(generated_text, "features", features)
    monkeypatch.setattr(generated_text, "mauve", lambda real, generated, seed: 0.5)
    monkeypatch.setattr(generated_text, "word_distance", lambda a, b: float(np.abs(np.subtract(*features([a, b]))).sum()))


def said():
    lines = []
    return lines, lines.append


def written(name, figures):
    """The report of one part; its figures survive their file."""
    return report({name: json.loads(json.dumps(figures, allow_nan=False))}, "own")


def test_rates(pipeline, judge):
    lines, say = said()
    part = latent_space.rates(pipeline, judge, TEXTS["en"], TEXTS["en"], TEXTS["de"], "de", say)
    assert [row["slots"] for row in part["rows"]] == [1, 2, 4] and len(lines) == 3
    posterior = pipeline.encode(TEXTS["en"])
    for row in part["rows"]:
        assert row["neg_elbo"] == pytest.approx(row["kl"] + row["recon"])
        assert row["kl"] == pytest.approx(posterior.kl_per_dim()[:, : row["slots"]].sum((1, 2)).mean().item(), rel=1e-4)
    limit = sentence_nats(judge, latent_space.as_ids(pipeline, TEXTS["en"], "en")).mean()
    assert part["language_model_nats"] == pytest.approx(limit) and part["n"] == 5
    assert part["best_over_limit"] == pytest.approx(min(row["neg_elbo"] for row in part["rows"]) / limit)
    assert "BLEU (13a) en-de" in written("rates", part)


def test_rates_compare_chinese_by_its_characters():
    """Written by hand and perfect; 13a would see one word a sentence, and no run of four."""
    tokenizer = Tokenizer.train(["狗在雪地里跑", "a dog runs"] * 3, 330, ("en", "zh"))
    pipeline = Pipeline(VAETransformer(ModelConfig(tokenizer.vocab_size, ("en", "zh"), **preset("tiny")[0])), tokenizer)
    pipeline.decode = lambda z, language, **options: ["狗在雪地里跑", "两个男人在唱歌"]
    judge = new_language_model(tokenizer.vocab_size, width=16, n_layers=1, n_heads=2).eval()
    part = latent_space.rates(pipeline, judge, ["a dog"], ["a dog", "men"], ["狗在雪地裡跑", "两个男人在唱歌"], "zh", print)
    assert [row["bleu"] for row in part["rows"]] == [100.0] * 3
    assert "BLEU (by characters) en-zh" in written("rates", part)


def test_samples_of_every_prior_beside_real_sentences(pipeline, judge):
    lines, say = said()
    settings = [("normal", 1.0, None), ("normal", 0.5, 2)]
    part = latent_space.prior_samples(pipeline, judge, TEXTS["en"], TEXTS["en"], TEXTS["en"], 3, (0, 1), say, settings)
    real, whole, small = part["rows"]
    assert [(row["prior"], row["scale"], row["slots"]) for row in part["rows"]] == [("real", 1.0, None), *settings]
    assert len(lines) == 6 and part["held_out"] == 5 and part["n"] == 3 and part["seeds"] == [0, 1]
    assert real["mean"]["memorised_sentences"] is None and 0.0 <= whole["mean"]["memorised_sentences"] <= 1.0
    assert real["mean"]["forward_perplexity"] > 1.0 and real["mean"]["reverse_perplexity"] > 1.0
    assert real["mean"]["plausible"] >= 0.5 and 0.0 <= whole["mean"]["plausible"] <= 1.0
    assert whole["mean"]["words"] > 0 and small["spread"]["mauve"] == 0.0
    text = written("samples", part)
    assert "| real captions |" in text and "| N(0, I), scale 0.5, first 2 slots |" in text
    assert set(pipeline.priors) <= set(PRIORS)


def test_the_usual_nats_leave_out_nonsense_and_phrases_that_say_nothing():
    low, high = latent_space.usual_nats(np.linspace(1.0, 2.0, 1001))
    assert low == pytest.approx(1.025) and high == pytest.approx(1.975)


def test_walks(pipeline, judge):
    lines, say = said()
    part = latent_space.interpolation(pipeline, judge, TEXTS["en"][:4], 3, say)
    assert (part["walks"], part["steps"], len(lines)) == (2, 3, 1)
    for name in ("ends_exact", "ends_exact_unrefined", "walks_with_both_ends_exact", "loops", "loops_alone"):
        assert 0.0 <= part[name] <= 1.0, name
    assert 1.0 <= part["different_sentences"] <= 3.0 and part["smoothness_features"] <= 1.0 + 1e-9
    assert part["perplexity_ends"] > 1.0 and part["loops"] == 0.0  # led out of them
    assert "2 walks of 3 steps" in written("interpolation", part)


def test_one_meaning_in_several_languages(pipeline):
    lines, say = said()
    part = latent_space.across_languages(pipeline, TEXTS, TEXTS, say)
    pairs = {f"{a}-{b}" for a in TEXTS for b in TEXTS if a != b}
    for name in ("retrieval", "retrieval_by_margin", "retrieval_of_ngrams"):
        assert set(part[name]) == pairs and all(0.0 <= share <= 1.0 for share in part[name].values()), name
    mu = [pipeline.encode(TEXTS[code]).mu.flatten(1).numpy() for code in ("en", "de")]
    assert part["retrieval"]["en-de"] == retrieval(*mu)
    assert part["chance"] == pytest.approx(1 / 3) and part["language_from"]["mu"] == 1.0 and part["n"] == 5 and lines
    text = written("languages", part)
    assert "three languages" in text and "n-grams of characters instead of a latent" in text


def test_factors_and_their_chance_level(pipeline, monkeypatch):
    lines, say = said()
    forest = ensemble.RandomForestClassifier  # of 10 trees: this is about what is reported, not how well
    monkeypatch.setattr(ensemble, "RandomForestClassifier", lambda _, **options: forest(10, **options))
    part = latent_space.factors(pipeline, say, n=48)
    names = {"mig", "sap", "disentanglement", "completeness", "informativeness"}
    assert set(part["chance"]) == names and part["n"] == 48 and len(part["factors"]) > 3 and lines
    assert all(-1e-6 <= scores[name] <= 1.0 for scores in (part, part["chance"]) for name in names)
    # Untrained weights still spell: permuted factors can be told from nothing.
    assert part["informativeness"] > part["chance"]["informativeness"]
    text = written("factors", part)
    assert "The second row is chance" in text and f"| {part['chance']['mig']:.3f} |" in text


def test_probes_beside_the_commonest_and_beside_ngrams(pipeline):
    lines, say = said()
    many = {"subj_number": ["one", "two", "one", "two", "one"], "animal": ["dog", "none", "none", "dog", "dog"]}
    part = latent_space.silver_probes(pipeline, (TEXTS["en"], many), (TEXTS, many), say)
    assert [row["label"] for row in part["rows"]] == list(many) and part["n_train"] == 5 and len(lines) == 2
    number = part["rows"][0]
    assert set(number) == {"label", "majority", "ngrams", *TEXTS} and number["majority"] == 0.6
    assert number["en"] == number["ngrams"] == 1.0  # the training sentences themselves
    assert "| label | always the commonest | n-grams, English | English | German | French |" in written("probes", part)


def test_every_part_is_run_here():
    """A part that is added to the report is added to these tests, or as `surface` to its own: its section names it."""
    assert set(SECTIONS) - {"bounds"} == {
        "rates", "samples", "interpolation", "languages", "factors", "probes", "surface"
    }  # fmt: skip
