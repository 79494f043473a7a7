"""Several models as one: of one nothing changes, of several the mean of probabilities or of weights."""

import itertools

import pytest
import torch

import vaegen
from vaegen.commands import average as mean_of
from vaegen.config import ModelConfig, override, preset
from vaegen.errors import VaegenError
from vaegen.model.checkpoint import load_checkpoint, save_checkpoint
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.ensemble import Ensemble, average, mean_log_probs
from vaegen.pipeline.pipeline import Pipeline
from vaegen.text.tokenizer import Tokenizer

TEXTS = ["a dog runs", "two men sing and a girl reads", "", "ein Hund rennt durch den Schnee"]


def make_model(tokenizer, seed, **shape):
    """A random model that says something of its source; see tests/decoding/test_search.py."""
    torch.manual_seed(seed)
    config = override(ModelConfig(tokenizer.vocab_size, tuple(tokenizer.languages), **preset("tiny")[0]), **shape)
    model = VAETransformer(config).eval()
    with torch.no_grad():
        for layer in model.decoder:
            for linear in (layer.cross_attention.out, layer.self_attention.out, layer.ffn[0], layer.ffn[2]):
                linear.weight.mul_(6.0)
        model.decoder_norm.weight.fill_(2.0)
        model.embedding.weight[1] *= 2.0
    return model


def together(tokenizer, *models):
    return Pipeline(Ensemble(models), tokenizer)


METHODS = [
    {"num_beams": 1},
    {"num_beams": 4},
    {"method": "sample", "seed": 3, "n_draws": 2},
    {"context": "latent", "num_beams": 3},
]


@pytest.mark.parametrize("options", METHODS)
def test_an_ensemble_of_one_is_the_model_and_of_two_copies_too(tokenizer, options):
    model = make_model(tokenizer, 1)
    alone = Pipeline(model, tokenizer).generate(TEXTS, "de", **options)
    assert together(tokenizer, model).generate(TEXTS, "de", **options) == alone
    if "n_draws" in options:  # each member draws its own z
        return
    for got, expected in zip(together(tokenizer, model, model).generate(TEXTS, "de", **options), alone, strict=True):
        assert [t.text for t in got] == [t.text for t in expected]
        assert got[0].token_log_probs == pytest.approx(expected[0].token_log_probs, abs=1e-5)


@pytest.mark.parametrize("context", ["latent", "source"])
def test_it_takes_the_token_with_the_best_mean_probability(tokenizer, context):
    models = [make_model(tokenizer, 4), make_model(tokenizer, 5, width=64, n_decoder_layers=2), make_model(tokenizer, 6)]
    (found,) = together(tokenizer, *models).generate(TEXTS[:1], "de", context=context, method="greedy", max_length=8)
    src = torch.tensor([[*tokenizer.encode(TEXTS[0]), tokenizer.eos_id]])
    said, log_probs = [tokenizer.language_id("de")], []
    banned = [tokenizer.pad_id, tokenizer.mask_id, *tokenizer.language_ids.values()]
    while len(log_probs) < 8:
        probs = torch.zeros(tokenizer.vocab_size)
        for model in models:
            encoding = model.encode(src, torch.ones_like(src, dtype=torch.bool))
            memory = model.memory(encoding.posterior.mode, encoding, context)
            probs += model.decode_logits(torch.tensor([said]), memory)[0, -1].log_softmax(-1).detach() / 3
        probs = probs.exp() / probs.exp().sum()
        allowed = probs.clone()
        allowed[banned] = 0.0
        said.append(int(allowed.argmax()) if len(log_probs) < 7 else tokenizer.eos_id)
        log_probs.append(float(probs[said[-1]].log()))
        if said[-1] == tokenizer.eos_id:
            break
    assert found[0].token_log_probs == pytest.approx(log_probs, abs=1e-4)
    assert found[0].text == tokenizer.decode(said[1:-1])
    alone = [Pipeline(m, tokenizer).translate(TEXTS[0], "de", context=context, num_beams=1) for m in models]
    assert len({*alone, found[0].text}) > 1


def test_mean_log_probs_by_hand():
    mean = mean_log_probs([torch.tensor([0.25, 0.75]).log() + 3.0, torch.tensor([0.75, 0.25]).log(), torch.zeros(2)])
    assert mean.exp().tolist() == pytest.approx([0.5, 0.5])
    mean = mean_log_probs([torch.tensor([0.8, 0.2]).log(), torch.tensor([0.5, 0.5]).log()])
    assert mean.exp().tolist() == pytest.approx([2 / 3, 1 / 3])  # the roots of 0.4 and 0.1: two to one


def test_its_latent_is_that_of_all_members(tokenizer):
    models = [make_model(tokenizer, 1), make_model(tokenizer, 2)]
    pipeline = together(tokenizer, *models)
    posterior = pipeline.encode(TEXTS[:2])
    for i, model in enumerate(models):
        assert torch.allclose(posterior.mu[:, 4 * i : 4 * i + 4], Pipeline(model, tokenizer).encode(TEXTS[:2]).mu, atol=1e-5)
    from_latent = pipeline.decode(posterior.mode, "de", num_beams=1, max_length=12)
    assert from_latent == pipeline.translate(TEXTS[:2], "de", context="latent", num_beams=1, max_length=12)
    with pytest.raises(VaegenError, match="ask one of its members"):
        pipeline.attention(TEXTS[0], "de")


def test_models_that_do_not_fit_together_are_refused(tokenizer, tmp_path):
    with pytest.raises(VaegenError, match="differ in n_slots"):
        Ensemble([make_model(tokenizer, 1), make_model(tokenizer, 1, n_slots=2)])
    with pytest.raises(VaegenError, match="no model"):
        vaegen.load([])
    other = Tokenizer.train(["the other words of another corpus"] * 3, tokenizer.vocab_size, tokenizer.languages)
    save_checkpoint(tmp_path / "a", make_model(tokenizer, 1), tokenizer)
    config = ModelConfig(other.vocab_size, tuple(other.languages), **preset("tiny")[0])
    save_checkpoint(tmp_path / "b", VAETransformer(config), other)
    with pytest.raises(VaegenError, match="different tokenizers"):
        vaegen.load([tmp_path / "a", tmp_path / "b"])


def test_load_takes_several_folders(tokenizer, tmp_path):
    for name, seed in (("a", 1), ("b", 2)):
        save_checkpoint(tmp_path / name, make_model(tokenizer, seed), tokenizer)
    pipeline = vaegen.load([tmp_path / "a", str(tmp_path / "b")], "cpu")
    members = [load_checkpoint(tmp_path / name).model for name in "ab"]
    assert pipeline.name == "a + b"
    assert pipeline.translate(TEXTS, "de") == together(tokenizer, *members).translate(TEXTS, "de")


@pytest.mark.parametrize("seeds", [(1, 1), (1, 2)])
def test_a_mean_over_two_runs_is_made_with_a_warning(tokenizer, tmp_path, capsys, seeds):
    for name, seed in zip("ab", seeds, strict=True):
        save_checkpoint(tmp_path / name, make_model(tokenizer, 1), tokenizer, {"training": {"config": {"seed": seed}}})
    assert mean_of.main(["--out", str(tmp_path / "mean"), str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    assert ("of different runs" in capsys.readouterr().err) == (seeds == (1, 2))


def test_the_mean_of_weights(tokenizer, tmp_path):
    models = [make_model(tokenizer, seed) for seed in (1, 2)]
    for name, model in zip("ab", models, strict=True):
        save_checkpoint(tmp_path / name, model, tokenizer, {"corpora": "own"})
    assert mean_of.main(["--out", str(tmp_path / "mean"), str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    mean = load_checkpoint(tmp_path / "mean")
    assert mean.metadata == {"corpora": "own", "averaged": ["PATH/TO/a", "PATH/TO/b"]}
    a, b = (model.state_dict() for model in models)
    for name, value in mean.model.state_dict().items():
        torch.testing.assert_close(value, (a[name] + b[name]) / 2, rtol=2e-3, atol=2e-3)
    assert any(not torch.equal(x, y) for x, y in itertools.pairwise([a["slot_queries"], b["slot_queries"]]))


def test_weights_of_two_shapes_have_no_mean(tokenizer):
    with pytest.raises(VaegenError, match="differ in shape"):
        average([make_model(tokenizer, 1), make_model(tokenizer, 1, n_slots=2)])


def test_an_ensemble_draws_nothing_and_what_was_measured_on_one_is_not_told_of_the_mean(tokenizer, tmp_path):
    metadata = {"corpora": "own", "evaluation": {"of": "one"}, "training": {"step": 3, "validation": {"loss": 1.0}}}
    for name, seed in (("a", 1), ("b", 2)):
        save_checkpoint(tmp_path / name, make_model(tokenizer, seed), tokenizer, metadata)
    with pytest.raises(VaegenError, match="draw from one of the members"):
        vaegen.load([tmp_path / "a", tmp_path / "b"]).sample(1, "en")
    assert mean_of.main(["--out", str(tmp_path / "mean"), str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    told = load_checkpoint(tmp_path / "mean").metadata
    assert told == {"corpora": "own", "training": {"step": 3}, "averaged": ["PATH/TO/a", "PATH/TO/b"]}


def test_checkpoints_with_a_pretrained_encoder_have_a_mean_and_decode_together(tokenizer, bert, tmp_path):
    """A checkpoint carries its encoder, so that each says another place for the same one."""
    shape = override(ModelConfig(tokenizer.vocab_size, tuple(tokenizer.languages), **preset("tiny")[0]),
                     encoder="pretrained", pretrained=str(bert))  # fmt: skip
    for name, seed in (("a", 1), ("b", 2)):
        torch.manual_seed(seed)
        save_checkpoint(tmp_path / name, VAETransformer(shape), tokenizer)
    loaded = [load_checkpoint(tmp_path / name).model for name in "ab"]
    alone = Pipeline(loaded[0], tokenizer).translate("a dog runs", "de", num_beams=1)
    both = vaegen.load([tmp_path / "a", tmp_path / "b"], "cpu").generate(["a dog runs"], "de", num_beams=1)
    assert both == together(tokenizer, *loaded).generate(["a dog runs"], "de", num_beams=1)
    assert Pipeline(average([loaded[0]]), tokenizer).translate("a dog runs", "de", num_beams=1) == alone
    with pytest.raises(VaegenError, match="encoders read with different tokenizers"):
        Ensemble([make_model(tokenizer, 1), loaded[0]])
    with pytest.raises(VaegenError, match="encoders read with different tokenizers"):
        Ensemble([loaded[0], make_model(tokenizer, 1)])
    queries = (loaded[0].slot_queries + loaded[1].slot_queries) / 2
    torch.testing.assert_close(average(loaded).slot_queries, queries)


def test_different_encoders_decode_together(tokenizer):
    models = [make_model(tokenizer, 1), make_model(tokenizer, 2, encoder="lstm"), make_model(tokenizer, 3, encoder="gat")]
    src, mask = torch.randint(7, 60, (2, 5)), torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    tgt_in = torch.randint(7, 60, (2, 4))
    ensemble = Ensemble(models)
    encoding = ensemble.encode(src, mask)
    found = ensemble.decode_logits(tgt_in, ensemble.memory(encoding.posterior.mu, encoding)).exp()
    parts = []
    for model in models:
        own = model.encode(src, mask)
        parts.append(model.decode_logits(tgt_in, model.memory(own.posterior.mu, own)).log_softmax(-1))
    product = torch.stack(parts).mean(0).exp()
    torch.testing.assert_close(found, product / product.sum(-1, keepdim=True))
