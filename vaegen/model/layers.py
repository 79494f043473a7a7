"""The parts of a Transformer: attention whose weights can be looked at, feed-forward, encoder and decoder layers.

Attention is written out (two matrix products around a softmax): on the short sentences this project is made for, it
trains six times faster on a CPU in bfloat16 than the fused kernel, and it gives the weights to whoever asks. On a GPU the
fused kernel is used whenever the weights are not asked for. Dropout draws one mask per sentence, not one per token
(Gal & Ghahramani 2016, arXiv 1512.05287), which costs next to nothing. LayerNorm, not RMSNorm: it has a fused CPU kernel.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KeysValues = tuple[Tensor, Tensor]  # keys and values, each (N, H, K, D/H)


def attend(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, need_weights: bool = False
) -> tuple[Tensor, Tensor | None]:
    """Returns softmax(q k^T / sqrt(d)) v and, on request, the weights before that product.

    Args:
        q: Queries, (N, H, T, d).
        k: Keys, (N, H, K, d).
        v: Values, (N, H, K, d).
        mask: Bool, broadcastable to (N, 1, T, K); True = may be attended to. Every query needs at least one True.
        need_weights: Return the weights (N, H, T, K); their rows sum to 1.

    Source: Vaswani et al. 2017, arXiv 1706.03762, eq. 1.
    """
    if q.is_cuda and not need_weights:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask), None
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)  # (N, H, T, K)
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(dim=-1)
    return weights @ v, weights if need_weights else None


class Attention(nn.Module):
    """Multi-head attention from one sequence to another (or to itself)."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(width, width, bias=False)
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def keys_values(self, states: Tensor) -> KeysValues:
        """Returns the keys and values of the states (N, K, D), each (N, H, K, D/H): computed once, attended to often."""
        k, v = self.key_value(states).chunk(2, dim=-1)
        return self._split(k), self._split(v)

    def forward(
        self, x: Tensor, keys_values: KeysValues, mask: Tensor | None, need_weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Returns what the queries x (N, T, D) read, (N, T, D), and on request the weights (N, H, T, K)."""
        read, weights = attend(self._split(self.query(x)), *keys_values, mask, need_weights)
        return self.out(read.transpose(1, 2).flatten(2)), weights

    def to_itself(self, x: Tensor, mask: Tensor | None, need_weights: bool = False) -> tuple[Tensor, Tensor | None]:
        """Returns what the states x (N, T, D) read from each other, and on request the weights (N, H, T, T)."""
        return self(x, self.keys_values(x), mask, need_weights)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # (N, T, D) -> (N, H, T, D/H)


class FeedForward(nn.Sequential):
    """Two linear layers with a ReLU between them, applied to every position."""

    def __init__(self, width: int, ffn_width: int) -> None:
        super().__init__(nn.Linear(width, ffn_width), nn.ReLU(), nn.Linear(ffn_width, width))


class SentenceDropout(nn.Module):
    """Dropout with one mask per sentence: the same channels are zero at every position."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Returns x (N, T, D) with whole channels zeroed in training, unchanged otherwise."""
        if not self.training or self.rate == 0.0:
            return x
        mask = torch.empty(x.shape[0], 1, x.shape[2], dtype=x.dtype, device=x.device)
        return x * mask.bernoulli_(1.0 - self.rate).div_(1.0 - self.rate)


class EncoderLayer(nn.Module):
    """Pre-norm self-attention and feed-forward: over [slots; source tokens], or over slots alone."""

    def __init__(
        self, width: int, ffn_width: int, n_heads: int, dropout: float, attention: Attention | None = None
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width, bias=False)
        self.attention = attention or Attention(width, n_heads)
        self.ffn_norm = nn.LayerNorm(width, bias=False)
        self.ffn = FeedForward(width, ffn_width)
        self.dropout = SentenceDropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None, need_weights: bool = False) -> tuple[Tensor, Tensor | None]:
        """Returns the new states (B, S, D) and on request the weights (B, H, S, S); mask is (B, 1, 1 or S, S) or None."""
        read, weights = self.attention.to_itself(self.attention_norm(x), mask, need_weights)
        x = x + self.dropout(read)
        return x + self.dropout(self.ffn(self.ffn_norm(x))), weights


class DecoderLayer(nn.Module):
    """Pre-norm causal self-attention, attention to the memory, feed-forward."""

    def __init__(self, width: int, ffn_width: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.self_norm = nn.LayerNorm(width, bias=False)
        self.self_attention = Attention(width, n_heads)
        self.cross_norm = nn.LayerNorm(width, bias=False)
        self.cross_attention = Attention(width, n_heads)
        self.ffn_norm = nn.LayerNorm(width, bias=False)
        self.ffn = FeedForward(width, ffn_width)
        self.dropout = SentenceDropout(dropout)

    def read_memory_and_transform(
        self, x: Tensor, memory: KeysValues, memory_mask: Tensor | None, need_weights: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """Returns the second and third part of the layer for states x (N, T, D), and the cross weights (N, H, T, K)."""
        read, weights = self.cross_attention(self.cross_norm(x), memory, memory_mask, need_weights)
        x = x + self.dropout(read)
        return x + self.dropout(self.ffn(self.ffn_norm(x))), weights

    def forward(
        self, x: Tensor, self_mask: Tensor, memory: KeysValues, memory_mask: Tensor | None, need_weights: bool = False
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Returns the new states (N, T, D), the self weights (N, H, T, T) and the cross weights (N, H, T, K)."""
        h = self.self_norm(x)
        read, self_weights = self.self_attention(h, self.self_attention.keys_values(h), self_mask, need_weights)
        x, cross_weights = self.read_memory_and_transform(x + self.dropout(read), memory, memory_mask, need_weights)
        return x, self_weights, cross_weights


class TransformerEncoder(nn.ModuleList):
    """Layers of self-attention over [slots; words]: the slots are tokens like the words, they read and are read."""

    def __init__(self, layers: Iterable[EncoderLayer]) -> None:
        super().__init__(layers)

    def forward(
        self, slots: Tensor, words: Tensor, mask: Tensor, need_weights: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        """Returns the states (B, M+S, D) of slots (B, M, D) and words (B, S, D), and each layer's weights on request.

        Args:
            slots: M learned queries, the same for every sentence; M may be 0.
            words: Embedded source tokens.
            mask: (B, S), True = real token.
            need_weights: Return the weights (B, H, M+S, M+S) of every layer.
        """
        x = torch.cat((slots, words), dim=1)
        mask = F.pad(mask, (slots.shape[1], 0), value=True)
        weights: list[Tensor] = []
        layer: Any
        for layer in self:
            x, layer_weights = layer(x, self.edges(x, mask, slots.shape[1]), need_weights)
            weights += _given(layer_weights)
        return x, weights

    def edges(self, x: Tensor, mask: Tensor, n_slots: int) -> Tensor:
        """Returns who may look at whom in a layer with input x: here everybody at all that is real, (B, 1, 1, M+S)."""
        return mask[:, None, None]


class DecoderCache:
    """Keys and values of everything decoded so far, so that each new token costs one position.

    Attributes:
        memory: Per layer, keys and values of the memory, (N, H, K, D/H).
        memory_mask: (N, 1, 1, K).
        length: Tokens decoded so far.
    """

    def __init__(self, memory: list[KeysValues], memory_mask: Tensor, max_length: int) -> None:
        self.memory, self.memory_mask, self.length = memory, memory_mask, 0
        n, h, _, d = memory[0][0].shape
        shape = (len(memory), 2, n, h, max_length, d)
        self._buffer = memory[0][0].new_empty(shape)

    @property
    def max_length(self) -> int:
        """Tokens that the cache has room for."""
        return self._buffer.shape[4]

    def append(self, layer: int, keys_values: KeysValues) -> KeysValues:
        """Stores the keys and values of the current token (N, H, 1, d) and returns all so far (N, H, length+1, d)."""
        self._buffer[layer, 0, :, :, self.length] = keys_values[0][:, :, 0]
        self._buffer[layer, 1, :, :, self.length] = keys_values[1][:, :, 0]
        past = self._buffer[layer, :, :, :, : self.length + 1]
        return past[0], past[1]

    def select(self, rows: Tensor, same_memory: bool = False) -> None:
        """Keeps these rows (N',), in this order; with `same_memory` (beams of one sentence) the memory stays in place."""
        kept = self._buffer[:, :, rows, :, : self.length]
        if len(rows) != self._buffer.shape[2]:
            self._buffer = self._buffer.new_empty(*self._buffer.shape[:2], len(rows), *self._buffer.shape[3:])
        self._buffer[:, :, :, :, : self.length] = kept
        if not same_memory:
            self.memory = [(k[rows], v[rows]) for k, v in self.memory]
            self.memory_mask = self.memory_mask[rows]


class TransformerDecoder(nn.ModuleList):
    """Layers of causal self-attention and attention to a memory."""

    def __init__(self, layers: Iterable[DecoderLayer]) -> None:
        super().__init__(layers)

    def forward(
        self, x: Tensor, memory: Tensor, mask: Tensor, rows: Tensor | None = None, need_weights: bool = False
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Returns the states of embedded targets x (N, T, D), and on request each layer's self and cross weights.

        Args:
            x: Each position sees its past alone.
            memory: States (B, K, D); keys and values are computed once for each, however many targets share it.
            mask: What each target may see of its memory row, (N, K).
            rows: Memory row of each target, (N,); None where they are one to one.
            need_weights: Return the weights (N, H, T, T) and (N, H, T, K) of every layer.
        """
        causal = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).tril()
        self_weights: list[Tensor] = []
        cross_weights: list[Tensor] = []
        layer: Any
        for layer in self:
            k, v = layer.cross_attention.keys_values(memory)
            keys_values = (k, v) if rows is None else (k[rows], v[rows])
            x, own, cross = layer(x, causal, keys_values, mask[:, None, None], need_weights)
            self_weights += _given(own)
            cross_weights += _given(cross)
        return x, self_weights, cross_weights

    def start(self, memory: Tensor, mask: Tensor, rows: Tensor | None, max_length: int) -> DecoderCache:
        """Returns an empty cache for a memory (B, K, D) with its mask (B, K); `rows` as in `forward`."""
        layers: Iterable[Any] = self
        keys_values = [layer.cross_attention.keys_values(memory) for layer in layers]
        if rows is not None:
            keys_values, mask = [(k[rows], v[rows]) for k, v in keys_values], mask[rows]
        return DecoderCache(keys_values, mask[:, None, None], max_length)

    def step(self, x: Tensor, cache: DecoderCache) -> Tensor:
        """Returns the states of one embedded token per row, x (N, 1, D), and takes it into the cache."""
        layer: Any
        for i, layer in enumerate(self):
            h = layer.self_norm(x)
            past = cache.append(i, layer.self_attention.keys_values(h))
            x = x + layer.self_attention(h, past, None)[0]
            x, _ = layer.read_memory_and_transform(x, cache.memory[i], cache.memory_mask)
        cache.length += 1
        return x


def _given(weights: Tensor | None) -> Iterator[Tensor]:
    if weights is not None:
        yield weights


def sinusoids(length: int, width: int) -> Tensor:
    """Returns the fixed position code (length, width) of Vaswani et al. 2017, section 3.5; it needs no training to reach
    positions that no training sentence had."""
    if torch.get_default_device().type == "meta":  # who asks for shapes only (`weights.shapes_of`) needs no angles
        return torch.empty(length, width)
    frequency = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angle = torch.arange(length)[:, None] * frequency
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1)
