"""The priors that there are: the one list that the pipeline, the page, the commands and the report read.

A new prior is a class in `vaegen.latent.priors` (or anywhere) and one line here. Runs without torch, which the class needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class PriorKind:
    """One kind of prior.

    Attributes:
        label: What a report calls it.
        home: Module and class of one that is fitted, "package.module:Class", a `FittedPrior`; "" for one that needs no fit.
    """

    label: str
    home: str = ""

    @property
    def cls(self) -> Any:
        """The class of a fitted one."""
        module, _, name = self.home.partition(":")
        return getattr(import_module(module), name)


PRIORS: dict[str, PriorKind] = {
    "normal": PriorKind("N(0, I)"),
    "gaussian": PriorKind("Gaussian, all covariances", "vaegen.latent.priors:Gaussian"),
    "mixture": PriorKind("mixture of Gaussians", "vaegen.latent.priors:Mixture"),
    "flow": PriorKind("flow matching", "vaegen.latent.priors:Flow"),
    "jitter": PriorKind("near a probe sentence (control)", "vaegen.latent.priors:Jitter"),
}


def fitted() -> tuple[str, ...]:
    """Returns the names of the priors that are fitted to a checkpoint."""
    return tuple(name for name, kind in PRIORS.items() if kind.home)
