"""The inside of the model in Chromium."""

import re

import pytest
from browsing import expect, open_view, until
from serving import served


@pytest.fixture
def view(open_page):
    return open_view(open_page(served()[0]), "inside")


def test_the_bound_the_posterior_the_slots_and_the_training_are_shown(view, screenshots):
    figures = view.locator(".vg-big").all_inner_texts()
    recon, kl, bound = (float(re.match(r"[\d.]+", text).group()) for text in figures)
    assert bound == pytest.approx(recon + kl, abs=0.2)
    expect(view.locator(".vg-posterior rect[data-i]")).to_have_count(512)
    coarse, slots = view.locator("tbody").nth(0), view.locator("tbody").nth(1)
    expect(coarse.locator("tr")).to_have_count(5)  # 1, 2, 4, 8 and 16 slots in use
    expect(slots.locator("tr")).to_have_count(16)
    assert view.locator(".vg-new-word").count() > 0  # some slot carries a word
    assert view.locator(".vg-curve").count() >= 4
    expect(view).to_contain_text("en-de")
    view.page.screenshot(path=screenshots / "inside.png", full_page=True)


def test_the_arrow_keys_read_the_cells(view):
    picture = view.locator(".vg-posterior")
    expect(picture).to_be_hidden()  # until the experts' part is unfolded
    view.get_by_text("For experts").click()
    picture.focus()
    expect(view.locator(".vg-readout")).to_contain_text("Slot 0, dimension 0")
    picture.press("ArrowRight")
    picture.press("ArrowDown")
    expect(view.locator(".vg-readout")).to_contain_text("Slot 1, dimension 1")
    expect(picture).to_contain_text(re.compile(r"strongest colour = \d+\.\d\d nats"))
    view.get_by_role("radio", name="Mean").check()
    expect(view.locator(".vg-cell-minus").first).to_be_attached()


def test_what_a_slot_is_worth_shows_where_the_words_stay_the_same(view):
    expect(view).to_contain_text("No single slot is needed here")
    bars = view.locator("tbody").nth(1).locator("tr td:nth-child(3) .vg-kl")
    shares = bars.evaluate_all("bars => bars.map((bar) => Number(bar.style.getPropertyValue('--share')))")
    assert len(shares) == 16 and max(shares) == 1 and min(shares) == 0


def test_the_training_tells_the_steps_of_all_its_parts_and_no_label_lies_on_a_curve(view):
    expect(view).to_contain_text("10,810 steps in all · the last part: 560 steps")
    for curve in view.locator(".vg-curve svg").all():
        axis = curve.locator(".vg-plane-axis").bounding_box()
        low = curve.locator("text").nth(1).bounding_box()
        assert low["x"] + low["width"] <= axis["x"]


def test_a_term_says_what_it_means_to_the_keyboard(view):
    term = view.locator(".vg-term", has_text="KL").first
    assert "prior" in term.get_attribute("aria-label")
    term.focus()
    assert "prior" in term.evaluate("node => getComputedStyle(node, '::after').content")


def test_numbers_are_written_as_in_the_language_of_the_page(open_page):
    view = open_view(open_page(served()[0], locale="de-DE"), "inside")
    expect(view.locator(".vg-big").nth(1)).to_have_text(re.compile(r"\d+,\d nats"))
    expect(view).to_contain_text("10.810 Schritte insgesamt")


def test_another_checkpoint_changes_all_views_and_a_strangers_path_is_refused(view):
    page = view.page
    page.get_by_label("Your own").fill("../../etc")
    page.get_by_role("button", name="Open").click()
    expect(page.locator(".vg-chooser .vg-notice")).to_contain_text("owner/name")
    page.get_by_label("Checkpoint of all views").select_option("collapsed")
    expect(view).to_contain_text("0 of 512 dimensions are active")
    view = open_view(page, "interpolate")
    until(page, "!vg.views.interpolate.busy && vg.views.interpolate.answer.python.includes('collapsed')")


def test_it_fits_a_phone_in_the_dark(open_page, screenshots):
    page = open_page(served()[0], viewport={"width": 390, "height": 844}, color_scheme="dark")
    expect(open_view(page, "inside").locator(".vg-big").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert all(tab.bounding_box()["x"] + tab.bounding_box()["width"] <= 390 for tab in page.get_by_role("tab").all())
    assert page.locator(".vg-inside td[lang]").first.bounding_box()["width"] > 150  # a sentence, not a word a line
    page.screenshot(path=screenshots / "inside-phone.png", full_page=True)
