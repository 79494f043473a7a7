"""Optimizers, learning rate and averaging of weights: how a gradient becomes a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.distributed as dist

from vaegen.config import TrainConfig
from vaegen.errors import VaegenError
from vaegen.model.precision import muon_precision
from vaegen.model.vae_transformer import VAETransformer

FINE_TUNING = 0.02  # of the learning rate, for weights that are good already: 4e-5, as BERT is fine-tuned with


def build_optimizers(model: VAETransformer, config: TrainConfig, fused: bool = True) -> list[torch.optim.Optimizer]:
    """Returns Muon for the matrices inside the layers and AdamW for all else (`muon`), or one optimizer for everything.

    Parameters that are frozen are left out.

    Raises:
        VaegenError: If this torch has no Muon (it came with 2.9), or lion-pytorch is asked for and missing.

    Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; `torch.optim.Muon`.
    """
    if config.optimizer == "muon" and not hasattr(torch.optim, "Muon"):
        raise VaegenError(
            "torch {version} has no Muon; install torch 2.9 or later, or choose --optimizer adamw.",
            version=torch.__version__,
        )
    matrices, rest, vectors, pretrained = [], [], [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.startswith("pretrained.model."):
            pretrained.append(parameter)
        elif parameter.ndim < 2:
            vectors.append(parameter)
        elif config.optimizer == "muon" and name.startswith(("encoder.", "decoder.", "latent_layers.")):
            matrices.append(parameter)
        else:
            rest.append(parameter)
    groups = [{"params": rest, "weight_decay": config.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    if pretrained:
        groups.append({"params": pretrained, "weight_decay": 0.0, "lr": config.lr * FINE_TUNING})
    optimizers = [_for_all(groups, config, fused)]
    if matrices:
        muon = SharedMuon if dist.is_initialized() and dist.get_world_size() > 1 else torch.optim.Muon
        optimizers.append(muon(matrices, lr=config.muon_lr, weight_decay=config.weight_decay))
    return optimizers


class SharedMuon(torch.optim.Muon):
    """Muon over several processes: each makes the step of its share of the matrices and sends them to the others.

    The products of Newton and Schulz cost the same whatever the batch, so that processes that all repeat them gain little
    from each other: a quarter of a step of two. Source: the distributed Muon of Jordan et al. 2024.
    """

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """One step; after it all processes hold the same matrices, and each the momentum of its own share."""
        shares = self._shares()
        for matrix, owner in shares:
            if owner != dist.get_rank():
                matrix.grad = None  # torch's Muon passes over it
        loss = super().step(closure)
        for matrix, owner in shares:
            dist.broadcast(matrix, owner)
        return loss

    @torch.no_grad()
    def gather(self) -> None:
        """Gives every process the momentum of all matrices, so that the state of one is the state of all."""
        for matrix, owner in self._shares():
            momentum = self.state[matrix].setdefault("momentum_buffer", torch.zeros_like(matrix))
            dist.broadcast(momentum, owner)

    def _shares(self) -> list[tuple[torch.Tensor, int]]:
        """Every matrix with the process that makes its step: dealt out by size, the largest first."""
        matrices = [matrix for group in self.param_groups for matrix in group["params"]]
        matrices.sort(key=torch.Tensor.numel, reverse=True)
        return [(matrix, i % dist.get_world_size()) for i, matrix in enumerate(matrices)]


def _for_all(groups: list[dict[str, Any]], config: TrainConfig, fused: bool) -> torch.optim.Optimizer:
    """The optimizer of vectors and embeddings, and of the matrices that Muon does not take.

    Source: Kingma and Ba 2015, arXiv 1412.6980 (Adam); Loshchilov and Hutter 2019, arXiv 1711.05101 (AdamW); Shazeer and
    Stern 2018, arXiv 1804.04235 (Adafactor, whose `lr` is relative to the size of a matrix: 0.01 to 0.05); Chen et al. 2023,
    arXiv 2302.06675 (Lion, which steps by the sign: a third to a tenth of AdamW's `lr`).
    """
    if config.optimizer == "adafactor":
        return torch.optim.Adafactor(groups, lr=config.lr)
    if config.optimizer == "lion":
        try:
            from lion_pytorch import Lion
        except ImportError:
            raise VaegenError("--optimizer lion needs lion-pytorch; `pip install lion-pytorch`, or choose adamw.") from None
        return Lion(groups, lr=config.lr)
    if config.optimizer == "adam":  # to it weight decay would be one more gradient, divided by its size: hence AdamW
        groups = [{**group, "weight_decay": 0.0} for group in groups]
        return torch.optim.Adam(groups, lr=config.lr, betas=(0.9, 0.98), fused=fused)
    return torch.optim.AdamW(groups, lr=config.lr, betas=(0.9, 0.98), fused=fused)


def take_step(optimizers: Sequence[torch.optim.Optimizer], device: str) -> None:
    """Changes the weights by their gradients, and forgets these."""
    with muon_precision(device):
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)


def lr_factor(step: int, config: TrainConfig) -> float:
    """Returns the learning rate of a step as a fraction of its peak: warm-up, plateau, linear cooldown to zero.

    The plateau lets a run be prolonged without a new schedule. Source: Hägele et al. 2024, arXiv 2405.18392.
    """
    warmup = min(1.0, (step + 1) / max(1, config.warmup_steps))
    return min(warmup, (config.steps - step) / max(1.0, config.cooldown * config.steps), 1.0)


def moving_average(decay: float) -> Callable[..., None]:
    """Returns the update of an exponential moving average that starts fast: decay_n = min(decay, (1 + n) / (10 + n)).

    For `torch.optim.swa_utils.AveragedModel(multi_avg_fn=...)`.
    """

    @torch.no_grad()
    def update(average: list[torch.Tensor], current: list[torch.Tensor], n: torch.Tensor) -> None:
        torch._foreach_lerp_(average, current, 1.0 - min(decay, (1.0 + float(n)) / (10.0 + float(n))))

    return update
