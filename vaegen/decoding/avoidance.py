"""Decoding that never writes what is forbidden, sub-words and bytes included. The search itself is in `vaegen.decoding`.

A sentence is decoded freely at first. Only if what comes out has something forbidden is it decoded again, this time
under watch: no token is taken after which the text so far, read as if it ended there, has something forbidden. So every
beginning is clean, the end token is always possible, and whatever the length limit is, the sentence that comes out is
clean: nothing has to be cut off or undone. A sentence that is clean anyway is exactly what it was, and costs one look.

A model of several languages evades into another: led around "dog", it writes "chien". What is forbidden under watch may
therefore be more than what a sentence is decoded again for.

Under watch, a word whose first sub-words already spell a listed one ("ass" in "ass|ess") cannot be written, though one that
is split elsewhere can; the first, free pass has no such limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Allowed = Callable[[int, Sequence[int], bool], bool]  # sentence, ids, under watch? -> whether they may be written
MayFollow = Callable[[int, int], bool]  # row of the batch, token -> whether it may come next
NEVER = float("-inf")


def choose_allowed(
    log_probs: Tensor, tokens: Tensor, eos_id: int, may_follow: MayFollow, choose: Callable[[Tensor, int], Tensor]
) -> Tensor:
    """Returns the chosen tokens (N,), those that may not follow replaced by the next choice.

    Args:
        log_probs: Of the next token, (N, V); a token that may not follow is set to -inf in place.
        tokens: The first choice.
        eos_id: The end, which is always allowed: with everything else forbidden, it is what comes.
        may_follow: Says so for a row and a token.
        choose: Chooses for some rows (K,) anew from `log_probs`; gets the rows and how many choices failed before.
    """
    tokens, attempt = tokens.clone(), 0
    pending = list(range(len(tokens)))
    while pending := [i for i in pending if tokens[i] != eos_id and not may_follow(i, int(tokens[i]))]:
        attempt += 1
        rows = torch.tensor(pending, device=tokens.device)
        log_probs[rows, tokens[rows]] = NEVER
        tokens[rows] = choose(rows, attempt)
    return tokens


def top_allowed(log_probs: Tensor, n: int, eos_id: int, may_follow: MayFollow) -> tuple[Tensor, Tensor]:
    """Returns the n best log-probabilities of each row and their tokens, (N, n), among those that may follow.

    The others that were looked at are set to -inf in `log_probs` in place; where a row has fewer than n left, they show.
    """
    seen: set[tuple[int, int]] = set()
    while True:
        values, ids = log_probs.topk(n)
        rows = enumerate(zip(ids.tolist(), values.tolist(), strict=True))
        pairs = {(i, token) for i, row in rows for token, value in zip(*row, strict=True) if value > NEVER}
        wrong = [(i, token) for i, token in pairs - seen if token != eos_id and not may_follow(i, token)]
        if not wrong:
            return values, ids
        seen |= pairs
        at = torch.tensor(wrong, device=log_probs.device)
        log_probs[at[:, 0], at[:, 1]] = NEVER


def redrawn(noise: Tensor, attempt: int) -> Tensor:
    """Returns other uniform numbers in [0, 1) for some that led to forbidden tokens, the same ones every time.

    New numbers after each failure, with the failed token gone, draw from the model's distribution over all tokens but
    the forbidden ones, renormalised: every way to a token has its own probability as a factor.
    """
    seeds = (int(value * 2**53) for value in noise.tolist())
    draws = [torch.rand(attempt, dtype=torch.float64, generator=torch.Generator().manual_seed(s))[-1] for s in seeds]
    return torch.stack(draws).to(noise.device)
