"""What a run leaves in its folder: `state.pt`, everything needed to go on, and `metrics.jsonl`, its log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from vaegen.errors import VaegenError

STATE_FILE = "state.pt"
LOG_FILE = "metrics.jsonl"


def load_state(folder: str | Path) -> dict[str, Any]:
    """Returns the saved state of a run folder.

    Raises:
        VaegenError: If there is none or it cannot be read.
    """
    path = Path(folder) / STATE_FILE
    if not path.is_file():
        raise VaegenError(
            "There is nothing to resume in {folder}: no {state_file}. Start without --resume.",
            folder=folder,
            state_file=STATE_FILE,
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise VaegenError(
            "{path} cannot be read ({reason}); start again without --resume.", path=path, reason=error
        ) from error


def read_log(folder: str | Path) -> list[dict[str, Any]]:
    """Returns the records of a run's log, in their order; none without a log.

    A last line that was cut off, as a crash or a full disk leaves it, is left out.

    Raises:
        VaegenError: If another line is not valid.
    """
    path = Path(folder) / LOG_FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(json.loads(line))
        except ValueError as error:
            if number < len(lines):
                raise VaegenError(
                    "{path}:{number} is not valid JSON ({reason}); remove the line.", path=path, number=number, reason=error
                ) from error
    return records
