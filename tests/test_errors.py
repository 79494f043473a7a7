"""A message is a constant text with {names} and its values, everywhere: what is put together cannot be translated."""

import ast
import string
from pathlib import Path

import pytest

from vaegen.errors import VaegenError

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(path for folder in ("vaegen", "scripts") for path in (ROOT / folder).rglob("*.py"))


def raised(path):
    """Yields the calls that make a VaegenError."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "VaegenError":
            yield node


def texts(node):
    """What the first argument of a call may be: constants, and None for whatever is put together."""
    if isinstance(node, ast.IfExp):
        return [*texts(node.body), *texts(node.orelse)]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    return [] if isinstance(node, (ast.Name, ast.Attribute)) else [None]  # a text that has a name, tested where it is used


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_message_is_a_text_with_names_and_their_values(path):
    for call in raised(path):
        where = f"{path.name}:{call.lineno}"
        assert call.args and None not in texts(call.args[0]), f"{where}: write the text as it is, with {{names}} for values"
        given = {keyword.arg for keyword in call.keywords}
        for text in texts(call.args[0]):
            names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None} if given else set()
            assert names == given or None in given, f"{where}: {names ^ given} has no place or no value"


def test_there_is_something_to_look_at():
    assert sum(1 for path in FILES for _ in raised(path)) > 150


def test_values_of_every_kind_are_shown_and_kept():
    error = VaegenError("{n} of {text} and {x}: {path}, {yes}", n=12345, text=["a"], x=0.5, path=Path("a/b"), yes=True)
    assert str(error) == "12,345 of ['a'] and 0.5: a/b, True"
    assert error.values == {"n": 12345, "text": "['a']", "x": 0.5, "path": "a/b", "yes": "True"}
    assert str(VaegenError("A {brace} that stands for itself.")) == "A {brace} that stands for itself."
