"""What training minimises: reconstruction + beta * KL, with every quantity kept under its own name.

`recon` and `kl` are the two honest terms of the ELBO (Kingma & Welling 2014, eq. 3): sums over tokens and dimensions, means
over sentences, in nats. What the optimizer sees, `loss`, has label smoothing, free bits and beta in it and is divided by
the tokens per sentence; none of that ever leaks into `recon` and `kl`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from vaegen.config import TrainConfig
from vaegen.model.posterior import DiagonalGaussian
from vaegen.model.rate_dial import per_sentence
from vaegen.training.linear_cross_entropy import linear_cross_entropy


@dataclass(frozen=True)
class LossTerms:
    """One batch's terms; all are scalars.

    Attributes:
        loss: What to minimise, per target token.
        recon: -log p(target | memory) in nats per target sentence; no smoothing.
        kl: KL(q(z|x) || N(0, I)) in nats per source sentence; raw.
        kl_free: The same after the free-bits floor and with the slots' weights; training only.
        n_tokens: Target tokens, end tokens included.
    """

    loss: Tensor
    recon: Tensor
    kl: Tensor
    kl_free: Tensor
    n_tokens: Tensor


def free_bits_kl(posterior: DiagonalGaussian, free_bits: float, slot_weights: Tensor | None = None) -> Tensor:
    """Returns the KL in nats per sentence with each dimension's batch mean floored at `free_bits`.

    With `slot_weights` (M,) each slot's part counts that much.

    Source: Kingma et al. 2016, arXiv 1606.04934, eq. 15, with one group per dimension.
    """
    per_slot = posterior.kl_per_dim().mean(0).clamp_min(free_bits).sum(-1)
    return per_slot.sum() if slot_weights is None else (slot_weights.to(per_slot.device) * per_slot).sum()


def contrast(a: DiagonalGaussian, b: DiagonalGaussian, temperature: float = 0.05) -> Tensor:
    """Returns how hard it is to tell the translation of each sentence among those of the batch, both ways, in nats.

    Source: InfoNCE (van den Oord et al. 2018, arXiv 1807.03748) on the cosine of the means.
    """
    similarity = F.normalize(a.mu.flatten(1), dim=1) @ F.normalize(b.mu.flatten(1), dim=1).T / temperature
    right = torch.arange(len(similarity), device=similarity.device)
    return 0.5 * (F.cross_entropy(similarity, right) + F.cross_entropy(similarity.T, right))


def nested_prefixes(n: int, n_slots: int, rate: float) -> Tensor:
    """Returns how many of its slots each of n sentences may use in this step, (n,): all, or with probability `rate` fewer.

    Fewer is k = floor(M^u) with u uniform, so that 1, 2 to 3, 4 to 7, ... slots are equally likely.

    Source: nested dropout (Rippel et al. 2014, arXiv 1402.0915), with whole slots.
    """
    fewer = (n_slots ** torch.rand(n)).long().clamp_max(n_slots)
    return torch.where(torch.rand(n) < rate, fewer, n_slots)


def nested_kl_weights(n_slots: int, config: TrainConfig) -> Tensor:
    """Returns the weight of each slot's KL relative to `beta`, (M,), under `nested_prefixes`.

    Where k slots are used, their KL counts with beta_k = nested_beta * k^-c, and beta_M = beta. Slot j is in use wherever
    k >= j: its weight is the expectation of beta_k / beta over those k.
    """
    k = torch.arange(1, n_slots + 1)
    if not config.nested_rate or not config.beta or n_slots < 2:
        return torch.ones(n_slots)
    share = config.nested_rate * torch.log((k + 1.0) / k) / math.log(n_slots)
    share[-1] = 1.0 - config.nested_rate
    relative = (config.nested_beta / config.beta) ** (1.0 - torch.log(k) / math.log(n_slots))
    return (share * relative).flip(0).cumsum(0).flip(0)


def drop_words(tgt_in: Tensor, rate: float, mask_id: int, first_word: int = 1) -> Tensor:
    """Returns decoder inputs (N, T) in which each word after the language tag is the mask token with this probability.

    Source: Bowman et al. 2016, arXiv 1511.06349, section 3.1.
    """
    if not rate:
        return tgt_in
    drop = torch.rand(tgt_in.shape, device=tgt_in.device) < rate
    drop[:, :first_word] = False
    return tgt_in.masked_fill(drop, mask_id)


def vae_loss(
    hidden: Tensor,
    weight: Tensor,
    tgt_out: Tensor,
    tgt_mask: Tensor,
    posterior: DiagonalGaussian | None,
    beta: float,
    config: TrainConfig,
    log_beta: Tensor | None = None,
) -> LossTerms:
    """Returns the loss and its honest parts for decoder states (N, T, D) and targets (N, T).

    loss = (smoothed CE per sentence + beta * kl_free) / (tokens per sentence), so that the step size does not depend on
    the length of the sentences. With `log_beta` (B,) each sentence's own weight comes on top of `beta`, and there is no
    floor: what is minimised is recon + beta KL of that sentence.
    """
    n_sentences, n_tokens = len(tgt_out), tgt_mask.sum()
    smoothed, nll = linear_cross_entropy(hidden[tgt_mask], weight, tgt_out[tgt_mask], config.label_smoothing)
    zero = hidden.new_zeros((), dtype=torch.float32)
    kl = posterior.kl().mean() if posterior is not None else zero
    kl_free = zero
    if posterior is not None and log_beta is not None:
        kl_free = per_sentence(posterior, log_beta).mean()
    elif posterior is not None:
        kl_free = free_bits_kl(posterior, config.free_bits, nested_kl_weights(posterior.mu.shape[1], config))
    loss = (smoothed / n_sentences + beta * kl_free) * n_sentences / n_tokens
    return LossTerms(loss, nll.detach() / n_sentences, kl.detach(), kl_free.detach(), n_tokens)
