"""How likely an answer is wrong, from what the model itself shows: it knows when it does not know.

Six signals of a text and its translation go through a logistic regression that `vaegen.artifacts.unsure` fitted on held-out
text; it lies beside the weights. A raw probability of the model is no such thing: it is sure of much that is wrong.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vaegen.model.companions import companion
from vaegen.model.posterior import DiagonalGaussian
from vaegen.pipeline.outputs import Translation
from vaegen.writing import write_text

FILE = "unsure.json"
MAKER = "`vaegen unsure`"
SIGNALS = (
    "mean_log_prob",  # of the tokens of the translation, the end included; nats
    "least_log_prob",  # of its least likely token
    "share_below_half",  # of its tokens that had a probability below 0.5
    "rare",  # share of the source's sub-words that training hardly had
    "distance",  # log of the mean squared distance of mu to the aggregate posterior, in its standard deviations
    "log_length",  # of the source, in tokens
)


@dataclass(frozen=True)
class Unsure:
    """A fitted regression.

    Attributes:
        coefficients: One for each signal, of standardised signals.
        bias: Its constant.
        centre: Mean of each signal in the text that it was fitted on.
        scale: Standard deviation of each.
        rare: Which sub-words count as rare, (V,) bits, packed and in base64.
        mean: Of the aggregate posterior, (M * Z,).
        std: Of the aggregate posterior, (M * Z,).
        threshold: Probability from which on an answer is called unsure.
        about: What it was fitted and tested on, what was measured, hash of the weights.
    """

    coefficients: tuple[float, ...]
    bias: float
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    rare: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    threshold: float
    about: dict[str, Any] = field(default_factory=dict)

    def probability(self, signals: np.ndarray) -> np.ndarray:
        """Returns the probability that each answer is wrong, (N,), for its signals (N, 6)."""
        z = (signals - np.asarray(self.centre)) / np.asarray(self.scale) @ np.asarray(self.coefficients) + self.bias
        return 1.0 / (1.0 + np.exp(-z))

    def signals(
        self, sources: Sequence[Sequence[int]], posterior: DiagonalGaussian, translations: Sequence[Translation]
    ) -> np.ndarray:
        """Returns the signals (N, 6) of translations, with the ids of their sources and the posteriors of these."""
        rare = np.unpackbits(np.frombuffer(base64.b64decode(self.rare), np.uint8)).astype(bool)
        mu = posterior.mu.flatten(1).cpu().numpy()
        distance = np.square((mu - np.asarray(self.mean)) / np.asarray(self.std)).mean(1)
        rows = []
        for ids, far, answer in zip(sources, distance, translations, strict=True):
            log_probs = answer.token_log_probs
            below = sum(p < math.log(0.5) for p in log_probs) / len(log_probs)
            seldom = float(rare[list(ids)].mean())
            mean = sum(log_probs) / len(log_probs)
            rows.append((mean, min(log_probs), below, seldom, math.log(far + 1e-6), math.log(len(ids))))
        return np.asarray(rows)

    def save(self, folder: Path) -> None:
        """Writes `unsure.json` beside the weights."""
        write_text(folder / FILE, json.dumps(asdict(self)) + "\n")


def load_unsure(folder: Path | None) -> Unsure | None:
    """Returns what lies beside a checkpoint's weights; None where nothing does.

    Raises:
        VaegenError: If the file is damaged or of other weights.
    """

    def read(path: Path) -> tuple[Unsure, str | None]:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        values |= {key: tuple(value) for key, value in values.items() if isinstance(value, list)}
        found = Unsure(**values)
        if not len(found.coefficients) == len(found.centre) == len(found.scale) == len(SIGNALS):
            raise ValueError(f"{len(found.coefficients)} coefficients for {len(SIGNALS)} signals")
        return found, found.about.get("weights")

    return companion(folder, FILE, read, MAKER)
