"""The Gaussian at the heart of the VAE: a distribution over latent slots with its sample, its mode and its KL."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

LOGVAR_MIN, LOGVAR_MAX = -9.0, 3.0


@dataclass(frozen=True)
class DiagonalGaussian:
    """q(z | x) = N(mu, diag(exp(logvar))) for a batch of sentences.

    Attributes:
        mu: Means, (B, M, Z).
        logvar: Logarithms of the variances, (B, M, Z), within [-9, 3] when the encoder made them.

    Source: Kingma & Welling 2014, arXiv 1312.6114, appendix B.
    """

    mu: Tensor
    logvar: Tensor

    @property
    def std(self) -> Tensor:
        """Standard deviations, (B, M, Z)."""
        return torch.exp(0.5 * self.logvar)

    @property
    def mode(self) -> Tensor:
        """The most likely z, which is the mean, (B, M, Z)."""
        return self.mu

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """Returns z = mu + std * eps with eps ~ N(0, I), (B, M, Z): the reparameterised draw, gradients flow through it."""
        eps = torch.randn(self.mu.shape, dtype=self.mu.dtype, device=self.mu.device, generator=generator)
        return self.mu + self.std * eps

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

    def __getitem__(self, index: slice | Tensor) -> DiagonalGaussian:
        """The posteriors of some of the sentences."""
        return DiagonalGaussian(self.mu[index], self.logvar[index])


def gaussian_log_prob(z: Tensor, mu: Tensor | float = 0.0, logvar: Tensor | float = 0.0) -> Tensor:
    """Returns log N(z; mu, exp(logvar)) in nats, summed over the last two axes (slots and dimensions).

    With the defaults it is the log density of the prior N(0, I).
    """
    logvar = torch.as_tensor(logvar, dtype=z.dtype, device=z.device)
    per_dim = -0.5 * (math.log(2.0 * math.pi) + logvar + (z - mu).square() / logvar.exp())
    return per_dim.sum(dim=(-2, -1))
