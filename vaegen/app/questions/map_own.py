"""A visitor's own sentences on the map: placed on the one that is there, or a new one fitted to them alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vaegen.app.questions.checks import check_beta, check_checkpoint, check_line, check_number, check_whole
from vaegen.app.questions.points import at_rate, python_rate, python_start
from vaegen.errors import VaegenError
from vaegen.latent.atlas import fit_atlas
from vaegen.latent.projection import MIN_DIST, N_NEIGHBORS

MAX_LINES, MIN_FIT = 2000, 10
CHUNK = 100  # sentences encoded between two reports
FEW_LINES = "There are {n} sentences; a map of their own takes {least} or more."
NO_LINES = "There are no sentences; type or choose some, one a line."
_FITTING = threading.BoundedSemaphore(1)  # UMAP takes a whole core


@dataclass(frozen=True)
class Place:
    """Asks where sentences belong on the map, or with `fit`, for a map of them alone.

    Attributes:
        lines: The sentences; empty ones are left out.
        checkpoint: Name of a checkpoint.
        fit: Whether to fit a UMAP of their own.
        n_neighbors: UMAP's: how many neighbours a sentence is kept close to; few show detail, many the whole.
        min_dist: UMAP's: how close points may come.
        beta: The rate of the sentences, as in `Spot`.
    """

    lines: tuple[str, ...]
    checkpoint: str = ""
    fit: bool = False
    n_neighbors: int = N_NEIGHBORS
    min_dist: float = MIN_DIST
    beta: float | None = None

    @property
    def is_long(self) -> bool:
        """Whether it takes seconds."""
        return self.fit or len(self.lines) > CHUNK

    def checked(self, checkpoints: Sequence[str]) -> Place:
        """Returns the question with clean values.

        Raises:
            VaegenError: If one is refused.
        """
        if len(self.lines) > MAX_LINES:
            raise VaegenError(
                "There are {n} lines; up to {most} fit. Take a part of the file.", n=len(self.lines), most=MAX_LINES
            )
        lines = tuple(line for line in map(check_line, self.lines) if line)
        least = MIN_FIT if self.fit else 1
        if len(lines) < least:
            raise VaegenError(FEW_LINES if self.fit else NO_LINES, n=len(lines), least=least)
        return Place(
            lines,
            check_checkpoint(self.checkpoint, checkpoints),
            bool(self.fit),
            check_whole("n_neighbors", self.n_neighbors, 2, 100) if self.fit else N_NEIGHBORS,
            check_number("min_dist", self.min_dist, 0.0, 0.99) if self.fit else MIN_DIST,
            check_beta(self.beta),
        )

    def answers(self, model: Any) -> Iterator[PlaceAnswer]:
        """Yields the answer as it grows."""
        self = at_rate(self, model)
        chunks = []
        for i in range(0, len(self.lines), CHUNK):
            part = self.lines[i : i + CHUNK]
            chunks.append(model.encode(list(part), beta=self.beta).mode.cpu().numpy())
            yield PlaceAnswer(self.fit, self.lines, progress=(i + len(part)) / len(self.lines), stage="encode")
        z = np.concatenate(chunks)
        languages = tuple(model.detect_language(line) for line in self.lines)
        if self.fit:
            yield from self._fitted(z, languages)
            return
        here = model.map()
        nearest = [near for (near,) in here.nearest(z, 1)]
        yield PlaceAnswer(
            False,
            self.lines,
            languages,
            {name: _rows(places) for name, places in here.place(z).items()},
            tuple(near.index for near in nearest),
            tuple(round(near.cosine, 4) for near in nearest),
            is_complete=True,
            stage="done",
            progress=1.0,
            python=self._python(),
        )

    def _fitted(self, z: np.ndarray, languages: tuple[str, ...]) -> Iterator[PlaceAnswer]:
        while not _FITTING.acquire(blocking=False):
            yield PlaceAnswer(True, self.lines, stage="wait", pause=0.5)
        try:
            for step in fit_atlas(z.reshape(len(z), -1), self.n_neighbors, self.min_dist):
                if isinstance(step, float):
                    yield PlaceAnswer(True, self.lines, progress=step, stage="fit", pause=0.25)
                else:
                    own = step
        finally:
            _FITTING.release()
        places = {name: _rows(rows) for name, rows in own.places.items()}
        done = PlaceAnswer(True, self.lines, languages, places, about=own.about, python=self._python())
        yield replace(done, stage="done", progress=1.0, is_complete=True)

    def _python(self) -> str:
        shown = list(self.lines[:20])
        texts = f"texts = {shown!r}" + ("  # and so on" if len(self.lines) > len(shown) else "")
        lines, rate = [*python_start(self.checkpoint), texts], python_rate(self.beta)
        if self.fit:
            how = f"n_neighbors={self.n_neighbors}, min_dist={self.min_dist}{rate}"
            lines += [f"own = pipeline.map(texts, {how})"]
            lines += ["print(own.places)"]
        else:
            lines += [f"print(pipeline.map().place(texts{rate}))"]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class PlaceAnswer:
    """Where sentences lie.

    Attributes:
        fit: Whether this is a map of their own.
        lines: The sentences.
        languages: The language of each, detected.
        where: By projection, the place of each; of a map of their own, only "umap2", "pca2" and "pca3".
        nearest: The nearest point of the shipped map to each, by cosine.
        cosines: That cosine.
        about: UMAP's parameters and the share of the variance in each principal component, for a map of their own.
        stage: "encode", "wait" (for another visitor's fit), "fit" or "done".
        progress: Of the stage, from 0 to 1.
        is_complete: Whether all is there.
        pause: Seconds to wait before asking for the next part.
        python: Calls that reproduce it.
        kind: Says which of the map's answers this is.
        seconds: Time taken.
    """

    fit: bool
    lines: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    where: dict[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    nearest: tuple[int, ...] = ()
    cosines: tuple[float, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)
    stage: str = "encode"
    progress: float = 0.0
    is_complete: bool = False
    pause: float = 0.0
    python: str = ""
    kind: str = "place"
    seconds: float = 0.0


def _rows(places: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(value), 4) for value in row) for row in places)
