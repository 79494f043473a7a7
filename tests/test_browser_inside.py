"""The inside of the model in Chromium."""

import re

import pytest
from browsing import expect, open_view
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
    picture.focus()
    expect(view.locator(".vg-readout")).to_contain_text("Slot 0, dimension 0")
    picture.press("ArrowRight")
    picture.press("ArrowDown")
    expect(view.locator(".vg-readout")).to_contain_text("Slot 1, dimension 1")
    view.get_by_role("radio", name="Mean").check()
    expect(view.locator(".vg-cell-minus").first).to_be_attached()


def test_another_checkpoint_changes_all_views_and_a_strangers_path_is_refused(view):
    page = view.page
    page.get_by_label("Your own").fill("../../etc")
    page.get_by_role("button", name="Open").click()
    expect(page.locator(".vg-chooser .vg-notice")).to_contain_text("owner/name")
    page.get_by_label("Checkpoint of all views").select_option("collapsed")
    expect(view).to_contain_text("0 of 512 dimensions are active")
    view = open_view(page, "interpolate")
    page.wait_for_function("!vg.views.interpolate.busy && vg.views.interpolate.answer.python.includes('collapsed')")


def test_it_fits_a_phone_in_the_dark(open_page, screenshots):
    page = open_page(served()[0], viewport={"width": 390, "height": 844}, color_scheme="dark")
    expect(open_view(page, "inside").locator(".vg-big").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=screenshots / "inside-phone.png", full_page=True)
