"""LSTM encoder and decoder: the article's baseline, with slots and attention where its single vector was.

An LSTM reads word after word, so slots cannot be tokens among the words: a slot before the sentence would have read nothing,
one behind it only what its end still remembers. Instead every slot query reads the finished states with one step of
attention. The decoder is Luong's: each layer is an LSTM and then dot attention to the memory, so that whole sentences are
trained in one call of the LSTM (feeding the attention back into the same layer would cost a call per word).

LSTMs run in float32 whatever the autocast: torch has no bfloat16 LSTM on every CPU.

Source: bidirectional encoder and attention, Bahdanau et al. 2015, arXiv 1409.0473; dot attention above the LSTM, Luong et
al. 2015, arXiv 1508.04025; attention between layers of a stack, Wu et al. 2016, arXiv 1609.08144.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from vaegen.config import ModelConfig
from vaegen.model.layers import Attention, KeysValues, SentenceDropout

State = tuple[Tensor, Tensor]  # output and cell of an LSTM layer, each (N, U)


class LSTMEncoder(nn.Module):
    """A bidirectional LSTM over the words; slots read its states."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        units, layers = config.lstm_width or config.width, config.n_encoder_layers
        dropout = config.encoder_dropout if layers > 1 else 0.0
        self.lstm = nn.LSTM(config.width, units, layers, batch_first=True, dropout=dropout, bidirectional=True)
        self.out = nn.Linear(2 * units, config.width)
        self.dropout = SentenceDropout(config.encoder_dropout)
        if config.n_slots:
            self.norm = nn.LayerNorm(config.width, bias=False)
            self.attention = Attention(config.width, config.n_heads)

    def forward(
        self, slots: Tensor, words: Tensor, mask: Tensor, need_weights: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        """Returns the states (B, M+S, D), and on request the weights as those of one layer, (1 x) (B, H, M+S, M+S).

        Arguments as for `TransformerEncoder`. In the weights only slots look, and only at words; all else is 0.
        """
        with torch.autocast(words.device.type, enabled=False):
            packed = pack_padded_sequence(words.float(), mask.sum(1).cpu(), batch_first=True, enforce_sorted=False)
            read, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=words.shape[1])
        states = self.dropout(self.out(read.to(words.dtype)))
        m, n_words = slots.shape[1], states.shape[1]
        if not m:
            return states, [states.new_zeros(len(states), 1, n_words, n_words)] * need_weights
        keys_values = self.attention.keys_values(self.norm(states))
        read, weights = self.attention(slots, keys_values, mask[:, None, None], need_weights)
        x = torch.cat((slots + self.dropout(read), states), dim=1)
        return x, [F.pad(weights, (m, 0, 0, n_words))] if weights is not None else []


class LSTMDecoderLayer(nn.Module):
    """An LSTM, then attention to the memory, each added to the residual stream."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        units = config.lstm_width or config.width
        self.from_memory = nn.Linear(config.width, 2 * units)
        self.norm = nn.LayerNorm(config.width, bias=False)
        self.lstm = nn.LSTM(config.width, units, batch_first=True)
        self.out = nn.Linear(units, config.width)
        self.cross_norm = nn.LayerNorm(config.width, bias=False)
        self.cross_attention = Attention(config.width, config.n_heads)
        self.dropout = SentenceDropout(config.decoder_dropout)

    def begin(self, mean: Tensor) -> State:
        """Returns the state before the first word, (N, U) each, from the mean (N, D) of what the memory shows."""
        output, cell = self.from_memory(mean).float().tanh().chunk(2, dim=-1)
        return output, cell

    def forward(
        self, x: Tensor, state: State, memory: KeysValues, mask: Tensor, need_weights: bool = False
    ) -> tuple[Tensor, State, Tensor | None]:
        """Returns the new x (N, T, D), the state after its last word, and the cross weights (N, H, T, K) on request."""
        with torch.autocast(x.device.type, enabled=False):
            before = (state[0][None].contiguous(), state[1][None].contiguous())
            written, (output, cell) = self.lstm(self.norm(x.float()), before)
        x = x + self.dropout(self.out(written.to(x.dtype)))
        read, weights = self.cross_attention(self.cross_norm(x), memory, mask, need_weights)
        return x + self.dropout(read), (output[0], cell[0]), weights


class LSTMCache:
    """What an LSTM decoder remembers of each row: a state per layer, whatever the length so far.

    Attributes:
        memory: Per layer, keys and values of the memory, (N, H, K, D/H).
        memory_mask: (N, 1, 1, K).
        states: Per layer, (N, U) each.
        length: Tokens decoded so far.
    """

    def __init__(self, memory: list[KeysValues], memory_mask: Tensor, states: list[State]) -> None:
        self.memory, self.memory_mask, self.states, self.length = memory, memory_mask, states, 0

    def select(self, rows: Tensor, same_memory: bool = False) -> None:
        """Keeps these rows (N',), in this order; with `same_memory` (beams of one sentence) the memory stays in place."""
        self.states = [(output[rows], cell[rows]) for output, cell in self.states]
        if not same_memory:
            self.memory = [(k[rows], v[rows]) for k, v in self.memory]
            self.memory_mask = self.memory_mask[rows]


class LSTMDecoder(nn.Module):
    """Layers of LSTM and attention; the interface is that of `TransformerDecoder`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(LSTMDecoderLayer(config) for _ in range(config.n_decoder_layers))

    def forward(
        self, x: Tensor, memory: Tensor, mask: Tensor, rows: Tensor | None = None, need_weights: bool = False
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Returns the states of embedded targets x (N, T, D), no self weights, and each layer's cross weights on request."""
        cache = self._cache(memory, mask, rows, x.shape[1])
        x, weights = self._advance(x, cache, need_weights)
        return x, [], weights

    def start(self, memory: Tensor, mask: Tensor, rows: Tensor | None, max_length: int) -> LSTMCache:
        """Returns what is known before the first word, for a memory (B, K, D) with its mask (B, K)."""
        return self._cache(memory, mask if rows is None else mask[rows], rows, max_length)

    def step(self, x: Tensor, cache: LSTMCache) -> Tensor:
        """Returns the states of one embedded token per row, x (N, 1, D), and takes it into the cache."""
        return self._advance(x, cache)[0]

    def _cache(self, memory: Tensor, mask: Tensor, rows: Tensor | None, max_length: int) -> LSTMCache:
        layers: Iterable[Any] = self.layers
        keys_values = [layer.cross_attention.keys_values(memory) for layer in layers]
        if rows is not None:
            keys_values, memory = [(k[rows], v[rows]) for k, v in keys_values], memory[rows]
        shown = mask[..., None].to(memory.dtype)
        mean = (memory * shown).sum(1) / shown.sum(1)
        return LSTMCache(keys_values, mask[:, None, None], [layer.begin(mean) for layer in layers])

    def _advance(self, x: Tensor, cache: LSTMCache, need_weights: bool = False) -> tuple[Tensor, list[Tensor]]:
        weights: list[Tensor] = []
        for i, layer in enumerate(self.layers):
            x, cache.states[i], read = layer(x, cache.states[i], cache.memory[i], cache.memory_mask, need_weights)
            weights += [] if read is None else [read]
        cache.length += x.shape[1]
        return x, weights
