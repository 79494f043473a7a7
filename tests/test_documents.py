"""The documents: short where they should be, their links lead somewhere, their examples run, what they name is there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import vaegen
from vaegen.commands.__main__ import COMMANDS
from vaegen.config import DEFAULT_CHECKPOINT

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
DOCUMENTS = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")] + sorted(DOCS.glob("*.md"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT, CODE = re.compile(r"<!--.*?-->", re.DOTALL), re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SET_UP = ("pip install -r requirements.txt && python app.py", 'pip install -r requirements.txt -e ".[dev]" && pytest')


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    """A document without its code, where a bracket is no link and a `#` no heading."""
    return CODE.sub("", COMMENT.sub("", FENCE.sub("", path.read_text(encoding="utf-8"))))


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a document."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in HEADING.findall(text)}


def blocks(path: Path, language: str) -> list[str]:
    return [code for name, code in FENCE.findall(path.read_text(encoding="utf-8")) if name == language]


def commands(path: Path) -> set[str]:
    """The commands of `vaegen` that a document names, in its code and between backticks."""
    text = path.read_text(encoding="utf-8")
    shell = [line for code in blocks(path, "sh") for line in code.splitlines()]
    spans = [span.strip("`") for span in CODE.findall(FENCE.sub("", text))]
    return {match[1] for line in (*shell, *spans) if (match := re.match(r"(?:python -m )?vaegen ([a-z]\w*)", line.strip()))}


def test_the_readme_is_read_in_four_minutes():
    assert (ROOT / "README.md").stat().st_size <= 10_000


def test_the_readme_has_the_front_matter_of_a_space_and_the_two_set_up_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    front = dict(line.partition(": ")[::2] for line in text.split("---\n")[1].splitlines())
    pinned = re.search(r"^gradio==(.+)$", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert (front["sdk"], front["app_file"]) == ("gradio", "app.py") and pinned and front["sdk_version"] == pinned[1]
    assert all(f"```sh\n{command}\n```" in text for command in SET_UP)


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_every_link_leads_somewhere(path):
    lost = []
    for link in LINK.findall(prose(path)):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = (path.parent / target).resolve() if target else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            lost.append(link)
    assert not lost


def test_every_document_is_in_the_index():
    listed = set(LINK.findall(prose(DOCS / "index.md")))
    assert {path.name for path in DOCS.glob("*.md")} - {"index.md"} <= listed


@pytest.mark.parametrize("path", [ROOT / "README.md", DOCS / "python.md"], ids=relative)
def test_every_python_example_runs(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    examples = blocks(path, "python")
    namespace: dict = {}
    for number, code in enumerate(examples, 1):
        exec(compile(code, f"{path.name}, example {number}", "exec"), namespace)
    assert examples and namespace["pipeline"].name == DEFAULT_CHECKPOINT


def test_every_command_is_told_and_every_command_that_a_document_names_is_there():
    told = re.findall(r"^\| `vaegen (\w+)` \|", (DOCS / "command.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(COMMANDS)
    named = {relative(path): commands(path) - set(COMMANDS) for path in DOCUMENTS}
    assert not {path: unknown for path, unknown in named.items() if unknown}


def test_every_endpoint_is_told():
    told = set(re.findall(r"`/([a-z_]+)`", (DOCS / "app.md").read_text(encoding="utf-8")))
    modules = (ROOT / "vaegen" / "app" / "endpoints").glob("*.py")
    there = "".join(path.read_text(encoding="utf-8") for path in modules)
    assert told == set(re.findall(r'add_endpoint\(\w+, "(\w+)"', there))


def test_every_package_is_in_the_readme_and_in_the_drawing():
    packages = {path.parent.name for path in (ROOT / "vaegen").glob("*/__init__.py")}
    readme = set(re.findall(r"^\| `vaegen/(\w+)/` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    drawn = set(re.findall(r"^ +(\w+)\[", "".join(blocks(DOCS / "architecture.md", "mermaid")), re.MULTILINE))
    assert readme == packages and drawn == packages | {"config", "errors"}


def test_every_dependency_says_why_it_is_there():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[project]")[2].partition("[tool.")[0]
    names = set(re.findall(r'"([\w-]+)(?:\[[^\]]+\])?>=', project))
    if (ROOT / "package.json").is_file():
        names |= set(json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"])
    rows = re.findall(r"^\| ([^|]+) \|", (DOCS / "dependencies.md").read_text(encoding="utf-8"), re.MULTILINE)
    told = {re.sub(r" \(.*", "", name.strip()) for row in rows for name in row.split(",")}
    assert len(names) > 20 and not names - told


def test_one_version_everywhere():
    project = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    citation = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    newest = re.search(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert project and citation and newest
    assert vaegen.__version__ == project[1] == citation[1] == newest[1]
