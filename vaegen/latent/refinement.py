"""Latents that read back exactly: from the mode of the posterior, a few gradient steps until decoding gives the sentence.

The encoder is *amortised*: one pass for any sentence, good on average. For a single sentence that matters, such as the end
of a walk, the latent itself can be improved against the decoder.

Source: semi-amortised inference, Kim et al. 2018, arXiv 1802.02550; here with a margin instead of the likelihood, so that
what reads right already is not moved.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vaegen.model.posterior import DiagonalGaussian
from vaegen.model.vae_transformer import VAETransformer
from vaegen.turns import pause

# A posterior that tells less than this tells next to nothing: the gradient could write a sentence into it (of a checkpoint
# with a dial, at beta 1, within 13 to 28 of its standard deviations), but it would be the gradient's, not the encoder's.
LEAST_NATS = 2.0


def refine(
    model: VAETransformer,
    posterior: DiagonalGaussian,
    tgt_in: Tensor,
    tgt_out: Tensor,
    tgt_mask: Tensor,
    n_steps: int = 100,
    lr: float = 0.07,
    margin: float = 0.5,
    log_beta: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Returns latents near z from which greedy decoding writes the targets, and which of them do.

    Every step lowers, for each token that is not the most likely one by `margin` nats, the lead of its best rival. A latent
    whose posterior is that of hardly any sentence (a KL below `LEAST_NATS`) is not moved.

    Args:
        model: In evaluation mode.
        posterior: Where to start: at its mode, (B, M, Z); a step is measured in its standard deviations.
        tgt_in: Language tag and target, (B, T).
        tgt_out: Target and end token, (B, T).
        tgt_mask: (B, T), True = real token.
        n_steps: Most steps.
        lr: Of Adam on z.
        margin: In nats.
        log_beta: The rate at which z was made, (B,), for models with a dial.

    Returns:
        Latents (B, M, Z), and a mask (B,), True = read back exactly. Where that was not reached the latent is the mode:
        a long way to a sentence that is still wrong (a collapsed decoder goes 60 standard deviations) is no improvement.
    """
    mu, std = posterior.mu.detach(), posterior.std.detach()
    found, exact = mu.clone(), torch.zeros(len(mu), dtype=torch.bool, device=mu.device)
    is_moved = posterior.kl().detach() >= LEAST_NATS
    move = torch.zeros_like(mu).requires_grad_()
    optimizer = torch.optim.Adam([move], lr=lr, betas=(0.5, 0.9))
    # The LSTM of cuDNN has no gradients in evaluation mode; torch's own has.
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        for _ in range(n_steps + 1):
            pause()
            z = mu + std * move
            logits = model.decode_logits(tgt_in, model.memory(z, None, "latent", log_beta))
            right = logits.gather(2, tgt_out[..., None])[..., 0]
            rival = logits.scatter(2, tgt_out[..., None], -torch.inf).amax(2)
            reached = ~exact & ~((rival >= right) & tgt_mask).any(1)
            found[reached] = z.detach()[reached]
            exact |= reached
            if (exact | ~is_moved).all():
                break
            lacking = ((rival - right + margin).clamp_min(0.0) * tgt_mask).sum(1)
            (grad,) = torch.autograd.grad(lacking.sum(), move)
            move.grad = grad * (is_moved & ~exact)[:, None, None]
            optimizer.step()
    return found, exact
