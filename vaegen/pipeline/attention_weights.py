"""Attention of one sentence and its translation with the sub-words merged into words, as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vaegen.text.words import END, word_groups

Groups = Sequence[Sequence[int]]


@dataclass(frozen=True, eq=False)
class WordAttention:
    """Every attention weight between a sentence and its translation, by layer and head, (L, H, queries, keys).

    Merged weights are sums over the sub-words of a key and means over those of a query, so each row still sums to 1.

    Attributes:
        source: Words (unmerged: sub-words) of the sentence, "[end]" last.
        target: What each row of the decoder predicted, "[end]" last.
        encoder: How slots and source words look at slots and source words, slots first.
        decoder: How the decoder looks at what it has written; row t is the step that predicts word t, column 0 is the
            language tag and column t + 1 is word t.
        cross: How the decoder looks at slots and, in context "source", source words.
        n_slots: M.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    encoder: np.ndarray
    decoder: np.ndarray
    cross: np.ndarray
    n_slots: int

    @property
    def entropy(self) -> dict[str, tuple[tuple[float, ...], ...]]:
        """Mean entropy of the rows in nats by layer and head: of "encoder", its "slots" alone, "decoder" and "cross"."""
        slots = self.encoder[:, :, : self.n_slots]
        parts = {"encoder": self.encoder, "slots": slots, "decoder": self.decoder, "cross": self.cross}
        return {name: entropy(part) for name, part in parts.items() if part.shape[0] and part.shape[2]}


def merge_maps(
    encoder: np.ndarray,
    decoder: np.ndarray,
    cross: np.ndarray,
    source_tokens: Sequence[str],
    target_tokens: Sequence[str],
    n_slots: int,
    merge: bool,
) -> WordAttention:
    """Returns the weights (L, H, queries, keys) of sub-words as those of words; the last token of a side is its end."""
    source, target = groups(source_tokens, merge), groups(target_tokens, merge)
    slots = [[slot] for slot in range(n_slots)]
    memory = slots + [[n_slots + i for i in group] for group in source]
    # The decoder reads the tag and then its own words: the key of piece t is the query of piece t + 1.
    read = [[0], *([i + 1 for i in group] for group in target[:-1])]
    return WordAttention(
        labels(source_tokens, source),
        labels(target_tokens, target),
        merged(encoder, memory, memory),
        merged(decoder, target, read),
        merged(cross, target, slots if cross.shape[-1] == n_slots else memory),
        n_slots,
    )


def groups(tokens: Sequence[str], merge: bool) -> list[list[int]]:
    """Returns the indices of the sub-words of each word, or of each sub-word; the last token is the end, on its own."""
    inner = word_groups(tokens[:-1]) if merge else [[i] for i in range(len(tokens) - 1)]
    return [*inner, [len(tokens) - 1]]


def merged(weights: np.ndarray, queries: Groups, keys: Groups) -> np.ndarray:
    """Returns weights (..., queries, keys) with the keys of a group summed and the queries of a group averaged."""
    weights = np.asarray(weights)
    array = np.stack([weights[..., list(group)].sum(-1) for group in keys], axis=-1)
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
