"""The VAE-Transformer: sentence -> encoder -> Gaussian latent slots -> memory -> decoder -> sentence.

    src (B,S) --encoder--> slot states --> posterior q(z|x) --sample--> z (B,M,Z) --> M states --+--> decoder -> logits
                      \\--> hidden (B,S,D) --------------------- only in context "source" ---------+

The M learned slot queries are prepended to the source and go through every encoder layer with it; what they have become
at the top gives mu and logvar. The decoder attends to a memory: the slots alone (context "latent": everything it says
flowed through z), or the slots and the encoder states (context "source": an ordinary translation model that also has z).
The config may choose another encoder, decoder or attention: see `build_encoder` and `build_decoder`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaegen.config import ModelConfig
from vaegen.errors import VaegenError
from vaegen.model.graph import GraphEncoder
from vaegen.model.layers import DecoderLayer, EncoderLayer, TransformerDecoder, TransformerEncoder, sinusoids
from vaegen.model.posterior import LOGVAR_MAX, LOGVAR_MIN, DiagonalGaussian
from vaegen.model.pretrained import PretrainedWords, SourceTokenizer
from vaegen.model.rate_dial import RateDial
from vaegen.model.recurrent import LSTMDecoder, LSTMEncoder
from vaegen.model.sparse_attention import LSHAttention

CONTEXTS = ("latent", "source")
# Nearly deterministic at first: z has to carry the sentence before the KL term asks for noise.
INITIAL_LOGVAR = -6.0


@dataclass(frozen=True)
class Encoding:
    """What the encoder says of a batch: `hidden` (B, S, D), `src_mask` (B, S) and the posterior (None without a latent).

    `log_beta` (B,) is the rate that it was asked for, None where the model's usual one is meant.
    """

    hidden: Tensor
    src_mask: Tensor
    posterior: DiagonalGaussian | None
    log_beta: Tensor | None = None

    def select(self, rows: Tensor) -> Encoding:
        """The encoding of some rows, repeated where an index repeats."""
        posterior = None if self.posterior is None else self.posterior[rows]
        log_beta = None if self.log_beta is None else self.log_beta[rows]
        return Encoding(self.hidden[rows], self.src_mask[rows], posterior, log_beta)


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
        encoder_self: (L, B, H, M+S, M+S), slots first. With an LSTM encoder the rows of the words are 0: only slots look.
            With a pre-trained encoder these are the layers above it.
        decoder_self: (L, B, H, T, T); with an LSTM decoder L = 0.
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


class VAETransformer(nn.Module):
    """A Transformer that translates through Gaussian latent slots; see the module's docstring for the picture."""

    positions: Tensor  # (max_length + 1, D)
    latent_layers: Sequence[EncoderLayer]  # a ModuleList

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.pretrained = PretrainedWords(config) if config.encoder == "pretrained" else None
        if self.pretrained is not None:
            config = replace(config, max_length=min(config.max_length, self.pretrained.max_length))
            self.pretrained.tokenizer.max_length = config.max_length
        self.config = config
        width = config.width
        self.embedding = nn.Embedding(config.vocab_size, width)  # source, target and output share it
        self.register_buffer("positions", sinusoids(config.max_length + 1, width), persistent=False)
        self.encoder, self.decoder = build_encoder(config), build_decoder(config)
        self.encoder_norm = nn.LayerNorm(width, bias=False)
        self.decoder_norm = nn.LayerNorm(width, bias=False)
        if config.n_slots:
            self.slot_queries = nn.Parameter(torch.empty(config.n_slots, width))
            self.to_posterior = nn.Linear(width, 2 * config.latent_dim)
            self.from_latent = nn.Linear(config.latent_dim, width)
            self.slot_embedding = nn.Parameter(torch.empty(config.n_slots, width))
            shape = (width, config.ffn_width, config.n_heads, config.decoder_dropout)
            self.latent_layers = _stack([EncoderLayer(*shape) for _ in range(config.n_latent_layers)])
            self.memory_norm = nn.LayerNorm(width, bias=False)
        self.dial = RateDial(config.n_slots, config.latent_dim, width) if config.rate_dial else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws new weights: Xavier for matrices, unit-variance embeddings, an almost deterministic posterior.

        Those of a pre-trained encoder stay.
        """
        kept = set() if self.pretrained is None else set(self.pretrained.model.modules())
        for module in self.modules():
            if isinstance(module, nn.LSTM):
                module.reset_parameters()
            elif isinstance(module, nn.Linear) and module not in kept:
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.embedding.weight, std=self.config.width**-0.5)
        if self.config.n_slots:
            nn.init.normal_(self.slot_queries)
            nn.init.normal_(self.slot_embedding, std=0.5)
            nn.init.constant_(self.to_posterior.bias[self.config.latent_dim :], INITIAL_LOGVAR)
        if self.dial is not None:
            self.dial.reset_parameters()

    @property
    def source_tokenizer(self) -> SourceTokenizer | None:
        """What makes source ids for a pre-trained encoder; None where one tokenizer serves both sides."""
        return None if self.pretrained is None else self.pretrained.tokenizer

    def encode(self, src: Tensor, src_mask: Tensor, log_beta: Tensor | None = None) -> Encoding:
        """Returns the encoding of source ids (B, S); src_mask is bool (B, S), True = real token.

        Args:
            src: Ids.
            src_mask: Which of them are real.
            log_beta: The rate that each sentence is to have, (B,); None: the config's. For models with a dial.

        Raises:
            VaegenError: If S is over `config.max_length`, or there is no dial to turn.
        """
        return self._encode(src, src_mask, log_beta)[0]

    def latent_to_memory(self, z: Tensor, log_beta: Tensor | None = None) -> Tensor:
        """Returns the memory states (B, M, D) that stand for the latent z (B, M, Z), made at the rate `log_beta` (B,)."""
        if self.training and self.config.latent_dropout:
            # A hidden slot is at the mean of the prior: it says nothing.
            z = z * (torch.rand(*z.shape[:2], 1, device=z.device) >= self.config.latent_dropout)
        states = self.from_latent(z) + self.slot_embedding
        if self.dial is not None:
            states = states + self.dial.memory(self._rate(log_beta, len(z))).to(states.dtype)
        for layer in self.latent_layers:
            states, _ = layer(states, None)
        return self.memory_norm(states)

    def memory(
        self, z: Tensor | None, encoding: Encoding | None, context: str = "source", log_beta: Tensor | None = None
    ) -> Memory:
        """Returns what the decoder will see: the slots of z (B, M, Z), plus the encoder states in context "source".

        The rate is that of the encoding; where there is none, `log_beta` (B,), else the usual one.

        Raises:
            VaegenError: If the context is unknown, or asks for a part that is not there.
        """
        if context not in CONTEXTS:
            raise VaegenError("There is no context {context}; choose 'latent' or 'source'.", context=repr(context))
        parts: list[tuple[Tensor, Tensor]] = []
        if z is not None:
            slots = self.latent_to_memory(z, log_beta if encoding is None else encoding.log_beta)
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

    def start(self, memory: Memory, rows: Tensor | None = None, max_length: int | None = None) -> Any:
        """Returns an empty cache for step-by-step decoding from a memory; `rows` as in `decode_hidden`."""
        return self.decoder.start(memory.states, memory.mask, rows, max_length or self.config.max_length)

    def step(self, tokens: Tensor, cache: Any) -> Tensor:
        """Feeds one token per row (N,) and returns the logits of the next, (N, V)."""
        x = self.decoder.step(self._embed(tokens[:, None], offset=cache.length), cache)
        return self.logits(self.decoder_norm(x[:, 0]))

    def attention_maps(
        self,
        src: Tensor,
        src_mask: Tensor,
        tgt_in: Tensor,
        context: str = "source",
        z: Tensor | None = None,
        log_beta: Tensor | None = None,
    ) -> AttentionMaps:
        """Returns every attention weight of one pass, target row i reading source row i; z defaults to the mode."""
        encoding, encoder_self = self._encode(src, src_mask, log_beta, need_weights=True)
        if z is None and encoding.posterior is not None:
            z = encoding.posterior.mode
        _, decoder_self, cross = self._decode(tgt_in, self.memory(z, encoding, context), need_weights=True)
        own = torch.stack(decoder_self) if decoder_self else cross[0].new_empty(0, *cross[0].shape[:3], tgt_in.shape[1])
        return AttentionMaps(torch.stack(encoder_self), own, torch.stack(cross), self.config.n_slots)

    def _encode(
        self, src: Tensor, src_mask: Tensor, log_beta: Tensor | None = None, need_weights: bool = False
    ) -> tuple[Encoding, list[Tensor]]:
        m = self.config.n_slots
        if self.dial is None and log_beta is not None:
            raise VaegenError("This model has one rate only; leave beta out, or choose a checkpoint with a dial.")
        words = self._embed(src) if self.pretrained is None else self._read(src, src_mask)
        slots = self.slot_queries.to(words.dtype) if m else words.new_empty(0, words.shape[2])
        slots = slots.expand(src.shape[0], -1, -1)
        if self.dial is not None:
            slots = slots + self.dial.query(self._rate(log_beta, src.shape[0])).to(slots.dtype)
        x, weights = self.encoder(slots, words, src_mask, need_weights)
        x = self.encoder_norm(x)
        posterior = None
        if m:
            parameters = self.to_posterior(x[:, :m]).float()
            if self.dial is not None:
                parameters = self.dial.posterior(parameters, self._rate(log_beta, src.shape[0]))
            mu, logvar = parameters.chunk(2, dim=-1)
            posterior = DiagonalGaussian(mu, logvar.clamp(LOGVAR_MIN, LOGVAR_MAX))
        return Encoding(x[:, m:], src_mask, posterior, log_beta), weights

    def _rate(self, log_beta: Tensor | None, n: int) -> Tensor:
        """What the dial is told of n sentences, (n,)."""
        if log_beta is None:
            return torch.full((n,), math.log(self.config.default_beta), device=self.positions.device)
        return log_beta.float()

    def _decode(
        self,
        tgt_in: Tensor,
        memory: Memory,
        rows: Tensor | None = None,
        target_mask: Tensor | None = None,
        need_weights: bool = False,
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        if target_mask is None:
            target_mask = memory.mask if rows is None else memory.mask[rows]
        x, own, cross = self.decoder(self._embed(tgt_in), memory.states, target_mask, rows, need_weights)
        return self.decoder_norm(x), own, cross

    def _embed(self, ids: Tensor, offset: int = 0) -> Tensor:
        end = offset + ids.shape[1]
        self._check_length(end)
        return _residual(self.embedding(ids) * self.config.width**0.5 + self.positions[offset:end])

    def _read(self, src: Tensor, src_mask: Tensor) -> Tensor:
        """The words as the pre-trained encoder understands them, (B, S, D); their positions are part of that."""
        assert self.pretrained is not None
        self._check_length(src.shape[1])
        return _residual(self.pretrained(src, src_mask))

    def _check_length(self, n_tokens: int) -> None:
        limit = self.config.max_length
        if n_tokens > limit + 1:
            raise VaegenError(
                "A text of {n_tokens} tokens is too long; this model takes up to {limit}. Split it into sentences.",
                n_tokens=n_tokens,
                limit=limit,
            )


def build_encoder(config: ModelConfig) -> nn.Module:
    """Returns what makes states (B, M+S, D) of slots (B, M, D) and words (B, S, D): the choices `encoder`, `attention`."""
    if config.encoder == "lstm":
        return LSTMEncoder(config)
    layers = []
    for _ in range(config.n_encoder_layers):
        attention = LSHAttention(config) if config.attention == "lsh" else None
        layers.append(EncoderLayer(config.width, config.ffn_width, config.n_heads, config.encoder_dropout, attention))
    return GraphEncoder(layers, config) if config.encoder == "gat" else TransformerEncoder(layers)


def build_decoder(config: ModelConfig) -> Any:
    """Returns what makes states (N, T, D) of embedded targets and a memory, at once or step by step: `decoder`."""
    if config.decoder == "lstm":
        return LSTMDecoder(config)
    shape = (config.width, config.ffn_width, config.n_heads, config.decoder_dropout)
    return TransformerDecoder([DecoderLayer(*shape) for _ in range(config.n_decoder_layers)])


def _residual(x: Tensor) -> Tensor:
    """Under autocast the residual stream itself is kept in the low precision: half the memory traffic on a CPU."""
    device = x.device.type
    return x.to(torch.get_autocast_dtype(device)) if torch.is_autocast_enabled(device) else x


def _stack(layers: Sequence[nn.Module]) -> Any:
    return nn.ModuleList(layers)
