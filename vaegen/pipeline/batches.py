"""Lists of texts and of ids, cut into batches; and the random numbers of each text."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from vaegen.errors import whole
from vaegen.model.vae_transformer import Encoding

T = TypeVar("T", bound=Hashable)
# Source tokens times hypotheses in one batch: the caches of that many take about 200 MB.
MAX_BATCH_TOKENS = 16384


def listed(texts: str | Sequence[str]) -> list[str]:
    """Returns one text or several as a list."""
    return [texts] if isinstance(texts, str) else list(texts)


def batches(sources: Sequence[Sequence[int]], batch_size: int, width: int) -> Iterator[tuple[list[int], int]]:
    """Yields the indices of sources of similar length, and how many are done with them; empty ones need no work.

    Longest first: what does not fit in memory shows at once.
    """
    batch_size = whole("batch_size", batch_size, 1)
    order = sorted((i for i, ids in enumerate(sources) if ids), key=lambda i: -len(sources[i]))
    done = start = len(sources) - len(order)
    while done < len(sources):
        first = done - start
        size = max(1, min(batch_size, MAX_BATCH_TOKENS // (len(sources[order[first]]) * width)))
        batch = order[first : first + size]
        done += len(batch)
        yield batch, done


def without_repeats(things: Sequence[T]) -> tuple[list[T], list[int]]:
    """Returns what is in a list, each once, and where in that each of the list is."""
    places: dict[T, int] = {}
    rows = [places.setdefault(thing, len(places)) for thing in things]
    return list(places), rows


def mode(encoding: Encoding) -> Tensor | None:
    """Returns the mode of the posterior, (B, M, Z); None without a latent."""
    return encoding.posterior.mode if encoding.posterior is not None else None


def make_generator(seed: int, index: int) -> torch.Generator:
    """Returns the random numbers of text `index` of a call, on the CPU."""
    return torch.Generator().manual_seed((whole("seed", seed) * 1_000_003 + index) % 2**63)
