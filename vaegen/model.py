"""The VAE-Transformer: sentence -> encoder -> Gaussian latent slots -> memory -> decoder -> sentence.

    src (B,S) --encoder--> slot states --> posterior q(z|x) --sample--> z (B,M,Z) --> M states --+--> decoder -> logits
                      \\--> hidden (B,S,D) --------------------- only in context "source" ---------+

The M learned slot queries are prepended to the source and go through every encoder layer with it; what they have become
at the top gives mu and logvar. The decoder attends to a memory: the slots alone (context "latent": everything it says
flowed through z), or the slots and the encoder states (context "source": an ordinary translation model that also has z).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaegen.config import ModelConfig
from vaegen.errors import VaegenError
from vaegen.layers import DecoderLayer, EncoderLayer, KeysValues, sinusoids
from vaegen.posterior import LOGVAR_MAX, LOGVAR_MIN, DiagonalGaussian

CONTEXTS = ("latent", "source")
# Nearly deterministic at first: z has to carry the sentence before the KL term asks for noise.
INITIAL_LOGVAR = -6.0


@dataclass(frozen=True)
class Encoding:
    """What the encoder says of a batch: `hidden` (B, S, D), `src_mask` (B, S) and the posterior (None without a latent)."""

    hidden: Tensor
    src_mask: Tensor
    posterior: DiagonalGaussian | None


@dataclass(frozen=True)
class Memory:
    """What a decoder attends to: `states` (N, K, D), slots first, and `mask` (N, K), True = real."""

    states: Tensor
    mask: Tensor

    def select(self, rows: Tensor) -> Memory:
        """The memory of some rows, repeated where an index repeats."""
        return Memory(self.states[rows], self.mask[rows])


@dataclass(frozen=True)
class AttentionMaps:
    """Attention weights of one forward pass, per layer and head, before dropout; every row sums to 1.

    Attributes:
        encoder_self: (L, B, H, M+S, M+S), slots first.
        decoder_self: (L, B, H, T, T).
        cross: (L, B, H, T, K), K = M in context "latent" and M+S in context "source".
        n_slots: M.
    """

    encoder_self: Tensor
    decoder_self: Tensor
    cross: Tensor
    n_slots: int

    @property
    def slot_to_source(self) -> Tensor:
        """How each slot read the source words, (L, B, H, M, S); a row sums to less than 1, slots also read slots."""
        return self.encoder_self[..., : self.n_slots, self.n_slots :]

    @property
    def decoder_to_slot(self) -> Tensor:
        """How each target position read the slots, (L, B, H, T, M)."""
        return self.cross[..., : self.n_slots]

    @property
    def decoder_to_source(self) -> Tensor:
        """How each target position read the source words, (L, B, H, T, S); empty in context "latent"."""
        return self.cross[..., self.n_slots :]


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


class VAETransformer(nn.Module):
    """A Transformer that translates through Gaussian latent slots; see the module's docstring for the picture."""

    positions: Tensor  # (max_length + 1, D)
    encoder: Sequence[EncoderLayer]  # these three are ModuleLists
    decoder: Sequence[DecoderLayer]
    latent_layers: Sequence[EncoderLayer]

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.embedding = nn.Embedding(config.vocab_size, width)  # source, target and output share it
        self.register_buffer("positions", sinusoids(config.max_length + 1, width), persistent=False)
        shape = (width, config.ffn_width, config.n_heads)
        self.encoder = _stack(EncoderLayer(*shape, config.encoder_dropout) for _ in range(config.n_encoder_layers))
        self.decoder = _stack(DecoderLayer(*shape, config.decoder_dropout) for _ in range(config.n_decoder_layers))
        self.encoder_norm = nn.LayerNorm(width, bias=False)
        self.decoder_norm = nn.LayerNorm(width, bias=False)
        if config.n_slots:
            self.slot_queries = nn.Parameter(torch.empty(config.n_slots, width))
            self.to_posterior = nn.Linear(width, 2 * config.latent_dim)
            self.from_latent = nn.Linear(config.latent_dim, width)
            self.slot_embedding = nn.Parameter(torch.empty(config.n_slots, width))
            latent_layers = (EncoderLayer(*shape, config.decoder_dropout) for _ in range(config.n_latent_layers))
            self.latent_layers = _stack(latent_layers)
            self.memory_norm = nn.LayerNorm(width, bias=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws new weights: Xavier for matrices, unit-variance embeddings, an almost deterministic posterior."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.embedding.weight, std=self.config.width**-0.5)
        if self.config.n_slots:
            nn.init.normal_(self.slot_queries)
            nn.init.normal_(self.slot_embedding, std=0.5)
            nn.init.constant_(self.to_posterior.bias[self.config.latent_dim :], INITIAL_LOGVAR)

    def encode(self, src: Tensor, src_mask: Tensor) -> Encoding:
        """Returns the encoding of source ids (B, S); src_mask is bool (B, S), True = real token.

        Raises:
            VaegenError: If S is over `config.max_length`.
        """
        return self._encode(src, src_mask)[0]

    def latent_to_memory(self, z: Tensor) -> Tensor:
        """Returns the memory states (B, M, D) that stand for the latent z (B, M, Z)."""
        if self.training and self.config.latent_dropout:
            # A hidden slot is at the mean of the prior: it says nothing.
            z = z * (torch.rand(*z.shape[:2], 1, device=z.device) >= self.config.latent_dropout)
        states = self.from_latent(z) + self.slot_embedding
        for layer in self.latent_layers:
            states, _ = layer(states, None)
        return self.memory_norm(states)

    def memory(self, z: Tensor | None, encoding: Encoding | None, context: str = "source") -> Memory:
        """Returns what the decoder will see: the slots of z (B, M, Z), plus the encoder states in context "source".

        Raises:
            VaegenError: If the context is unknown, or asks for a part that is not there.
        """
        if context not in CONTEXTS:
            raise VaegenError(f"There is no context {context!r}; choose 'latent' or 'source'.")
        parts: list[tuple[Tensor, Tensor]] = []
        if z is not None:
            slots = self.latent_to_memory(z)
            parts.append((slots, slots.new_ones(slots.shape[:2], dtype=torch.bool)))
        if context == "source":
            if encoding is None:
                raise VaegenError(
                    "Context 'source' needs a source sentence; a latent alone is decoded in context 'latent'."
                )
            parts.append((encoding.hidden.to(parts[0][0].dtype) if parts else encoding.hidden, encoding.src_mask))
        if not parts:
            raise VaegenError("This model has no latent (n_slots=0); choose context 'source'.")
        return Memory(torch.cat([p[0] for p in parts], dim=1), torch.cat([p[1] for p in parts], dim=1))

    def decode_hidden(
        self, tgt_in: Tensor, memory: Memory, rows: Tensor | None = None, target_mask: Tensor | None = None
    ) -> Tensor:
        """Returns the decoder's top states (N, T, D) for target ids tgt_in (N, T), each seeing only its past.

        Args:
            tgt_in: Language tag, then the target shifted right.
            memory: One row per source.
            rows: Memory row of each target, (N,); None where they are one to one. Keys and values are computed once
                per source, however many targets share it.
            target_mask: What each target may see of its memory row, (N, K); by default all that is real.
        """
        return self._decode(tgt_in, memory, rows, target_mask)[0]

    def logits(self, hidden: Tensor) -> Tensor:
        """Returns the unnormalised scores of every sub-word, (..., V), for decoder states (..., D)."""
        return F.linear(hidden, self.embedding.weight)

    def decode_logits(self, tgt_in: Tensor, memory: Memory, rows: Tensor | None = None) -> Tensor:
        """Returns the logits (N, T, V) of the token after each position; see `decode_hidden` for the arguments."""
        return self.logits(self.decode_hidden(tgt_in, memory, rows))

    def start(self, memory: Memory, rows: Tensor | None = None, max_length: int | None = None) -> DecoderCache:
        """Returns an empty cache for step-by-step decoding from a memory; `rows` as in `decode_hidden`."""
        keys_values = [layer.cross_attention.keys_values(memory.states) for layer in self.decoder]
        mask = memory.mask
        if rows is not None:
            keys_values, mask = [(k[rows], v[rows]) for k, v in keys_values], mask[rows]
        return DecoderCache(keys_values, mask[:, None, None], max_length or self.config.max_length)

    def step(self, tokens: Tensor, cache: DecoderCache) -> Tensor:
        """Feeds one token per row (N,) and returns the logits of the next, (N, V)."""
        x = self._embed(tokens[:, None], offset=cache.length)
        for i, layer in enumerate(self.decoder):
            h = layer.self_norm(x)
            past = cache.append(i, layer.self_attention.keys_values(h))
            x = x + layer.self_attention(h, past, None)[0]
            x, _ = layer.read_memory_and_transform(x, cache.memory[i], cache.memory_mask)
        cache.length += 1
        return self.logits(self.decoder_norm(x[:, 0]))

    def attention_maps(
        self, src: Tensor, src_mask: Tensor, tgt_in: Tensor, context: str = "source", z: Tensor | None = None
    ) -> AttentionMaps:
        """Returns every attention weight of one pass, target row i reading source row i; z defaults to the mode."""
        encoding, encoder_self = self._encode(src, src_mask, need_weights=True)
        if z is None and encoding.posterior is not None:
            z = encoding.posterior.mode
        _, decoder_self, cross = self._decode(tgt_in, self.memory(z, encoding, context), need_weights=True)
        return AttentionMaps(
            torch.stack(encoder_self), torch.stack(decoder_self), torch.stack(cross), self.config.n_slots
        )

    def _encode(self, src: Tensor, src_mask: Tensor, need_weights: bool = False) -> tuple[Encoding, list[Tensor]]:
        x, mask, m = self._embed(src), src_mask, self.config.n_slots
        if m:
            x = torch.cat((self.slot_queries.to(x.dtype).expand(len(src), -1, -1), x), dim=1)  # (B, M+S, D)
            mask = F.pad(mask, (m, 0), value=True)
        weights: list[Tensor] = []
        for layer in self.encoder:
            x, layer_weights = layer(x, mask[:, None, None], need_weights)
            weights += _given(layer_weights)
        x = self.encoder_norm(x)
        posterior = None
        if m:
            mu, logvar = self.to_posterior(x[:, :m]).float().chunk(2, dim=-1)
            posterior = DiagonalGaussian(mu, logvar.clamp(LOGVAR_MIN, LOGVAR_MAX))
        return Encoding(x[:, m:], src_mask, posterior), weights

    def _decode(
        self,
        tgt_in: Tensor,
        memory: Memory,
        rows: Tensor | None = None,
        target_mask: Tensor | None = None,
        need_weights: bool = False,
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        x, length = self._embed(tgt_in), tgt_in.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=x.device).tril()
        if target_mask is None:
            target_mask = memory.mask if rows is None else memory.mask[rows]
        self_weights: list[Tensor] = []
        cross_weights: list[Tensor] = []
        for layer in self.decoder:
            k, v = layer.cross_attention.keys_values(memory.states)
            keys_values = (k, v) if rows is None else (k[rows], v[rows])
            x, own, cross = layer(x, causal, keys_values, target_mask[:, None, None], need_weights)
            self_weights += _given(own)
            cross_weights += _given(cross)
        return self.decoder_norm(x), self_weights, cross_weights

    def _embed(self, ids: Tensor, offset: int = 0) -> Tensor:
        end, limit = offset + ids.shape[1], self.config.max_length
        if end > limit + 1:
            raise VaegenError(
                f"A text of {end} tokens is too long; this model takes up to {limit}. Split it into sentences."
            )
        x = self.embedding(ids) * self.config.width**0.5 + self.positions[offset:end]
        # Under autocast the residual stream itself is kept in the low precision: half the memory traffic on a CPU.
        device = x.device.type
        return x.to(torch.get_autocast_dtype(device)) if torch.is_autocast_enabled(device) else x


def _stack(layers: Iterable[nn.Module]) -> Any:
    return nn.ModuleList(layers)


def _given(weights: Tensor | None) -> Iterator[Tensor]:
    if weights is not None:
        yield weights
