"""The map of a latent space together with the pipeline that fills it: sentences on it, and latents for its places."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from vaegen.errors import VaegenError
from vaegen.latent.atlas import Atlas, load_picture
from vaegen.latent.projection import cosines

if TYPE_CHECKING:
    from vaegen.pipeline.latents import LatentSpace

MOST_REMEMBERED = 64


@dataclass(frozen=True)
class Neighbour:
    """A point of a map near a latent that was asked about.

    Attributes:
        index: Its number.
        cosine: Of its latent to that one.
        text: Its sentence; "" where only the latents were kept.
        language: That of the sentence, where the map says it.
        is_drawn: Whether the model drew it; else it is a caption that it has read.
    """

    index: int
    cosine: float
    text: str = ""
    language: str = ""
    is_drawn: bool = False


class Map:
    """A map of a pipeline's latent space.

    Where sentences are asked for, latents of shape (..., M, Z) may be given as well; `beta` is the rate at which sentences
    are encoded, as in `Pipeline.translate`. The map itself is of one rate, as a rule the recommended one.

    Attributes:
        atlas: The latents behind it and their places by projection: "umap2", "umap3", "pca2", "pca3".
    """

    def __init__(self, pipeline: LatentSpace, atlas: Atlas, texts: Sequence[str] | None = None) -> None:
        self.atlas, self._pipeline, self._texts = atlas, pipeline, texts
        self._remembered: OrderedDict[Hashable, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self.atlas.latents)

    @property
    def places(self) -> dict[str, np.ndarray]:
        """Where its own points lie, by projection, (N, 2) or (N, 3)."""
        return self.atlas.places

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The sentence of each point; none where only the latents were kept."""
        if self._texts is not None:
            return tuple(self._texts)
        if (picture := self._picture) is None:
            return ()
        columns = [picture["texts"][code] for code in picture["languages"]]
        return tuple(columns[code][row] for row, code in zip(picture["group"], picture["language"], strict=True))

    @cached_property
    def _picture(self) -> dict[str, Any] | None:
        """What the page draws of the checkpoint's map; None for one of own sentences."""
        return None if self._texts is not None else load_picture(self._pipeline.folder)

    def place(self, what: str | Sequence[str] | np.ndarray, beta: float | None = None) -> dict[str, np.ndarray]:
        """Returns where sentences belong on the map, by projection, (n, 2) or (n, 3)."""
        return self.atlas.where(self._rows(what, beta))

    def nearest(
        self, what: str | Sequence[str] | np.ndarray, k: int = 8, beta: float | None = None
    ) -> list[list[Neighbour]]:
        """Returns for each sentence the k points of the map whose latents are nearest by cosine, nearest first."""
        return [
            [self._neighbour(int(i), float(row[i])) for i in np.argsort(-row)[:k]]
            for row in cosines(self._rows(what, beta), self.atlas.latents)
        ]

    def _neighbour(self, i: int, cosine: float) -> Neighbour:
        text = self.texts[i] if self.texts else ""
        if (picture := self._picture) is None:
            return Neighbour(i, cosine, text)
        language, is_drawn = picture["languages"][picture["language"][i]], picture["group"][i] >= picture["n_probes"]
        return Neighbour(i, cosine, text, language, is_drawn)

    def latent(self, index: int) -> np.ndarray:
        """Returns the latent of a point of the map, (M, Z).

        Raises:
            VaegenError: If there is no such point.
        """
        if not 0 <= index < len(self):
            raise VaegenError("There is no point {index}; this map has {n}, counted from 0.", index=index, n=len(self))
        return self.atlas.latents[index].reshape(self._pipeline.latent_shape)

    def latent_at(self, place: Sequence[float], projection: str = "umap2", rest: np.ndarray | None = None) -> np.ndarray:
        """Returns a latent for a place of the map, (M, Z).

        Args:
            place: Its two or three coordinates.
            projection: Of the map that they are read off.
            rest: For a PCA map, which is a plane of the latent space: the latent (M, Z) whose other coordinates are taken;
                None: the mean of all. See `Atlas.latent_at`.
        """
        rest = None if rest is None else np.asarray(rest, np.float32).ravel()
        return self.atlas.latent_at(np.asarray(place), projection, rest).reshape(self._pipeline.latent_shape)

    def remembered(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Returns what `make` gave for a key; the map forgets the oldest, and takes all with it when its model goes."""
        if key not in self._remembered:
            self._remembered[key] = make()
            while len(self._remembered) > MOST_REMEMBERED:
                self._remembered.popitem(last=False)
        return self._remembered[key]

    def _rows(self, what: str | Sequence[str] | np.ndarray, beta: float | None) -> np.ndarray:
        """Latents as rows, (n, M * Z)."""
        if isinstance(what, str) or (len(what) and isinstance(what[0], str)):
            return self._pipeline.encode(what, beta=beta).mode.flatten(1).cpu().numpy()  # type: ignore[arg-type]
        return np.asarray(what, np.float32).reshape(-1, self.atlas.latents.shape[1])
