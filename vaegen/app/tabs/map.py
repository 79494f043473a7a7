"""The tab with the map of the latent space."""

from __future__ import annotations

from typing import Any

from vaegen.app.page import add_view
from vaegen.app.questions.map import Spot
from vaegen.app.questions.map_own import Place
from vaegen.app.service import Question, Service
from vaegen.app.settings import choice, number, whole
from vaegen.errors import VaegenError
from vaegen.latent.atlas import PROJECTIONS
from vaegen.latent.paths import METHODS

SETTINGS = {
    "projection": choice(Spot, "projection", tuple(PROJECTIONS)),
    "off_plane": choice(Spot, "off_plane", ("mean", "a")),
    "k": whole(Spot, "k", 3, 30),
    "method": choice(Spot, "method", METHODS),
    "n_neighbors": whole(Place, "n_neighbors", 2, 50),
    "min_dist": number(Place, "min_dist", 0.0, 0.9),
}


def build(service: Service) -> None:
    """Puts the tab on the page that is being built."""
    add_view(service, "map", question)


def question(data: dict[str, Any]) -> Question[Any]:
    """Returns what the page asks: where lines belong, or what lives at a spot."""
    checkpoint = str(data.get("checkpoint") or "")
    lines = data.get("lines")
    if lines is not None:
        if not isinstance(lines, list):
            raise VaegenError("These are no lines; type or choose some sentences, one a line.")
        neighbours, distance = data.get("n_neighbors", Place.n_neighbors), data.get("min_dist", Place.min_dist)
        return Place(tuple(lines), checkpoint, bool(data.get("fit")), neighbours, distance, data.get("beta"))
    spot = data.get("spot")
    spot = spot if isinstance(spot, dict) else {}
    at, blend = spot.get("at") or (), spot.get("blend") or ()
    if not isinstance(at, (list, tuple)) or not isinstance(blend, (list, tuple)) or any(len(one) != 2 for one in blend):
        raise VaegenError("This is no place of the map; click on the map again.")
    return Spot(
        data.get("a"),  # type: ignore[arg-type]
        data.get("b"),  # type: ignore[arg-type]
        checkpoint,
        data.get("projection", Spot.projection),
        spot.get("index", Spot.index),
        tuple(at),
        data.get("off_plane", Spot.off_plane),
        tuple((text, weight) for text, weight in blend),
        data.get("k", Spot.k),
        data.get("method", Spot.method),
        data.get("beta"),
    )
