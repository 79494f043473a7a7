"""Every word of the interface is there in every language."""

import ast
import json
import re
from functools import cache

import pytest

from vaegen.app.build import TABS
from vaegen.app.page import FAILED, TEXTS
from vaegen.app.questions.checks import NO_SENTENCE
from vaegen.app.questions.interpolate_walk import Walk
from vaegen.app.questions.map_own import Place
from vaegen.app.questions.points import NO_SENTENCE_YET, Point
from vaegen.app.questions.sample import Move
from vaegen.app.questions.translate_file import Lines
from vaegen.app.static import WEB
from vaegen.app.tabs.translate import NOTHING
from vaegen.data.phrases import TOPIC
from vaegen.data.probe_sentences import FACTORS
from vaegen.errors import VaegenError
from vaegen.latent.codes import unpack
from vaegen.latent.directions import NONE
from vaegen.pipeline.base import NO_LANGUAGE, NO_LATENT
from vaegen.pipeline.batching import ONE_TOO_LONG, TOO_LONG
from vaegen.pipeline.latents import NO_FITTED_PRIOR, NO_PRIOR
from vaegen.text.tags import LANGUAGE_NAMES, TASK_NAMES

TEXT = r"'((?:[^'\\]|\\.)*)'"
HERE = WEB.parent
# Files whose refusals a visitor of the page can read, every one of them; of some others, single messages.
MET = [*HERE.glob("*.py"), *HERE.glob("questions/*.py"), *HERE.glob("tabs/*.py")]
MET += [HERE.parent / f"{name}.py" for name in (
    "latent/atlas", "latent/codes", "latent/directions", "latent/projection", "model/companions", "pipeline/map",
    "pipeline/occlusion", "text/cleaning",
)]  # fmt: skip
SINGLE = [NO_FITTED_PRIOR, NO_LANGUAGE, NO_LATENT, NO_PRIOR, ONE_TOO_LONG, TOO_LONG]


def refusals(path):
    """Yields the texts of the VaegenErrors in a file, those that stand in a constant of it as well."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)]
    constants = {ast.unparse(node.targets[0]): node.value.value for node in assigned}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "VaegenError":
            first = node.args[0]
            for text in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
                found = text.value if isinstance(text, ast.Constant) else constants.get(ast.unparse(text))
                if found is not None:  # else it is handed on, and stands elsewhere
                    yield found
    yield from (text for name, text in constants.items() if name.startswith(("LONG_", "NO_", "FEW_")) and name.isupper())


def texts_of(script):
    """The texts of a module's calls of `t`; a long one is a sum of parts."""
    calls = re.findall(rf"\bt\(\s*({TEXT}(?:\s*\+\s*{TEXT})*)", script)
    return ["".join(re.findall(TEXT, call[0])).replace("\\'", "'") for call in calls]


@cache
def used():
    """All texts that the modules and the pages hand to `t`, and the names that they make of others."""
    found = [name.capitalize() for name in TABS] + [*LANGUAGE_NAMES.values(), *TASK_NAMES.values()]
    found += [name.capitalize().replace("_", " ") for name in (*FACTORS, TOPIC) if name != "length"]
    found += [FAILED, NOTHING["message"], NO_SENTENCE, NO_SENTENCE_YET]  # said by `said` in web/core/about.js
    found += SINGLE + [text for path in MET for text in refusals(path)]
    for path in WEB.rglob("*.js"):
        found += texts_of(path.read_text(encoding="utf-8"))
    for path in HERE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t":
                found += [node.args[0].value] if isinstance(node.args[0], ast.Constant) else []
    return frozenset(found)


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


def test_a_refusal_reaches_the_page_as_a_text_that_it_can_say():
    """Of the endpoints' questions: what is refused has a translation, and values that JSON can hold."""
    asked = [
        lambda: Walk(Point("A dog."), Point("A cat."), steps=99).checked([]),
        lambda: Move(start="moon").checked([]),
        lambda: Place(()).checked([]),
        lambda: Lines(("a", "x" * 9999), "de").checked([]),
        lambda: unpack("AAAA", (16, 32)),
        lambda: NONE.index(3),
        lambda: Move(beta=2.0).checked([]),
    ]
    for ask in asked:
        with pytest.raises(VaegenError) as refusal:
            ask()
        assert refusal.value.text in TEXTS["cs"] and json.dumps(refusal.value.values)


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
