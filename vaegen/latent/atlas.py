"""A map of the latent space as it lies beside a checkpoint: the latents behind it, and where new ones belong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from vaegen.errors import VaegenError
from vaegen.latent.projection import PCA, place

PICTURE, FILE = "map.json", "map.npz"  # for the page and for the model; made by `vaegen map`

PROJECTIONS = {"umap2": 2, "umap3": 3, "pca2": 2, "pca3": 3}  # and the axes of each


@dataclass(frozen=True, eq=False)  # equal only to itself: one file, one atlas
class Atlas:
    """The latents behind a map.

    Attributes:
        latents: (N, M * Z), one for each point of the picture.
        coordinates: By UMAP projection, (N, 2) or (N, 3).
        pca: Its principal components, three of them.
        spacing: By projection, the median distance from a point to its nearest neighbour.
        about: How the map was made: parameters, versions, hash of the weights.
    """

    latents: np.ndarray
    coordinates: dict[str, np.ndarray]
    pca: PCA
    spacing: dict[str, float]
    about: dict[str, Any]

    def where(self, z: np.ndarray) -> dict[str, np.ndarray]:
        """Returns where latents (n, M * Z) lie in every projection, (n, 2) or (n, 3)."""
        flat = self.pca.project(z)
        found = {name: place(z, self.latents, coordinates) for name, coordinates in self.coordinates.items()}
        return {name: found[name] if name in found else flat[:, :n] for name, n in PROJECTIONS.items()}

    def distance(self, projection: str, at: np.ndarray) -> float:
        """Returns how far a place is from the nearest point of the map, in units of the map's own spacing."""
        cloud = self.coordinates.get(projection)
        cloud = self.pca.project(self.latents)[:, : len(at)] if cloud is None else cloud
        return float(np.linalg.norm(cloud - at, axis=1).min() / max(self.spacing[projection], 1e-9))


def atlas_of(model: Any) -> Atlas:
    """Returns the map of a pipeline's checkpoint.

    Raises:
        VaegenError: If it has none.
    """
    folder = getattr(model, "folder", None)
    if folder is None or not (folder / FILE).is_file():
        raise VaegenError(
            "This checkpoint has no map. Choose another one, or make its map: "
            "vaegen map --checkpoint FOLDER. A map of your own sentences can be fitted here."
        )
    return _read(folder, (folder / FILE).stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(folder: Path, _changed: int) -> Atlas:
    return load_atlas(folder)


def load_atlas(folder: Path) -> Atlas:
    """Returns the map that lies in a checkpoint's folder.

    Raises:
        VaegenError: If it is missing or damaged.
    """
    try:
        with np.load(folder / FILE, allow_pickle=False) as file:
            return Atlas(
                file["latents"].astype(np.float32),
                {name: file[name].astype(np.float32) for name in PROJECTIONS if name in file},
                PCA(file["pca_mean"], file["pca_components"], file["pca_shares"]),
                json.loads(str(file["spacing"])),
                json.loads(str(file["about"])),
            )
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise VaegenError(f"{folder.name}/{FILE} cannot be read; make it anew with `vaegen map`.") from error


def save_atlas(folder: Path, atlas: Atlas) -> None:
    """Writes a map's latents in half precision, and the rest of it, without pickle."""
    np.savez_compressed(
        folder / FILE,
        latents=atlas.latents.astype(np.float16),
        pca_mean=atlas.pca.mean.astype(np.float32),
        pca_components=atlas.pca.components.astype(np.float32),
        pca_shares=atlas.pca.shares.astype(np.float32),
        spacing=json.dumps(atlas.spacing),
        about=json.dumps(atlas.about, ensure_ascii=False),
        **{name: value.astype(np.float32) for name, value in atlas.coordinates.items()},  # type: ignore[arg-type]
    )


def spacing(coordinates: np.ndarray) -> float:
    """Returns the median distance from a point (N, 2 or 3) to its nearest neighbour; points in one place count once."""
    points = np.unique(coordinates, axis=0)
    squares = (points**2).sum(1)
    nearest = []
    for i in range(0, len(points), 512):
        distances = squares[i : i + 512, None] + squares - 2 * points[i : i + 512] @ points.T
        distances[np.arange(len(distances)), np.arange(i, i + len(distances))] = np.inf
        nearest.append(np.sqrt(np.maximum(distances.min(1), 0.0)))
    return float(np.median(np.concatenate(nearest)))
