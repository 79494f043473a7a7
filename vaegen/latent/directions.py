"""Directions in the latent space that have a name or a strength, as they lie beside a checkpoint."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vaegen.errors import VaegenError
from vaegen.limits import check_archive
from vaegen.model.companions import companion
from vaegen.writing import replacing

FILE = "directions.npz"  # made by `vaegen directions`


@dataclass(frozen=True)
class Direction:
    """One way to move every latent.

    Attributes:
        name: Such as "one → two", or "component 1" for a principal component.
        kind: "named" or "component".
        effect: Share of the project's own held-out sentences whose decoded text changes as the name says, at +2 standard
            deviations; None for a component.
        kept: Share of their other factors that stay as they were; None for a component.
        share: Share of the variance of the latents along it.
        kl: What the posteriors say along it, in nats, on average; a direction with none is dead.
        kept_least: As `kept`, of the factor that stays least.
        caption_effect: As `effect`, of real captions; None where it was not measured, or too few show the old value.
        caption_kept: As `kept`, of real captions.
        n_captions: How many were counted.
    """

    name: str
    kind: str
    effect: float | None
    kept: float | None
    share: float
    kl: float
    kept_least: float | None = None
    caption_effect: float | None = None
    caption_kept: float | None = None
    n_captions: int = 0

    @property
    def told_effect(self) -> float | None:
        """The effect to tell people of: that on real captions where it was measured."""
        return self.effect if self.caption_effect is None else self.caption_effect

    @property
    def told_kept(self) -> float | None:
        """What it keeps, measured as `told_effect`."""
        return self.kept if self.caption_effect is None else self.caption_kept


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

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each, in the order of their numbers."""
        return tuple(entry.name for entry in self.entries)

    def index(self, direction: int | str) -> int:
        """Returns the number of a direction that is given by number or by name.

        Raises:
            VaegenError: If there is no such direction.
        """
        if direction in self.names:
            return self.names.index(str(direction))
        if isinstance(direction, bool) or not isinstance(direction, (int, np.integer)):
            known = ", ".join(self.names) or "none"
            raise VaegenError(
                "There is no direction {direction}; this checkpoint has {known}.",
                direction=f"{direction!r:.80}",
                known=known,
            )
        if not 0 <= direction < len(self.entries):
            raise VaegenError(
                "There is no direction {direction}; this checkpoint has {n}, counted from 0.",
                direction=direction,
                n=len(self.entries),
            )
        return int(direction)

    def entry(self, direction: int | str) -> Direction:
        """Returns what is known of a direction: its measured effect, what it keeps, its KL."""
        return self.entries[self.index(direction)]

    def apply(self, z: np.ndarray, direction: int | str, strength: float, slots: Sequence[int] | None = None) -> np.ndarray:
        """Returns latents moved along a direction.

        Args:
            z: Latents, (..., M, Z).
            direction: Its number or name.
            strength: In standard deviations of the latents along it; below 0 the other way.
            slots: Only these slots move; None: all.
        """
        step, z = self.steps[self.index(direction)], np.array(z, np.float32)
        which = slice(None) if slots is None else list(slots)
        z[..., which, :] += strength * step[which]
        return z


NONE = Directions((), np.zeros((0, 0, 0), np.float32), {})  # of a checkpoint for which none were made


def load_directions(folder: Path | None, shape: tuple[int, int] | None = None) -> Directions | None:
    """Returns the directions that lie in a checkpoint's folder; None if there are none.

    Raises:
        VaegenError: If the file is damaged, belongs to other weights, or its latents are not of shape `shape`, (M, Z).
    """

    def read(path: Path) -> tuple[Directions, str]:
        directions, weights = _read(path)
        steps = directions.steps
        if steps.ndim != 3 or len(steps) != len(directions.entries) or steps.shape[1:] != (shape or steps.shape[1:]):
            raise VaegenError("its steps are of shape {given}, not (K, {shape})", given=steps.shape, shape=shape)
        if not np.isfinite(steps).all():
            raise VaegenError("it holds values that are no finite numbers")
        return directions, weights

    return companion(folder, FILE, read, "`vaegen directions`")


def _read(path: Path) -> tuple[Directions, str]:
    check_archive(path)
    with np.load(path, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        entries = tuple(Direction(**entry) for entry in about.pop("entries"))
        return Directions(entries, file["steps"].astype(np.float32), about), about.get("weights", "")


def save_directions(folder: Path, directions: Directions) -> None:
    """Writes the directions beside a checkpoint's weights, in half precision and without pickle."""
    about = {**directions.about, "entries": [vars(entry) for entry in directions.entries]}
    text = json.dumps(about, ensure_ascii=False)
    with replacing(folder / FILE) as beside, beside.open("wb") as file:  # numpy adds .npz to a name, but not to a file
        np.savez_compressed(file, steps=directions.steps.astype(np.float16), about=text)
