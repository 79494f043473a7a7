"""Reading lessons: front matter with the steps, and below it what one has seen. A mistake is told with its file and line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vaegen.app.lessons.measures import MEASURES, PARTS, VIEWS, Measure
from vaegen.app.settings import Setting
from vaegen.config import BETA_MAX, BETA_MIN
from vaegen.errors import VaegenError

HERE = Path(__file__).parent
LANGUAGES = ("en", "de", "fr", "cs", "zh")
RATES = ("low", "usual", "high")
MAX_BYTES = 100_000
KEYS = {
    "": ("title", "minutes", "about", "sentence", "second", "steps"),
    "sentence": ("text", "language"),
    "step": ("page", "compare", "text", "question", "choices", "measure", "outcomes"),
    "page": ("tab", "beta", "settings", "mark"),
    "compare": ("beta", "settings"),
    "outcome": ("below", "choice", "say"),
}
PATTERN = re.compile(r"---\n(.*?)\n---\n(.*)", re.DOTALL)
NAME = re.compile(r"(?:\d{1,4}-)?([a-z][a-z0-9-]{0,39})")
Place = tuple[Any, ...]


@dataclass(frozen=True)
class Step:
    """One step, as the page reads it; `line` is where it begins in its file, and `measure_line` its measure."""

    page: dict[str, Any]
    compare: dict[str, Any] | None
    text: str
    question: str
    choices: tuple[str, ...]
    measure: str
    outcomes: tuple[dict[str, Any], ...]
    line: int
    measure_line: int


@dataclass(frozen=True)
class Lesson:
    """One lesson in one language; `learned` is what stands below the front matter."""

    id: str
    file: str
    title: str
    minutes: int
    about: str
    learned: str
    sentence: dict[str, str]
    second: dict[str, str] | None
    steps: tuple[Step, ...]
    sentence_line: int


def own_lessons(folder: str | Path) -> dict[str, tuple[Lesson, ...]]:
    """Returns a teacher's lessons by language: files of the folder itself serve every language that has none of its own.

    Raises:
        VaegenError: If there is no lesson, one cannot be read, or it has the name of one that is there already.
    """
    folder = Path(folder)
    common = read_folder(folder)
    found = {code: read_folder(folder / code) for code in LANGUAGES}
    merged = {code: tuple({one.id: one for one in (*common, *found[code])}.values()) for code in LANGUAGES}
    if not any(merged.values()):
        raise VaegenError("The folder {folder} holds no lesson; docs/lessons.md says how to write one.", folder=folder)
    ours = {one.id for one in read_folder(HERE / "en")}
    for one in (one for lessons in merged.values() for one in lessons):
        if one.id in ours:
            raise VaegenError(
                "{file}, line 1: there is a lesson {name} already; give the file another name.", file=one.file, name=one.id
            )
    return merged


def read_folder(folder: Path) -> tuple[Lesson, ...]:
    """Returns the lessons of a folder in the order of their file names; () where there is no such folder.

    Raises:
        VaegenError: If one cannot be read.
    """
    return tuple(read_lesson(path) for path in sorted(folder.glob("*.md")) if path.name != "README.md")


def read_lesson(path: Path) -> Lesson:
    """Returns a lesson.

    Raises:
        VaegenError: With file and line, if something is missing, unknown or of a wrong kind.
    """
    return _Reader(path).lesson()


class _Reader:
    """One file: its values, all of them text as written, and the line of each."""

    def __init__(self, path: Path) -> None:
        self.file = path.name
        self.lines: dict[Place, int] = {}
        name = NAME.fullmatch(path.stem)
        if not name:
            raise VaegenError(
                "{file}, line 1: a lesson's file is named like 01-my-lesson.md; use small letters, digits and hyphens.",
                file=self.file,
            )
        self.id = name[1]
        try:
            raw = path.read_bytes()
            text = raw.decode("utf-8-sig").replace("\r\n", "\n")
        except (OSError, UnicodeDecodeError) as error:
            raise VaegenError(
                "{file}, line 1: it cannot be read as UTF-8: {reason}", file=self.file, reason=error
            ) from error
        parts = PATTERN.fullmatch(text)
        if not parts or len(raw) > MAX_BYTES:
            raise VaegenError(
                "{file}, line 1: a lesson begins with front matter between two lines of ---, and has {most} bytes at most.",
                file=self.file,
                most=MAX_BYTES,
            )
        self.learned = paragraphs(parts[2])
        try:
            node = yaml.compose(parts[1], yaml.BaseLoader)  # all values are text: a choice "No" is no `false`
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            raise VaegenError(
                "{file}, line {line}: this is no YAML: {reason}",
                file=self.file,
                line=mark.line + 2 if mark else 1,
                reason=getattr(error, "problem", None) or "unreadable",
            ) from error
        self.data = self._plain(node, ())

    def _plain(self, node: Any, path: Place) -> Any:
        """The values of a node of YAML; notes the line of each."""
        self.lines[path] = node.start_mark.line + 2 if node is not None else 1  # the first line is ---
        if isinstance(node, yaml.MappingNode):
            found: dict[str, Any] = {}
            for key, value in node.value:
                if key.value in found:
                    self.lines[(*path, key.value)] = key.start_mark.line + 2
                    raise VaegenError(
                        "{file}, line {line}: {key} stands here twice.", **self.at(*path, key.value), key=key.value
                    )
                found[key.value] = self._plain(value, (*path, key.value))
                self.lines[(*path, key.value)] = key.start_mark.line + 2
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(value, (*path, i)) for i, value in enumerate(node.value)]
        return node.value if node is not None else ""

    def at(self, *path: Any) -> dict[str, Any]:
        """File and line of a value, or of the nearest thing around it that is there."""
        while path not in self.lines:
            path = path[:-1]
        return {"file": self.file, "line": str(self.lines[path])}

    # -- Values of a kind
    def mapping(self, value: Any, kind: str, *path: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise VaegenError("{file}, line {line}: here belong {keys}.", **self.at(*path), keys=", ".join(KEYS[kind]))
        for key in value:
            if key not in KEYS[kind]:
                raise VaegenError(
                    "{file}, line {line}: {key} is unknown; here belong {keys}.",
                    **self.at(*path, key),
                    key=key,
                    keys=", ".join(KEYS[kind]),
                )
        return value

    def text(self, data: dict[str, Any], key: str, *path: Any) -> str:
        value = data.get(key)
        if not isinstance(value, str) or not value.strip():
            raise VaegenError("{file}, line {line}: {key} is missing, or no text.", **self.at(*path, key), key=key)
        return paragraphs(value)

    def items(self, data: dict[str, Any], key: str, least: int, *path: Any) -> list[Any]:
        value = data.get(key)
        if not isinstance(value, list) or len(value) < least:
            raise VaegenError(
                "{file}, line {line}: {key} has to be a list of {least} or more.",
                **self.at(*path, key),
                key=key,
                least=least,
            )
        return value

    def number(self, value: Any, low: float, high: float, *path: Any) -> float:
        try:
            found = float(value)
        except (TypeError, ValueError):
            found = float("nan")
        if not low <= found <= high:
            raise VaegenError(
                "{file}, line {line}: {key} is {given}; give a number from {low} to {high}.",
                **self.at(*path),
                key=path[-1],
                given=repr(value),
                low=f"{low:g}",
                high=f"{high:g}",
            )
        return int(found) if found.is_integer() else found

    def one_of(self, value: Any, known: Any, what: str, *path: Any) -> str:
        if value not in known:
            raise VaegenError(
                "{file}, line {line}: the {what} {given} is unknown; take one of {known}.",
                **self.at(*path),
                what=what,
                given=repr(value),
                known=", ".join(known),
            )
        return str(value)

    # -- The parts of a lesson
    def lesson(self) -> Lesson:
        data = self.mapping(self.data, "")
        if not self.learned:
            raise VaegenError("{file}, line 1: below the front matter belongs what one has seen.", file=self.file)
        steps = self.items(data, "steps", 1)
        return Lesson(
            self.id,
            self.file,
            self.text(data, "title"),
            int(self.number(data.get("minutes"), 1, 60, "minutes")),
            self.text(data, "about"),
            self.learned,
            self.sentence(data, "sentence"),
            self.sentence(data, "second") if "second" in data else None,
            tuple(self.step(step, "steps", i) for i, step in enumerate(steps)),
            self.lines[("sentence",)],
        )

    def sentence(self, data: dict[str, Any], key: str) -> dict[str, str]:
        found = self.mapping(data.get(key), "sentence", key)
        return {name: self.text(found, name, key) for name in KEYS["sentence"]}

    def step(self, data: Any, *path: Any) -> Step:
        data = self.mapping(data, "step", *path)
        name = self.one_of(data.get("measure"), MEASURES, "measure", *path, "measure")
        measure = MEASURES[name]
        page = self.page(data.get("page"), *path, "page")
        compare = self.compare(data["compare"], page["tab"], *path, "compare") if "compare" in data else None
        self.suits(name, measure, page, compare, *path, "measure")
        choices = tuple(
            self.text({"choice": value}, "choice", *path, "choices", i)
            for i, value in enumerate(self.items(data, "choices", 2, *path))
        )
        return Step(
            page,
            compare,
            self.text(data, "text", *path),
            self.text(data, "question", *path),
            choices,
            name,
            self.outcomes(data, len(choices), measure, *path),
            self.lines[path],
            self.lines[(*path, "measure")],
        )

    def page(self, data: Any, *path: Any) -> dict[str, Any]:
        data = self.mapping(data, "page", *path)
        tab = self.one_of(data.get("tab"), VIEWS, "view", *path, "tab")
        mark = self.one_of(data["mark"], PARTS.get(tab, ()), "part", *path, "mark") if "mark" in data else ""
        return {"tab": tab, "mark": mark, **self.state(data, tab, *path)}

    def compare(self, data: Any, tab: str, *path: Any) -> dict[str, Any]:
        return self.state(self.mapping(data, "compare", *path), tab, *path)

    def state(self, data: dict[str, Any], tab: str, *path: Any) -> dict[str, Any]:
        """A rate and the settings of a view."""
        beta = data.get("beta", "usual")
        if beta not in RATES:
            beta = self.number(beta, BETA_MIN, BETA_MAX, *path, "beta")
        settings = data.get("settings", {})
        if not isinstance(settings, dict):
            settings = {"": ""}
        for key in settings:
            self.one_of(key, VIEWS[tab], "setting", *path, "settings", key)
        made = {key: self.setting(value, VIEWS[tab][key], *path, "settings", key) for key, value in settings.items()}
        return {"beta": beta, "settings": made}

    def setting(self, value: Any, rule: Setting, *path: Any) -> Any:
        if rule["kind"] == "moves":
            moves = value if isinstance(value, dict) else {"": value}
            return {str(self.whole(key, 0, 999, *path)): self.number(sd, -3, 3, *path) for key, sd in moves.items()}
        if rule["kind"] == "number":
            return self.number(value, rule["low"], rule["high"], *path)
        if rule["kind"] == "whole":
            return self.whole(value, rule["low"], rule.get("high", 999_999), *path)
        if rule["kind"] == "choice":
            return self.one_of(value, rule["choices"], "value", *path)
        if rule["kind"] == "flag":
            return self.one_of(value, ("true", "false"), "value", *path) == "true"
        if rule["kind"] == "tags":
            return [str(tag) for tag in self.items({path[-1]: value}, path[-1], 1, *path[:-1])]
        return self.text({path[-1]: value}, path[-1], *path[:-1])

    def whole(self, value: Any, low: float, high: float, *path: Any) -> int:
        found = self.number(value, low, high, *path)
        if not isinstance(found, int):
            raise VaegenError(
                "{file}, line {line}: {key} is {given}; give a whole number.", **self.at(*path), key=path[-1], given=value
            )
        return found

    def suits(self, name: str, measure: Measure, page: dict[str, Any], compare: Any, *path: Any) -> None:
        """Refuses a measure that this page has no figure for."""
        if measure.tab != page["tab"]:
            raise VaegenError(
                "{file}, line {line}: the measure {name} is taken in the view {right}, the step opens {tab}.",
                **self.at(*path),
                name=name,
                right=measure.tab,
                tab=page["tab"],
            )
        if measure.compares != (compare is not None):
            said = "needs" if measure.compares else "does not use"
            raise VaegenError(
                "{file}, line {line}: the measure {name} {said} what to compare with (`compare`).",
                **self.at(*path),
                name=name,
                said=said,
            )
        for key, value in measure.settings:
            default = VIEWS[page["tab"]][key]["default"]
            given = page["settings"].get(key, default)
            if given == default if value is None else given != value:
                wanted = "another than it is at first" if value is None else repr(value)
                raise VaegenError(
                    "{file}, line {line}: for the measure {name} the setting {key} has to be {wanted}.",
                    **self.at(*path),
                    name=name,
                    key=key,
                    wanted=wanted,
                )

    def outcomes(self, data: dict[str, Any], n_choices: int, measure: Measure, *path: Any) -> tuple[dict[str, Any], ...]:
        found, items, low = [], self.items(data, "outcomes", 1, *path), float("-inf")
        for i, item in enumerate(items):
            where = (*path, "outcomes", i)
            item, is_last = self.mapping(item, "outcome", *where), i == len(items) - 1
            if is_last == ("below" in item):
                raise VaegenError(
                    "{file}, line {line}: every outcome but the last says `below` which value it is meant for.",
                    **self.at(*where),
                )
            below = None if is_last else self.number(item["below"], low, 1e9, *where, "below")
            low = low if below is None else below
            say = self.text(item, "say", *where)
            for name in re.findall(r"\{(\w*)\}", say):
                self.one_of(name, ("value", *measure.values), "figure", *where, "say")
            found.append(
                {"below": below, "choice": self.whole(item.get("choice"), 1, n_choices, *where, "choice"), "say": say}
            )
        return tuple(found)


def paragraphs(text: str) -> str:
    """Returns a text with its lines joined and its paragraphs apart: lines are broken for whoever writes, not who reads."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))
