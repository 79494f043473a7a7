"""The engine against the model it is made from: the same search, two backends, one text."""

import logging
import sys

import numpy as np
import pytest
import torch

from vaegen.config import ModelConfig, preset
from vaegen.decoding.options import DecodingOptions
from vaegen.decoding.search import decode
from vaegen.engine.engine import ENGINES, Engine, engine_for, grouped
from vaegen.engine.onnx_format import Graph
from vaegen.errors import VaegenError
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.pipeline import Pipeline

EOS, LANGUAGES, BANNED = 1, (3, 4), (0, 2, 3, 4)
WAYS = [
    ("greedy", {}),
    ("beam", {"num_beams": 4, "n_best": 4}),
    ("sample", {"n_best": 3, "temperature": 1.5, "top_p": 0.9}),
]


def make_model(seed=11, **changes):
    """A random model made lively: what it says depends on the memory, and it ends sooner or later."""
    torch.manual_seed(seed)
    model = VAETransformer(ModelConfig(40, ("en", "de"), **{**preset("tiny")[0], **changes})).eval()
    with torch.no_grad():
        for layer in model.decoder:
            for linear in (layer.cross_attention.out, layer.self_attention.out, layer.ffn[0], layer.ffn[2]):
                linear.weight.mul_(6.0)
        for norm in (module for module in model.modules() if isinstance(module, torch.nn.LayerNorm)):
            norm.weight.uniform_(0.5, 1.5)
        for layer in (module for module in model.modules() if hasattr(module, "ffn")):
            for linear in (layer.ffn[0], layer.ffn[2]):
                linear.bias.uniform_(-0.3, 0.3)
        model.decoder_norm.weight.fill_(2.0)
        model.embedding.weight[EOS] *= 2.0
        if model.dial is not None:
            for layer in (model.dial.to_query, model.dial.to_memory, model.dial.to_shift):
                layer.weight.normal_(std=0.2)
    return model


def make_source(lengths=(3, 9, 5, 7, 2)):
    torch.manual_seed(1)
    src = torch.randint(5, 40, (len(lengths), max(lengths)))
    return src, torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


def hypotheses(runner, method, context="source", log_beta=None, rows=None, allowed=None, **settings):
    with torch.inference_mode():
        encoding = runner.encode(*make_source(), log_beta)
        memory = runner.memory(encoding.posterior.mode, encoding, context)
        rows = list(range(5)) if rows is None else rows
        tags = torch.tensor([LANGUAGES[i % 2] for i in range(len(rows))])
        generators = [torch.Generator().manual_seed(i) for i in range(len(rows))]
        options = DecodingOptions(method, n_alternatives=3, **settings)
        limits = [12, 9, 12, 4, 12, 7, 12, 12][: len(rows)]
        return decode(runner, memory, tags, EOS, options, banned_ids=BANNED, max_lengths=limits, generators=generators,
                      allowed=allowed, memory_rows=rows)  # fmt: skip


def same(found, expected):
    """Whether two lists of hypotheses are the same text, with the same probabilities up to rounding."""
    for row, others in zip(found, expected, strict=True):
        assert [h.ids for h in row] == [h.ids for h in others]
        assert [h.avoided for h in row] == [h.avoided for h in others]
        for a, b in zip(row, others, strict=True):
            assert a.token_log_probs == pytest.approx(b.token_log_probs, abs=1e-4)
            assert [[t for t, _ in step] for step in a.alternatives] == [[t for t, _ in step] for step in b.alternatives]
    return True


@pytest.mark.parametrize("context", ["latent", "source"])
@pytest.mark.parametrize(("method", "settings"), WAYS)
def test_every_way_to_decode_gives_the_text_of_the_model(method, settings, context):
    model = make_model()
    expected = hypotheses(model, method, context, **settings)
    assert len({len(h.ids) for row in expected for h in row}) > 1  # sentences leave the batch at different times
    assert same(hypotheses(Engine(model), method, context, **settings), expected)


@pytest.mark.parametrize(("method", "settings"), WAYS)
def test_sentences_that_share_a_memory_are_those_of_a_memory_each(method, settings):
    model, rows = make_model(), [4, 1, 1, 0, 1, 4]
    expected = hypotheses(model, method, rows=rows, **settings)
    assert same(hypotheses(Engine(model), method, rows=rows, **settings), expected)


@pytest.mark.parametrize(("method", "settings"), WAYS)
def test_what_is_forbidden_is_led_around_alike(method, settings):
    model = make_model()
    often = max(range(5, 40), key=lambda t: sum(t in h.ids for row in hypotheses(model, method, **settings) for h in row))

    def allowed(row, ids, watched):
        return often not in ids

    expected = hypotheses(model, method, allowed=allowed, **settings)
    assert any(h.avoided for row in expected for h in row)
    assert same(hypotheses(Engine(model), method, allowed=allowed, **settings), expected)


@pytest.mark.parametrize("context", ["latent", "source"])
def test_a_dial_turns_the_engine_too(context):
    model = make_model(rate_dial=True, default_beta=0.03)
    engine, texts = Engine(model), []
    for beta in (None, 0.003, 0.5):
        log_beta = None if beta is None else torch.full((5,), beta).log()
        expected = hypotheses(model, "beam", context, log_beta, num_beams=3)
        assert same(hypotheses(engine, "beam", context, log_beta, num_beams=3), expected)
        texts.append([h.ids for row in expected for h in row])
    assert texts[1] != texts[2]


def test_encodings_and_memories_are_the_models():
    model, source = make_model(), make_source()
    engine = Engine(model)
    with torch.inference_mode():
        a, b = model.encode(*source), engine.encode(*source)
        assert torch.allclose(a.posterior.mu, b.posterior.mu, atol=1e-5)
        assert torch.allclose(a.posterior.logvar, b.posterior.logvar, atol=1e-5)
        real = a.src_mask[..., None]
        assert torch.allclose(a.hidden * real, b.hidden * real, atol=1e-5)
        z = torch.randn(a.posterior.mu.shape)
        assert torch.allclose(model.latent_to_memory(z), engine.latent_to_memory(z), atol=1e-5)


def test_a_model_without_a_latent_has_an_engine():
    model = make_model(n_slots=0)
    with torch.inference_mode():
        results = []
        for runner in (model, Engine(model)):
            memory = runner.memory(None, runner.encode(*make_source()), "source")
            results.append(decode(runner, memory, torch.full((5,), 3), EOS, max_lengths=[12] * 5))
    assert [h.ids for row in results[0] for h in row] == [h.ids for row in results[1] for h in row]


def test_in_8_bits_a_sentence_does_not_depend_on_those_beside_it():
    model = make_model()
    engine = Engine(model, is_int8=True)
    together = hypotheses(engine, "beam", num_beams=4)
    with torch.inference_mode():
        src, mask = make_source()
        for i in range(3):
            encoding = engine.encode(src[i : i + 1], mask[i : i + 1])
            memory = engine.memory(encoding.posterior.mode, encoding)
            tag, limit = torch.tensor([LANGUAGES[i % 2]]), [[12, 9, 12][i]]
            (alone,) = decode(engine, memory, tag, EOS, DecodingOptions("beam", 4), banned_ids=BANNED, max_lengths=limit)
            assert alone[0].ids == together[i][0].ids
            # Float32 attention differs in its last bits with the shape of a batch, and may tip the rounding of a number.
            assert alone[0].token_log_probs == pytest.approx(together[i][0].token_log_probs, abs=1e-2)


def test_8_bits_say_nearly_the_same():
    model = make_model()
    with torch.inference_mode():
        probabilities = []
        for runner in (model, Engine(model), Engine(model, is_int8=True)):
            encoding = runner.encode(*make_source())
            cache = runner.start(runner.memory(encoding.posterior.mode, encoding), None, 3)
            probabilities.append(runner.step(torch.full((5,), 3), cache).softmax(-1).clone())
    assert (probabilities[0] - probabilities[1]).abs().max() < 1e-5
    assert 1e-5 < (probabilities[0] - probabilities[2]).abs().max() < 0.1  # rounded, and no more


def test_rows_are_grouped_by_the_memory_they_read():
    gather, back = grouped(np.array([2, 0, 2, 2]), 3)
    assert gather.shape == (3, 3, 2) and back.shape == (4, 1, 2)
    assert gather[2, :, 0].tolist() == [0, 2, 3] and gather[0, 0, 0] == 1
    assert [gather[b, g, 0] for b, g in back[:, 0]] == [0, 1, 2, 3]


@pytest.mark.parametrize("changes", [{"decoder": "lstm", "lstm_width": 16}, {"attention": "lsh"}, {"encoder": "gat"}])
def test_a_variant_stays_with_torch_and_the_log_says_why(changes, caplog):
    torch.manual_seed(0)
    model = VAETransformer(ModelConfig(40, ("en", "de"), **{**preset("tiny")[0], **changes})).eval()
    with caplog.at_level(logging.INFO):
        assert engine_for(model, "onnx") is model
    assert f"{next(iter(changes))} is" in caplog.text and len(caplog.records) == 1


def test_without_onnxruntime_torch_decodes_and_the_log_says_so(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    model = make_model()
    with caplog.at_level(logging.INFO):
        assert engine_for(model) is model
    assert "decoded by torch: onnxruntime cannot run it" in caplog.text and len(caplog.records) == 1


def test_an_engine_that_is_wrong_is_not_used(monkeypatch, caplog):
    real = Engine.step
    monkeypatch.setattr(Engine, "step", lambda self, tokens, cache: -20.0 * real(self, tokens, cache))
    model = make_model()
    assert engine_for(model, "onnx") is model
    assert "onnxruntime is wrong on this processor" in caplog.text


def test_a_graph_that_onnxruntime_refuses_leaves_torch(monkeypatch, caplog):
    monkeypatch.setattr(Graph, "to_bytes", lambda self: b"no graph")
    model = make_model()
    assert engine_for(model, "onnx-int8") is model
    assert "onnxruntime cannot run it" in caplog.text


def test_engines_have_names():
    model = make_model()
    assert engine_for(model, "torch") is model
    assert all(isinstance(engine_for(model, name), Engine) for name in ENGINES[:2])
    with pytest.raises(VaegenError, match="no engine 'tensorflow'; choose one of onnx, onnx-int8, torch"):
        engine_for(model, "tensorflow")


def test_an_engine_is_made_anew_when_the_weights_change(tiny_model, tokenizer):
    fast, plain = Pipeline(tiny_model, tokenizer, engine="onnx"), Pipeline(tiny_model, tokenizer)
    texts = ["a dog runs through the snow", "two men sing"]
    before = fast.translate(texts, "de")
    assert before == plain.translate(texts, "de") and fast._inference.engine is fast._inference.engine
    with torch.no_grad():
        tiny_model.embedding.weight.copy_(torch.randn_like(tiny_model.embedding.weight))
    assert fast.translate(texts, "de") == plain.translate(texts, "de") != before


def test_a_pipeline_says_the_same_in_both(tiny_model, tokenizer):
    fast, plain = Pipeline(tiny_model, tokenizer, engine="onnx"), Pipeline(tiny_model, tokenizer)
    texts, z = ["a dog runs", "two men sing and a girl reads"], plain.draw(4, seed=3)
    for options in ({"avoid": True}, {"method": "sample", "n_best": 2, "seed": 5}, {"n_draws": 3}):
        a, b = (p.generate(texts, ["de", "fr"], **options) for p in (fast, plain))
        assert [[t.text for t in found] for found in a] == [[t.text for t in found] for found in b]
    for options in ({"avoid_loops": True}, {"num_beams": 1, "avoid_loops": True}, {"method": "sample", "seed": 2}):
        assert fast.decode(z, ["en", "de", "fr", "cs"], **options) == plain.decode(z, ["en", "de", "fr", "cs"], **options)


def test_one_source_with_many_targets_is_encoded_once(tiny_model, tokenizer, monkeypatch):
    shapes = []
    encode = tiny_model.encode
    monkeypatch.setattr(tiny_model, "encode", lambda src, *rest: (shapes.append(src.shape), encode(src, *rest))[1])
    pipeline, text = Pipeline(tiny_model, tokenizer), "a dog runs through the snow"
    languages, contexts = ["en", "de", "fr", "cs"], ["latent", "source", "source", "source"]
    together = pipeline.generate([text] * 4, languages, context=contexts)
    assert len(shapes) == 1
    for language, context, (found,) in zip(languages, contexts, together, strict=True):
        ((alone,),) = pipeline.generate([text], language, context=context)
        assert (found.text, found.context) == (alone.text, context)
        assert found.log_prob == pytest.approx(alone.log_prob, abs=1e-3)


def test_a_context_for_each_text_must_be_one_for_each(tiny_model, tokenizer):
    pipeline = Pipeline(tiny_model, tokenizer)
    with pytest.raises(VaegenError, match="2 texts and 1 contexts: give one, or one for each"):
        pipeline.generate(["a dog", "two men"], "de", context=["latent"])
    with pytest.raises(VaegenError, match="no context 'both'"):
        pipeline.generate(["a dog", "two men"], "de", context=["latent", "both"])
