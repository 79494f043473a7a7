"""Attention of words to words of like content: what is not looked at is never computed.

Every word is put into a bucket by the direction of its query (random rotations, the same in every run), the words are
sorted by bucket, and a chunk of C words in that order attends to itself and to the chunk before: 2 C keys a word instead
of S. Queries are also the keys, normalised: words that would look at each other then lie in the same bucket. A word looks
at itself only where there is nothing else. Slots are few: they look at everything, and every word looks at all of them.

A sentence of up to C words is one chunk, so nothing is lost there; `scripts/benchmark_attention.py` says from which length
on it pays.

Source: Reformer, Kitaev et al. 2020, arXiv 2001.04451, with one round of hashing: every head has rotations of its own.
Deviations: a chunk may look across buckets, and the first chunk has none before it (it would depend on the padding).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vaegen.config import ModelConfig
from vaegen.layers import Attention

N_BUCKETS = 32
ITSELF = -1e4  # a score that wins against padding alone


class LSHAttention(Attention):
    """Multi-head attention of [slots; words] to themselves within locality-sensitive buckets of words."""

    rotations: Tensor  # (H, D/H, N_BUCKETS / 2)

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config.width, config.n_heads)
        del self.query  # the queries are the keys
        self.n_slots, self.chunk = config.n_slots, config.lsh_chunk
        shape = (config.n_heads, config.width // config.n_heads, N_BUCKETS // 2)
        generator = torch.Generator().manual_seed(0)
        self.register_buffer("rotations", torch.randn(shape, generator=generator), persistent=False)

    def to_itself(self, x: Tensor, mask: Tensor | None, need_weights: bool = False) -> tuple[Tensor, Tensor | None]:
        """Returns what the states x (B, M+S, D) read from each other, and on request the weights (B, H, M+S, M+S).

        `mask` is (B, 1, 1, M+S), True = real, or None; the slots always are.
        """
        q, v = self.keys_values(x)  # (B, H, M+S, d)
        k, q, m = F.normalize(q, dim=-1), q * q.shape[-1] ** -0.5, self.n_slots
        real = x.new_ones(x.shape[:2], dtype=torch.bool) if mask is None else mask[:, 0, 0]
        scores = (q[:, :, :m] @ k.transpose(2, 3)).masked_fill(torch.eye(m, x.shape[1], device=x.device) > 0, ITSELF)
        slot_weights = scores.masked_fill(~real[:, None, None], torch.finfo(scores.dtype).min).softmax(-1)
        order = self.order(q[:, :, m:], real[:, m:])
        read, word_weights = self._words(q, k, v, real[:, m:], order)
        read = torch.cat((slot_weights @ v, read.to(v.dtype)), dim=2)
        weights = torch.cat((slot_weights, self._dense(word_weights, order)), dim=2) if need_weights else None
        return self.out(read.transpose(1, 2).flatten(2)), weights

    def order(self, q: Tensor, real: Tensor) -> Tensor:
        """Returns the words' indices bucket by bucket, (B, H, S), for their queries (B, H, S, d); padding comes last."""
        turned = q.detach() @ self.rotations.to(q.dtype)
        bucket = torch.cat((turned, -turned), dim=-1).argmax(-1)
        return bucket.masked_fill(~real[:, None], N_BUCKETS).argsort(dim=-1, stable=True)

    def _words(self, q: Tensor, k: Tensor, v: Tensor, real: Tensor, order: Tensor) -> tuple[Tensor, Tensor]:
        """What the words read, (B, H, S, d), and their weights bucket by bucket: (B, H, chunks, C, M+2C).

        The last axis has the slots, the chunk before, and the chunk itself.
        """
        m, n_words = self.n_slots, order.shape[2]
        sorted_q, sorted_k, sorted_v = (self._chunks(_pick(x[:, :, m:], order)) for x in (q, k, v))
        near_k, near_v = _with_previous(sorted_k), _with_previous(sorted_v)  # (B, H, chunks, 2C, d)
        sorted_real = self._chunks(real[:, None].expand_as(order).gather(2, order)[..., None])
        near_real = _with_previous(sorted_real).transpose(3, 4)  # (B, H, chunks, 1, 2C)
        chunk = sorted_q.shape[3]
        itself = torch.eye(chunk, dtype=torch.bool, device=q.device)
        near = (sorted_q @ near_k.transpose(3, 4)).masked_fill(F.pad(itself, (chunk, 0)), ITSELF)
        near = near.masked_fill(~near_real, torch.finfo(near.dtype).min)
        slots_k, slots_v = k[:, :, None, :m], v[:, :, None, :m]
        weights = torch.cat((sorted_q @ slots_k.transpose(3, 4), near), dim=-1).softmax(-1)
        read = weights[..., :m] @ slots_v + weights[..., m:] @ near_v
        return _pick(read.flatten(2, 3)[:, :, :n_words], order.argsort(-1)), weights

    def _chunks(self, x: Tensor) -> Tensor:
        """Sorted words (B, H, S, d) in chunks (B, H, chunks, C, d), the last one filled up with zeros."""
        chunk = min(self.chunk, x.shape[2])
        return F.pad(x, (0, 0, 0, -x.shape[2] % chunk)).unflatten(2, (-1, chunk))

    def _dense(self, weights: Tensor, order: Tensor) -> Tensor:
        """The weights of the words at all slots and words, (B, H, S, M+S); 0 where nothing was computed."""
        m, n_words = self.n_slots, order.shape[2]
        places = _with_previous(self._chunks(order[..., None] + 1)).transpose(3, 4) - 1  # -1 where there is no word
        places = places.expand(*weights.shape[:4], -1).masked_fill(places < 0, n_words)
        dense = weights.new_zeros(*weights.shape[:4], n_words + 1).scatter_add_(4, places, weights[..., m:])
        rows = torch.cat((weights[..., :m], dense[..., :n_words]), dim=-1).flatten(2, 3)
        return _pick(rows[:, :, :n_words], order.argsort(-1))


def _pick(x: Tensor, indices: Tensor) -> Tensor:
    """The rows of x (B, H, S, d) in the order of indices (B, H, S)."""
    return x.gather(2, indices[..., None].expand(-1, -1, -1, x.shape[3]))


def _with_previous(chunks: Tensor) -> Tensor:
    """Every chunk (B, H, chunks, C, d) with the one before in front, (B, H, chunks, 2C, d); the first one has zeros."""
    return torch.cat((F.pad(chunks, (0, 0, 0, 0, 1, 0))[:, :, :-1], chunks), dim=3)
