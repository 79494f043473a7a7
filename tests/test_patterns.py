"""No pattern of the project takes more than linear time: whoever types can type what makes others wait for the answer."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONG = 100_000
HOSTILE = ["a", "_a", "a_", " ", ".", "-", "1", "a.", "a ", "aB", "'a", "ä", "\u4e2d ", "{x}", "\n", "u"]
PATIENCE = 120  # seconds for all of them; in linear time they take a few, and one that is quadratic alone takes minutes


def literal_patterns():
    """Every pattern that is written out in a call of `re`."""
    found = set()
    for path in sorted((ROOT / "vaegen").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="re")), args=[ast.Constant(value=str(pattern)), *_]):
                    found.add(pattern)
    return sorted(found)


def run_all(patterns):
    for pattern in patterns:
        one = re.compile(pattern)
        for part in HOSTILE:
            text = part * (LONG // len(part)) + "\N{SNOWMAN}x"
            one.fullmatch(text), one.search(text), one.sub("", text)


def test_every_pattern_is_linear():
    patterns = literal_patterns()
    assert len(patterns) > 20
    command = [sys.executable, "-c", "import test_patterns as t; t.run_all(t.literal_patterns())"]
    done = subprocess.run(command, cwd=ROOT / "tests", timeout=PATIENCE, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("language", ["en" + "_a" * 27 + "!", "en" + "_a" * 50_000, "e" * 50_000, "en.", "en_", "", None, 5])
def test_a_hostile_code_of_a_language_is_refused_at_once(language):
    from vaegen.app.questions.checks import check_language, check_tag
    from vaegen.errors import VaegenError

    with pytest.raises(VaegenError, match="There is no language"):
        check_language(language)
    assert check_language("en") == "en" and check_language("zh-Hans") == "zh-Hans" and check_tag("en.short") == "en.short"


@pytest.mark.parametrize("text", ["a." * 1_000, "a " * 1_000, "a-" * 1_000])
def test_single_letters_without_end_are_read_in_windows(text):
    from vaegen.text.sensitive import MAX_SPELLED, WordList

    asked = []
    words = WordList({"en": ["bitch"]})
    words._find["en"]._entry = lambda ways: asked.append(ways)
    assert words.find(text, "en") == [] and len(asked) < 1_000 * (MAX_SPELLED + 2)
    del words._find["en"]._entry
    assert [one.entry for one in words.find(text + "b.i.t.c.h", "en")][-1:] == ["bitch"]
