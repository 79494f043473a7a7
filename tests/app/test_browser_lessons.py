"""Lessons, links and files in Chromium: what a teacher and a class would do."""

import json
import re

import pytest
from browsing import expect, open_view, until, vg
from serving import served


@pytest.fixture
def page(open_page):
    return open_page(served()[0])


def test_a_lesson_sets_the_view_takes_a_prediction_and_checks_it(page, screenshots):
    page.locator("#tab-lessons-button").click()
    page.locator(".vg-lesson-cards li", has_text="Walking").get_by_role("button", name="Start").click()
    card = page.locator(".vg-lesson")
    expect(card).to_contain_text("step 1 of 3")
    expect(page.locator("#tab-interpolate-button")).to_have_attribute("aria-selected", "true")
    card.get_by_role("button", name="In the first third").click()
    expect(card.locator(".vg-lesson-verdict")).to_contain_text(re.compile(r"gone after \d+ %"))
    assert card.locator(".vg-solution").count() == 1
    page.screenshot(path=screenshots / "lesson.png")
    card.get_by_role("button", name="Next").click()
    expect(card).to_contain_text("step 2 of 3")
    card.get_by_role("button", name="End lesson").click()
    expect(card).to_have_count(0)
    expect(page.locator("#tab-lessons-button")).to_have_attribute("aria-selected", "true")


def test_a_step_without_an_answer_explains_and_the_last_one_leads_to_the_next_lesson(open_page):
    page = open_page(served()[0] + "?lesson=walk&step=3", wait=".vg-lesson")
    card = page.locator(".vg-lesson")
    expect(card.get_by_role("button", name="Finish")).to_have_count(0)
    card.get_by_role("button", name="Show the answer").click()
    expect(card.locator(".vg-lesson-verdict")).to_contain_text(re.compile("The answer: (One or two|Three or more)"))
    card.get_by_role("button", name="Finish").click()
    expect(card).to_contain_text("What you have seen: Between two latents")
    card.get_by_role("button", name="Next lesson: What posterior collapse looks like").click()
    expect(card).to_contain_text("step 1 of 3")
    for _ in range(3):
        card.get_by_role("button", name="Show the answer").click()
        card.locator('[data-key="lesson-next"]').click()
    card.get_by_role("button", name="Next lesson").click()
    page.evaluate(vg("vg.startLesson('attention', 1)"))
    card.get_by_role("button", name="Show the answer").click()
    card.get_by_role("button", name="Finish").click()
    expect(card.get_by_role("button", name="Next lesson")).to_have_count(0)  # there is none
    card.get_by_role("button", name="All lessons").click()
    expect(page.locator(".vg-glossary dt", has_text="cosine")).to_be_visible()


def test_a_step_scrolls_to_what_it_speaks_of_and_marks_it(open_page):
    page = open_page(served()[0] + "?lesson=collapse&step=3", wait=".vg-lesson")
    marked = page.locator(".vg-curves.vg-looked-at")
    expect(marked).to_be_in_viewport()
    expect(page.locator(".vg-lesson-ask")).to_be_in_viewport()  # the card stays above it
    page.locator(".vg-lesson").get_by_role("button", name="Back").click()
    expect(page.locator(".vg-bound.vg-looked-at")).to_be_in_viewport()
    expect(marked).to_have_count(0)
    page.evaluate(vg("vg.startLesson('latent', 1)"))
    expect(page.locator(".vg-posterior.vg-looked-at")).to_be_in_viewport()  # unfolded for it


def test_a_link_opens_a_lesson_at_its_step(open_page):
    page = open_page(served()[0] + "?lesson=walk&step=3", wait=".vg-lesson")
    expect(page.locator(".vg-lesson")).to_contain_text("step 3 of 3")
    expect(page.locator(".vg-current")).to_contain_text("Ein Hund rennt durch den Schnee.")
    expect(page.locator('.vg-interpolate[data-phase="done"]')).to_be_visible()
    assert json.loads(page.evaluate(vg("JSON.stringify(vg.views.interpolate.params)")))["steps"] == 9


def test_the_copied_link_brings_back_sentence_latent_view_and_settings(open_page):
    page = open_page(served()[0])
    open_view(page, "interpolate")
    page.evaluate(vg("vg.showView('interpolate', {steps: 5})"))
    expect(page.locator(".vg-interpolate")).to_contain_text("5")
    until(page, "vg.views.interpolate.answer.stops.length === 5")
    stop = page.evaluate(vg("vg.views.interpolate.answer.stops[2]"))
    page.evaluate(vg("vg.adopt(point)", "point"), {"text": stop["texts"]["en"], "language": "en", "z": stop["z"]})
    state, link = page.evaluate(vg("[JSON.stringify(vg.state), vg.link()]"))
    again = open_page(link, wait='.vg-interpolate[data-phase="done"]')
    assert again.evaluate(vg("JSON.stringify(vg.state)")) == state
    assert again.evaluate(vg("vg.views.interpolate.params.steps")) == 5
    expect(again.locator("#tab-interpolate-button")).to_have_attribute("aria-selected", "true")


def test_a_damaged_link_starts_afresh(open_page):
    page = open_page(served()[0] + "?state=%25%25nonsense")
    expect(page.locator(".vg-current")).to_contain_text("A dog runs through the snow.")


def test_a_sentence_adopted_elsewhere_is_translated(page):
    page.evaluate(vg("vg.adopt({text: 'Zwei Hunde spielen.', language: 'de'})"))
    expect(page.locator(".vg-status").first).to_contain_text("German detected")
    assert page.locator("#sentence textarea").input_value() == "Zwei Hunde spielen."


def test_translating_back_marks_the_words_that_changed(page):
    page.locator('[data-key="back-de"]').click()
    expect(page.locator('[data-language="de"] .vg-back')).to_contain_text("dog")


def test_a_file_is_translated_and_downloaded(page, tmp_path):
    source = tmp_path / "mine.csv"
    source.write_text('id,text\n1,"Two men, in hats, sit on a bench."\n2,A girl plays with a dog.\n', encoding="utf-8")
    page.get_by_text("Translate a file").click()
    page.locator(".vg-file-input").set_input_files(source)
    page.get_by_role("button", name="Translate file").click()
    view = page.locator('.vg-file[data-phase="done"]')
    expect(view.locator("tbody tr, tr")).to_have_count(2)
    expect(view).to_contain_text("Two men, in hats, sit on a bench.")
    with page.expect_download() as download:
        view.get_by_role("button", name="Download .txt").click()
    assert download.value.suggested_filename == "mine.de.txt"
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 and lines[0].startswith("Zwei Männer")


def test_the_attention_lesson_reads_its_answer_off_the_picture(open_page):
    page = open_page(served()[0] + "?lesson=attention", wait=".vg-lesson")
    expect(page.locator(".vg-attention")).to_contain_text("Schnee ←")
    page.locator(".vg-lesson").get_by_role("button", name="snow").click()
    expect(page.locator(".vg-lesson-verdict")).to_contain_text(re.compile("At “(dog|runs|snow)”"))
    assert page.locator(".vg-solution").count() == 1


def test_the_collapse_lesson_turns_the_dial_until_the_walk_hardly_changes(open_page, screenshots):
    page = open_page(served()[0] + "?lesson=collapse", wait=".vg-lesson")
    card, slider = page.locator(".vg-lesson"), page.get_by_role("slider", name="Rate")
    expect(slider).to_have_attribute("aria-valuetext", "1, collapsed")
    card.get_by_role("button", name="One or two").click()
    expect(page.locator(".vg-lesson-verdict")).to_contain_text(re.compile("Right. [12]. Whatever the latent"))
    page.screenshot(path=screenshots / "lesson-collapse.png")
    card.get_by_role("button", name="Next").click()
    card.get_by_role("button", name="Next to nothing").click()
    expect(page.locator(".vg-lesson-verdict")).to_contain_text(re.compile(r"Right. [01]\.\d\d nats"))
    card.get_by_role("button", name="Next", exact=True).click()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("recommended"))  # the same checkpoint, and healthy
    until(page, "!vg.views.inside.busy && vg.views.inside.answer.kl > 24")


def test_a_lesson_works_on_a_phone(open_page, screenshots):
    page = open_page(served()[0] + "?lesson=walk", wait=".vg-lesson", viewport={"width": 390, "height": 844})
    expect(page.locator(".vg-interpolate tbody tr").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=screenshots / "lesson-phone.png", full_page=True)
