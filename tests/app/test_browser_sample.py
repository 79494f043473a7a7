"""Sliders, draws and slots in Chromium."""

import pytest
from browsing import expect, open_view, until, vg
from serving import served


@pytest.fixture
def view(open_page):
    return open_view(open_page(served()[0]), "sample")


def english(view):
    return view.locator(".vg-sample-text").first.locator(".vg-text")


def test_a_named_slider_changes_the_sentence_from_the_keyboard_and_undo_brings_it_back(view, screenshots):
    expect(english(view)).to_have_text("A dog runs through the snow.")
    slider = view.get_by_label("one → two")
    slider.focus()
    for _ in range(20):
        slider.press("ArrowRight")
    expect(english(view)).to_contain_text("Two dogs")
    expect(view.locator(".vg-direction").first).to_contain_text("+2.0 sd")
    expect(view.locator(".vg-wordings").first).to_contain_text("Two")  # found, and noted
    view.page.screenshot(path=screenshots / "sample.png", full_page=True)
    view.get_by_role("button", name="Reset").click()
    expect(english(view)).to_have_text("A dog runs through the snow.")
    view.get_by_role("button", name="Undo").click()
    expect(english(view)).to_contain_text("Two dogs")


def test_a_draw_shows_its_seed_and_a_locked_seed_stays(view):
    seed = view.get_by_label("Seed")
    view.get_by_role("button", name="New draw").click()
    expect(view.get_by_label("A draw from the prior")).to_be_checked()
    until(view.page, "!vg.views.sample.busy")
    first, text = seed.input_value(), english(view).inner_text()
    assert first != "1"
    view.locator(".vg-seed-row .vg-choice input").check()
    view.get_by_role("button", name="New draw").click()
    until(view.page, "!vg.views.sample.busy")
    assert (seed.input_value(), english(view).inner_text()) == (first, text)


def test_a_new_draw_starts_at_0_and_undo_brings_the_sliders_back(view):
    slider = view.get_by_label("one → two")
    slider.focus()
    slider.press("ArrowRight")
    view.get_by_role("button", name="Slot 5: free").click()
    view.get_by_role("button", name="New draw").click()
    expect(slider).to_have_value("0")
    expect(view.get_by_role("button", name="Slot 5: free")).to_be_visible()
    view.get_by_role("button", name="Undo").click()
    expect(slider).to_have_value("0.1")
    expect(view.get_by_role("button", name="Slot 5: locked")).to_be_visible()


def test_a_slot_is_locked_muted_and_swapped_with_the_keyboard(view):
    slot = view.get_by_role("button", name="Slot 5: free")
    slot.focus()
    for state, sign in {"locked": "●", "muted": "×", "from B": "B", "free": ""}.items():
        view.page.keyboard.press("Enter")
        node = view.get_by_role("button", name=f"Slot 5: {state}")
        expect(node).to_be_focused()
        expect(node).to_have_text("5" + sign)


def test_eight_draws_can_be_taken_to_the_sliders(view):
    view.get_by_role("button", name="Eight draws").click()
    items = view.locator(".vg-wordings li")
    expect(items).to_have_count(8)
    expect(items.last).to_be_in_viewport()
    text = items.nth(2).locator("button").first.inner_text()
    items.nth(2).locator("button").first.click()
    expect(english(view)).to_have_text(text)


def test_what_was_found_becomes_the_current_sentence(view):
    slider = view.get_by_label("one → two")
    slider.focus()
    for _ in range(20):
        slider.press("ArrowRight")
    expect(english(view)).to_contain_text("Two dogs")
    view.locator(".vg-sample-text").first.get_by_role("button", name="Use").click()
    expect(view.page.locator(".vg-current-line").first).to_contain_text("Two dogs")
    expect(view.page.locator(".vg-current-line").first).to_contain_text("own latent")


def test_it_fits_a_phone(open_page, screenshots):
    page = open_page(served()[0], viewport={"width": 390, "height": 844}, color_scheme="dark")
    view = open_view(page, "sample")
    expect(english(view)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(view.get_by_role("button", name="New draw")).to_be_in_viewport()
    page.screenshot(path=screenshots / "sample-phone.png", full_page=True)


def test_a_fitted_prior_draws_and_fewer_slots_say_less(view):
    prior = view.get_by_label("Prior", exact=True)
    expect(prior).to_be_hidden()  # it says nothing about sentence A
    expect(view.get_by_label("Seed")).to_be_hidden()
    view.get_by_label("A draw from the prior").check()
    expect(prior.locator("option")).to_have_count(5)
    expect(view.locator(".vg-controls")).to_contain_text("Several clouds")  # what the default is
    view.get_by_label("Seed").fill("7")
    prior.select_option("flow")
    expect(view.locator(".vg-controls")).to_contain_text("A small network")
    until(view.page, "!vg.views.sample.busy && vg.views.sample.params.prior === 'flow'")
    flow = english(view).inner_text()
    prior.select_option("normal")
    expect(english(view)).not_to_have_text(flow)
    slots = view.get_by_label("Slots in use")
    slots.focus()
    slots.press("Home")
    expect(view.locator(".vg-controls")).to_contain_text("the first 1")
    until(view.page, "!vg.views.sample.busy")
    z = view.page.evaluate(vg("vg.views.sample.answer.z"))
    assert z.rstrip("A") != z and len(z.rstrip("A")) < len(z) / 8  # all but the first slot are 0


def test_another_checkpoint_brings_its_own_sliders(view):
    slider = view.get_by_label("one → two")
    slider.focus()
    slider.press("ArrowRight")
    view.page.evaluate(vg("vg.choose('dialogue')"))
    expect(view.locator(".vg-none")).to_contain_text("This checkpoint has no directions")
    expect(slider).to_have_count(0)
    until(view.page, "!vg.views.sample.busy")
    params = view.page.evaluate(vg("vg.views.sample.params"))
    assert (params["moves"], params["prior"]) == ({}, "normal")  # the fitted ones are the other checkpoint's
    view.get_by_role("button", name="New draw").click()
    until(view.page, "!vg.views.sample.busy")
    expect(view.get_by_label("A draw from the prior")).to_be_checked()
    expect(view.locator(".vg-notice:visible")).to_have_count(0)
    view.page.evaluate(vg("vg.choose('multi30k')"))
    expect(slider).to_have_value("0")
