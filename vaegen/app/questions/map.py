"""The map of the latent space: what lies on it, what lives where one points, and where a sentence belongs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vaegen.app.questions.checks import (
    check_beta,
    check_checkpoint,
    check_choice,
    check_number,
    check_sentence,
    check_whole,
)
from vaegen.app.questions.points import (
    Point,
    at_rate,
    latent_of,
    point,
    python_of,
    python_rate,
    python_start,
    source_language,
)
from vaegen.errors import VaegenError
from vaegen.latent.atlas import PROJECTIONS
from vaegen.latent.codes import pack
from vaegen.text.tags import targets_for

N_PATH = 11  # places of the walk from A to B
MAX_NEIGHBOURS, MAX_BLEND = 50, 20


@dataclass(frozen=True)
class Spot:
    """Asks what lives at a place of the map, or at A, and where A and B lie.

    Attributes:
        a: The current sentence.
        b: The sentence that a walk is drawn to.
        checkpoint: Name of a checkpoint.
        projection: One of `PROJECTIONS`; where `at` is.
        index: Of a point of the map to look at; -1 for none.
        at: An empty place of the map to look at; () for none.
        off_plane: For a place of a PCA map, which is a plane of the latent space: "mean" or "a", whose other coordinates
            the latent takes.
        blend: Sentences and weights whose mean latent to look at: an empty place of a map of one's own sentences.
        k: Neighbours to return.
        method: Of the walk from A to B: "slerp" (an arc) or "lerp" (a straight line).
        beta: The rate of the sentences, for a checkpoint with a dial, 0.003 to 1; None: the recommended one, which is that
            of the map.
    """

    a: Point
    b: Point
    checkpoint: str = ""
    projection: str = "umap2"
    index: int = -1
    at: tuple[float, ...] = ()
    off_plane: str = "mean"
    blend: tuple[tuple[str, float], ...] = ()
    k: int = 8
    method: str = "slerp"
    beta: float | None = None

    def checked(self, checkpoints: Sequence[str]) -> Spot:
        """Returns the question with clean values.

        Raises:
            VaegenError: If one is refused.
        """
        projection = check_choice("map", self.projection, PROJECTIONS)
        if self.at and len(self.at) != PROJECTIONS[projection]:
            raise VaegenError(
                "The place has {n} coordinates; this map has {axes}.", n=len(self.at), axes=PROJECTIONS[projection]
            )
        if len(self.blend) > MAX_BLEND:
            raise VaegenError("{n} sentences are to be mixed; take at most {most}.", n=len(self.blend), most=MAX_BLEND)
        return Spot(
            point(self.a),
            point(self.b),
            check_checkpoint(self.checkpoint, checkpoints),
            projection,
            check_whole("The point's number", self.index, -1, 10**6),
            tuple(check_number("A coordinate", value, -1e6, 1e6) for value in self.at),
            check_choice("way off the plane", self.off_plane, ("mean", "a")),
            tuple((check_sentence(text), check_number("A weight", weight, 1e-9, 1e9)) for text, weight in self.blend),
            check_whole("The number of neighbours", self.k, 1, MAX_NEIGHBOURS),
            check_choice("way from A to B", self.method, ("slerp", "lerp")),
            check_beta(self.beta),
        )

    def answers(self, model: Any) -> Iterator[SpotAnswer]:
        """Yields what is there, once."""
        self = at_rate(self, model)
        here = model.map()
        # The latent of A and the walk to B are the same for every click until A, B or the rate changes.
        a, path = here.remembered((self.a, self.b, self.method, self.beta), lambda: self._walk(model, here))
        z, how = self._latent(model, here, a)
        where = {name: places[0] for name, places in here.place(z[None]).items()}
        if self.at:
            where[self.projection] = np.asarray(self.at)
        languages = list(targets_for(model.tags, source_language(model, self.a)))
        beta = self._rate(how)
        texts = model.decode(np.stack([z] * len(languages)), languages, num_beams=1, avoid_loops=True, beta=beta)
        yield SpotAnswer(
            how,
            dict(zip(languages, texts, strict=True)),
            pack(z),
            {name: _numbers(value) for name, value in where.items()},
            round(here.atlas.distance(self.projection, where[self.projection]), 3),
            tuple(Neighbour(near.index, round(near.cosine, 4)) for near in here.nearest(z[None], self.k)[0]),
            path,
            beta,
            self._python(how, languages),
        )

    def _rate(self, how: str) -> float | None:
        """The rate of the latent that is looked at: a sentence's, or the map's own."""
        is_sentence = how in ("a", "blend") or (how == "plane" and self.off_plane == "a")
        return self.beta if is_sentence else None

    def _walk(self, model: Any, here: Any) -> tuple[np.ndarray, dict[str, tuple[tuple[float, ...], ...]]]:
        """The latent of A, and the places of the walk to B."""
        first, last = (latent_of(model, where, self.beta) for where in (self.a, self.b))
        places = here.place(model.path(first, last, N_PATH, self.method))
        return first, {name: tuple(_numbers(row) for row in rows) for name, rows in places.items()}

    def _latent(self, model: Any, here: Any, a: np.ndarray) -> tuple[np.ndarray, str]:
        """The latent to look at, (M, Z), and what it is: "a", "point", "plane", "mean" or "blend"."""
        if self.blend:
            texts, weights = zip(*self.blend, strict=True)
            z = model.encode(list(texts), beta=self.beta).mode.cpu().numpy()
            return np.average(z, axis=0, weights=weights).astype(np.float32), "blend"
        if self.index >= 0:
            return here.latent(self.index), "point"
        if not self.at:
            return a, "a"
        how = "mean" if self.projection in here.atlas.coordinates else "plane"
        return here.latent_at(self.at, self.projection, a if self.off_plane == "a" else None), how

    def _python(self, how: str, languages: list[str]) -> str:
        lines = [*python_start(self.checkpoint, self.a), "here = pipeline.map()", *python_of(self.a, "a", beta=self.beta)]
        rest = ", rest=a" if how == "plane" and self.off_plane == "a" else ""
        at = f"z = here.latent_at({list(self.at)}, {self.projection!r}{rest})"
        lines += {
            "a": ["z = a"],
            "point": [f"z = here.latent({self.index})"],
            "mean": [at],
            "plane": [at],
            "blend": [
                f"texts, weights = {[text for text, _ in self.blend]!r}, {[weight for _, weight in self.blend]}",
                f"z = numpy.average(pipeline.encode(texts{python_rate(self.beta)}).mode.numpy(), axis=0, weights=weights)",
            ],
        }[how]
        options = f"num_beams=1, avoid_loops=True{python_rate(self._rate(how))}"
        lines += [
            f"stack = numpy.stack([z] * {len(languages)})",
            f"print(*pipeline.decode(stack, {languages!r}, {options}), sep='\\n')",
            f"for near in here.nearest(z[None], {self.k})[0]:",
            "    print(near.index, near.cosine, near.text)",
        ]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Neighbour:
    """A point of the map by number, and the cosine of its latent to the one that was asked about."""

    index: int
    cosine: float


@dataclass(frozen=True)
class SpotAnswer:
    """What lives somewhere in the latent space.

    Attributes:
        how: Where the latent comes from: "a" (the current sentence), "point" (a point of the map), "mean" (of the points
            near a place, since UMAP has no inverse), "plane" (a place of a PCA map, exactly), "blend" (a mean of sentences).
        texts: How it reads, by language.
        z: The latent (`codes.pack`).
        where: Its place by projection.
        distance: From there to the nearest point of the map, in units of the median distance between neighbours.
        neighbours: The nearest points of the map by cosine, nearest first.
        path: Places of the walk from A to B in the latent space, by projection: the first is A, the last is B.
        beta: The rate that the latent was made at; None: the recommended one.
        python: Calls that reproduce it.
        kind: Says which of the map's answers this is.
        seconds: Time taken.
        avoided: Sentences that were led around a sensitive word.
    """

    how: str
    texts: dict[str, str]
    z: str
    where: dict[str, tuple[float, ...]]
    distance: float
    neighbours: tuple[Neighbour, ...]
    path: dict[str, tuple[tuple[float, ...], ...]]
    beta: float | None = None
    python: str = ""
    kind: str = "map"
    seconds: float = 0.0
    avoided: int = 0


def _numbers(values: np.ndarray) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)
