"""Flat pictures of a cloud of latents: PCA, exact and invertible, and UMAP, which keeps neighbourhoods.

UMAP itself (and what it drags in, seconds of imports and compilation) runs in a process of its own, `python -m
vaegen.latent.projection`, so that an app stays usable meanwhile. New points are placed on a finished map without it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vaegen.errors import VaegenError

# McInnes, Healy & Melville 2018, arXiv:1802.03426
N_NEIGHBORS, MIN_DIST = 15, 0.1
UMAP = {"n_neighbors": N_NEIGHBORS, "min_dist": MIN_DIST, "metric": "cosine", "random_state": 0}
N_NEAREST = 10  # that place a new point, or make the latent of an empty place
FEW = 50  # points that UMAP places as they are, without the 15 s that compiling it takes


@dataclass(frozen=True)
class PCA:
    """The directions of most variance of a cloud.

    Attributes:
        mean: Of the cloud, (D,).
        components: Orthonormal directions, (K, D), the strongest first.
        shares: Share of the cloud's variance along each, (K,).
    """

    mean: np.ndarray
    components: np.ndarray
    shares: np.ndarray

    def project(self, x: np.ndarray) -> np.ndarray:
        """Returns the coordinates (N, K) of points (N, D)."""
        return (x - self.mean) @ self.components.T

    def move(self, x: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Returns the point nearest to `x` (D,) whose first coordinates are `place` (k,), k <= K."""
        components = self.components[: len(place)]
        return x + (place - (x - self.mean) @ components.T) @ components


def fit_pca(x: np.ndarray, k: int = 3) -> PCA:
    """Returns the `k` strongest principal components of points (N, D); each one's largest entry is positive."""
    mean = x.mean(0)
    _, strengths, directions = np.linalg.svd(x - mean, full_matrices=False)
    signs = np.sign(np.take_along_axis(directions, np.abs(directions).argmax(1)[:, None], 1))
    variances = strengths**2
    return PCA(mean, (directions * signs)[:k], variances[:k] / max(variances.sum(), 1e-12))


def cosines(x: np.ndarray, cloud: np.ndarray) -> np.ndarray:
    """Returns the cosine of each point of `x` (N, D) to each of a cloud (C, D), (N, C)."""
    return _unit(x) @ _unit(cloud).T


def place(x: np.ndarray, cloud: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
    """Returns where points (N, D) belong on a finished map of a cloud (C, D), (N, 2 or 3).

    The mean of the coordinates (C, 2 or 3) of the nearest latents by cosine, weighted by 1 / (1 - cosine): a point of the
    cloud comes to lie on itself.
    """
    near = cosines(x, cloud)
    nearest = np.argsort(-near, axis=1)[:, :N_NEAREST]
    weights = 1.0 / (1.0 - np.take_along_axis(near, nearest, 1) + 1e-6)
    weights /= weights.sum(1, keepdims=True)
    return np.einsum("nk,nkd->nd", weights, coordinates[nearest])


def unplace(where: np.ndarray, cloud: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
    """Returns a latent (D,) for a place (2 or 3,) of a finished map: UMAP has no inverse, this is the mean of the nearest.

    Weighted by 1 / distance on the map, so that on a point it is that point.
    """
    distances = np.linalg.norm(coordinates - where, axis=1)
    nearest = np.argsort(distances)[:N_NEAREST]
    weights = 1.0 / (distances[nearest] + 1e-6)
    return (weights / weights.sum()) @ cloud[nearest]


def fit_umap(
    x: np.ndarray, n_components: int = 2, n_neighbors: int = N_NEIGHBORS, min_dist: float = MIN_DIST
) -> Iterator[float | np.ndarray]:
    """Fits UMAP in another process of low priority; yields its progress, from 0 to 1, and last the map (N, k).

    Each `next` looks at once and does not wait: sleep in between. Dropping the iterator stops the process.

    Raises:
        VaegenError: If UMAP fails, with its last line.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "x.npy"), Path(folder, "map.npy")
        np.save(source, x.astype(np.float32))
        options = [str(source), str(target), str(n_components), str(n_neighbors), str(min_dist)]
        with (
            Path(folder, "log").open("w+b") as log,
            subprocess.Popen(
                [sys.executable, "-m", "vaegen.latent.projection", *options],
                stdout=log,
                stderr=log,
                cwd=Path(__file__).resolve().parents[2],
            ) as process,
        ):
            try:
                while process.poll() is None:
                    yield _progress(Path(folder, "log").read_text(encoding="utf-8", errors="replace"))
            finally:
                process.kill()
        text = Path(folder, "log").read_text(encoding="utf-8", errors="replace")
        if process.returncode or not target.is_file():
            raise VaegenError(
                "UMAP could not be fitted: {reason}", reason=f"{(text.strip().splitlines() or ['it was stopped'])[-1]:.200}"
            )
        yield np.load(target, allow_pickle=False)


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def _progress(log: str) -> float:
    """How far UMAP is by what it has printed: importing, neighbours, and then its epochs, which it counts."""
    found = re.findall(r"(\d{1,3})%\|", log)
    if found:
        return 0.5 + int(found[-1]) / 200
    return 0.3 if "Construct embedding" in log else 0.2 if "fuzzy" in log else 0.1 if log else 0.0


def _main(source: str, target: str, n_components: str, n_neighbors: str, min_dist: str) -> None:
    os.nice(10)
    print("importing UMAP", flush=True)
    x = np.load(source, allow_pickle=False)
    if len(x) <= FEW:
        os.environ["NUMBA_DISABLE_JIT"] = "1"  # read when numba is imported
    import umap

    options = {**UMAP, "n_neighbors": min(int(n_neighbors), len(x) - 1), "min_dist": float(min_dist)}
    init = "spectral" if len(x) > FEW else "random"  # a spectral one of few points may fail
    reducer = umap.UMAP(n_components=int(n_components), init=init, verbose=True, **options)
    np.save(target, reducer.fit_transform(x).astype(np.float32))


if __name__ == "__main__":
    _main(*sys.argv[1:])
