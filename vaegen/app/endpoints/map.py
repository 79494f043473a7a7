"""Endpoints: what lives at a spot of the map, and one's own sentences on it."""

from __future__ import annotations

from dataclasses import asdict

from vaegen.app.endpoints.calls import add_endpoint, or_error, point_of
from vaegen.app.questions.map import Spot
from vaegen.app.questions.map_own import Place
from vaegen.app.questions.points import START
from vaegen.app.service import Service


def add(service: Service) -> None:
    """Adds these endpoints to the page that is being built."""

    def map_(
        x: float = 0.0,
        y: float = 0.0,
        projection: str = Spot.projection,
        a: str = "",
        off_plane: str = Spot.off_plane,
        neighbours: int = Spot.k,
        checkpoint: str = Spot.checkpoint,
        beta: float | None = Spot.beta,
    ) -> dict:
        """Read what lives at a place of the 2-D map of the latent space, or where a sentence lies on it.

        Args:
            x: Coordinate of the place.
            y: Its other coordinate.
            projection: "umap2" (an empty place is the mean of the nearest latents) or "pca2" (exact).
            a: A sentence, or "z:" and a latent, to look at instead of a place.
            off_plane: For "pca2": "mean", or "a" to look at the place with all other dimensions as `a` has them.
            neighbours: Nearest points of the map to return, 1 to 50.
            checkpoint: As in `translate`.
            beta: As in `translate`, of `a`; the map is of the recommended rate.

        Returns:
            `texts` by language, the latent `z`, `where` it lies by projection, the `distance` to the nearest point in
            units of the usual spacing, `neighbours` (`index` on the map, `cosine`), and `python`.
        """
        at = () if a and off_plane != "a" else (x, y)
        first = point_of(a) if a else START[0]
        question = Spot(first, START[1], checkpoint, projection, at=at, off_plane=off_plane, k=neighbours, beta=beta)
        return or_error(lambda: asdict(service.ask(question)))

    def place(
        lines: list[str],
        fit: bool = Place.fit,
        n_neighbors: int = Place.n_neighbors,
        min_dist: float = Place.min_dist,
        checkpoint: str = Place.checkpoint,
        beta: float | None = Place.beta,
    ) -> dict:
        """Place sentences on the map of the latent space, or fit a UMAP of them alone.

        Args:
            lines: Up to 2,000 sentences, in any language of the checkpoint; 10 or more for a map of their own.
            fit: Fit a map of their own; this takes half a minute or more.
            n_neighbors: UMAP's, 2 to 100; only with `fit`.
            min_dist: UMAP's, 0 to 0.99; only with `fit`.
            checkpoint: As in `translate`.
            beta: As in `translate`.

        Returns:
            `where`: by projection, the coordinates of each sentence; `languages` as detected; `nearest` point of the map
            and its `cosines`; with `fit`, `about`: the parameters.
        """
        question = Place(tuple(lines), checkpoint, fit, n_neighbors, min_dist, beta)
        return or_error(lambda: asdict(service.ask(question)))

    add_endpoint(map_, "map")
    add_endpoint(place, "place")
