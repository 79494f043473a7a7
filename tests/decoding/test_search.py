"""Decoding against whole-sentence scoring, brute force, and itself done another way."""

import itertools
import math

import pytest
import torch

from vaegen.config import ModelConfig, preset
from vaegen.decoding.options import DecodingOptions
from vaegen.decoding.search import DecodingState, _beam, _Search, decode, greedy, sample_tokens
from vaegen.errors import VaegenError
from vaegen.model.vae_transformer import VAETransformer

EOS, LANGUAGE = 1, 3
BANNED = (0, 2, 3, 4)


def make_model(vocab_size=40, seed=3, sharpness=1.0):
    """A random model made lively: what it says depends on the memory, and it ends sooner or later.

    As initialised it only repeats its last word, since input and output share their embedding.
    """
    torch.manual_seed(seed)
    model = VAETransformer(ModelConfig(vocab_size, ("en", "de"), **preset("tiny")[0])).eval()
    with torch.no_grad():
        for layer in model.decoder:
            for linear in (layer.cross_attention.out, layer.self_attention.out, layer.ffn[0], layer.ffn[2]):
                linear.weight.mul_(6.0)
        model.decoder_norm.weight.fill_(2.0 * sharpness)
        model.embedding.weight[EOS] *= 2.0
    return model


def make_memory(model, lengths=(3, 9, 5, 7, 2), seed=1, context="source"):
    torch.manual_seed(seed)
    src = torch.randint(5, model.config.vocab_size, (len(lengths), max(lengths)))
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    with torch.inference_mode():
        encoding = model.encode(src, mask)
        z = encoding.posterior.mode + 2.0 * torch.randn(encoding.posterior.mode.shape)
        return model.memory(z, encoding, context)


def run(model, memory, method="beam", limits=None, **settings):
    settings.setdefault("n_alternatives", 0)
    tags = torch.full((len(memory.mask),), LANGUAGE)
    limits = limits or [12] * len(tags)
    generators = [torch.Generator().manual_seed(i) for i in range(len(tags))]
    options = DecodingOptions(method, **settings)
    return decode(model, memory, tags, EOS, options, banned_ids=BANNED, max_lengths=limits, generators=generators)


def rescored(model, memory, row, ids):
    """Log-probabilities of a sentence and its end in one pass, without a cache."""
    with torch.inference_mode():
        logits = model.decode_logits(torch.tensor([[LANGUAGE, *ids]]), memory.select(torch.tensor([row])))
    return logits[0].log_softmax(-1).gather(1, torch.tensor([*ids, EOS])[:, None]).squeeze(1).tolist()


@pytest.mark.parametrize("context", ["latent", "source"])
@pytest.mark.parametrize(
    ("method", "settings"),
    [("greedy", {}), ("beam", {"num_beams": 4, "n_best": 4}), ("sample", {"n_best": 3, "temperature": 1.5, "top_p": 0.9})],
)
def test_scores_are_those_of_one_pass_over_the_sentence(method, settings, context):
    model = make_model()
    memory = make_memory(model, context=context)
    results = run(model, memory, method, **settings)
    assert [len(r) for r in results] == [settings.get("n_best", 1)] * 5
    assert len({len(h.ids) for r in results for h in r}) > 1  # sentences did leave the batch at different times
    for row, hypotheses in enumerate(results):
        for h in hypotheses:
            expected = rescored(model, memory, row, h.ids)
            assert h.token_log_probs == pytest.approx(expected, abs=1e-4)
            assert h.log_prob == pytest.approx(sum(expected), abs=1e-3)
            assert h.score == pytest.approx(h.log_prob / (len(h.ids) + 1), abs=1e-4)
            assert not set(h.ids) & {EOS, *BANNED}


@pytest.mark.parametrize("method", ["greedy", "beam", "sample"])
def test_batch_equals_one_by_one(method):
    model = make_model()
    memory = make_memory(model)
    settings = {"n_best": 3} if method != "greedy" else {}
    limits = [4, 12, 6, 9, 12]
    together = run(model, memory, method, limits, n_alternatives=3, **settings)
    for row in range(5):
        generators = [torch.Generator().manual_seed(row)]
        options = DecodingOptions(method, n_alternatives=3, **settings)
        (alone,) = decode(model, memory.select(torch.tensor([row])), torch.tensor([LANGUAGE]), EOS, options,
                          banned_ids=BANNED, max_lengths=[limits[row]], generators=generators)  # fmt: skip
        assert [h.ids for h in alone] == [h.ids for h in together[row]]
        for a, b in zip(alone, together[row], strict=True):
            assert a.token_log_probs == pytest.approx(b.token_log_probs, abs=1e-4)
            assert [[t for t, _ in step] for step in a.alternatives] == [[t for t, _ in step] for step in b.alternatives]
            assert max(len(h.token_log_probs) for h in alone) <= limits[row]


def test_greedy_takes_the_most_probable_token_of_an_uncached_pass():
    model = make_model()
    memory = make_memory(model)
    found = greedy(model, memory, torch.full((5,), LANGUAGE), EOS, max_length=12, banned_ids=BANNED)
    for row, ids in enumerate(found):
        expected = []
        while len(expected) < 11:
            logits = model.decode_logits(torch.tensor([[LANGUAGE, *expected]]), memory.select(torch.tensor([row])))[0, -1]
            logits[list(BANNED)] = -math.inf
            if int(logits.argmax()) == EOS:
                break
            expected.append(int(logits.argmax()))
        assert ids == expected
    assert len({tuple(ids) for ids in found}) > 1


def test_a_beam_of_one_is_greedy():
    model = make_model()
    memory = make_memory(model)
    plain = run(model, memory, "greedy")
    with torch.inference_mode():
        decoder = DecodingState(model, memory, None, 12, BANNED)
        searched = _beam(decoder, torch.full((5,), LANGUAGE), EOS, [12] * 5, DecodingOptions(num_beams=1))
    assert [r[0].ids for r in searched] == [r[0].ids for r in plain]
    assert [r[0].ids for r in run(model, memory, "beam", num_beams=1)] == [r[0].ids for r in plain]


@pytest.mark.parametrize("length_penalty", [0.0, 1.0])
def test_a_wide_beam_finds_what_trying_everything_finds(length_penalty):
    model = make_model(vocab_size=9, sharpness=1.0)
    memory = make_memory(model, (3, 5))
    words, limit = [5, 6, 7, 8], 4
    results = run(model, memory, "beam", [limit] * 2, num_beams=64, n_best=5, length_penalty=length_penalty)
    for row, hypotheses in enumerate(results):
        scored = []
        for length in range(limit):
            for ids in itertools.product(words, repeat=length):
                log_prob = sum(rescored(model, memory, row, list(ids)))
                scored.append((log_prob / (length + 1) ** length_penalty, list(ids)))
        best = sorted(scored, reverse=True)[:5]
        assert [h.ids for h in hypotheses] == [ids for _, ids in best]
        assert [h.score for h in hypotheses] == pytest.approx([score for score, _ in best], abs=1e-4)


@pytest.mark.parametrize(("second_end", "n_finished"), [(-0.05, 2), (-0.3, 1)])
def test_an_end_is_finished_only_within_the_beam(second_end, n_finished):
    """Two hypotheses, both of which may end: of their four continuations, the end of the second is second or third."""
    search = _Search(9, EOS, DecodingOptions(num_beams=2, length_penalty=3.0))
    search.advance(0, [[7, 8]], [[-1.0, -1.1]], [-9.0])
    assert [node.token for node in search.open] == [7, 8]
    search.advance(1, [[EOS, 9], [EOS, 10]], [[-0.1, -0.2], [second_end, -1.0]], [-0.1, second_end])
    assert len(search.finished) == n_finished


def test_a_wider_beam_is_no_worse_and_n_best_are_sorted_and_different():
    model = make_model()
    memory = make_memory(model, range(2, 22))
    narrow = run(model, memory, "greedy", length_penalty=0.0)
    wide = run(model, memory, "beam", num_beams=8, n_best=8, length_penalty=0.0)
    for hypotheses in wide:
        scores = [h.score for h in hypotheses]
        assert scores == sorted(scores, reverse=True)
        assert len({tuple(h.ids) for h in hypotheses}) == 8
    gains = [w[0].log_prob - n[0].log_prob for w, n in zip(wide, narrow, strict=True)]
    assert sum(gains) > 1.0


def test_length_penalty_makes_longer_sentences():
    model = make_model(sharpness=1.0)
    memory = make_memory(model, range(2, 12))
    n_words = [sum(len(r[0].ids) for r in run(model, memory, length_penalty=a, num_beams=8)) for a in (0.0, 1.0, 3.0)]
    assert n_words[0] < n_words[2] and n_words == sorted(n_words)


def test_length_limits_hold_and_count_the_end():
    model = make_model()
    with torch.no_grad():
        model.embedding.weight[EOS] = -model.decoder_norm.weight * 0.0 - 5.0  # an end that is never likely
    memory = make_memory(model)
    limits = [1, 3, 2, 6, 4]
    for method, settings in (("greedy", {}), ("beam", {"n_best": 1}), ("sample", {"n_best": 2})):
        results = run(model, memory, method, limits, **settings)
        assert all(len(h.token_log_probs) <= limit for r, limit in zip(results, limits, strict=True) for h in r)
        assert all(len(h.token_log_probs) == len(h.ids) + 1 for r in results for h in r)
    assert results[0][0].ids == []
    options = DecodingOptions("greedy", max_length=2)
    short = decode(model, memory, torch.full((5,), LANGUAGE), EOS, options, max_lengths=[9] * 5)
    assert max(len(r[0].ids) for r in short) == 1


def test_all_that_are_asked_for_come_wherever_the_limit_allows_them():
    model = make_model()
    memory = make_memory(model)
    for method in ("beam", "sample"):
        assert {len(found) for found in run(model, memory, method, n_best=5, max_length=2)} == {5}
    assert [h.ids for found in run(model, memory, "sample", n_best=5, max_length=1) for h in found] == [[]] * 25
    assert [h.ids for found in run(model, memory, "beam", max_length=1) for h in found] == [[]] * 5


def test_alternatives_are_the_most_probable_allowed_tokens():
    model = make_model()
    memory = make_memory(model)
    for method in ("greedy", "beam", "sample"):
        h = run(model, memory, method, n_alternatives=4)[1][0]
        assert len(h.alternatives) == len(h.token_log_probs) == len(h.ids) + 1
        logits = model.decode_logits(torch.tensor([[LANGUAGE, *h.ids]]), memory.select(torch.tensor([1])))[0]
        log_probs = logits.log_softmax(-1)
        log_probs[:, list(BANNED)] = -math.inf
        best = log_probs.topk(4)
        assert [[t for t, _ in step] for step in h.alternatives] == best.indices.tolist()
        for step, expected in zip(h.alternatives, best.values.tolist(), strict=True):
            assert [p for _, p in step] == pytest.approx(expected, abs=1e-4)
    assert run(model, memory, "greedy")[0][0].alternatives is None


def test_draws_follow_the_distribution():
    log_probs = torch.tensor([[0.5, 0.3, 0.15, 0.05, 0.0]]).log().expand(20_000, -1)
    noise = torch.rand(20_000, dtype=torch.float64, generator=torch.Generator().manual_seed(5))

    def shares(**settings):
        drawn = sample_tokens(log_probs, noise, DecodingOptions("sample", **settings))
        return (torch.bincount(drawn, minlength=5) / 20_000).tolist()

    def normalised(*weights):
        return [w / sum(weights) for w in weights]

    assert shares() == pytest.approx([0.5, 0.3, 0.15, 0.05, 0.0], abs=0.01)
    assert shares(temperature=0.5) == pytest.approx(normalised(0.25, 0.09, 0.0225, 0.0025, 0.0), abs=0.01)
    assert shares(top_k=2) == pytest.approx(normalised(0.5, 0.3, 0, 0, 0), abs=0.01)
    assert shares(top_p=0.81) == pytest.approx(normalised(0.5, 0.3, 0.15, 0, 0), abs=0.01)
    assert shares(top_p=0.79) == pytest.approx(normalised(0.5, 0.3, 0, 0, 0), abs=0.01)
    assert shares(top_p=1e-6) == [1, 0, 0, 0, 0]
    assert shares(top_k=3, top_p=0.6) == pytest.approx(normalised(0.5, 0.3, 0, 0, 0), abs=0.01)
    assert shares()[4] == shares(top_k=100)[4] == 0.0


def test_top_p_of_a_flat_distribution_keeps_its_share():
    log_probs = torch.full((4000, 1000), -math.log(1000.0))
    noise = torch.rand(4000, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    drawn = sample_tokens(log_probs, noise, DecodingOptions("sample", top_p=0.6))
    assert 590 <= len(drawn.unique()) <= 601


def test_noise_at_its_ends_draws_no_banned_token():
    log_probs = torch.tensor([[0.0, 0.7, 0.3, 0.0]]).log().expand(2, -1)
    noise = torch.tensor([0.0, 1.0 - 2**-53], dtype=torch.float64)
    assert sample_tokens(log_probs, noise, DecodingOptions("sample")).tolist() == [1, 2]
    assert sample_tokens(log_probs, noise, DecodingOptions("sample", top_k=4)).tolist() == [1, 2]


def test_samples_differ_by_seed_and_repeat_with_it():
    model = make_model(sharpness=1.0)
    memory = make_memory(model, (4,))
    tags = torch.tensor([LANGUAGE])

    def sample(seed):
        generator = torch.Generator().manual_seed(seed)
        options = DecodingOptions("sample", n_best=4)
        return [h.ids for h in decode(model, memory, tags, EOS, options, max_lengths=[9], generators=[generator])[0]]

    assert sample(1) == sample(1) != sample(2)
    assert len({tuple(ids) for ids in sample(1)}) > 1


def test_nothing_to_decode_gives_nothing():
    model = make_model()
    memory = make_memory(model).select(torch.tensor([], dtype=torch.long))
    assert decode(model, memory, torch.tensor([], dtype=torch.long), EOS) == []


def test_decoding_reaches_the_longest_sentence_and_not_beyond():
    torch.manual_seed(0)
    model = VAETransformer(ModelConfig(40, ("en", "de"), **preset("tiny")[0], max_length=6)).eval()
    with torch.no_grad():
        model.embedding.weight[EOS].zero_()
        model.embedding.weight[7] = 50.0 * model.decoder_norm.weight.sign()
    memory = make_memory(model, (3,))
    (samples,) = decode(model, memory, torch.tensor([LANGUAGE]), EOS, DecodingOptions("sample", n_best=20))
    assert max(len(h.ids) for h in samples) == 6


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "magic"}, "choose one of beam, greedy, sample"),
        ({"num_beams": 0}, "from 1 on"),
        ({"n_best": 6}, "finds only 5"),
        ({"method": "greedy", "n_best": 2}, "finds only 1"),
        ({"n_best": 5, "max_length": 1}, "only the empty sentence is that short; give max_length=2"),
        ({"temperature": 0.0}, "temperature=0.0"),
        ({"temperature": math.nan}, "temperature=nan"),
        ({"top_p": 1.5}, "top_p=1.5"),
        ({"top_k": -1}, "top_k=-1"),
        ({"length_penalty": math.inf}, "length_penalty=inf"),
        ({"length_penalty": 1000.0}, "length_penalty=1000"),
        ({"length_penalty": -1000.0}, "length_penalty=-1000"),
        ({"temperature": 1e-320}, "temperature=1e-320"),
        ({"num_beams": 9000}, "num_beams=9000: give at most 100"),
    ],
)
def test_options_out_of_range_are_said(settings, message):
    with pytest.raises(VaegenError, match=message):
        DecodingOptions(**settings)


@pytest.mark.parametrize("settings", [{"length_penalty": 20.0}, {"length_penalty": -20.0}, {"num_beams": 30, "n_best": 30}])
def test_options_at_the_limits_work(settings):
    model = make_model()
    found = decode(model, make_memory(model), torch.full((5,), LANGUAGE), EOS, DecodingOptions(max_length=8, **settings))
    assert all(math.isfinite(h.score) for hypotheses in found for h in hypotheses)
    log_probs = torch.randn(3, 40).log_softmax(-1)
    coldest = sample_tokens(log_probs, torch.tensor([0.0, 0.5, 0.999]).double(), DecodingOptions("sample", temperature=1e-6))
    assert coldest.tolist() == log_probs.argmax(-1).tolist()
