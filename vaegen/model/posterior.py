"""The Gaussian at the heart of the VAE: a distribution over latent slots with its sample, its mode and its KL."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vaegen.errors import VaegenError

LOGVAR_MIN, LOGVAR_MAX = -9.0, 3.0


@dataclass(frozen=True)
class DiagonalGaussian:
    """q(z | x) = N(mu, diag(exp(logvar))) for a batch of sentences: a sequence of B posteriors.

    `len(posterior)` is B; `posterior[0]`, `posterior[2:5]` and `posterior[[0, 3]]` are posteriors of some of the sentences,
    and a loop gives them one by one.

    Attributes:
        mu: Means, (B, M, Z).
        logvar: Logarithms of the variances, (B, M, Z), within [-9, 3] when the encoder made them.

    Source: Kingma & Welling 2014, arXiv 1312.6114, appendix B.
    """

    mu: Tensor
    logvar: Tensor

    @property
    def mean(self) -> Tensor:
        """The means, (B, M, Z)."""
        return self.mu

    @property
    def variance(self) -> Tensor:
        """The variances, (B, M, Z)."""
        return torch.exp(self.logvar)

    @property
    def std(self) -> Tensor:
        """Standard deviations, (B, M, Z)."""
        return torch.exp(0.5 * self.logvar)

    @property
    def mode(self) -> Tensor:
        """The most likely z, which is the mean, (B, M, Z)."""
        return self.mu

    def sample(self, generator: torch.Generator | None = None, n: int | None = None) -> Tensor:
        """Returns z = mu + std * eps with eps ~ N(0, I), the reparameterised draw: gradients flow through it.

        Args:
            generator: Of the random numbers; None: the one that torch keeps.
            n: Draws; None: one, without an axis for it.

        Returns:
            (B, M, Z), or with `n` (n, B, M, Z).

        Raises:
            VaegenError: If `n` is no number of draws.
        """
        if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
            raise VaegenError("n={n}: give a whole number of draws, 1 or more.", n=repr(n))
        shape = self.mu.shape if n is None else (n, *self.mu.shape)
        eps = torch.randn(shape, dtype=self.mu.dtype, device=self.mu.device, generator=generator)
        return self.mu + self.std * eps

    def entropy(self) -> Tensor:
        """Returns the differential entropy in nats per sentence, (B,)."""
        return 0.5 * (self.logvar + (1.0 + math.log(2.0 * math.pi))).sum(dim=(1, 2))

    def to(self, *args: Any, **kwargs: Any) -> DiagonalGaussian:
        """Returns the posteriors on another device or in another dtype; arguments as of `torch.Tensor.to`."""
        return DiagonalGaussian(self.mu.to(*args, **kwargs), self.logvar.to(*args, **kwargs))

    def numpy(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns means and variances as arrays, each (B, M, Z)."""
        return self.mu.detach().cpu().numpy(), self.variance.detach().cpu().numpy()

    def kl_per_dim(self) -> Tensor:
        """Returns KL(q || N(0, I)) of every dimension in nats, (B, M, Z), each >= 0."""
        # expm1(x) - x, because exp(x) - 1 - x is negative by rounding near 0
        return 0.5 * (self.mu.square() + (torch.expm1(self.logvar) - self.logvar))

    def kl(self) -> Tensor:
        """Returns KL(q || N(0, I)) in nats per sentence, (B,): raw, neither floored nor weighted."""
        return self.kl_per_dim().sum(dim=(1, 2))

    def kl_from(self, other: DiagonalGaussian) -> Tensor:
        """Returns KL(self || other) in nats per sentence, (B,)."""
        difference = self.logvar - other.logvar
        distance = (self.mu - other.mu).square() * torch.exp(-other.logvar)
        return 0.5 * (distance + (torch.expm1(difference) - difference)).sum(dim=(1, 2))

    def log_prob(self, z: Tensor) -> Tensor:
        """Returns log q(z | x) in nats per sentence, (B,); z is (B, M, Z) and may carry leading draw axes (N, B, M, Z)."""
        return gaussian_log_prob(z, self.mu, self.logvar)

    def __len__(self) -> int:
        return len(self.mu)

    def __getitem__(self, index: int | slice | Sequence[int] | Tensor) -> DiagonalGaussian:
        """The posteriors of some of the sentences; of one, as a batch of one."""
        if isinstance(index, (int, np.integer)):
            if not -len(self) <= index < len(self):  # an IndexError ends a loop
                raise IndexError(f"There are {len(self)} posteriors, counted from 0; {index} is none of them.")
            index = [int(index)]
        return DiagonalGaussian(self.mu[index], self.logvar[index])


def gaussian_log_prob(z: Tensor, mu: Tensor | float = 0.0, logvar: Tensor | float = 0.0) -> Tensor:
    """Returns log N(z; mu, exp(logvar)) in nats, summed over the last two axes (slots and dimensions).

    With the defaults it is the log density of the prior N(0, I).
    """
    logvar = torch.as_tensor(logvar, dtype=z.dtype, device=z.device)
    per_dim = -0.5 * (math.log(2.0 * math.pi) + logvar + (z - mu).square() / logvar.exp())
    return per_dim.sum(dim=(-2, -1))
