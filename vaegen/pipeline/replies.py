"""Replies to what was said, rather than replies that suit everything.

The most probable reply to any turn is one that suits all of them ("I am not sure about it."). So replies are drawn, and
ranked by how much more probable the turn makes them: maximum mutual information, Li et al. 2016, arXiv 1510.03055.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from vaegen.pipeline.outputs import Translation

if TYPE_CHECKING:
    from vaegen.pipeline.pipeline import Pipeline

N_CANDIDATES = 48  # replies that are drawn
TEMPERATURE, TOP_P = 0.8, 0.9  # of their tokens: what lies below is nonsense that no ranking mends
N_LATENTS = 10  # latents from N(0, I) that stand for "any turn"
PENALTY = 0.7  # lambda of Li et al.: how much of log p(reply) is taken away. At 1 what is merely odd wins
LENGTH = 0.7  # exponent of the length by which the score is divided, as in beam search


def ranked_replies(pipeline: Pipeline, turn: str, tag: str, seed: int, **options: Any) -> list[Translation]:
    """Returns different replies to one turn, the one that is most about it first.

    Their order is that of (log p(reply | turn) - 0.7 log p(reply)) / length^0.7 with log p(reply) from latents of N(0, I).

    Args:
        pipeline: Of a checkpoint for dialogue.
        turn: What was said.
        tag: Such as "en.reply".
        seed: Of the draws.
        **options: As in `Pipeline.generate`.
    """
    how = {"method": "sample", "temperature": TEMPERATURE, "top_p": TOP_P, "n_best": N_CANDIDATES, "seed": seed}
    drawn = pipeline.generate([turn], tag, **options | how)[0]
    replies = list({reply.text: reply for reply in drawn if reply.text}.values())
    if len(replies) < 2 or not pipeline.model.config.n_slots:
        return replies
    texts = [reply.text for reply in replies]
    z = pipeline.draw(N_LATENTS, seed=seed)
    pairs = [(latent, text) for latent in z for text in texts]
    scores = pipeline.score(
        [turn] * len(pairs), [text for _, text in pairs], tag, context="latent", z=np.stack([latent for latent, _ in pairs])
    )
    anyway = np.asarray([sum(score) for score in scores]).reshape(N_LATENTS, len(texts))
    log_p = np.logaddexp.reduce(anyway, axis=0) - math.log(N_LATENTS)
    given = np.asarray([reply.log_prob for reply in replies])
    length = np.asarray([len(reply.token_log_probs) for reply in replies])
    order = np.argsort(-(given - PENALTY * log_p) / length**LENGTH, kind="stable")
    return [replies[i] for i in order]
