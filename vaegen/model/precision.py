"""bfloat16 where the processor computes in it: a product in half the bits takes half the time there, and ages elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


def has_fast_bf16(device: str) -> bool:
    """Whether bfloat16 products run in hardware: GPUs from 2020 on, and CPUs with AVX512-BF16 or AMX."""
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() if hasattr(torch.cpu, "_is_avx512_bf16_supported") else False


def fast_autocast(device: str) -> AbstractContextManager[object]:
    """Returns autocast to bfloat16 where the device has it in hardware, else a context that changes nothing."""
    return torch.autocast(torch.device(device).type, torch.bfloat16) if has_fast_bf16(device) else nullcontext()


class _Float32Copies(TorchFunctionMode):
    """Inside it `tensor.bfloat16()` makes a copy in the tensor's own type."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return args[0].clone() if func is torch.Tensor.bfloat16 else func(*args, **(kwargs or {}))


def muon_precision(device: str) -> AbstractContextManager[object]:
    """Returns the context for a step of `torch.optim.Muon`, which turns every update to bfloat16 before its products.

    Where bfloat16 is not in hardware these are emulated, and take over twenty times as long as in float32: more than all
    else of a training step. So there they are done in float32, which is only more exact.
    """
    return nullcontext() if has_fast_bf16(device) else _Float32Copies()
