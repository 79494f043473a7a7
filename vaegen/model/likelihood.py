"""How probable a text is under a model: what is reported, not what is minimised."""

from __future__ import annotations

import torch
from torch import Tensor


def token_log_probs(logits: Tensor, target: Tensor) -> Tensor:
    """Returns log p of each target id (..., T) under logits (..., T, V), in float32: the figures that are reported."""
    return torch.log_softmax(logits.float(), dim=-1).gather(-1, target[..., None]).squeeze(-1)
