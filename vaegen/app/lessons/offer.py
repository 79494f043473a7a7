"""Which lessons the checkpoints that are here can show, and which of them each lesson takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vaegen.app.dial import limit_of
from vaegen.app.lessons.documents import HERE, LANGUAGES, Lesson, Step, own_lessons, read_folder
from vaegen.app.lessons.measures import MEASURES
from vaegen.app.service import Service
from vaegen.latent.directions import load_directions
from vaegen.text.tags import CAPTION_LANGUAGES, kind_of, languages_of

Has = frozenset[str]
FITTED = "priors.safetensors"  # as in `vaegen.latent.priors`, whose import takes 2 s


def lessons_for(service: Service, folder: str | Path | None = None) -> dict[str, list[dict[str, Any]]]:
    """Returns the lessons by language of the interface, as the page reads them: ours, then those of a teacher's folder.

    Of ours, steps that no checkpoint here can show are left out. A lesson that cannot be shown has a `problem` instead of
    steps: what is needed, and for a teacher's own the file and the line.

    Raises:
        VaegenError: If a lesson of the folder cannot be read.
    """
    known = {name: facts_of(service, name) for name in service.checkpoints}
    own: Mapping[str, tuple[Lesson, ...]] = own_lessons(folder) if folder else {}
    found = {}
    for code in LANGUAGES:
        ours = [_offer(lesson, known, is_own=False) for lesson in read_folder(HERE / code)]
        found[code] = ours + [_offer(lesson, known, is_own=True) for lesson in own.get(code, ())]
    return found


def facts_of(service: Service, name: str) -> Has:
    """Returns what a checkpoint has of what lessons may need: of `measures.NEEDS`, and codes of languages that it writes."""
    folder = service.folder(name)
    if folder is None:  # from the Hub, not loaded yet: what every checkpoint of this project's kind has
        return frozenset(["latent", "two languages", "translations", *CAPTION_LANGUAGES])
    tags = service.tags(name)
    plain = languages_of(tags)
    directions = service.beside(load_directions, name)
    entries = directions.entries if directions else ()
    has = {
        "latent": _n_slots(folder) > 0,
        "dial": service.default_beta(name) is not None,
        "line": service.beside(limit_of, name) is not None,
        "priors": (folder / FITTED).is_file(),
        "directions": bool(entries),
        "captions": any(one.caption_effect is not None for one in entries),
        "translations": kind_of(tags) in ("translate", "chinese"),
        "two languages": len(plain) > 1,
    }
    return frozenset([*(key for key, value in has.items() if value), *plain])


def needs_of(step: Step) -> set[str]:
    """Returns what a step needs of a checkpoint: what its measure does, and what its page is set to."""
    needs = set(MEASURES[step.measure].needs)
    for state in (step.page, step.compare or {}):
        settings = state.get("settings", {})
        needs |= {"dial"} if state.get("beta", "usual") != "usual" else set()
        needs |= {"priors"} if settings.get("prior", "normal") != "normal" else set()
        needs |= {"directions"} if settings.get("moves") else set()
        if settings.get("context") == "latent":
            needs |= {"latent"}
    return needs


def _offer(lesson: Lesson, known: Mapping[str, Has], is_own: bool) -> dict[str, Any]:
    """A lesson with the checkpoint that can show most of it: the first of those."""
    spoken = {"translations", *(where["language"] for where in (lesson.sentence, lesson.second) if where)}
    able = {name: has for name, has in known.items() if spoken <= has}
    counts = {name: sum(needs_of(step) <= has for step in lesson.steps) for name, has in able.items()}
    best = max(counts, key=counts.__getitem__, default="")
    has = able.get(best, frozenset())
    data = {key: value for key, value in asdict(lesson).items() if key not in ("file", "sentence_line")}
    lacking = next((step for step in lesson.steps if not needs_of(step) <= has), None)
    if not able:
        return {**data, "steps": [], "checkpoint": "", "problem": _problem(lesson, spoken, lesson.sentence_line, is_own)}
    if lacking and (is_own or not counts[best]):
        problem = _problem(lesson, needs_of(lacking) - has, lacking.measure_line, is_own)
        return {**data, "steps": [], "checkpoint": "", "problem": problem}
    steps = [_step(step) for step in lesson.steps if needs_of(step) <= has]
    first = next(iter(known))
    return {**data, "steps": steps, "checkpoint": "" if best == first else best, "problem": None}


def _problem(lesson: Lesson, needs: Iterable[str], line: int, is_own: bool) -> dict[str, Any]:
    return {"needs": sorted(needs), "file": lesson.file if is_own else "", "line": line}


def _step(step: Step) -> dict[str, Any]:
    return {key: value for key, value in asdict(step).items() if not key.endswith("line")}


def _n_slots(folder: Path) -> int:
    """How many slots a checkpoint's latent has, without loading it."""
    try:
        return int(json.loads((folder / "config.json").read_text(encoding="utf-8"))["model"]["n_slots"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
