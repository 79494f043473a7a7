"""Several searches in one: what different callers want decoded in the same way shares a batch."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from vaegen.decoding.avoidance import Allowed
from vaegen.decoding.options import DecodingOptions
from vaegen.decoding.search import Hypothesis, decode
from vaegen.model.vae_transformer import Memory, VAETransformer


@dataclass(frozen=True)
class Task:
    """Sentences to decode; fields as the arguments of `decode`, and none of them left to a default that is shared."""

    memory: Memory
    language_ids: Tensor
    max_lengths: list[int]
    generators: list[torch.Generator]
    allowed: Allowed | None
    memory_rows: Sequence[int] | None


def decode_tasks(
    model: VAETransformer, tasks: Sequence[Task], eos_id: int, options: DecodingOptions, banned_ids: Iterable[int]
) -> list[list[list[Hypothesis]]]:
    """Returns the hypotheses of each task's sentences, which do not depend on the other tasks; see `decode`."""
    starts, rows, n = [0], [], 0
    for task in tasks:
        of = range(len(task.language_ids)) if task.memory_rows is None else task.memory_rows
        rows += [n + row for row in of]
        n += len(task.memory.mask)
        starts.append(len(rows))
    whose = [number for number, task in enumerate(tasks) for _ in task.language_ids]

    def allowed(i: int, ids: Sequence[int], watched: bool) -> bool:
        of = tasks[whose[i]].allowed
        return of is None or of(i - starts[whose[i]], ids, watched)

    found = decode(
        model, _joined([task.memory for task in tasks]), torch.cat([task.language_ids for task in tasks]), eos_id, options,
        banned_ids=banned_ids,
        max_lengths=[limit for task in tasks for limit in task.max_lengths],
        generators=[generator for task in tasks for generator in task.generators],
        allowed=allowed if any(task.allowed is not None for task in tasks) else None,
        memory_rows=None if len(tasks) == 1 and tasks[0].memory_rows is None else rows,
    )  # fmt: skip
    return [found[start:stop] for start, stop in itertools.pairwise(starts)]


def _joined(memories: Sequence[Memory]) -> Memory:
    """Memories below one another, the shorter ones padded."""
    if len(memories) == 1:
        return memories[0]
    longest = max(memory.mask.shape[1] for memory in memories)
    lacks = [longest - memory.mask.shape[1] for memory in memories]
    states = [pad(memory.states, (0, 0, 0, lack)) for memory, lack in zip(memories, lacks, strict=True)]
    masks = [pad(memory.mask, (0, lack), value=False) for memory, lack in zip(memories, lacks, strict=True)]
    return Memory(torch.cat(states), torch.cat(masks))
