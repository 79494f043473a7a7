"""bfloat16 where the processor computes in it: a product in half the bits takes half the time there, and ages elsewhere."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch


def has_fast_bf16(device: str) -> bool:
    """Whether bfloat16 products run in hardware: GPUs from 2020 on, and CPUs with AVX512-BF16 or AMX."""
    if device.startswith("cuda"):
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() if hasattr(torch.cpu, "_is_avx512_bf16_supported") else False


def fast_autocast(device: str) -> AbstractContextManager[object]:
    """Returns autocast to bfloat16 where the device has it in hardware, else a context that changes nothing."""
    return torch.autocast(torch.device(device).type, torch.bfloat16) if has_fast_bf16(device) else nullcontext()
