"""What training minimises: reconstruction + beta * KL, with every quantity kept under its own name.

`recon` and `kl` are the two honest terms of the ELBO (Kingma & Welling 2014, eq. 3): sums over tokens and dimensions, means
over sentences, in nats. What the optimizer sees, `loss`, has label smoothing, free bits and beta in it and is divided by
the tokens per sentence; none of that ever leaks into `recon` and `kl`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vaegen.config import TrainConfig
from vaegen.posterior import DiagonalGaussian
from vaegen.rate_dial import per_sentence

# Tokens whose logits exist at once. On a CPU 1024 x 8000 bfloat16 = 16 MB, half of a last-level cache; a GPU wants work.
CHUNK, CUDA_CHUNK = 1024, 16384


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


class _LinearCrossEntropy(torch.autograd.Function):
    """Cross-entropy of `hidden @ weight.T` without ever holding all the logits.

    The gradient is made in the same pass, chunk by chunk, while the logits are still in the cache; on a CPU this takes
    35 % off the vocabulary layer's time. Source: the fused linear cross-entropy of Liger Kernel (Hsu et al. 2024,
    arXiv 2410.10989), with the smoothing term taken from the mean of the weights instead of a sum over V.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, target: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
        dtype, vocab = hidden.dtype, weight.shape[0]
        low = weight.to(dtype)
        grad_hidden, grad_weight = torch.empty_like(hidden), torch.zeros_like(weight, dtype=torch.float32)
        nll = torch.zeros((), dtype=torch.float32, device=hidden.device)
        smooth = torch.zeros_like(nll)
        mean_weight = low.float().mean(0)
        chunk = CUDA_CHUNK if hidden.is_cuda else CHUNK
        for start in range(0, len(hidden), chunk):
            h, y = hidden[start : start + chunk], target[start : start + chunk, None]
            logits = h @ low.T
            at_target = logits.gather(1, y).float()
            probs = logits.softmax(-1)
            # log Z = logit_y - log p_y; in bfloat16 p_y is good to 0.2 %, that is 0.002 nats of a training figure.
            log_z = at_target - probs.gather(1, y).float().clamp_min(1e-30).log()
            nll += (log_z - at_target).sum()
            smooth += (log_z.squeeze(1) - h.float() @ mean_weight).sum()
            probs.sub_(smoothing / vocab)
            probs.scatter_add_(1, y, torch.full_like(y, -(1.0 - smoothing), dtype=dtype))
            grad_hidden[start : start + chunk] = probs @ low
            grad_weight += probs.T @ h
        ctx.save_for_backward(grad_hidden, grad_weight)
        ctx.mark_non_differentiable(nll)
        return (1.0 - smoothing) * nll + smoothing * smooth, nll

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        grad_hidden, grad_weight = ctx.saved_tensors
        return grad_hidden * grads[0], grad_weight * grads[0], None, None


def linear_cross_entropy(
    hidden: Tensor, weight: Tensor, target: Tensor, smoothing: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Returns the smoothed cross-entropy (differentiable) and the plain negative log-likelihood, both summed, in nats.

    Args:
        hidden: Decoder states of real tokens only, (n, D).
        weight: Output embedding, (V, D).
        target: Ids, (n,).
        smoothing: Label smoothing (Szegedy et al. 2016, arXiv 1512.00567, section 7).
    """
    device = hidden.device.type
    if torch.is_autocast_enabled(device):
        hidden = hidden.to(torch.get_autocast_dtype(device))
    with torch.autocast(device, enabled=False):
        return _LinearCrossEntropy.apply(hidden, weight, target, smoothing)


def token_log_probs(logits: Tensor, target: Tensor) -> Tensor:
    """Returns log p of each target id (..., T) under logits (..., T, V), in float32: the figures that are reported."""
    return torch.log_softmax(logits.float(), dim=-1).gather(-1, target[..., None]).squeeze(-1)


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
    the length of the sentences. With `log_beta` (B,) each sentence's own weight comes on top of `beta`, and there is no floor:
    what is minimised is recon + beta KL of that sentence.
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


@dataclass
class BetaSchedule:
    """The weight of the KL term, and whether z is used at all.

    Every schedule but `constant` waits at beta 0 until evaluations show that z carries the sentence: until decoding from
    somebody else's z costs `gate_nats` more than from the right one. A KL term that arrives before that empties z for
    good (posterior collapse; Bowman et al. 2016). `gated` then ramps up linearly; `cyclical` repeats ramp and plateau
    (Fu et al. 2019, arXiv 1903.10145); `target_kl` steers the KL to a figure (the controller of Shao et al. 2020,
    arXiv 2004.05988, in multiplicative form).

    Attributes:
        gate_step: Step at which the gate opened; None while it is closed.
        controlled: Current beta of `target_kl`.
    """

    config: TrainConfig
    gate_step: int | None = None
    controlled: float = field(default=1e-4)

    def beta_at(self, step: int) -> float:
        """Returns the weight of the KL term in this step."""
        c = self.config
        if c.schedule == "constant":
            return c.beta
        if self.gate_step is None:
            return 0.0
        ramp = min(1.0, (step - self.gate_step) / max(1, c.ramp_steps))
        if c.schedule == "target_kl":
            return min(self.controlled, c.beta)
        if c.schedule == "cyclical":
            period = max(1, (c.steps - self.gate_step) // c.n_cycles)
            ramp = min(1.0, 2.0 * ((step - self.gate_step) % period) / period)
        return ramp if c.schedule == "dial" else c.beta * ramp  # the dial's sentences have a beta each: this comes on top

    def observe_kl(self, kl: float) -> None:
        """Tells the `target_kl` controller the KL of the last step, in nats."""
        if self.config.schedule == "target_kl" and self.gate_step is not None:
            error = max(-1.0, min(1.0, kl / self.config.target_kl - 1.0))
            self.controlled = max(1e-5, min(self.config.beta, self.controlled * math.exp(0.01 * error)))

    def observe_gap(self, step: int, gap_nats: float) -> str | None:
        """Takes an evaluation's evidence that z is used, and returns a line for the log when that changes something.

        Args:
            step: Step of the evaluation.
            gap_nats: recon with the z of another sentence minus recon with the right one, per sentence, context latent.
        """
        if gap_nats >= self.config.gate_nats and self.gate_step is None:
            self.gate_step = step
            return f"gate open: a wrong z costs {gap_nats:.1f} nats, so z carries the sentence; beta may rise"
        if self.gate_step is not None and gap_nats < 0.25 * self.config.gate_nats:
            return (
                f"WARNING posterior_collapse: a wrong z costs only {gap_nats:.1f} nats (the gate opened at "
                f"{self.config.gate_nats:.0f}); lower beta, add free_bits or let it train longer before the ramp"
            )
        return None
