"""Moves in the latent space: straight lines and arcs between two latents, and fewer slots for a coarser one."""

from __future__ import annotations

import torch
from torch import Tensor

from vaegen.errors import VaegenError, whole

METHODS = ("slerp", "lerp")


def lerp(a: Tensor, b: Tensor, t: float) -> Tensor:
    """Returns the point at fraction t of the straight line from a to b, of their shape."""
    return torch.lerp(a, b, t)


def slerp(a: Tensor, b: Tensor, t: float) -> Tensor:
    """Returns the point at fraction t of the arc from a to b, (..., M, Z), each a vector of M * Z.

    Draws from N(0, I) in many dimensions all lie near one sphere; the middle of a straight line between two of them lies
    well inside it, where the decoder has seen little. The arc stays out there. Where the arc is not defined (nearly
    parallel or opposite vectors, a vector of zeros) the straight line is taken.

    Args:
        a: Start, (..., M, Z).
        b: End, of the same shape.
        t: From 0 to 1.

    Source: Shoemake 1985; for latents White 2016, arXiv 1609.04468.
    """
    axes = (-2, -1)
    norms = torch.linalg.vector_norm(a, dim=axes, keepdim=True) * torch.linalg.vector_norm(b, dim=axes, keepdim=True)
    cosine = (a * b).sum(dim=axes, keepdim=True) / norms.clamp_min(torch.finfo(a.dtype).tiny)
    angle = cosine.clamp(-1.0, 1.0).acos()
    sine = angle.sin()
    undefined = (sine < 1e-3) | (norms == 0.0)
    safe = sine.masked_fill(undefined, 1.0)
    arc = (torch.sin((1.0 - t) * angle) * a + torch.sin(t * angle) * b) / safe
    return torch.where(undefined, lerp(a, b, t), arc)


def first_slots(z: Tensor, n: int | Tensor) -> Tensor:
    """Returns latents (..., M, Z) of which only the first n slots speak; the others are 0, the mean of the prior.

    Args:
        z: Latents, (..., M, Z).
        n: How many slots stay, for all latents or (...) for each of them.
    """
    n = torch.as_tensor(n, device=z.device)
    return z * (torch.arange(z.shape[-2], device=z.device) < n[..., None])[..., None]


def path(a: Tensor, b: Tensor, steps: int, method: str = "slerp") -> Tensor:
    """Returns `steps` evenly spaced latents from a to b, both included exactly, (steps, M, Z).

    Args:
        a: Start, (M, Z).
        b: End, (M, Z).
        steps: At least 2.
        method: `slerp` (along the arc) or `lerp` (along the straight line).

    Raises:
        VaegenError: If the method is unknown, there are too few steps or the two do not have one shape.
    """
    if method not in METHODS:
        raise VaegenError("There is no interpolation {method}; choose 'slerp' or 'lerp'.", method=repr(method))
    if (steps := whole("steps", steps)) < 2:
        raise VaegenError("steps={steps}: a path has at least its two ends; give 2 or more.", steps=steps)
    if a.shape != b.shape:
        raise VaegenError(
            "Latents of shapes {shape} and {shape_2} have no path between them.",
            shape=tuple(a.shape),
            shape_2=tuple(b.shape),
        )
    between = slerp if method == "slerp" else lerp
    middle = [between(a, b, i / (steps - 1)) for i in range(1, steps - 1)]
    return torch.stack([a, *middle, b])  # the ends as they are, not up to rounding
