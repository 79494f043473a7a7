"""A map of the latent space as it lies beside a checkpoint: the latents behind it, and where new ones belong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vaegen.errors import VaegenError
from vaegen.latent.projection import MIN_DIST, N_NEIGHBORS, PCA, UMAP, fit_pca, fit_umap, place, unplace
from vaegen.limits import check_archive
from vaegen.model.companions import companion
from vaegen.writing import replacing

PICTURE, FILE, MAKER = "map.json", "map.npz", "`vaegen map`"  # for the page, for the model

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

    @property
    def places(self) -> dict[str, np.ndarray]:
        """Where the latents of the map themselves lie, by projection, (N, 2) or (N, 3)."""
        flat = self.pca.project(self.latents)
        return {**self.coordinates, "pca2": flat[:, :2], "pca3": flat}

    def latent_at(self, at: np.ndarray, projection: str = "umap2", rest: np.ndarray | None = None) -> np.ndarray:
        """Returns a latent (M * Z,) for a place of the map.

        UMAP has no inverse: there it is the mean of the latents that lie nearest. A PCA map is a plane of the latent space,
        where every place is a latent, as soon as its coordinates off the plane are known: those of `rest`, or of the mean.

        Raises:
            VaegenError: If the map has no such projection, or the place is none of it.
        """
        at = np.asarray(at, np.float64)
        if projection not in PROJECTIONS or (projection.startswith("umap") and projection not in self.coordinates):
            known = ", ".join(self.places)
            raise VaegenError(
                "There is no projection {projection}; this map has {known}.", projection=f"{projection!r:.80}", known=known
            )
        if at.shape != (PROJECTIONS[projection],):
            raise VaegenError("The place has {n} coordinates; this map has {axes}.", n=at.size, axes=PROJECTIONS[projection])
        if projection in self.coordinates:
            return unplace(at, self.latents, self.coordinates[projection]).astype(np.float32)
        return self.pca.move(self.pca.mean if rest is None else rest, at).astype(np.float32)

    def where(self, z: np.ndarray) -> dict[str, np.ndarray]:
        """Returns where latents (n, M * Z) lie in every projection, (n, 2) or (n, 3)."""
        flat = self.pca.project(z)
        found = {name: place(z, self.latents, coordinates) for name, coordinates in self.coordinates.items()}
        found |= {"pca2": flat[:, :2], "pca3": flat[:, :3]}
        return {name: found[name] for name in PROJECTIONS if name in found}

    def distance(self, projection: str, at: np.ndarray) -> float:
        """Returns how far a place is from the nearest point of the map, in units of the map's own spacing."""
        cloud = self.coordinates.get(projection)
        cloud = self.pca.project(self.latents)[:, : len(at)] if cloud is None else cloud
        return float(np.linalg.norm(cloud - at, axis=1).min() / max(self.spacing[projection], 1e-9))


def load_atlas(folder: Path | None, n_dims: int | None = None) -> Atlas:
    """Returns the map that lies in a checkpoint's folder.

    Raises:
        VaegenError: If it is missing, damaged or of other weights, or of latents that have not `n_dims` dimensions.
    """

    def read(path: Path) -> tuple[Atlas, str]:
        atlas, weights = _read(path)
        _check(atlas, n_dims)
        return atlas, weights

    found = companion(folder, FILE, read, MAKER)
    if found is None:
        raise VaegenError(
            "This checkpoint has no map. Choose another one, or make its map with {maker}. A map of your own sentences can "
            "be fitted here.",
            maker=MAKER,
        )
    return found


def load_picture(folder: Path | None) -> dict[str, Any] | None:
    """Returns what a page draws of a checkpoint's map: sentences, places, clusters; None where there is no map.

    Raises:
        VaegenError: If it is damaged or of other weights.
    """
    return companion(folder, PICTURE, _read_picture, MAKER)


def fit_atlas(latents: np.ndarray, n_neighbors: int = N_NEIGHBORS, min_dist: float = MIN_DIST) -> Iterator[float | Atlas]:
    """Fits a map to latents (N, D) alone; yields its progress, from 0 to 1, and last the map. See `fit_umap`."""
    for step in fit_umap(latents, 2, n_neighbors, min_dist):
        if isinstance(step, float):
            yield step
            continue
        pca = fit_pca(latents)
        flat = pca.project(latents)
        gaps = {"umap2": spacing(step), "pca2": spacing(flat[:, :2]), "pca3": spacing(flat)}
        about = {**UMAP, "n_neighbors": min(n_neighbors, len(latents) - 1), "min_dist": min_dist, "n": len(latents)}
        about["pca_shares"] = [round(float(share), 4) for share in pca.shares]
        yield Atlas(latents, {"umap2": step}, pca, gaps, about)


def _read(path: Path) -> tuple[Atlas, str]:
    check_archive(path)
    with np.load(path, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        atlas = Atlas(
            file["latents"].astype(np.float32),
            {name: file[name].astype(np.float32) for name in PROJECTIONS if name in file},
            PCA(file["pca_mean"], file["pca_components"], file["pca_shares"]),
            json.loads(str(file["spacing"])),
            about,
        )
    return atlas, about.get("weights", "")


def _check(atlas: Atlas, n_dims: int | None) -> None:
    n, dims = atlas.latents.shape if atlas.latents.ndim == 2 else (0, 0)
    if not n or dims != (n_dims or dims):
        said = "its latents are of shape {shape}, not (N, {n_dims})"
        raise VaegenError(said, shape=atlas.latents.shape, n_dims=n_dims or "D")
    wanted: dict[str, tuple[int, ...]] = {name: (n, PROJECTIONS[name]) for name in atlas.coordinates}
    found = {name: value.shape for name, value in atlas.coordinates.items()}
    wanted |= {"pca_mean": (dims,), "pca_components": (3, dims)}
    found |= {"pca_mean": atlas.pca.mean.shape, "pca_components": atlas.pca.components.shape}
    for name, shape in wanted.items():
        if found[name] != shape:
            raise VaegenError("its {name} is of shape {given}, not {shape}", name=name, given=found[name], shape=shape)
    if not all(
        np.isfinite(value).all()
        for value in (atlas.latents, atlas.pca.mean, atlas.pca.components, *atlas.coordinates.values())
    ):
        raise VaegenError("it holds values that are no finite numbers")
    if missing := [name for name in atlas.places if not isinstance(atlas.spacing.get(name), (int, float))]:
        raise VaegenError("it lacks the spacing of {name}", name=missing[0])


def _read_picture(path: Path) -> tuple[dict[str, Any], str]:
    picture = json.loads(path.read_text(encoding="utf-8"))
    return picture, picture["about"].get("weights", "")


def save_atlas(folder: Path, atlas: Atlas) -> None:
    """Writes a map's latents in half precision, and the rest of it, without pickle."""
    with replacing(folder / FILE) as beside, beside.open("wb") as file:  # numpy adds .npz to a name, but not to a file
        np.savez_compressed(
            file,
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
