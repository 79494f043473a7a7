"""The choices that a caller has in decoding, checked."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from vaegen.errors import UnusedOption, VaegenError, whole

METHODS = ("beam", "greedy", "sample")
CONTEXT = "source"  # what the decoder sees where nobody says otherwise; `CONTEXTS` of the model has both
# A beam costs memory and time in proportion to its square; beyond these, n ** a and log p / T leave the range of a float.
WHOLE = {"num_beams": 1, "n_best": 1, "max_length": 1, "top_k": 0, "n_alternatives": 0}  # and the least of each
REAL = ("length_penalty", "temperature", "top_p")
ONLY_SAMPLED = ("temperature", "top_k", "top_p")
MAX_BEAMS, MAX_LENGTH_PENALTY, MIN_TEMPERATURE = 100, 20, 1e-6


@dataclass(frozen=True)
class DecodingOptions:
    """How to choose the words.

    Attributes:
        method: `beam`, `greedy` or `sample`.
        num_beams: Open hypotheses per sentence in beam search; 1 is greedy.
        length_penalty: a in score = log_prob / n_tokens ** a. 0 ranks by probability, which favours short sentences;
            1 by the mean over tokens, the end included.
        n_best: Hypotheses returned per sentence: the best of the beam, or this many samples.
        temperature: Sampling: below 1 sharpens, above 1 flattens.
        top_k: Sampling: only among this many tokens (0: all).
        top_p: Sampling: only among the most probable tokens that together hold this much probability.
        max_length: Most tokens of a hypothesis, the end included; None leaves it to the caller's limit.
        n_alternatives: Most probable tokens reported at each step (0: none).

    Source: top-p is Holtzman et al. 2020, arXiv 1904.09751.
    """

    method: str = "beam"
    num_beams: int = 5
    length_penalty: float = 1.0
    n_best: int = 1
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    max_length: int | None = None
    n_alternatives: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise VaegenError(
                "There is no decoding method {method}; choose one of {methods}.",
                method=repr(self.method),
                methods=", ".join(METHODS),
            )
        for name, least in WHOLE.items():
            if (value := getattr(self, name)) is not None or name != "max_length":
                object.__setattr__(self, name, whole(name, value, least))
        for name in REAL:
            value = getattr(self, name)
            if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
                raise VaegenError("{name}={value}: give a number.", name=name, value=f"{value!r:.60}")
            object.__setattr__(self, name, float(value))
        if self.num_beams > MAX_BEAMS:
            raise VaegenError(
                "num_beams={num_beams}: give at most {most}; 5 to 10 are usual.",
                num_beams=str(self.num_beams),
                most=MAX_BEAMS,
            )
        if not MIN_TEMPERATURE <= self.temperature < float("inf"):
            raise VaegenError(
                "temperature={temperature}: give a number over 0; for the likeliest words use 'greedy'.",
                temperature=self.temperature,
            )
        if not 0.0 < self.top_p <= 1.0:
            raise VaegenError("top_p={top_p}: give a number over 0 and up to 1.", top_p=self.top_p)
        if not abs(self.length_penalty) <= MAX_LENGTH_PENALTY:
            raise VaegenError(
                "length_penalty={length_penalty}: give a number from -{most} to {most}; usual ones are from 0 to 2.",
                length_penalty=self.length_penalty,
                most=MAX_LENGTH_PENALTY,
            )
        if self.method == "beam" and self.n_best > 1 and self.max_length == 1:
            raise VaegenError(
                "n_best={n_best} with max_length=1: only the empty sentence is that short; give max_length=2 or more.",
                n_best=str(self.n_best),
            )
        most = {"beam": self.num_beams, "greedy": 1, "sample": self.n_best}[self.method]
        if self.n_best > most:
            raise VaegenError(
                "n_best={n_best}: {method} finds only {most}; raise num_beams or use 'sample'.",
                n_best=str(self.n_best),
                method=self.method,
                most=most,
            )

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> DecodingOptions:
        """Returns the options of these names; warns of those that make no difference.

        Raises:
            VaegenError: If one is unknown, or its value is out of range.
        """
        known = [field.name for field in fields(cls)]
        if unknown := [name for name in options if name not in known]:
            raise VaegenError(
                "There is no option {unknown} here; decoding has {known}.",
                unknown=", ".join(unknown),
                known=", ".join(known),
            )
        found = cls(**options)
        idle = [name for name in ONLY_SAMPLED if found.method != "sample" and name in options]
        if idle:
            said = f"{', '.join(idle)}: without effect where words are not sampled; give method='sample'."
            warnings.warn(said, UnusedOption, stacklevel=4)
        return found

    def score(self, log_prob: float, n_tokens: int) -> float:
        """Returns log_prob / n_tokens ** length_penalty, by which hypotheses are ranked."""
        return log_prob / n_tokens**self.length_penalty
