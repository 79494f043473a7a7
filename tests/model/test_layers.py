"""The layers against torch's own, with shared weights."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vaegen.model.layers import Attention, DecoderLayer, EncoderLayer, SentenceDropout, attend, sinusoids

WIDTH, FFN, HEADS = 16, 32, 4


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def random_mask(n, t, k):
    mask = torch.rand(n, 1, t, k) < 0.6
    mask[..., 0] = True
    return mask


def test_attend_is_scaled_dot_product_attention():
    q, k, v = torch.randn(2, HEADS, 5, 8), torch.randn(2, HEADS, 7, 8), torch.randn(2, HEADS, 7, 8)
    mask = random_mask(2, 5, 7)
    read, weights = attend(q, k, v, mask, need_weights=True)
    torch.testing.assert_close(read, F.scaled_dot_product_attention(q, k, v, attn_mask=mask))
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, HEADS, 5))
    assert (weights[~mask.expand_as(weights)] == 0).all()
    assert attend(q, k, v, mask)[1] is None


def copy_attention(ours: Attention, theirs: nn.MultiheadAttention) -> None:
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key_value.weight]))
        theirs.out_proj.weight.copy_(ours.out.weight)


def copy_ffn_and_norms(ours, theirs, norms) -> None:
    with torch.no_grad():
        for a, b in ((ours.ffn[0], theirs.linear1), (ours.ffn[2], theirs.linear2)):
            b.weight.copy_(a.weight)
            b.bias.copy_(a.bias)
        for a, b in norms:
            a.weight.uniform_(0.5, 1.5)
            b.weight.copy_(a.weight)


def without_biases(layer: nn.Module) -> nn.Module:
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
    return layer.eval()


def test_encoder_layer_is_torchs():
    ours = EncoderLayer(WIDTH, FFN, HEADS, 0.0).eval()
    theirs = without_biases(nn.TransformerEncoderLayer(WIDTH, HEADS, FFN, 0.0, batch_first=True, norm_first=True))
    copy_attention(ours.attention, theirs.self_attn)
    copy_ffn_and_norms(ours, theirs, [(ours.attention_norm, theirs.norm1), (ours.ffn_norm, theirs.norm2)])
    x, mask = torch.randn(3, 6, WIDTH), torch.tensor([[True] * 6, [True] * 4 + [False] * 2, [True] * 1 + [False] * 5])
    out, _ = ours(x, mask[:, None, None])
    expected = theirs(x, src_key_padding_mask=~mask)
    torch.testing.assert_close(out[mask], expected[mask], rtol=1e-4, atol=1e-5)


def test_decoder_layer_is_torchs():
    ours = DecoderLayer(WIDTH, FFN, HEADS, 0.0).eval()
    theirs = without_biases(nn.TransformerDecoderLayer(WIDTH, HEADS, FFN, 0.0, batch_first=True, norm_first=True))
    copy_attention(ours.self_attention, theirs.self_attn)
    copy_attention(ours.cross_attention, theirs.multihead_attn)
    norms = [(ours.self_norm, theirs.norm1), (ours.cross_norm, theirs.norm2), (ours.ffn_norm, theirs.norm3)]
    copy_ffn_and_norms(ours, theirs, norms)
    x, memory = torch.randn(2, 5, WIDTH), torch.randn(2, 7, WIDTH)
    causal = torch.ones(5, 5, dtype=torch.bool).tril()
    memory_mask = torch.tensor([[True] * 7, [True] * 3 + [False] * 4])
    out, own, cross = ours(x, causal, ours.cross_attention.keys_values(memory), memory_mask[:, None, None], True)
    expected = theirs(x, memory, tgt_mask=~causal, memory_key_padding_mask=~memory_mask)
    torch.testing.assert_close(out, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(own.sum(-1), torch.ones(2, HEADS, 5))
    torch.testing.assert_close(cross.sum(-1), torch.ones(2, HEADS, 5))
    assert (own.triu(1) == 0).all()


def test_dropout_has_one_mask_per_sentence_and_keeps_the_mean():
    dropout = SentenceDropout(0.25)
    x = torch.ones(2000, 5, 8)
    out = dropout(x)
    assert torch.equal(out, out[:, :1].expand_as(out))
    assert sorted(out.unique().tolist()) == pytest.approx([0.0, 1 / 0.75])
    assert out.mean() == pytest.approx(1.0, abs=0.02)
    assert torch.equal(dropout.eval()(x), x)


def test_sinusoids_follow_the_paper():
    code = sinusoids(10, 8)
    assert code.shape == (10, 8)
    assert code[3, 4].item() == pytest.approx(torch.sin(torch.tensor(3 / 10_000 ** (4 / 8))).item(), abs=1e-6)
    assert code[3, 5].item() == pytest.approx(torch.cos(torch.tensor(3 / 10_000 ** (4 / 8))).item(), abs=1e-6)
