"""Other encoders, decoders and attentions: each is what its name says, and each keeps the promises of the default one."""

import pytest
import torch
import torch.nn.functional as F

from vaegen.app.questions.attention import Attending
from vaegen.app.questions.points import Point
from vaegen.config import ModelConfig, TrainConfig, override, preset
from vaegen.data.batches import Item, collate, tokenize
from vaegen.decoding.options import DecodingOptions
from vaegen.decoding.search import decode
from vaegen.errors import VaegenError
from vaegen.model.checkpoint import load_checkpoint, save_checkpoint
from vaegen.model.graph import GraphEncoder, nearest
from vaegen.model.layers import EncoderLayer
from vaegen.model.recurrent import LSTMEncoder
from vaegen.model.sparse_attention import LSHAttention
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.pipeline import Pipeline
from vaegen.training.optimization import build_optimizers
from vaegen.training.trainer import TrainingObjective

PAIRS = [
    {"en": "a dog runs", "de": "ein Hund rennt"},
    {"en": "two men sing", "de": "zwei Männer singen"},
    {"en": "a girl reads", "de": "ein Mädchen liest"},
    {"en": "a dog reads and two men run", "de": "ein Hund liest und zwei Männer rennen"},
]
VARIANTS = {
    "lstm": {"encoder": "lstm", "n_encoder_layers": 2},
    "gat": {"encoder": "gat", "gat_window": 1, "gat_neighbours": 1},
    "lsh": {"attention": "lsh", "lsh_chunk": 4},
    "decoder": {"decoder": "lstm", "n_decoder_layers": 2, "lstm_width": 24},
    "article": {"encoder": "lstm", "decoder": "lstm", "lstm_width": 24},
    "pretrained": {"encoder": "pretrained"},
    "fine-tuned": {"encoder": "pretrained", "freeze_pretrained": False},
}


@pytest.fixture(params=list(VARIANTS))
def config(request, tokenizer, bert):
    values = VARIANTS[request.param]
    extra = {"pretrained": str(bert)} if values.get("encoder") == "pretrained" else {}
    return ModelConfig(tokenizer.vocab_size, tuple(tokenizer.languages), **{**preset("tiny")[0], **values, **extra})


@pytest.fixture
def model(config):
    torch.manual_seed(0)
    return VAETransformer(config).eval()


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    src, tgt_in = (torch.randint(7, 60, (3, n), generator=generator) for n in (11, 5))
    return src, torch.arange(11) < torch.tensor([[11], [6], [1]]), tgt_in


def memory_of(model, src, mask, context="source"):
    encoding = model.encode(src, mask)
    return model.memory(None if encoding.posterior is None else encoding.posterior.mode, encoding, context)


def test_padding_changes_nothing_and_a_batch_is_its_sentences(model, batch):
    src, mask, tgt_in = batch
    with torch.no_grad():
        whole = model.encode(src, mask)
        logits = model.decode_logits(tgt_in, memory_of(model, src, mask))
        for row in range(3):
            one, n = slice(row, row + 1), int(mask[row].sum())
            alone = model.encode(src[one, :n], mask[one, :n])
            torch.testing.assert_close(whole.posterior.mu[one], alone.posterior.mu)
            torch.testing.assert_close(whole.hidden[one, :n], alone.hidden)
            expected = model.decode_logits(tgt_in[one], memory_of(model, src[one, :n], mask[one, :n]))
            torch.testing.assert_close(logits[one], expected)


def test_gradients_reach_every_parameter_that_learns(model, batch):
    src, mask, tgt_in = batch
    encoding = model.encode(src, mask)
    memory = model.memory(encoding.posterior.mode, encoding, "source")
    model.decode_logits(tgt_in, memory).square().sum().backward()
    dead = [name for name, p in model.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
    assert dead == []
    is_frozen = [name for name, p in model.named_parameters() if not p.requires_grad]
    assert bool(is_frozen) == (model.config.encoder == "pretrained" and model.config.freeze_pretrained)
    given = [id(p) for o in build_optimizers(model, TrainConfig()) for group in o.param_groups for p in group["params"]]
    assert sorted(given) == sorted(id(p) for p in model.parameters() if p.requires_grad)


def test_step_by_step_equals_all_at_once_and_rows_can_change(model, batch):
    src, mask, tgt_in = batch
    rows = torch.tensor([1, 1, 2, 0])
    with torch.no_grad():
        memory = memory_of(model, src, mask)
        whole = model.decode_logits(tgt_in, memory)
        cache = model.start(memory, max_length=5)
        steps = [model.step(tgt_in[:, t], cache) for t in range(3)]
        cache.select(rows)
        last = model.step(tgt_in[rows, 3], cache)
        several = model.decode_logits(tgt_in[rows], memory, rows)
    torch.testing.assert_close(torch.stack(steps, dim=1), whole[:, :3])
    torch.testing.assert_close(last, whole[rows, 3])
    torch.testing.assert_close(several, whole[rows])


def test_a_position_sees_its_past_and_nothing_else(model, batch):
    src, mask, tgt_in = batch
    with torch.no_grad():
        memory = memory_of(model, src, mask)
    inputs = []
    model.embedding.register_forward_hook(lambda module, args, out: inputs.append(out) or out.retain_grad())
    model.decode_hidden(tgt_in, memory)[0, 2].abs().sum().backward()
    seen = inputs[-1].grad[0].abs().sum(-1)
    assert (seen[:3] > 0).all() and (seen[3:] == 0).all()


def test_beam_search_is_what_its_sentences_score(model, batch):
    src, mask, _ = batch
    memory = memory_of(model, src, mask)
    options = DecodingOptions(num_beams=3, n_best=2, max_length=6, length_penalty=0.0)
    for row, found in enumerate(decode(model, memory, torch.full((3,), 3), 1, options, banned_ids=(0, 2))):
        for hypothesis in found:
            tgt_in = torch.tensor([[3, *hypothesis.ids]])
            with torch.no_grad():
                scores = model.decode_logits(tgt_in, memory.select(torch.tensor([row]))).log_softmax(-1)[0]
            expected = sum(float(scores[t, i]) for t, i in enumerate([*hypothesis.ids, 1]))
            assert hypothesis.log_prob == pytest.approx(expected, abs=1e-3)


def test_a_checkpoint_says_the_same(model, tokenizer, batch, tmp_path):
    src, mask, tgt_in = batch
    save_checkpoint(tmp_path / "first", model, tokenizer)
    loaded = load_checkpoint(tmp_path / "first")
    save_checkpoint(tmp_path / "first", loaded.model, loaded.tokenizer)  # over itself, as a run does
    again = load_checkpoint(tmp_path / "first").model
    assert override(again.config, pretrained=model.config.pretrained) == model.config
    with torch.no_grad():
        first, second, before = (m.decode_logits(tgt_in, memory_of(m, src, mask)) for m in (loaded.model, again, model))
    assert torch.equal(first, second)
    torch.testing.assert_close(first, before, rtol=0.02, atol=0.02)  # half precision


@pytest.mark.parametrize("config", ["gat", "lsh", "article", "fine-tuned"], indirect=True)
def test_it_overfits_four_pairs(config, tokenizer):
    torch.manual_seed(1)
    model, training = VAETransformer(config), TrainConfig(optimizer="adamw", lr=1e-2, label_smoothing=0.0)
    groups, _ = tokenize(PAIRS, tokenizer, 64)
    batch = collate([Item(group, "en", ("de", "de")) for group in groups], tokenizer, model.source_tokenizer)
    objective, (optimizer,) = TrainingObjective(model, training, tokenizer.mask_id), build_optimizers(model, training)
    for _ in range(60):
        objective(batch, 0.0).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    pipeline = Pipeline(model, tokenizer)
    for context in ("latent", "source"):
        found = pipeline.translate([pair["en"] for pair in PAIRS], "de", context=context, num_beams=1)
        assert found == [pair["de"] for pair in PAIRS]


def test_the_attention_view_shows_what_attends_and_says_what_does_not(model, tokenizer):
    question = Attending(Point("a dog runs", "en"), language="de", target="ein Hund", without=1)
    *_, answer = question.checked(["tiny"]).answers(Pipeline(model, tokenizer))
    side, m = answer.sides[0], model.config.n_slots
    assert answer.kinds == (model.config.encoder, model.config.decoder)
    assert answer.without.word == "dog" and answer.without.text == "a runs"
    assert side.source == ("a", "dog", "runs", "[end]")
    encoder, cross = side.encoder.array(), side.cross.array()
    assert encoder[:, :, :m].sum(-1) == pytest.approx(1, abs=1e-3) and cross.sum(-1) == pytest.approx(1, abs=1e-3)
    assert (encoder[:, :, m:].sum() == 0) == (model.config.encoder == "lstm")
    assert (side.decoder.shape[0] == 0) == ("decoder" not in side.entropy) == (model.config.decoder == "lstm")


# -- Each is what its name says ----------------------------------------------------------------------------------------


def test_nearest_are_the_k_of_the_highest_cosine():
    angles = torch.tensor([0.0, 10.0, 30.0, 100.0, 110.0, 5.0]).deg2rad()
    words = torch.stack((angles.cos(), angles.sin()), dim=-1)[None] * torch.tensor([1.0, 9.0, 1.0, 0.1, 1.0, 1.0])[:, None]
    real = torch.tensor([[True] * 5 + [False]])
    pairs = {(int(i), int(j)) for i, j in nearest(words, real, 1)[0].nonzero()}
    assert pairs == {(0, 1), (1, 0), (1, 2), (2, 1), (3, 4), (4, 3)}  # the sixth would be nearest, but is padding
    assert nearest(words, real, 9)[0, :5, :5].sum() == 20


def test_a_graph_layer_is_dense_attention_with_its_adjacency(tokenizer):
    config = ModelConfig(tokenizer.vocab_size, **{**preset("tiny")[0], "n_slots": 1, "encoder": "gat", "gat_window": 1,
                                                  "gat_neighbours": 1})  # fmt: skip
    torch.manual_seed(0)
    layer = EncoderLayer(config.width, config.ffn_width, config.n_heads, 0.0).eval()
    slot, words = torch.randn(1, 1, config.width), torch.randn(1, 5, config.width)
    words[0, 3] = 2 * words[0, 0] + 0.01  # the first and the fourth word are each other's nearest
    words[0, [1, 2]] = torch.eye(config.width)[:2] + 0.5 * torch.eye(config.width)[[1, 0]]  # and so are these neighbours
    mask = torch.tensor([[True, True, True, True, False]])
    x, (weights,) = GraphEncoder([layer], config)(slot, words, mask, need_weights=True)
    adjacency = torch.tensor([
        [1, 1, 1, 1, 1, 0],
        [1, 1, 1, 0, 1, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 0, 1, 1, 1, 0],
        [1, 1, 0, 1, 1, 0],
        [1, 0, 0, 0, 1, 1],
    ]).bool()  # fmt: skip
    assert torch.equal(weights[0, 0] > 0, adjacency)
    expected, _ = layer(torch.cat((slot, words), dim=1), adjacency[None, None])
    torch.testing.assert_close(x, expected)


def test_lstm_states_of_packed_sentences_are_those_of_torch_alone(tokenizer):
    config = ModelConfig(tokenizer.vocab_size, **{**preset("tiny")[0], **VARIANTS["lstm"]})
    torch.manual_seed(0)
    encoder = LSTMEncoder(config).eval()
    words, mask = torch.randn(2, 6, config.width), torch.arange(6) < torch.tensor([[3], [6]])
    states = encoder(torch.zeros(2, config.n_slots, config.width), words, mask)[0][:, config.n_slots :]
    for row, n in ((0, 3), (1, 6)):
        torch.testing.assert_close(states[row, :n], encoder.out(encoder.lstm(words[row, :n])[0]))


def dense_shared(attention, x, real):
    """Attention whose keys are its normalised queries, over everything: what LSH leaves nothing out of in one chunk."""
    q, v = attention.keys_values(x)
    scores = q @ F.normalize(q, dim=-1).transpose(2, 3) * q.shape[-1] ** -0.5
    scores = scores.masked_fill(torch.eye(x.shape[1]).bool(), -1e4).masked_fill(~real[:, None, None], -1e9)
    return attention.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2)), scores.softmax(-1)


@pytest.fixture
def sparse(tokenizer):
    def make(chunk, n_slots=2):
        config = ModelConfig(tokenizer.vocab_size, **{**preset("tiny")[0], "n_slots": n_slots, "lsh_chunk": chunk})
        torch.manual_seed(0)
        return LSHAttention(config).eval()

    return make


@pytest.mark.parametrize("n_slots", [0, 2])
@pytest.mark.parametrize("chunk", [9, 64])
def test_lsh_of_one_chunk_is_full_attention(sparse, chunk, n_slots):
    attention = sparse(chunk, n_slots)
    x = torch.randn(2, n_slots + 9, 32)
    real = torch.arange(n_slots + 9) < torch.tensor([[n_slots + 9], [n_slots + 4]])
    read, weights = attention.to_itself(x, real[:, None, None], need_weights=True)
    expected, dense = dense_shared(attention, x, real)
    for row, n in ((0, n_slots + 9), (1, n_slots + 4)):
        torch.testing.assert_close(read[row, :n], expected[row, :n])
        torch.testing.assert_close(weights[row, :, :n], dense[row, :, :n])


def test_lsh_looks_at_its_buckets_alone_and_its_rows_sum_to_one(sparse):
    chunk, m, n_words = 4, 2, 30
    attention = sparse(chunk)
    x, real = torch.randn(2, m + n_words, 32), torch.arange(m + n_words) < torch.tensor([[m + n_words], [m + 17]])
    read, weights = attention.to_itself(x, real[:, None, None], need_weights=True)
    _, v = attention.keys_values(x)
    torch.testing.assert_close(read, attention.out((weights @ v).transpose(1, 2).flatten(2)))
    for row, n in ((0, m + n_words), (1, m + 17)):
        torch.testing.assert_close(weights[row, :, :n].sum(-1), torch.ones(2, n))
        assert (weights[row, :, :n, n:] == 0).all()
        seen = (weights[row, :, m:n] > 0).sum(-1)
        assert seen.max() <= m + 2 * chunk and seen.min() >= m
    # What is looked at keeps its share: the weights are those of full attention, but for a common factor in each row.
    _, dense = dense_shared(attention, x, real)
    share = (dense * (weights > 0)).sum(-1, keepdim=True)
    torch.testing.assert_close(dense[:1] * (weights > 0)[:1] / share[:1], weights[:1], rtol=1e-4, atol=1e-6)


def test_lsh_puts_words_of_like_content_into_one_chunk(sparse):
    attention = sparse(8)
    kinds = torch.randn(4, 32)
    x = torch.cat((torch.randn(2, 32), kinds.repeat_interleave(8, 0)[torch.randperm(32)]))[None] * 3
    x = x + 0.01 * torch.randn_like(x)
    q, _ = attention.keys_values(x)
    order = attention.order(q[:, :, 2:], torch.ones(1, 32, dtype=torch.bool))
    words = x[0, 2:][order[0, 0]]
    same = F.cosine_similarity(words[1:], words[:-1]) > 0.99
    assert same.sum() >= 28  # 32 words, 4 kinds: 28 neighbours alike when every kind is together


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"encoder": "cnn"}, "'transformer' or 'lstm' or 'gat' or 'pretrained'"),
        ({"decoder": "gat"}, "'transformer' or 'lstm'"),
        ({"attention": "topk"}, "'full' or 'lsh'"),
        ({"attention": "lsh", "encoder": "gat"}, "no full attention"),
        ({"encoder": "pretrained"}, "needs the folder"),
        ({"pretrained": "somewhere"}, "no other encoder takes one"),
        ({"lsh_chunk": 0}, "lsh_chunk=0"),
    ],
)
def test_choices_that_do_not_exist_are_refused(values, message):
    with pytest.raises(VaegenError, match=message):
        ModelConfig(400, **values)


def test_configs_from_before_are_those_of_the_default(tiny_config):
    new = {"encoder", "decoder", "attention", "lstm_width", "gat_window", "gat_neighbours", "lsh_chunk", "pretrained"}
    old = {k: v for k, v in tiny_config.to_dict().items() if k not in new | {"freeze_pretrained"}}
    assert ModelConfig.from_dict(old) == tiny_config
