"""Every word of the interface is there in every language."""

import ast
import re

import pytest

from vaegen.app.build import TABS
from vaegen.app.page import FAILED, HERE, TEXTS
from vaegen.app.questions.checks import NO_SENTENCE
from vaegen.app.questions.points import NO_SENTENCE_YET
from vaegen.app.translate import DONE, LOADING, NOTHING, STOPPED
from vaegen.data.probe_sentences import FACTORS
from vaegen.text.tags import LANGUAGE_NAMES, TASK_NAMES


def used():
    """All texts that the scripts and the pages hand to `t`, and the names that they make of others."""
    found = [name.capitalize() for name in TABS] + [*LANGUAGE_NAMES.values(), *TASK_NAMES.values()]
    found += [name.capitalize().replace("_", " ") for name in FACTORS if name != "length"]
    found += [FAILED, DONE, STOPPED, LOADING["message"], NOTHING["message"], NO_SENTENCE, NO_SENTENCE_YET]  # `vg.said`
    for path in HERE.glob("*.js"):
        matches = re.findall(r"\bt\('((?:[^'\\]|\\.)*)'", path.read_text(encoding="utf-8"))
        found += [text.replace("\\'", "'") for text in matches]
    for path in HERE.glob("*.py"):
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
    expect(page.locator("#sentence [data-testid=block-info]")).to_have_text(words[1])
    expect(page.locator("#sentence .info-text")).not_to_contain_text("Enter sends")
    expect(page.locator(".vg-header p")).not_to_contain_text("One sentence")
