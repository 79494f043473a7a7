"""Summaries, replies, Chinese and Spanish in Chromium: the task selector, and every view on such a checkpoint."""

import re

import pytest
from browsing import expect, vg
from serving import serve
from tagged import SPANISH, TAGS, save_tagged

from vaegen.app.service import Service

NAMES = {
    "chinese": ["English", "Chinese"],
    "dialogue": ["English", "English, reply"],
    "plain": ["English", "German", "French", "Czech"],
    "summaries": ["English", "English, very short", "English, short", "English, a little shorter"],
}
BUTTONS = {"chinese": "Translate", "dialogue": "Reply", "plain": "Translate", "summaries": "Summarise"}
LABELS = {"chinese": "English and Chinese", "dialogue": "Reply", "plain": "Translate", "summaries": "Summarise"}


TAGLINES = {"chinese": "two languages", "dialogue": "a reply", "plain": "four languages", "summaries": "summaries"}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return serve(Service("plain", folder=save_tagged(tmp_path_factory.mktemp("tagged"))))[0]


def test_a_task_brings_its_checkpoint_its_examples_and_its_cards(open_page, url, screenshots):
    page = open_page(url)
    assert set(LABELS) == set(TAGS)
    for name in ("summaries", "dialogue", "chinese", "plain"):
        page.locator("#task").get_by_label(LABELS[name], exact=True).check()
        expect(page.locator(".vg-card h2")).to_have_text(NAMES[name])
        expect(page.locator(".vg-translate")).to_have_attribute("data-phase", "done")
        expect(page.locator("#checkpoint select")).to_have_value(name)
        first = page.locator(".vg-chip").first.inner_text()
        expect(page.locator("#sentence textarea")).to_have_value(first)
        expect(page.locator("#translate")).to_have_text(BUTTONS[name])
        expect(page.locator(".vg-header p")).to_contain_text(TAGLINES[name])
        page.screenshot(path=screenshots / f"task-{name}.png", full_page=True)
    page.locator("#task").get_by_label("Reply", exact=True).check()
    reply = page.locator('[data-language="en.reply"]')
    reply.get_by_role("button", name="Other replies").click()
    expect(reply.locator(".vg-variants")).to_contain_text("draws from the posterior")
    assert reply.locator(".vg-text").get_attribute("lang") == "en"
    assert not reply.get_by_role("button", name="Translate back").count()


def test_a_sentence_that_was_typed_stays_when_the_task_changes(open_page, url):
    page = open_page(url)
    for name, send in {"summaries": False, "dialogue": True}.items():
        page.locator("#sentence textarea").fill("My own sentence.")
        if send:
            page.locator("#sentence textarea").press("Enter")
            expect(page.locator(".vg-current-line").first).to_contain_text("My own sentence.")
        page.locator("#task").get_by_label(LABELS[name], exact=True).check()
        expect(page.locator(".vg-card h2")).to_have_text(NAMES[name])
        expect(page.locator(".vg-translate")).to_have_attribute("data-phase", "done")
        expect(page.locator("#sentence textarea")).to_have_value("My own sentence.")
    expect(page.locator(".vg-knows")).to_contain_text("texts like those that it was trained on")


def test_every_view_shows_the_checkpoint_or_says_in_a_sentence_why_not(open_page, url, screenshots):
    page, name = open_page(url), "dialogue"  # tests/text/test_tags.py asks the views about the other ones
    page.locator("#task").get_by_label(LABELS[name], exact=True).check()
    expect(page.locator(".vg-card h2")).to_have_text(NAMES[name])
    for view in ("interpolate", "sample", "attention", "inside", "map"):
        page.locator(f"#tab-{view}-button").click()
        shown = page.locator(f".vg-{view}.vg-view")
        expect(shown).to_have_attribute("data-phase", re.compile("done|example|empty" if view == "map" else "done"))
        page.screenshot(path=screenshots / f"{name}-{view}.png", full_page=True)
    expect(page.locator(".vg-map-none")).to_contain_text("This checkpoint has no map.")
    page.locator("#tab-interpolate-button").click()
    heads = page.locator(".vg-walk thead th")
    expect(heads).to_have_text(["Way", *NAMES[name]])
    page.locator("#tab-inside-button").click()
    expect(page.locator(".vg-inside")).to_contain_text("always “Yes.”")


# Lessons of which this checkpoint can show no step: they need a dial, or directions.
UNABLE = ["The dial: rate and distortion", "Posterior collapse, by the dial alone", "Directions and what they really do"]


def test_every_view_speaks_a_language_that_the_app_does_not_know(open_page, tmp_path, screenshots):
    page = open_page(serve(Service("spanish", folder=save_tagged(tmp_path, SPANISH)))[0])
    both = ["English", "Spanish"]
    expect(page.locator(".vg-card h2")).to_have_text(both)
    expect(page.locator(".vg-chip")).to_have_text(["A dog runs through the snow."])  # no example in a language it lacks
    page.locator("#file-box button").first.click()
    page.locator(".vg-file-input").first.set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"A dog."})
    page.get_by_role("button", name="Translate file").click()
    expect(page.locator(".vg-file td[lang=es]")).to_have_count(1)
    page.locator("#source select").select_option("es")
    expect(page.locator(".vg-status").first).to_contain_text("Spanish · ")
    expect(page.locator('[data-language="es"] .vg-tag')).to_contain_text("reconstruction")
    languages = {
        "interpolate": (".vg-walk thead th", ["Way", *both]),
        "sample": (".vg-sample-text > .vg-caption", both),
        "attention": (".vg-attention option[value=es]", ["Spanish"]),
        "inside": (".vg-read-in option", both),
        "map": (".vg-map-none > p:first-child", ["This checkpoint has no map."]),
        "lessons": (".vg-lesson-cards li:has(.vg-lesson-problem) h2", UNABLE),
    }
    for view, (shown, texts) in languages.items():
        page.evaluate(vg(f"vg.showView('{view}', {{exact: false, steps: 3}})"))  # the walk at its quickest
        expect(page.locator(shown)).to_have_text(texts)
        expect(page.locator(".vg-notice:not(.vg-map-none):visible")).to_have_count(0)
        expect(page.locator("body")).not_to_contain_text("undefined")
        page.screenshot(path=screenshots / f"spanish-{view}.png", full_page=True)
