"""The reported figures against oracles whose answer is known."""

import math

import pytest
import sacrebleu
import torch

from vaegen.evaluation.bounds import active_units, mutual_information, reconstruction_nats
from vaegen.evaluation.translation import moses, shuffled_bleu, translation_scores
from vaegen.model.posterior import DiagonalGaussian, gaussian_log_prob
from vaegen.pipeline.bounds import importance_weighted_nll
from vaegen.pipeline.pipeline import Pipeline

REFERENCES = ["A dog runs through the snow.", "Two men sing, and a girl doesn't read."]
HYPOTHESES = ["A dog runs in the snow.", "Two men sing and a girl reads."]


def test_bleu_and_chrf_are_those_of_sacrebleu():
    scores = translation_scores(HYPOTHESES, REFERENCES, None, "en")
    assert scores["bleu"] == pytest.approx(sacrebleu.corpus_bleu(HYPOTHESES, [REFERENCES]).score, abs=0.005)
    assert scores["chrf"] == pytest.approx(sacrebleu.corpus_chrf(HYPOTHESES, [REFERENCES]).score, abs=0.005)
    assert "13a" in scores["bleu_signature"] and "case:mixed" in scores["bleu_signature"]


def test_moses_form_is_the_published_one():
    assert moses("A man's T-Shirt is \u201cblue\u201d.", "en") == "a man &apos;s t-shirt is &quot; blue . &quot;"
    assert moses("L'homme dort.", "fr") == "l&apos; homme dort ."


def test_tokenised_bleu_ignores_case_and_is_100_for_the_reference():
    tokenised = [moses(text, "en") for text in REFERENCES]
    upper = [text.upper() for text in REFERENCES]
    assert translation_scores(upper, REFERENCES, tokenised, "en")["bleu_tokenised"] == pytest.approx(100.0)
    assert translation_scores(upper, REFERENCES, tokenised, "en")["bleu"] < 20


def test_chinese_references_are_simplified():
    assert translation_scores(["两个孩子在沙滩上玩。"], ["兩個孩子在沙灘上玩。"], None, "zh")["bleu"] == pytest.approx(100.0)


def test_shuffled_bleu_decodes_the_latent_of_another_sentence(tokenizer, tiny_model, monkeypatch):
    pipeline, sources = Pipeline(tiny_model, tokenizer), ["a dog runs home", "two men sing here", "a girl reads there"]
    z = pipeline.encode(sources).mode

    def decode(rows, _):
        return [sources[i] for i in (rows[:, None] - z).abs().sum((2, 3)).argmin(1)]

    monkeypatch.setattr(pipeline, "decode", decode)
    assert shuffled_bleu(pipeline, sources, [sources[2], *sources[:2]], "en") == pytest.approx(100.0)
    assert shuffled_bleu(pipeline, sources, sources, "en") < 20


def linear_gaussian(n_draws, scale):
    """x | z ~ N(2z, 0.5^2), z ~ N(0, 1), so p(x) = N(0, 4 + 0.25); q(z|x) is the exact posterior times `scale` in std."""
    generator = torch.Generator().manual_seed(0)
    x = torch.tensor([-3.0, 0.0, 0.7, 4.0], dtype=torch.float64)
    variance = 1.0 / (1.0 + 4.0 / 0.25)
    mean = variance * 2.0 * x / 0.25
    posterior = DiagonalGaussian(
        mean[:, None, None], torch.full((4, 1, 1), math.log(variance * scale**2), dtype=torch.float64)
    )
    log_weights = []
    for _ in range(n_draws):
        z = posterior.sample(generator)
        log_px = -0.5 * (math.log(2 * math.pi * 0.25) + (x - 2 * z[:, 0, 0]) ** 2 / 0.25)
        log_weights.append(log_px + gaussian_log_prob(z) - posterior.log_prob(z))
    truth = 0.5 * (math.log(2 * math.pi * 4.25) + x**2 / 4.25)
    return importance_weighted_nll(torch.stack(log_weights)), truth


def test_nll_iw_is_exact_with_the_true_posterior():
    nll, truth = linear_gaussian(n_draws=1, scale=1.0)
    torch.testing.assert_close(nll, truth)


def test_nll_iw_falls_to_the_truth_from_above_with_more_draws():
    (one, truth), (many, _) = linear_gaussian(1, 2.0), linear_gaussian(20_000, 2.0)
    torch.testing.assert_close(many, truth, atol=0.02, rtol=0)
    assert one.mean() > truth.mean() + 0.1


def test_mutual_information_is_log_n_for_far_posteriors_and_0_for_equal_ones():
    far = DiagonalGaussian(100.0 * torch.arange(8.0)[:, None, None].expand(8, 2, 3), torch.zeros(8, 2, 3))
    assert mutual_information(far, far.mode) == pytest.approx(math.log(8), abs=1e-3)
    equal = DiagonalGaussian(torch.zeros(8, 2, 3), torch.zeros(8, 2, 3))
    z = equal.sample(torch.Generator().manual_seed(0))
    assert mutual_information(equal, z) == pytest.approx(0.0, abs=1e-4)


def test_active_units_count_variances_above_the_threshold():
    mu = torch.zeros(100, 2, 2)
    mu[:, 0, 0] = torch.linspace(-1, 1, 100)
    mu[:, 1, 1] = 0.05 * torch.linspace(-1, 1, 100)
    assert active_units(mu, threshold=0.01) == 1
    assert active_units(mu, threshold=1e-4) == 2


def test_reconstruction_nats_do_not_depend_on_the_batch(tokenizer, tiny_model):
    pipeline = Pipeline(tiny_model, tokenizer)
    texts = ["a dog runs", "two men sing and a girl reads", "a girl"]
    z = pipeline.encode(texts).mode
    together = reconstruction_nats(pipeline, texts, z, "en")
    single = torch.cat([reconstruction_nats(pipeline, [t], z[i : i + 1], "en") for i, t in enumerate(texts)])
    torch.testing.assert_close(together, single, rtol=1e-4, atol=1e-4)
    untidy = reconstruction_nats(pipeline, ["a\u00a0dog  runs ", *texts[1:]], z, "en")  # the encoder reads it tidied
    torch.testing.assert_close(untidy, together, rtol=1e-4, atol=1e-4)
    expected = -sum(pipeline.score([texts[0]], [texts[0]], "en", context="latent")[0])
    assert float(together[0]) == pytest.approx(expected, rel=1e-4)
