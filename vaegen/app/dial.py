"""What the page is told of a checkpoint's dial: the recommended rate, and what was measured at others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vaegen.app.service import Service
from vaegen.model.companions import companion

FIGURES = "latent.json"  # made by `vaegen evaluate --latent`
SHOWN = ("beta", "kl", "recon")  # of a row; nats per sentence


def dial_of(service: Service, checkpoint: str) -> dict[str, Any] | None:
    """Returns the recommended beta of a checkpoint as `usual`, and `measured`: by growing beta, its KL and reconstruction.

    And `line`: what a language model spends on the same sentences, in nats; None where there is none.

    None for a checkpoint without a dial.
    """
    usual = service.default_beta(checkpoint)
    if usual is None:
        return None
    measured, line = service.beside(load_measured, checkpoint), service.beside(limit_of, checkpoint)
    return {"usual": usual, "measured": measured or [], "line": line}


def load_measured(folder: Path | None) -> list[dict[str, float]] | None:
    """Returns what was measured at several rates of the checkpoint in a folder; None where nothing was.

    Raises:
        VaegenError: If the file is damaged or of other weights.
    """

    def read(path: Path) -> tuple[list[dict[str, float]], str]:
        figures = json.loads(path.read_text(encoding="utf-8"))
        rows = figures.get("rates", {}).get("rows", [])
        measured = [{name: float(row[name]) for name in SHOWN} for row in rows if "beta" in row]
        return sorted(measured, key=lambda row: row["beta"]), figures.get("weights", "")

    return companion(folder, FIGURES, read, "`vaegen evaluate --latent`")


def limit_of(folder: Path | None) -> float | None:
    """Returns what a language model spends on the sentences that a checkpoint's rates were measured on, in nats a sentence.

    None where there is none, and of a checkpoint without a dial.

    Raises:
        VaegenError: If the file is damaged or of other weights.
    """

    def read(path: Path) -> tuple[float | None, str]:
        figures = json.loads(path.read_text(encoding="utf-8"))
        rates = figures.get("rates", {})
        line = rates.get("language_model_nats") if any("beta" in row for row in rates.get("rows", [])) else None
        return None if line is None else float(line), figures.get("weights", "")

    return companion(folder, FIGURES, read, "`vaegen evaluate --latent`")
