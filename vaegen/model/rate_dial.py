"""The dial: one set of weights for every weight beta of the KL term, from "everything is kept" to "collapsed".

The encoder's slots and the decoder's slot states are told log beta by small learned functions of it. They are zero at the
start, so that a model without the dial goes on exactly as it was.

Source: Multi-Rate VAE (Bae et al. 2023, arXiv 2212.03905), there for images, with gates on activations; here the posterior's
own parameters are scaled and shifted, and the memory that the decoder reads is shifted.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from vaegen.config import BETA_MAX, BETA_MIN
from vaegen.errors import VaegenError
from vaegen.model.posterior import DiagonalGaussian

BETAS = (0.003, 0.006, 0.01, 0.02, 0.03, 0.06, 0.1, 0.2, 0.4, 1.0)  # where its figures are measured
HIDDEN = 64
CENTRE, SPREAD = math.log(0.05), 2.5  # of log beta: about the middle and the half width of the range


def check_beta(beta: float) -> float:
    """Returns a weight of the KL term that the dial has learned.

    Raises:
        VaegenError: If it is no number from 0.003 to 1.
    """
    if not isinstance(beta, (int, float)) or isinstance(beta, bool) or not BETA_MIN <= beta <= BETA_MAX:
        raise VaegenError("beta={beta}: give a number from {least} to {most}.", beta=repr(beta), least="0.003", most="1")
    return float(beta)


def draw_log_beta(n: int, device: torch.device | str = "cpu") -> Tensor:
    """Returns n values of log beta, uniform between the ends of the dial, (n,); from torch's global numbers, as dropout."""
    low, high = math.log(BETA_MIN), math.log(BETA_MAX)
    return low + (high - low) * torch.rand(n, device=device)


class RateDial(nn.Module):
    """What log beta changes: the slot queries, the posterior's parameters, the decoder's slot states."""

    def __init__(self, n_slots: int, latent_dim: int, width: int) -> None:
        super().__init__()
        self.n_slots = n_slots
        self.hidden = nn.Linear(1, HIDDEN)
        self.to_query = nn.Linear(HIDDEN, n_slots * width, bias=False)
        self.to_scale = nn.Linear(HIDDEN, n_slots * 2 * latent_dim, bias=False)
        self.to_shift = nn.Linear(HIDDEN, n_slots * 2 * latent_dim, bias=False)
        self.to_memory = nn.Linear(HIDDEN, n_slots * width, bias=False)

    def reset_parameters(self) -> None:
        """Sets what is added and scaled to zero: at first log beta changes nothing."""
        nn.init.uniform_(self.hidden.weight, -2.0, 2.0)
        nn.init.uniform_(self.hidden.bias, -2.0, 2.0)  # units that bend at different places of the range
        for module in (self.to_query, self.to_scale, self.to_shift, self.to_memory):
            nn.init.zeros_(module.weight)

    def query(self, log_beta: Tensor) -> Tensor:
        """Returns what is added to the slot queries of each sentence, (B, M, D), for log beta (B,)."""
        return self._of(self.to_query, log_beta)

    def memory(self, log_beta: Tensor) -> Tensor:
        """Returns what is added to the decoder's slot states of each latent, (B, M, D)."""
        return self._of(self.to_memory, log_beta)

    def posterior(self, parameters: Tensor, log_beta: Tensor) -> Tensor:
        """Returns the posterior's parameters (B, M, 2Z), means and log-variances, scaled and shifted."""
        return parameters * self._of(self.to_scale, log_beta).exp() + self._of(self.to_shift, log_beta)

    def _of(self, layer: nn.Linear, log_beta: Tensor) -> Tensor:
        hidden = torch.tanh(self.hidden((log_beta[:, None] - CENTRE) / SPREAD))
        return layer(hidden).unflatten(-1, (self.n_slots, -1))


def per_sentence(posterior: DiagonalGaussian, log_beta: Tensor) -> Tensor:
    """Returns beta * KL of each sentence in nats, (B,): what is minimised beside the reconstruction."""
    return log_beta.exp() * posterior.kl()
