"""The model: what may depend on what, proved by gradients and by identities."""

import pytest
import torch

from vaegen.config import override
from vaegen.errors import VaegenError
from vaegen.model.vae_transformer import VAETransformer


@pytest.fixture
def batch(tiny_config):
    generator = torch.Generator().manual_seed(0)
    src = torch.randint(7, tiny_config.vocab_size, (3, 6), generator=generator)
    tgt_in = torch.randint(7, tiny_config.vocab_size, (3, 5), generator=generator)
    mask = torch.tensor([[True] * 6, [True] * 4 + [False] * 2, [True] * 2 + [False] * 4])
    return src, mask, tgt_in


def memory_of(model, src, mask, context="source"):
    encoding = model.encode(src, mask)
    return model.memory(encoding.posterior.mode, encoding, context)


def test_shapes(tiny_model, tiny_config, batch):
    src, mask, tgt_in = batch
    encoding = tiny_model.encode(src, mask)
    m, z, d = tiny_config.n_slots, tiny_config.latent_dim, tiny_config.width
    assert encoding.hidden.shape == (3, 6, d)
    assert encoding.posterior.mu.shape == encoding.posterior.logvar.shape == (3, m, z)
    assert tiny_model.memory(encoding.posterior.mode, encoding, "latent").states.shape == (3, m, d)
    assert tiny_model.memory(encoding.posterior.mode, encoding, "source").states.shape == (3, m + 6, d)
    memory = memory_of(tiny_model, src, mask)
    assert tiny_model.decode_logits(tgt_in, memory).shape == (3, 5, tiny_config.vocab_size)


def test_a_position_sees_its_past_and_nothing_else(tiny_model, batch):
    src, mask, tgt_in = batch
    inputs = []
    tiny_model.embedding.register_forward_hook(lambda module, args, out: inputs.append(out) or out.retain_grad())
    memory = memory_of(tiny_model, src, mask)
    hidden = tiny_model.decode_hidden(tgt_in, memory)
    hidden[0, 2].abs().sum().backward()
    seen = inputs[-1].grad[0].abs().sum(-1)
    assert (seen[:3] > 0).all()
    assert (seen[3:] == 0).all()
    assert inputs[-1].grad[1:].abs().sum() == 0


def test_padding_changes_nothing(tiny_model, batch):
    src, mask, tgt_in = batch
    with torch.no_grad():
        whole = tiny_model.decode_logits(tgt_in, memory_of(tiny_model, src, mask))
        for row in range(3):
            n = int(mask[row].sum())
            alone = memory_of(tiny_model, src[row : row + 1, :n], mask[row : row + 1, :n])
            torch.testing.assert_close(whole[row : row + 1], tiny_model.decode_logits(tgt_in[row : row + 1], alone))


def test_context_latent_flows_through_z_alone(tiny_model, batch):
    src, mask, tgt_in = batch
    encoding = tiny_model.encode(src, mask)
    z = encoding.posterior.mode.detach().requires_grad_()
    encoding.hidden.retain_grad()
    for context, reached in (("latent", False), ("source", True)):
        z.grad, encoding.hidden.grad = None, None
        tiny_model.decode_hidden(tgt_in, tiny_model.memory(z, encoding, context)).abs().sum().backward(retain_graph=True)
        assert (z.grad.abs().sum((1, 2)) > 0).all()
        assert (encoding.hidden.grad is not None and bool(encoding.hidden.grad.abs().sum() > 0)) == reached


def test_rows_share_a_source_as_if_it_were_repeated(tiny_model, batch):
    src, mask, tgt_in = batch
    rows = torch.tensor([2, 0, 2])
    with torch.no_grad():
        memory = memory_of(tiny_model, src, mask)
        shared = tiny_model.decode_logits(tgt_in, memory, rows)
        torch.testing.assert_close(shared, tiny_model.decode_logits(tgt_in, memory.select(rows)))
        hidden_source = memory.mask[rows].clone()
        hidden_source[:, tiny_model.config.n_slots :] = False
        masked = tiny_model.logits(tiny_model.decode_hidden(tgt_in, memory, rows, hidden_source))
        latent = tiny_model.decode_logits(tgt_in, memory_of(tiny_model, src, mask, "latent"), rows)
    torch.testing.assert_close(masked, latent)


def test_step_by_step_equals_all_at_once(tiny_model, batch):
    src, mask, tgt_in = batch
    with torch.no_grad():
        memory = memory_of(tiny_model, src, mask)
        cache = tiny_model.start(memory, max_length=5)
        steps = torch.stack([tiny_model.step(tgt_in[:, t], cache) for t in range(5)], dim=1)
        torch.testing.assert_close(steps, tiny_model.decode_logits(tgt_in, memory))


def test_cache_rows_can_be_reordered(tiny_model, batch):
    src, mask, tgt_in = batch
    rows = torch.tensor([1, 1, 2])
    with torch.no_grad():
        memory = memory_of(tiny_model, src, mask)
        cache = tiny_model.start(memory, max_length=5)
        for t in range(3):
            tiny_model.step(tgt_in[:, t], cache)
        cache.select(rows)
        result = tiny_model.step(tgt_in[rows, 3], cache)
        expected = tiny_model.decode_logits(tgt_in[rows, :4], memory.select(rows))[:, 3]
    torch.testing.assert_close(result, expected)


@pytest.mark.parametrize("context", ["latent", "source"])
def test_attention_maps_are_those_of_the_pass(tiny_model, batch, context):
    src, mask, tgt_in = batch
    with torch.no_grad():
        maps = tiny_model.attention_maps(src, mask, tgt_in, context)
    c, m = tiny_model.config, tiny_model.config.n_slots
    k = m + 6 if context == "source" else m
    assert maps.encoder_self.shape == (c.n_encoder_layers, 3, c.n_heads, m + 6, m + 6)
    assert maps.decoder_self.shape == (c.n_decoder_layers, 3, c.n_heads, 5, 5)
    assert maps.cross.shape == (c.n_decoder_layers, 3, c.n_heads, 5, k)
    for weights in (maps.encoder_self, maps.decoder_self, maps.cross):
        torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))
    assert maps.slot_to_source.shape[-2:] == (m, 6) and maps.decoder_to_slot.shape[-1] == m
    assert maps.decoder_to_source.shape[-1] == k - m
    assert (maps.slot_to_source[:, 2, :, :, 2:] == 0).all()  # padding


def test_an_ordinary_transformer_has_no_latent(tiny_config, batch):
    src, mask, tgt_in = batch
    model = VAETransformer(override(tiny_config, n_slots=0)).eval()
    encoding = model.encode(src, mask)
    assert encoding.posterior is None
    assert model.decode_logits(tgt_in, model.memory(None, encoding, "source")).shape[:2] == (3, 5)
    with pytest.raises(VaegenError, match="no latent"):
        model.memory(None, encoding, "latent")


def test_512_tokens_work_and_more_are_refused_by_their_number(tiny_model):
    for n in (512, 513):
        src = torch.full((1, n), 9)
        assert tiny_model.encode(src, torch.ones_like(src, dtype=torch.bool)).hidden.shape[1] == n  # 512 and the end
    src = torch.full((1, 600), 9)
    with pytest.raises(VaegenError, match=r"600 tokens .* up to 512"):
        tiny_model.encode(src, torch.ones_like(src, dtype=torch.bool))


def test_unknown_context_is_refused(tiny_model, batch):
    src, mask, _ = batch
    with pytest.raises(VaegenError, match="'latent' or 'source'"):
        memory_of(tiny_model, src, mask, "both")


def test_a_new_posterior_is_nearly_deterministic(tiny_model, batch):
    src, mask, _ = batch
    posterior = tiny_model.encode(src, mask).posterior
    assert posterior.std.mean() < 0.2


def test_the_log_variance_stays_within_its_limits_whatever_the_weights(tiny_model, batch):
    src, mask, _ = batch
    for bias, limit in ((1000.0, 3.0), (-1000.0, -9.0)):
        torch.nn.init.constant_(tiny_model.to_posterior.bias[tiny_model.config.latent_dim :], bias)
        posterior = tiny_model.encode(src, mask).posterior
        assert (posterior.logvar == limit).all() and posterior.mu.abs().max() < 100.0


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_latent_dropout_hides_whole_slots_in_training_only(tiny_config, rate):
    torch.manual_seed(0)
    model = VAETransformer(override(tiny_config, latent_dropout=rate, n_latent_layers=0))
    z = torch.randn(200, tiny_config.n_slots, tiny_config.latent_dim)
    silent = model.eval().latent_to_memory(torch.zeros_like(z[:1]))
    hidden = (model.train().latent_to_memory(z) - silent).abs().sum(-1) < 1e-6
    assert hidden.float().mean() == pytest.approx(rate, abs=0.06)
    assert ((model.eval().latent_to_memory(z) - silent).abs().sum(-1) > 1e-6).all()
