"""What the pipeline gives back where a plain string would not do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vaegen.model.vae_transformer import AttentionMaps
from vaegen.pipeline.attention_weights import WordAttention, merge_maps

ProgressCallback = Callable[[int, int], None]  # texts done, texts in all


@dataclass(frozen=True)
class Translation:
    """One output with everything that is known about it.

    Attributes:
        text: The sentence.
        language: Its language.
        tokens: What each sub-word adds to the text, spaces included.
        token_log_probs: Log-probability of each token and, one entry more, of the end; in nats.
        alternatives: On request, for each of these steps, the most probable pieces with their probabilities; the end is "".
        log_prob: Log-probability of the whole output, in nats.
        score: `log_prob` after the length penalty.
        source_language: As given or detected; "" for an empty text.
        context: What the decoder saw.
        avoided: Whether the model would have written a word to avoid, and was led around it.
        unsure: Probability that it is wrong, as `vaegen.pipeline.unsure` calibrated it; None for a checkpoint without that.
    """

    text: str
    language: str
    tokens: tuple[str, ...]
    token_log_probs: tuple[float, ...]
    alternatives: tuple[tuple[tuple[str, float], ...], ...] | None
    log_prob: float
    score: float
    source_language: str
    context: str
    avoided: bool = False
    unsure: float | None = None


@dataclass(frozen=True)
class Attention:
    """Where the model looked: `maps` for a batch of one, and the pieces that its source and target axes stand for.

    `target_tokens[t]` is what position t predicted. Both end with the end token, written "</s>".
    """

    maps: AttentionMaps
    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]

    def by_word(self, merge: bool = True) -> WordAttention:
        """Returns the weights with the sub-words of each word merged, as NumPy arrays; unmerged with `merge=False`."""
        maps = self.maps
        encoder, decoder, cross = (
            part[:, 0].float().cpu().numpy() for part in (maps.encoder_self, maps.decoder_self, maps.cross)
        )
        return merge_maps(encoder, decoder, cross, self.source_tokens, self.target_tokens, maps.n_slots, merge)
