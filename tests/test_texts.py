"""Every word of the interface is there in every language."""

import ast
import re

import pytest

from vaegen.app.build import TABS
from vaegen.app.page import FAILED, TEXTS
from vaegen.app.static import WEB
from vaegen.app.tabs.translate import NOTHING
from vaegen.probe import FACTORS
from vaegen.tags import LANGUAGE_NAMES, TASK_NAMES
from vaegen.views.checks import NO_SENTENCE
from vaegen.views.points import NO_SENTENCE_YET

TEXT = r"'((?:[^'\\]|\\.)*)'"


def texts_of(script):
    """The texts of a module's calls of `t`; a long one is a sum of parts."""
    calls = re.findall(rf"\bt\(\s*({TEXT}(?:\s*\+\s*{TEXT})*)", script)
    return ["".join(re.findall(TEXT, call[0])).replace("\\'", "'") for call in calls]


def used():
    """All texts that the modules and the pages hand to `t`, and the names that they make of others."""
    found = [name.capitalize() for name in TABS] + [*LANGUAGE_NAMES.values(), *TASK_NAMES.values()]
    found += [name.capitalize().replace("_", " ") for name in FACTORS if name != "length"]
    found += [FAILED, NOTHING["message"], NO_SENTENCE, NO_SENTENCE_YET]  # said by `said` in web/core/about.js
    for path in WEB.rglob("*.js"):
        found += texts_of(path.read_text(encoding="utf-8"))
    for path in WEB.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
                found += [node.args[0].value] if isinstance(node.args[0], ast.Constant) else []
    return set(found)


def test_the_interface_speaks_five_languages():
    assert set(TEXTS) == {"de", "fr", "cs", "zh"} and len(used()) > 400  # English is the key


@pytest.mark.parametrize("language", ["de", "fr", "cs", "zh"])
def test_no_text_is_missing_left_over_or_without_its_figures(language):
    texts = TEXTS[language]
    assert not used() - set(texts), "missing"
    assert not set(texts) - used(), "left over"
    for key, text in texts.items():
        assert sorted(re.findall(r"\{\w+\}", key)) == sorted(re.findall(r"\{\w+\}", text)), key
        assert text.strip(), key


SHOWN = {"de-DE": ("Karte", "Satz"), "cs-CZ": ("Mapa", "Věta"), "zh-CN": ("\u5730\u56fe", "\u53e5\u5b50")}


@pytest.mark.parametrize(("locale", "words"), SHOWN.items())
def test_the_page_speaks_as_the_browser_does(open_page, locale, words):
    from browsing import expect
    from serving import served

    page = open_page(served()[0], locale=locale)
    expect(page.locator("#tab-map-button")).to_have_text(words[0])
    expect(page.locator("#sentence label")).to_have_text(words[1])
    expect(page.locator("#sentence .vg-caption")).not_to_contain_text("Enter sends")
    expect(page.locator(".vg-header p")).not_to_contain_text("One sentence")
