"""Random numbers of one's own: torch's layers and dropout draw from one stream for all, which is not a library's to seed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def own_randomness(seed: int) -> Iterator[None]:
    """Inside it what draws on the CPU without a generator follows from the seed; the caller's stream goes on as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
