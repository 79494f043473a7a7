"""The public API on a random model: order, batches, languages, latents, seeds, and every refusal."""

import math
import subprocess
import sys

import pytest
import torch

import vaegen
from vaegen import latent
from vaegen.config import ModelConfig, TrainConfig, override, preset
from vaegen.data.batches import Item, collate
from vaegen.decoding.loops import loops, words
from vaegen.errors import VaegenError
from vaegen.model.checkpoint import save_checkpoint
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.pipeline import Pipeline
from vaegen.training.objective import vae_loss

GROUPS = [
    {"en": "a dog runs", "de": "ein Hund rennt", "fr": "un chien court", "cs": "pes běží"},
    {"en": "two men sing", "de": "zwei Männer singen", "fr": "deux hommes chantent", "cs": "dva muži zpívají"},
    {"en": "a girl reads", "de": "ein Mädchen liest", "fr": "une fille lit", "cs": "dívka čte"},
    {"en": "two dogs run through the snow", "de": "zwei Hunde rennen durch den Schnee",
     "fr": "deux chiens courent dans la neige", "cs": "dva psi běží sněhem"},
]  # fmt: skip
TEXTS = [
    "two men sing",
    "",
    "a dog runs",
    "un chien court dans la neige et une fille lit",
    "  \t ",
    "dva psi běží",
    "a girl reads",
]


@pytest.fixture(scope="module")
def pipeline(tokenizer):
    """A tiny model that has learned sixteen sentences by heart in a few seconds."""
    torch.manual_seed(6)
    model = VAETransformer(ModelConfig(tokenizer.vocab_size, tokenizer.languages, **preset("tiny")[0], max_length=60))
    items = [
        Item({a: tokenizer.encode(group[a]) for a in group}, source, tuple(group)) for group in GROUPS for source in group
    ]
    batch = collate(items, tokenizer)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    config = TrainConfig(label_smoothing=0.0)
    for _ in range(120):
        encoding = model.encode(batch.src, batch.src_mask)
        z = encoding.posterior.sample()
        visible = torch.ones(len(batch.rows), 4 + batch.src.shape[1], dtype=torch.bool)
        visible[:, 4:] = batch.src_mask[batch.rows]
        visible[torch.rand(len(visible)) < 0.5, 4:] = False  # half of them from z alone
        hidden = model.decode_hidden(batch.tgt_in, model.memory(z, encoding), batch.rows, visible)
        loss = vae_loss(hidden, model.embedding.weight, batch.tgt_out, batch.tgt_mask, None, 0.0, config).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        model.to_posterior.bias[8:] += 9.0  # a wide posterior around the same modes, so that its draws differ
    return Pipeline(model, tokenizer, {"bleu": 1.0}, "tiny")


@pytest.fixture(scope="module")
def baseline(pipeline):
    """The same without a latent."""
    torch.manual_seed(6)
    return Pipeline(VAETransformer(override(pipeline.model.config, n_slots=0)), pipeline.tokenizer)


def test_a_string_gives_a_string_and_a_list_a_list(pipeline):
    one = pipeline.translate("two men sing", "de")
    assert isinstance(one, str) and one
    assert pipeline.translate(["two men sing"], "de") == [one]
    assert pipeline.translate(("two men sing",), "de") == [one]
    assert pipeline.translate([], "de") == [] and pipeline.generate([], "de") == []
    assert pipeline.translate(" \n", "de") == ""


@pytest.mark.parametrize("context", ["source", "latent"])
@pytest.mark.parametrize("settings", [{}, {"num_beams": 1}, {"method": "sample", "seed": 4}])
def test_order_and_result_do_not_depend_on_the_batch(pipeline, context, settings):
    together = pipeline.translate(TEXTS, "de", context=context, **settings)
    assert len(together) == len(TEXTS) and together[1] == together[4] == ""
    assert len(set(together)) > 3
    assert pipeline.translate(TEXTS, "de", context=context, batch_size=1, **settings) == together
    assert pipeline.translate(TEXTS, "de", context=context, batch_size=2, **settings) == together
    if "seed" not in settings:
        assert [pipeline.translate(text, "de", context=context, **settings) for text in TEXTS] == together
        assert pipeline.translate(TEXTS[::-1], "de", context=context, **settings) == together[::-1]


def test_batches_hold_texts_of_similar_length_and_shrink_for_long_ones(pipeline, monkeypatch):
    shapes = []
    encode = pipeline.model.encode
    monkeypatch.setattr(pipeline.model, "encode", lambda src, *rest: (shapes.append(src.shape), encode(src, *rest))[1])
    monkeypatch.setattr("vaegen.pipeline.batches.MAX_BATCH_TOKENS", 5 * 40)
    pipeline.translate(["a", "a dog runs through the snow " * 3, "b", "c", "d"], "de", num_beams=5)
    assert [rows for rows, _ in shapes] == [1, 4] and shapes[0][1] > shapes[1][1]


def test_progress_counts_up_to_all_texts(pipeline):
    calls = []
    pipeline.translate(TEXTS, "de", num_beams=1, batch_size=2, progress=lambda done, total: calls.append((done, total)))
    assert [total for _, total in calls] == [7, 7, 7] and [done for done, _ in calls] == [4, 6, 7]


def test_languages_share_a_batch_and_come_out_as_alone(pipeline):
    texts, languages = ["two men sing", "a dog runs", "two men sing"], ["fr", "cs", "en"]
    together = [found[0].text for found in pipeline.generate(texts, languages, num_beams=3)]
    assert together == [pipeline.translate(t, language, num_beams=3) for t, language in zip(texts, languages, strict=True)]
    with pytest.raises(VaegenError, match="3 texts and 2 languages: give one, or one for each"):
        pipeline.generate(texts, ["fr", "cs"])


def test_generate_says_what_is_known(pipeline):
    (results,) = pipeline.generate(["two men sing"], "fr", num_beams=4, n_best=3, n_alternatives=3)
    assert len(results) == 3
    assert results[0].text == pipeline.translate("two men sing", "fr", num_beams=4)
    for r in results:
        assert "".join(r.tokens).strip() == r.text and r.language == "fr" and r.context == "source"
        assert len(r.token_log_probs) == len(r.tokens) + 1 == len(r.alternatives)
        assert r.log_prob == pytest.approx(sum(r.token_log_probs))
        assert r.score == pytest.approx(r.log_prob / len(r.token_log_probs))
        assert all(0.0 <= p <= 1.0 for step in r.alternatives for _, p in step)
    chosen = dict(results[0].alternatives[0]).get(results[0].tokens[0])
    if chosen is not None:
        assert math.log(chosen) == pytest.approx(results[0].token_log_probs[0], abs=1e-4)
    assert [r.score for r in results] == sorted((r.score for r in results), reverse=True)
    assert pipeline.generate(["x"], "fr", source_language="cs")[0][0].source_language == "cs"
    assert pipeline.generate(["a dog runs"], "fr")[0][0].source_language == pipeline.detect_language("a dog runs")
    blank = pipeline.generate([" "], "fr", n_best=2)[0]
    assert [b.text for b in blank] == [""] and blank[0].tokens == () and blank[0].log_prob == 0.0


@pytest.mark.parametrize("context", ["source", "latent"])
def test_it_says_what_it_learned(pipeline, context):
    for group in GROUPS:
        for source in group:
            for target in group:
                assert pipeline.translate(group[source], target, context=context) == group[target]


def test_score_agrees_with_generate(pipeline):
    texts = ["two men sing", "a dog runs"]
    for context in ("source", "latent"):
        found = [r[0] for r in pipeline.generate(texts, "cs", context=context)]
        right = pipeline.score(texts, [r.text for r in found], "cs", context)
        assert [len(own) for own in right] == [len(r.token_log_probs) for r in found]
        for r, own in zip(found, right, strict=True):
            assert own == pytest.approx(r.token_log_probs, abs=1e-4)
        wrong = pipeline.score(texts, [r.text for r in found[::-1]], "cs", context)
        assert all(sum(a) > sum(b) + 3.0 for a, b in zip(right, wrong, strict=True))
    assert pipeline.score(["", "a"], ["x", ""], "cs")[1] == pytest.approx(pipeline.score(["a"], [""], "cs")[0], abs=1e-4)
    with pytest.raises(VaegenError, match="one target for each"):
        pipeline.score(texts, ["x"], "cs")


def test_a_single_text_counts_as_one_sentence_where_lists_are_taken(pipeline):
    assert pipeline.score("ab", "cd", "de") == pipeline.score(["ab"], ["cd"], "de")
    z, reached = pipeline.exact("two men sing", "en")
    assert z.shape == (1, 4, 8) and reached == [True]
    assert (z == pipeline.exact(["two men sing"], ["en"])[0]).all()


def test_draws_differ_and_are_those_of_the_posterior(pipeline):
    (draws,) = pipeline.generate(["two men sing"], "de", context="latent", num_beams=1, n_draws=6, seed=3)
    assert len(draws) == 6 and len({d.text for d in draws}) > 1
    again = pipeline.generate(["a dog", "two men sing"][::-1], "de", context="latent", num_beams=1, n_draws=6, seed=3)[0]
    assert [d.text for d in again] == [d.text for d in draws]
    other = pipeline.generate(["two men sing"], "de", context="latent", num_beams=1, n_draws=6, seed=4)[0]
    assert [d.log_prob for d in other] != [d.log_prob for d in draws]
    posterior = pipeline.encode("two men sing")
    generator = torch.Generator().manual_seed(3 * 1_000_003)
    z = type(posterior)(posterior.mu.expand(6, -1, -1), posterior.logvar.expand(6, -1, -1)).sample(generator)
    limit = 2 * (len(pipeline.tokenizer.encode("two men sing")) + 1) + 20
    assert pipeline.decode(z, "de", num_beams=1, max_length=limit) == [d.text for d in draws]
    both = pipeline.generate(["two men sing"], "de", n_draws=2, num_beams=3, n_best=3)[0]
    assert len(both) == 6


def test_latents_of_texts_decode_to_their_latent_translations(pipeline):
    texts = [text for text in TEXTS if text.strip()]
    posterior = pipeline.encode(texts, batch_size=2)
    assert posterior.mu.shape == posterior.logvar.shape == (5, 4, 8)
    for i, text in enumerate(texts):
        torch.testing.assert_close(posterior.mu[i], pipeline.encode(text).mu[0], atol=1e-5, rtol=1e-4)
    decoded = pipeline.decode(posterior.mode, "fr", max_length=12)
    assert decoded == pipeline.translate(texts, "fr", context="latent", max_length=12)
    assert pipeline.decode(posterior.mode[2], "fr", max_length=12) == decoded[2:3]
    assert pipeline.decode(posterior.mode, "fr", max_length=12, batch_size=2) == decoded
    assert len(set(decoded)) > 2


@pytest.mark.parametrize("method", ["lerp", "slerp"])
def test_interpolation_ends_in_the_decodes_of_the_modes(pipeline, method):
    a, b = "two men sing", "pes běží"
    modes = pipeline.encode([a, b]).mode
    walk = pipeline.interpolate(a, b, 5, "en", method)
    assert len(walk) == 5
    assert [walk[0], walk[-1]] == pipeline.decode(modes, "en")
    assert walk == pipeline.decode(latent.path(modes[0], modes[1], 5, method), "en")
    assert walk[0] != walk[-1]


def test_samples_follow_seed_and_scale(pipeline):
    first = pipeline.sample(5, "en", seed=1)
    assert len(first) == 5 and pipeline.sample(5, "en", seed=1) == first != pipeline.sample(5, "en", seed=2)
    assert len(set(pipeline.sample(5, "en", prior_scale=0.0))) == 1
    hot = {"method": "sample", "temperature": 2.0}
    assert pipeline.sample(5, "en", seed=1, **hot) == pipeline.sample(5, "en", seed=1, **hot)
    assert pipeline.sample(5, "en", seed=1, **hot) != pipeline.sample(5, "en", seed=2, **hot)
    assert pipeline.sample(0, "en") == []


def test_attention_covers_the_tokens(pipeline):
    seen = pipeline.attention("two men sing", "de")
    assert seen.source_tokens[-1] == seen.target_tokens[-1] == "</s>"
    assert "".join(seen.target_tokens[:-1]).strip() == pipeline.translate("two men sing", "de")
    n_source, n_target = len(seen.source_tokens), len(seen.target_tokens)
    assert seen.maps.decoder_to_source.shape == (1, 1, 2, n_target, n_source)
    assert seen.maps.slot_to_source.shape == (1, 1, 2, 4, n_source)
    torch.testing.assert_close(seen.maps.cross.sum(-1), torch.ones(1, 1, 2, n_target))
    given = pipeline.attention("two men sing", "de", context="latent", target_text="ein Hund")
    assert given.target_tokens[:-1] == (" ein", " Hund") or "".join(given.target_tokens[:-1]) == " ein Hund"
    assert given.maps.cross.shape[-1] == 4


def test_text_over_the_limit_says_its_length(pipeline):
    limit = pipeline.model.config.max_length
    text = "€" * 20  # three bytes each and never seen, so 60 tokens and the space
    n = len(pipeline.tokenizer.encode(text))
    with pytest.raises(VaegenError, match=rf"The text has {n} tokens; this model takes up to {limit}"):
        pipeline.translate(text, "de")
    with pytest.raises(VaegenError, match="Text 2 has"):
        pipeline.translate(["a", text], "de")
    longest = "€" * 19
    assert len(pipeline.tokenizer.encode(longest)) <= limit
    assert isinstance(pipeline.translate(longest, "de", num_beams=2), str)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "🙂🙂",
        "שלום עולם",
        "a\x00b\x07c",
        "中文 и english",
        "<b>bold</b> **md** </s> <en>",
        "\ud800",
        "\x00",
        "\u200b",
        "x\ny\r\nz",
    ],
)
def test_odd_text_gives_one_clean_line(pipeline, text):
    for settings in ({"num_beams": 1}, {"method": "sample", "temperature": 3.0}):
        out = pipeline.translate(text, "de", **settings)
        assert out == " ".join(out.split()) and out.isprintable()
        assert not any(tag in out for tag in ("<pad>", "</s>", "<mask>", "<en>"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: p.translate("a", "xx"), "There is no language 'xx'; this model has en, de, fr, cs"),
        (lambda p: p.translate("a", "de", source_language="zz"), "There is no language 'zz'"),
        (lambda p: p.generate(["a"], ""), "There is no language ''"),
        (lambda p: p.decode(torch.zeros(1, 4, 8), "xx"), "There is no language 'xx'"),
        (lambda p: p.translate("a", "de", context="both"), "There is no context 'both'"),
        (lambda p: p.translate("", "de", context="both"), "There is no context 'both'"),
        (lambda p: p.translate(["a", None], "de"), "Text 2 is of type NoneType"),
        (lambda p: p.translate("a", "de", num_beams=0), "num_beams=0"),
        (lambda p: p.translate("a", "de", batch_size=0), "batch_size=0"),
        (lambda p: p.generate(["a"], "de", n_draws=-1), "n_draws=-1"),
        (lambda p: p.encode(["a", " "]), "Text 2 is empty and has no latent"),
        (lambda p: p.encode([]), "empty"),
        (lambda p: p.interpolate("a", "", 3, "de"), "Text 2 is empty"),
        (lambda p: p.interpolate("a", "b", 1, "de"), "steps=1"),
        (lambda p: p.decode(torch.zeros(1, 3, 8), "de"), r"latents are \(B, 4, 8\)"),
        (lambda p: p.decode(torch.full((1, 4, 8), math.nan), "de"), "not finite"),
        (lambda p: p.translate("a", "de", beams=3), "There is no option beams here; decoding has method, num_beams"),
        (lambda p: p.decode(torch.zeros(1, 4, 8), "de", n_draws=2), "There is no option n_draws"),
        (lambda p: p.decode("x", "de"), "z='x' is no array of numbers"),
        (lambda p: p.sample(-1, "de"), "n=-1"),
        (lambda p: p.sample(1.5, "de"), "n=1.5: give a whole number"),
        (lambda p: p.exact(["a", "b", "c"], ["en", "de"]), "3 texts and 2 languages: give one, or one for each"),
        (lambda p: p.exact(["a", "b"], ["en"]), "2 texts and 1 languages"),
        (lambda p: p.exact("a", "xx"), "There is no language 'xx'"),
        (lambda p: p.translate("a", "de", avoid="lists"), "avoid='lists': give True, False or a WordList"),
        (lambda p: Pipeline(p.model, p.tokenizer, avoid="lists"), "avoid='lists': give True, False or a WordList"),
        (lambda p: p.sample(1, "de", prior_scale=-1.0), "prior_scale=-1.0"),
    ],
)
def test_mistakes_are_said(pipeline, call, message):
    with pytest.raises(VaegenError, match=message):
        call(pipeline)


def test_a_model_without_latent_translates_and_says_what_it_cannot(baseline):
    assert isinstance(baseline.translate("two men sing", "de", num_beams=1, max_length=5), str)
    for call in (
        lambda: baseline.encode("a"),
        lambda: baseline.sample(1, "de"),
        lambda: baseline.decode(torch.zeros(1, 4, 8), "de"),
        lambda: baseline.generate(["a"], "de", n_draws=2),
        lambda: baseline.translate("a", "de", context="latent"),
    ):
        with pytest.raises(VaegenError, match="has no latent"):
            call()


def test_load_gives_the_saved_model(pipeline, tmp_path):
    save_checkpoint(tmp_path / "c", pipeline.model, pipeline.tokenizer, pipeline.metadata)
    loaded = vaegen.load(tmp_path / "c", device="cpu")
    assert loaded.languages == ("en", "de", "fr", "cs") and loaded.name == "c" and loaded.metadata == {"bleu": 1.0}
    assert loaded.device.type == "cpu" and not loaded.model.training
    assert loaded.translate("two men sing", "de", num_beams=1)
    with pytest.raises(VaegenError, match="has c"):
        vaegen.load(tmp_path / "d")
    with pytest.raises(VaegenError, match="device='warp'"):
        vaegen.load(tmp_path / "c", device="warp")


def test_importing_vaegen_imports_no_torch():
    code = "import sys, vaegen; vaegen.__version__, vaegen.load, vaegen.VaegenError; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_using_a_pipeline_imports_no_transformers_and_no_app():
    code = (
        "import sys, vaegen.pipeline;"
        "sys.exit(', '.join({'transformers', 'gradio', 'umap', 'sacrebleu', 'matplotlib'} & set(sys.modules)) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_latents_are_decoded_each_into_its_language(pipeline):
    z = torch.as_tensor(pipeline.encode(["a dog runs"]).mode)
    four = pipeline.decode(z.expand(4, -1, -1), ["en", "de", "fr", "cs"], num_beams=1)
    assert four == [pipeline.decode(z, code, num_beams=1)[0] for code in ("en", "de", "fr", "cs")]
    assert pipeline.decode(z.numpy(), "en", num_beams=1) == four[:1]
    with pytest.raises(VaegenError, match="1 latents and 2 languages: give one, or one for each"):
        pipeline.decode(z, ["en", "de"])
    with pytest.raises(VaegenError, match="'xx'"):
        pipeline.decode(z, "xx")


def test_a_path_in_numpy_has_its_ends(pipeline):
    a, b = pipeline.encode(["a dog runs", "two men sing"]).mode.numpy()
    path = pipeline.path(a, b, 4)
    assert path.shape == (4, *a.shape) and (path[0] == a).all() and (path[-1] == b).all()


def test_a_decoder_that_goes_round_in_circles_is_led_out(pipeline):
    z, avoided = pipeline.draw(40, seed=3, prior_scale=2.0), pipeline.n_avoided
    plain = pipeline.decode(z, "de", num_beams=1)
    led = pipeline.decode(z, "de", num_beams=1, avoid_loops=True)
    round_and_round = [loops(words(text)) for text in plain]
    assert any(round_and_round) and not all(round_and_round)
    for a, b, goes_round in zip(plain, led, round_and_round, strict=True):
        assert not loops(words(b)) and (a == b) is not goes_round
    assert pipeline.n_avoided == avoided  # that counts words of the lists
    assert pipeline.sample(40, "de", 3, 2.0, num_beams=1) == led  # where nobody has to ask for it
