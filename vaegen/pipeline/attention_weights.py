"""Attention of one sentence and its translation: every weight, sub-words merged into words, as a page can read it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vaegen.errors import VaegenError
from vaegen.text.words import END, word_groups

if TYPE_CHECKING:
    from torch import Tensor

MAX_TOKENS = 80  # sub-words of a sentence: beyond, the picture is unreadable and its weights take half a megabyte
SCALE = 65_535  # weights travel as 16-bit integers: an error of 0.00001
N_BEAMS = 5  # as in the translation view, so that both show the same sentence
Groups = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Weights:
    """Attention weights (L, H, queries, keys); `data` is base64 of them times 65,535 as little-endian 16-bit integers."""

    shape: tuple[int, ...]
    data: str

    def array(self) -> np.ndarray:
        """Returns the weights as float32."""
        values = np.frombuffer(base64.b64decode(self.data), dtype="<u2")
        return (values / np.float32(SCALE)).astype(np.float32).reshape(self.shape)


@dataclass(frozen=True)
class Side:
    """One sentence, its translation and every attention weight between them.

    Merged weights are sums over the sub-words of a key and means over those of a query, so each row still sums to 1.

    Attributes:
        text: The sentence.
        source_language: As given or detected.
        target_text: Its translation, the model's or the one that was given.
        is_given: Whether it was given.
        is_merged: Whether sub-words are merged into words.
        language: Of the translation.
        context: What the decoder saw; a sentence goes through the latent alone into its own language.
        log_prob: Natural logarithm of the probability of the translation, its end included (nats).
        source: Words (unmerged: sub-words) of the sentence, "[end]" last.
        target: What each row of the decoder predicted, "[end]" last.
        encoder: How slots and source words look at slots and source words, slots first.
        decoder: How the decoder looks at what it has written; row t is the step that predicts word t, column 0 is the
            language tag and column t + 1 is word t.
        cross: How the decoder looks at slots and, in context "source", source words.
        entropy: Mean entropy of the rows in nats by layer and head, of "encoder", its "slots" alone, "decoder", "cross".
    """

    text: str
    source_language: str
    target_text: str
    is_given: bool
    is_merged: bool
    language: str
    context: str
    log_prob: float
    source: tuple[str, ...]
    target: tuple[str, ...]
    encoder: Weights
    decoder: Weights
    cross: Weights
    entropy: dict[str, tuple[tuple[float, ...], ...]]


def look(
    model: Any,
    text: str,
    language: str,
    context: str = "source",
    target: str = "",
    merge: bool = True,
    source_language: str = "",
) -> Side:
    """Returns where a pipeline looks while it translates a sentence, or reads the translation `target` of it.

    Without `source_language`, the language of the sentence is detected.

    Raises:
        VaegenError: If the sentence or its translation is too long to be shown.
    """
    n_slots = model.model.config.n_slots
    own = source_language or model.detect_language(text)
    if own == language and n_slots:
        context = "latent"
    _check_length("The sentence", (model.model.source_tokenizer or model.tokenizer).encode(text))
    _check_length("The translation", model.tokenizer.encode(target))
    written = target or model.translate(text, language, context=context, num_beams=N_BEAMS, max_length=MAX_TOKENS)
    found = model.attention(text, language, context, target_text=written)
    ((*log_probs,),) = model.score([text], [written], language, context)
    source, target_groups = groups(found.source_tokens, merge), groups(found.target_tokens, merge)
    slots = [[slot] for slot in range(n_slots)]
    memory = slots + [[n_slots + i for i in group] for group in source]
    # The decoder reads the tag and then its own words: the key of piece t is the query of piece t + 1.
    read = [[0], *([i + 1 for i in group] for group in target_groups[:-1])]
    encoder = merged(found.maps.encoder_self[:, 0], memory, memory)
    decoder = merged(found.maps.decoder_self[:, 0], target_groups, read)
    cross = merged(found.maps.cross[:, 0], target_groups, memory if context == "source" else slots)
    entropies = {"encoder": encoder, "slots": encoder[:, :, :n_slots], "decoder": decoder, "cross": cross}
    return Side(
        text,
        own,
        written,
        bool(target),
        merge,
        language,
        context,
        sum(log_probs),
        labels(found.source_tokens, source),
        labels(found.target_tokens, target_groups),
        _weights(encoder),
        _weights(decoder),
        _weights(cross),
        {name: entropy(part) for name, part in entropies.items() if part.shape[0] and part.shape[2]},
    )


def groups(tokens: Sequence[str], merge: bool) -> list[list[int]]:
    """Returns the indices of the sub-words of each word, or of each sub-word; the last token is the end, on its own."""
    inner = word_groups(tokens[:-1]) if merge else [[i] for i in range(len(tokens) - 1)]
    return [*inner, [len(tokens) - 1]]


def merged(weights: Tensor, queries: Groups, keys: Groups) -> np.ndarray:
    """Returns weights (..., queries, keys) with the keys of a group summed and the queries of a group averaged."""
    array = weights.float().cpu().numpy()
    array = np.stack([array[..., list(group)].sum(-1) for group in keys], axis=-1)
    return np.stack([array[..., list(group), :].mean(-2) for group in queries], axis=-2)


def labels(tokens: Sequence[str], indices: Groups) -> tuple[str, ...]:
    """What is written beside each group; the end token says so, a part of a character is a dot."""
    words = ["".join(tokens[i] for i in group).strip() or "·" for group in indices]
    if indices and indices[-1][-1] == len(tokens) - 1 and tokens[-1] in ("</s>", END):
        words[-1] = END
    return tuple(words)


def entropy(weights: np.ndarray) -> tuple[tuple[float, ...], ...]:
    """Returns the entropy in nats of the rows of weights (L, H, queries, keys), their mean for each layer and head."""
    nats = -(weights * np.log(np.maximum(weights, 1e-12))).sum(-1).mean(-1)
    return tuple(tuple(round(float(value), 3) for value in layer) for layer in nats)


def _weights(array: np.ndarray) -> Weights:
    values = np.round(array * SCALE).clip(0, SCALE).astype("<u2")
    return Weights(array.shape, base64.b64encode(values.tobytes()).decode())


def _check_length(what: str, ids: Sequence[int]) -> None:
    if len(ids) > MAX_TOKENS:
        raise VaegenError(f"{what} has {len(ids)} sub-words; the picture shows up to {MAX_TOKENS}. Take a shorter one.")
