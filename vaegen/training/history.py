"""What a run was trained on from its first step on: resuming with other corpora or another command does not forget it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def parts_of(before: dict[str, Any], out: Path, step: int, corpora: str, command: str) -> list[dict[str, Any]]:
    """Returns the parts of a run: from which step on, on which corpora, by which command; the one that begins now is last.

    Args:
        before: What the run remembers; one of an earlier version has no parts, and its checkpoint knows the command.
        out: Its folder.
        step: Where it goes on.
        corpora: What it is trained on from now on, with their rates.
        command: What was typed.
    """
    parts = list(before.get("parts", []))
    if before and not parts:
        metrics = out / "checkpoint" / "metrics.json"
        told = json.loads(metrics.read_text(encoding="utf-8")).get("command") if metrics.is_file() else None
        parts = [{"from_step": 0, "corpora": before.get("corpora"), "command": told}]
    now = {"from_step": step, "corpora": corpora, "command": command}
    kept = [part for part in parts if part["from_step"] < step]  # what was begun later was never saved
    same = kept and all(kept[-1][key] == now[key] for key in ("corpora", "command"))
    return kept if same else [*kept, now]


def trained_on(metadata: dict[str, Any]) -> str:
    """Returns all corpora behind a checkpoint, those of the one that it was started from included."""
    parts = [metadata.get("corpora", ""), *(part.get("corpora") or "" for part in metadata.get("parts", []))]
    parts.append((metadata.get("started_from") or {}).get("corpora", ""))
    return ",".join(dict.fromkeys(name for part in parts for name in part.split(",") if name))
