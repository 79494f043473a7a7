"""Directions in the latent space that have a name or a strength, as they lie beside a checkpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from vaegen.errors import VaegenError

FILE = "directions.npz"  # made by `vaegen directions`


@dataclass(frozen=True)
class Direction:
    """One way to move every latent.

    Attributes:
        name: Such as "one → two", or "component 1" for a principal component.
        kind: "named" or "component".
        effect: Share of held-out sentences whose decoded text changes as the name says, at +2 standard deviations; None for
            a component.
        kept: Share of their other factors that stay as they were; None for a component.
        share: Share of the variance of the latents along it.
        kl: What the posteriors say along it, in nats, on average; a direction with none is dead.
        kept_least: As `kept`, of the factor that stays least.
    """

    name: str
    kind: str
    effect: float | None
    kept: float | None
    share: float
    kl: float
    kept_least: float | None = None


@dataclass(frozen=True)
class Directions:
    """All directions of a checkpoint.

    Attributes:
        entries: What each is.
        steps: One standard deviation of the latents along each direction, as a vector, (K, M, Z).
        about: How they were made: parameters, versions, hash of the weights.
    """

    entries: tuple[Direction, ...]
    steps: np.ndarray
    about: dict[str, str]


def load_directions(folder: Path | None) -> Directions | None:
    """Returns the directions that lie in a checkpoint's folder; None if there are none.

    Raises:
        VaegenError: If the file is damaged.
    """
    if folder is None or not (folder / FILE).is_file():
        return None
    try:
        with np.load(folder / FILE, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            entries = tuple(Direction(**entry) for entry in about.pop("entries"))
            steps = file["steps"].astype(np.float32)
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise VaegenError(f"{folder.name}/{FILE} cannot be read; make it anew with `vaegen directions`.") from error
    return Directions(entries, steps, about)


def save_directions(folder: Path, directions: Directions) -> None:
    """Writes the directions beside a checkpoint's weights, in half precision and without pickle."""
    about = {**directions.about, "entries": [vars(entry) for entry in directions.entries]}
    text = json.dumps(about, ensure_ascii=False)
    np.savez_compressed(folder / FILE, steps=directions.steps.astype(np.float16), about=text)
