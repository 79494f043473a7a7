"""What sentences cost a VAE: reconstruction, KL and bounds of log p(x), sentence by sentence, in nats."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vaegen.model.posterior import DiagonalGaussian, gaussian_log_prob
from vaegen.pipeline.outputs import ProgressCallback

Likelihood = Callable[[Tensor], Tensor]  # log p(x | z) of each sentence, (N,), for one z of each, (N, M, Z)


@dataclass(frozen=True)
class SentenceBounds:
    """Figures of N sentences, each (N,), in nats; sums over tokens (the end included) and dimensions.

    Attributes:
        recon: -E_q[log p(x | z)], the mean over the draws.
        kl: KL(q(z | x) || N(0, I)).
        nll_iw: Importance-weighted -log p(x) from the same draws; between -log p(x) and `neg_elbo`, but for chance.
        n_draws: Draws of z for each sentence.
    """

    recon: np.ndarray
    kl: np.ndarray
    nll_iw: np.ndarray
    n_draws: int

    @property
    def neg_elbo(self) -> np.ndarray:
        """-ELBO = recon + KL: the true bound, whatever beta the model was trained or asked at."""
        return self.recon + self.kl

    def __len__(self) -> int:
        return len(self.recon)


def importance_weighted_nll(log_weights: Tensor) -> Tensor:
    """Returns -log((1/K) sum_k w_k) per sentence, (N,), for log weights log p(x|z_k) + log p(z_k) - log q(z_k|x), (K, N).

    An upper bound of -log p(x) that falls to it as K grows; K = 1 is -ELBO. Source: Burda et al. 2016, eq. 8.
    """
    return math.log(log_weights.shape[0]) - log_weights.logsumexp(dim=0)


@torch.inference_mode()
def sentence_bounds(
    posterior: DiagonalGaussian,
    log_likelihood: Likelihood,
    n_draws: int,
    generator: torch.Generator,
    progress: ProgressCallback | None = None,
) -> SentenceBounds:
    """Returns the bounds of the N sentences of a posterior.

    Args:
        posterior: Of the sentences, on the CPU.
        log_likelihood: What each draw costs.
        n_draws: K, draws of z.
        generator: Of the draws.
        progress: Called with (draws done, draws in all).
    """
    likelihoods, weights = [], []
    for k in range(n_draws):
        z = posterior.sample(generator)
        log_px = log_likelihood(z)
        likelihoods.append(log_px)
        weights.append(log_px + gaussian_log_prob(z) - posterior.log_prob(z))
        if progress is not None:
            progress(k + 1, n_draws)
    nll = importance_weighted_nll(torch.stack(weights))
    return SentenceBounds(-torch.stack(likelihoods).mean(0).numpy(), posterior.kl().numpy(), nll.numpy(), n_draws)


def log_likelihood_of(
    pipeline: Any, texts: Sequence[str], language: str, batch_size: int = 32, beta: float | None = None
) -> Likelihood:
    """Returns what gives log p(text | z) of texts in one language, decoded through z alone."""

    def log_likelihood(z: Tensor) -> Tensor:
        log_probs = pipeline.score(texts, texts, language, "latent", batch_size, z=z, beta=beta)
        return torch.tensor([sum(row) for row in log_probs])

    return log_likelihood
