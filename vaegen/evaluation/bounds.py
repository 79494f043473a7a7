"""What the latent carries: bounds of log p(x), mutual information, active units.

Sums over tokens and dimensions, means over sentences, in nats; every figure comes with the N that it was measured on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from vaegen.model.posterior import DiagonalGaussian, gaussian_log_prob
from vaegen.pipeline.bounds import log_likelihood_of, sentence_bounds
from vaegen.pipeline.outputs import ProgressCallback
from vaegen.pipeline.pipeline import Pipeline
from vaegen.training.validation import ACTIVE_THRESHOLD


def active_units(mu: Tensor, threshold: float = ACTIVE_THRESHOLD) -> int:
    """Returns how many of the M x Z dimensions have a variance of mu (N, M, Z) over the sentences above the threshold."""
    return int((mu.var(dim=0) > threshold).sum())


def mutual_information(posterior: DiagonalGaussian, z: Tensor) -> float:
    """Returns an estimate of I(x; z) = E[log q(z|x) - log q(z)] in nats; at most log N for N sentences.

    Args:
        posterior: Of N sentences.
        z: One draw from each, (N, M, Z). q(z) is the mean of the N posteriors.

    Source: Hoffman & Johnson 2016, "ELBO surgery"; estimator of He et al. 2019, arXiv 1901.05534.
    """
    n = len(z)
    own = posterior.log_prob(z)
    others = torch.stack([gaussian_log_prob(draw, posterior.mu, posterior.logvar) for draw in z])  # (N draws, N posteriors)
    return float((own - (others.logsumexp(dim=1) - math.log(n))).mean())


@torch.inference_mode()
def latent_figures(
    pipeline: Pipeline,
    texts: Sequence[str],
    language: str,
    n_draws: int = 20,
    seed: int = 0,
    progress: ProgressCallback | None = None,
    beta: float | None = None,
) -> dict[str, Any]:
    """Returns how a model reconstructs sentences in their own language from z alone, and what its latent holds.

    `neg_elbo` = `recon` + `kl` with `recon` the mean over `n_draws` draws of z; `nll_iw` uses the same draws. `beta` turns
    the dial of a model that has one; the bound itself is the true one at every beta.
    """
    generator = torch.Generator().manual_seed(seed)
    posterior = pipeline.encode(texts, beta=beta)
    posterior = DiagonalGaussian(posterior.mu.cpu(), posterior.logvar.cpu())
    likelihood = log_likelihood_of(pipeline, texts, language, beta=beta)
    found = sentence_bounds(posterior, likelihood, n_draws, generator, progress)
    recon, kl = float(found.recon.mean()), float(found.kl.mean())
    units, total = active_units(posterior.mu), posterior.mu[0].numel()
    return {
        "n": len(texts),
        "recon": round(recon, 2),
        "kl": round(kl, 2),
        "neg_elbo": round(recon + kl, 2),
        "nll_iw": round(float(found.nll_iw.mean()), 2),
        "nll_iw_draws": n_draws,
        "active_units": units,
        "dimensions": total,
        "active_threshold": ACTIVE_THRESHOLD,
        "mutual_information": round(mutual_information(posterior, posterior.sample(generator)), 2),
        "mutual_information_limit": round(math.log(len(texts)), 2),
    }


def reconstruction_nats(
    pipeline: Pipeline, texts: Sequence[str], z: Tensor, language: str, batch_size: int = 32, beta: float | None = None
) -> Tensor:
    """Returns -log p(text | z) in nats for each text, (N,), decoded through the latent z (N, M, Z) alone."""
    return -log_likelihood_of(pipeline, texts, language, batch_size, beta)(z)
