"""Attention of words to words of like content: what is not looked at is never computed.

Every word is put into a bucket by the direction of its query (random rotations, the same in every run), the words are
sorted by bucket, and a chunk of C words in that order attends to itself and to the chunk before: 2 C keys a word instead
of S. Queries are also the keys, normalised: words that would look at each other then lie in the same bucket. A word looks
at itself only where there is nothing else. Slots are few: they look at everything, and every word looks at all of them.

A sentence of up to C words is one chunk, in which every word looks at all others; `scripts/measure/attention_speed.py` says
from which length on it pays. Source: Reformer, Kitaev et al. 2020, arXiv 2001.04451, with one round of hashing: every head
has rotations of its own. Deviations: a chunk may look across buckets, and the first chunk has none before it (it would
depend on the padding).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from vaegen.config import ModelConfig
from vaegen.model.layers import Attention

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
        k, m, n = F.normalize(q, dim=-1), self.n_slots, x.shape[1]
        real = x.new_ones(x.shape[:2], dtype=torch.bool) if mask is None else mask[:, 0, 0]
        n_dense = m if n - m > self.chunk else n  # a single chunk needs no sorting
        scores = _without_itself((q[:, :, :n_dense] * q.shape[-1] ** -0.5) @ k.transpose(2, 3))
        weights = scores.masked_fill_(~real[:, None, None], torch.finfo(scores.dtype).min).softmax(-1)
        read = weights @ v
        if n_dense < n:
            order = self.order(q[:, :, m:], real[:, m:])
            words, word_weights = self._words(q[:, :, m:], v[:, :, m:], k[:, :, :m], v[:, :, :m], real[:, m:], order)
            read = torch.cat((read, words), dim=2)
            if need_weights:
                weights = torch.cat((weights, self._dense(word_weights, order)), dim=2)
        return self.out(read.transpose(1, 2).flatten(2)), weights if need_weights else None

    def order(self, q: Tensor, real: Tensor) -> Tensor:
        """Returns the words' indices bucket by bucket, (B, H, S), for their queries (B, H, S, d); padding comes last."""
        turned = q.detach() @ self.rotations.to(q.dtype)
        bucket = torch.cat((turned, -turned), dim=-1).argmax(-1)
        return bucket.masked_fill(~real[:, None], N_BUCKETS).argsort(dim=-1, stable=True)

    def _words(
        self, q: Tensor, v: Tensor, slots_k: Tensor, slots_v: Tensor, real: Tensor, order: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What the words read, (B, H, S, d), and their weights bucket by bucket: (B, H, chunks, C, M+2C).

        The last axis has the slots, the chunk before, and the chunk itself.
        """
        m, n_words = self.n_slots, order.shape[2]
        q, v = (self._chunks(_pick(part, order)) for part in (q, v))  # (B, H, chunks, C, d)
        k, q = F.normalize(q, dim=-1).transpose(3, 4), q * q.shape[-1] ** -0.5
        is_real = self._chunks(real[:, None].expand_as(order).gather(2, order)[..., None]).transpose(3, 4)
        lowest = torch.finfo(q.dtype).min
        own = _without_itself(q @ k).masked_fill_(~is_real, lowest)
        before = (q[:, :, 1:] @ k[:, :, :-1]).masked_fill_(~is_real[:, :, :-1], lowest)
        before = F.pad(before, (0, 0, 0, 0, 1, 0), value=lowest)  # nothing is before the first chunk
        weights = torch.cat((q @ slots_k[:, :, None].transpose(3, 4), before, own), dim=-1).softmax(-1)
        at_slots, at_before, at_own = weights.split((m, self.chunk, self.chunk), dim=-1)
        read = at_slots @ slots_v[:, :, None] + at_own @ v
        read = read + F.pad(at_before[:, :, 1:] @ v[:, :, :-1], (0, 0, 0, 0, 1, 0))
        return _pick(read.flatten(2, 3)[:, :, :n_words], order.argsort(-1)), weights

    def _chunks(self, x: Tensor) -> Tensor:
        """Sorted words (B, H, S, d) in chunks (B, H, chunks, C, d), the last one filled up with zeros."""
        missing = -x.shape[2] % self.chunk
        return (F.pad(x, (0, 0, 0, missing)) if missing else x).unflatten(2, (-1, self.chunk))

    def _dense(self, weights: Tensor, order: Tensor) -> Tensor:
        """The weights of the words at all slots and words, (B, H, S, M+S); 0 where nothing was computed."""
        m, n_words = self.n_slots, order.shape[2]
        own = self._chunks(order[..., None] + 1).transpose(3, 4) - 1  # (B, H, chunks, 1, C); -1 where there is no word
        places = torch.cat((F.pad(own, (0, 0, 0, 0, 1, 0), value=-1)[:, :, :-1], own), dim=-1)
        places = places.masked_fill(places < 0, n_words).expand(*weights.shape[:4], -1)
        dense = weights.new_zeros(*weights.shape[:4], n_words + 1).scatter_add_(4, places, weights[..., m:])
        rows = torch.cat((weights[..., :m], dense[..., :n_words]), dim=-1).flatten(2, 3)
        return _pick(rows[:, :, :n_words], order.argsort(-1))


def _pick(x: Tensor, indices: Tensor) -> Tensor:
    """The rows of x (B, H, S, d) in the order of indices (B, H, S)."""
    return x.gather(2, indices[..., None].expand(-1, -1, -1, x.shape[3]))


def _without_itself(scores: Tensor) -> Tensor:
    """The scores (..., T, K), changed in place: query i hardly looks at key i."""
    itself = torch.eye(scores.shape[-2], scores.shape[-1], dtype=torch.bool, device=scores.device)
    return scores.masked_fill_(itself, ITSELF)
