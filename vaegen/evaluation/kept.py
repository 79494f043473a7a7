"""What was measured before stays: figures are put together by corpus and direction, and more sentences outweigh fewer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vaegen.writing import write_json

UNFINISHED = "evaluation.unfinished.json"
Figures = dict[str, Any]


class Measured:
    """The directions that a measurement has done; cut off, it goes on behind them.

    Args:
        folder: Where the figures go; None: nothing is kept.
        about: What the figures depend on; begun with something else, they are measured again.
    """

    def __init__(self, folder: Path | None, about: Figures) -> None:
        self._path = folder / UNFINISHED if folder is not None else None
        self._about, self.found = json.loads(json.dumps(about)), dict[str, Figures]()
        if self._path is not None and self._path.is_file():
            try:
                before = json.loads(self._path.read_text(encoding="utf-8"))
                self.found = before["found"] if before["about"] == self._about else {}
            except (ValueError, KeyError, TypeError):  # not ours, or damaged
                pass

    def get(self, name: str, measure: Callable[[], Figures]) -> Figures:
        """Returns the figures of this name, measured unless they are there."""
        if name not in self.found:
            self.found[name] = measure()
            if self._path is not None:
                write_json(self._path, {"about": self._about, "found": self.found})
        return self.found[name]

    def remove(self) -> None:
        """Forgets what is kept, once the figures are in their place."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def merged(metrics: Figures, new: Figures, say: Callable[[str], None]) -> Figures:
    """Returns a checkpoint's metrics with a new evaluation in them.

    The first split that was measured stays as `evaluation`; others, and other beams, stand in `other_evaluations`, by what
    they are of. Directions measured on fewer sentences than before are not replaced, which is told.
    """
    old = metrics.get("evaluation")
    others: dict[str, Figures] = metrics.get("other_evaluations", {})
    if not old or key_of(old) == key_of(new) or old.get("weights", new["weights"]) != new["weights"]:
        return {**metrics, "evaluation": joined(old, new, say)}
    return {**metrics, "other_evaluations": {**others, key_of(new): joined(others.get(key_of(new)), new, say)}}


def key_of(evaluation: Figures) -> str:
    """Returns what an evaluation is of: corpus, split and beam."""
    return f"{evaluation['split']}, beam {evaluation['num_beams']}"


def joined(old: Figures | None, new: Figures, say: Callable[[str], None]) -> Figures:
    """Returns two evaluations of the same split as one; of other weights nothing is taken over."""
    if not old or old.get("weights", new["weights"]) != new["weights"]:
        return new
    result, kept = {**old, **new}, False
    for part, size in (("translation", _sentences), ("latent", lambda scores: scores.get("n", 0))):
        if part not in old or part not in new:
            continue
        result[part] = {**old[part], **new[part]}
        for name in old[part].keys() & new[part].keys():
            before, now = size(old[part][name]), size(new[part][name])
            if before > now:
                say(f"{part} {name}: kept as it was, on {before:,} sentences; now it was {now:,}")
                result[part][name], kept = old[part][name], True
    if "tasks" in old and "tasks" in new and (before := _rows(old)) > (now := _rows(new)):
        say(f"tasks: kept as they were, on {before:,} sentences; now it was {now:,}")
        result["tasks"], kept = old["tasks"], True
    if kept or (old.get("translation", {}).keys() - new.get("translation", {}).keys()):
        result["command"] = old["command"]
    return result


def _sentences(scores: Figures) -> int:
    return max((score.get("n", 0) for score in scores.values()), default=0)


def _rows(evaluation: Figures) -> int:
    return sum(row[1] for table in evaluation["tasks"] for row in table["rows"] if isinstance(row[1], int))
