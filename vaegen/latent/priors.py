"""Where to draw latents from: N(0, I), and priors fitted after training to where the posteriors really lie.

The KL term asks every posterior to be near N(0, I), but not that all of them together fill it. Where they do not (the
"prior hole"), a draw from N(0, I) is a latent that the decoder has never seen. A prior that is fitted to draws from the
posteriors of training sentences, the *aggregate posterior*, does not have that hole (Ghosh et al. 2020, arXiv 1903.12436).

    normal    N(0, I), what the model was trained towards
    gaussian  N(mean, covariance) of the aggregate posterior
    mixture   a mixture of Gaussians, in the axes of that covariance
    flow      flow matching: a small network that carries noise to the aggregate posterior
    jitter    a draw from the posterior of a stored sentence: a control, it invents nothing

All fitted ones lie beside the weights in `priors.safetensors`; `vaegen prior` makes it. `vaegen.latent.prior_kinds`
lists them: a new one is a class with the methods of `FittedPrior` and a line there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from vaegen.latent.prior_kinds import PRIORS, fitted
from vaegen.model.companions import companion
from vaegen.model.layers import EncoderLayer
from vaegen.model.posterior import DiagonalGaussian
from vaegen.model.precision import fast_autocast
from vaegen.model.randomness import own_randomness
from vaegen.writing import replacing

FILE, MAKER = "priors.safetensors", "`vaegen prior`"


class Prior(Protocol):
    """A distribution over latents."""

    def sample(self, n: int, generator: torch.Generator, scale: float = 1.0) -> Tensor:
        """Returns n latents (n, M, Z) on the CPU; `scale` multiplies the noise, below 1 gives commoner sentences."""

    def tensors(self) -> dict[str, Tensor]:
        """What has to be stored."""


@dataclass
class Material:
    """What priors are fitted to, and how hard.

    Attributes:
        posterior: Of the sentences of the training text.
        z: A draw from each, (N, M, Z).
        probes: Gives the posteriors of some stored sentences.
        generator: Of all draws that follow.
        seed: Of whatever else is random.
        n_components: Of a mixture.
        n_steps: Optimizer steps of a network.
        batch_size: Latents in one of them.
        progress: Called with (step, loss).
    """

    posterior: DiagonalGaussian
    z: Tensor
    probes: Callable[[], DiagonalGaussian]
    generator: torch.Generator
    seed: int = 0
    n_components: int = 64
    n_steps: int = 3000
    batch_size: int = 256
    progress: Callable[[int, float], None] | None = None


class FittedPrior(Prior, Protocol):
    """A prior that is fitted to a checkpoint, stored beside its weights and read again."""

    @classmethod
    def fit_to(cls, material: Material) -> FittedPrior:
        """Returns the prior that fits the material."""

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> FittedPrior:
        """Returns the prior that `tensors` describe."""


class Normal:
    """N(0, scale^2 I) over M slots of Z dimensions."""

    def __init__(self, n_slots: int, latent_dim: int) -> None:
        self.shape = (n_slots, latent_dim)

    def sample(self, n: int, generator: torch.Generator, scale: float = 1.0) -> Tensor:
        """See `Prior`."""
        return scale * torch.randn((n, *self.shape), generator=generator)

    def tensors(self) -> dict[str, Tensor]:
        """See `Prior`."""
        return {}


class Gaussian:
    """N(mean, factor factor^T): mean (M, Z), factor (M Z, M Z)."""

    def __init__(self, mean: Tensor, factor: Tensor) -> None:
        self.mean, self.factor = mean, factor

    @classmethod
    def fit(cls, z: Tensor) -> Gaussian:
        """Returns the Gaussian with the mean and the covariance of latents z (N, M, Z), N > M Z."""
        flat = z.flatten(1).double()
        factor = torch.linalg.cholesky(torch.cov(flat.T) + 1e-6 * torch.eye(flat.shape[1]))
        return cls(z.mean(0), factor.float())

    @classmethod
    def fit_to(cls, material: Material) -> Gaussian:
        """See `FittedPrior`."""
        return cls.fit(material.z)

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> Gaussian:
        """See `FittedPrior`."""
        return cls(tensors["mean"], tensors["factor"])

    def sample(self, n: int, generator: torch.Generator, scale: float = 1.0) -> Tensor:
        """See `Prior`."""
        noise = torch.randn((n, len(self.factor)), generator=generator)
        return self.mean + scale * (noise @ self.factor.T).view(n, *self.mean.shape)

    def tensors(self) -> dict[str, Tensor]:
        """See `Prior`."""
        return {"mean": self.mean, "factor": self.factor}


class Mixture:
    """Gaussians with diagonal covariances in rotated axes: weights (K,), means and stds (K, M Z), rotation (M Z, M Z)."""

    def __init__(self, weights: Tensor, means: Tensor, stds: Tensor, rotation: Tensor, shape: tuple[int, int]) -> None:
        self.weights, self.means, self.stds, self.rotation, self.shape = weights, means, stds, rotation, shape

    @classmethod
    def fit(cls, z: Tensor, n_components: int = 64, seed: int = 0) -> Mixture:
        """Returns the mixture fitted by expectation maximisation to latents z (N, M, Z) in their principal axes."""
        from sklearn.mixture import GaussianMixture

        flat = z.flatten(1)
        rotation = torch.linalg.eigh(torch.cov(flat.T))[1].flip(1)  # columns: principal axes, the widest first
        fitted = GaussianMixture(n_components, covariance_type="diag", reg_covar=1e-4, random_state=seed, max_iter=60)
        fitted.fit((flat @ rotation).numpy())
        found = (fitted.weights_, fitted.means_, np.sqrt(fitted.covariances_))
        weights, means, stds = (torch.from_numpy(part).float() for part in found)
        return cls(weights, means, stds, rotation, (z.shape[1], z.shape[2]))

    @classmethod
    def fit_to(cls, material: Material) -> Mixture:
        """See `FittedPrior`."""
        return cls.fit(material.z, material.n_components, material.seed)

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> Mixture:
        """See `FittedPrior`."""
        n_slots, latent_dim = tensors["shape"].tolist()
        weights, means, stds, rotation = (tensors[name] for name in ("weights", "means", "stds", "rotation"))
        return cls(weights, means, stds, rotation, (n_slots, latent_dim))

    def sample(self, n: int, generator: torch.Generator, scale: float = 1.0) -> Tensor:
        """See `Prior`; which component is drawn does not depend on the scale."""
        which = torch.multinomial(self.weights, n, replacement=True, generator=generator)
        noise = torch.randn((n, self.means.shape[1]), generator=generator)
        return ((self.means[which] + scale * self.stds[which] * noise) @ self.rotation.T).view(n, *self.shape)

    def tensors(self) -> dict[str, Tensor]:
        """See `Prior`."""
        shape = torch.tensor(self.shape)
        parts = {"weights": self.weights, "means": self.means, "stds": self.stds}
        return {**parts, "rotation": self.rotation, "shape": shape}


class Jitter:
    """One of some stored sentences' posteriors, drawn from: mu and std (N, M, Z)."""

    def __init__(self, mu: Tensor, std: Tensor) -> None:
        self.mu, self.std = mu, std

    @classmethod
    def fit(cls, posterior: DiagonalGaussian) -> Jitter:
        """Returns the prior that draws from one of these posteriors at a time."""
        return cls(posterior.mu, posterior.std)

    @classmethod
    def fit_to(cls, material: Material) -> Jitter:
        """See `FittedPrior`."""
        return cls.fit(material.probes())

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> Jitter:
        """See `FittedPrior`."""
        return cls(tensors["mu"], tensors["std"])

    def sample(self, n: int, generator: torch.Generator, scale: float = 1.0) -> Tensor:
        """See `Prior`; at scale 0 it returns the modes of the stored sentences."""
        which = torch.randint(len(self.mu), (n,), generator=generator)
        return self.mu[which] + scale * self.std[which] * torch.randn((n, *self.mu.shape[1:]), generator=generator)

    def tensors(self) -> dict[str, Tensor]:
        """See `Prior`."""
        return {"mu": self.mu, "std": self.std}


class Flow(nn.Module):
    """Carries noise to latents: a Transformer over the slots gives the velocity of z at time t, from 0 (noise) to 1.

    Source: flow matching along straight lines, Lipman et al. 2023, arXiv 2210.02747, eq. 23 with sigma_min = 0.
    """

    mean: Tensor  # (M, Z), of the latents that it was fitted to
    std: Tensor

    def __init__(
        self, n_slots: int, latent_dim: int, width: int = 192, n_layers: int = 4, n_heads: int = 4, n_steps: int = 8
    ) -> None:
        super().__init__()
        self.n_steps, self.n_heads = n_steps, n_heads
        self.register_buffer("mean", torch.zeros(n_slots, latent_dim))
        self.register_buffer("std", torch.ones(n_slots, latent_dim))
        self.slots = nn.Parameter(torch.randn(n_slots, width))
        self.enter = nn.Linear(latent_dim, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.layers = nn.ModuleList(EncoderLayer(width, 4 * width, n_heads, 0.0) for _ in range(n_layers))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, latent_dim)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def velocity(self, z: Tensor, t: Tensor) -> Tensor:
        """Returns dz/dt (B, M, Z) of standardised latents z (B, M, Z) at times t (B,)."""
        half = torch.arange(self.slots.shape[1] // 2, device=z.device)
        angle = t[:, None] * 1000.0 * torch.exp(-9.2 * half / len(half))  # periods from 0.006 to 60
        x = self.enter(z) + self.slots + self.time(torch.cat((angle.sin(), angle.cos()), 1))[:, None]
        for layer in self.layers:
            x, _ = layer(x, None)
        return self.leave(self.norm(x))

    def loss(self, z: Tensor, generator: torch.Generator) -> Tensor:
        """Returns the squared error of the velocity on straight lines from noise to latents z (B, M, Z), a scalar."""
        end = (z - self.mean) / self.std
        noise = torch.randn(z.shape, generator=generator)
        t = torch.randn(len(z), generator=generator).sigmoid()  # more often in the middle, where it is hardest
        at = noise + t[:, None, None] * (end - noise)
        return (self.velocity(at, t).float() - (end - noise)).square().mean()

    @classmethod
    def fit(
        cls,
        draw: Callable[[], Tensor],
        statistics: Tensor,
        n_steps: int = 3000,
        lr: float = 1e-3,
        seed: int = 0,
        progress: Callable[[int, float], None] | None = None,
        **shape: int,
    ) -> Flow:
        """Returns a flow trained on batches of latents.

        Args:
            draw: Gives a fresh batch (B, M, Z).
            statistics: Latents (N, M, Z) whose mean and standard deviation centre and scale all others.
            n_steps: Optimizer steps.
            lr: Peak learning rate; it warms up and falls to 0 along a cosine.
            seed: Of weights, noise and times.
            progress: Called with (step, loss).
            **shape: width, n_layers, n_heads.
        """
        generator = torch.Generator().manual_seed(seed)
        with own_randomness(seed):
            flow = cls(statistics.shape[1], statistics.shape[2], **shape)
        flow.mean.copy_(statistics.mean(0))
        flow.std.copy_(statistics.std(0))
        optimizer = torch.optim.AdamW(flow.parameters(), lr=lr, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, n_steps, pct_start=0.1)
        for step in range(n_steps):
            with fast_autocast("cpu"):
                loss = flow.loss(draw(), generator)
            loss.backward()
            nn.utils.clip_grad_norm_(flow.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            if progress is not None:
                progress(step + 1, float(loss))
        return flow.eval()

    @classmethod
    def fit_to(cls, material: Material) -> Flow:
        """See `FittedPrior`: trained on fresh draws from the posteriors."""

        def draw() -> Tensor:
            rows = torch.randint(len(material.posterior.mu), (material.batch_size,), generator=material.generator)
            return material.posterior[rows].sample(material.generator)

        return cls.fit(draw, material.z, material.n_steps, seed=material.seed, progress=material.progress)

    @torch.inference_mode()
    def sample(self, n: int, generator: torch.Generator, scale: float = 1.0) -> Tensor:
        """See `Prior`: follows the velocity from scaled noise, in `n_steps` steps of Heun's method."""
        z = scale * torch.randn((n, *self.mean.shape), generator=generator)
        for i in range(self.n_steps):
            t, h = torch.full((n,), i / self.n_steps), 1.0 / self.n_steps
            first = self.velocity(z, t)
            z = z + 0.5 * h * (first + self.velocity(z + h * first, t + h))
        return self.mean + self.std * z

    def tensors(self) -> dict[str, Tensor]:
        """See `Prior`."""
        return {**self.state_dict(), "n_heads": torch.tensor(self.n_heads), "n_steps": torch.tensor(self.n_steps)}

    @classmethod
    def restore(cls, tensors: Mapping[str, Tensor]) -> Flow:
        """Returns the flow that `tensors` describe."""
        state = dict(tensors)
        n_heads, n_steps = int(state.pop("n_heads")), int(state.pop("n_steps"))
        n_layers = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("layers."))
        n_slots, latent_dim = state["mean"].shape
        flow = cls(n_slots, latent_dim, state["slots"].shape[1], n_layers, n_heads, n_steps)
        flow.load_state_dict(state)
        return flow.eval()


def save_priors(folder: Path, priors: Mapping[str, Prior], about: Mapping[str, Any]) -> None:
    """Writes fitted priors beside a checkpoint's weights, in half precision; `about` says how they were made."""
    from safetensors.torch import save_file

    tensors = {f"{name}.{key}": value for name, prior in priors.items() for key, value in prior.tensors().items()}
    small = {key: (value.half() if value.is_floating_point() else value).contiguous() for key, value in tensors.items()}
    with replacing(folder / FILE) as beside:
        save_file(small, beside, metadata={"about": json.dumps(dict(about), ensure_ascii=False)})


def load_priors(folder: Path | None, n_slots: int, latent_dim: int) -> dict[str, Prior]:
    """Returns the priors of a checkpoint by name, N(0, I) first; alone where none were fitted.

    Raises:
        VaegenError: If the file is damaged, or belongs to other weights or to a latent of another shape.
    """

    def read(path: Path) -> tuple[dict[str, Prior], str]:
        from safetensors.torch import load_file

        parts: dict[str, dict[str, Tensor]] = {}
        for key, value in load_file(path).items():
            name, _, part = key.partition(".")
            parts.setdefault(name, {})[part] = value.float() if value.is_floating_point() else value
        found = {name: PRIORS[name].cls.restore(parts[name]) for name in fitted() if name in parts}
        for prior in found.values():
            prior.sample(1, torch.Generator().manual_seed(0)).view(1, n_slots, latent_dim)
        return found, about_priors(path.parent).get("weights", "")

    return {"normal": Normal(n_slots, latent_dim), **(companion(folder, FILE, read, MAKER) or {})}


def about_priors(folder: Path) -> dict[str, Any]:
    """Returns how the priors of a checkpoint were made; nothing where there are none."""
    if not (folder / FILE).is_file():
        return {}
    from safetensors import safe_open

    with safe_open(folder / FILE, "pt") as file:
        return json.loads((file.metadata() or {}).get("about", "{}"))
