"""A latent as text that fits a link, and back."""

from __future__ import annotations

import base64
import binascii

import numpy as np

from vaegen.errors import VaegenError

MAX_CODE = 16_384  # characters: 6,144 dimensions


def pack(z: np.ndarray) -> str:
    """Returns a latent as text that fits a link: half precision, base64 with the URL alphabet."""
    return base64.urlsafe_b64encode(np.asarray(z, dtype="<f2").tobytes()).decode().rstrip("=")


def unpack(code: str, shape: tuple[int, int]) -> np.ndarray:
    """Returns the latent (M, Z) in float32 that `pack` wrote.

    Raises:
        VaegenError: If the code is damaged or of a model of another shape.
    """
    try:
        values = np.frombuffer(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)), dtype="<f2")
    except (binascii.Error, ValueError) as error:
        raise VaegenError("This latent cannot be read; copy it again, or start from a sentence.") from error
    if values.size != shape[0] * shape[1] or not np.isfinite(values).all():
        raise VaegenError(
            "This latent has {size} finite numbers or fewer, the checkpoint's have {n_slots} x {latent_dim}; choose the "
            "checkpoint that it comes from, or start from a sentence.",
            size=values.size,
            n_slots=shape[0],
            latent_dim=shape[1],
        )
    return values.astype(np.float32).reshape(shape)
