"""The ways between sentences in Chromium: what a person sees and changes."""

import re

import pytest
from browsing import expect, open_view, until
from serving import served


@pytest.fixture
def view(open_page):
    return open_view(open_page(served()[0]), "interpolate")


def choose(view, name):
    view.get_by_role("radio", name=name).check()


def test_the_walk_goes_from_a_to_b_in_four_languages_and_marks_what_changes(view, screenshots):
    rows = view.locator("tbody tr")
    expect(rows.first).to_contain_text("A dog runs through the snow.")
    expect(rows.last).to_contain_text("100 %")
    assert view.locator("thead th").all_inner_texts() == ["Way", "English", "German", "French", "Czech"]
    assert view.locator(".vg-new-word").count() > 5
    expect(view.locator(".vg-caption", has_text="Smoothness")).to_contain_text(re.compile(r"English [01]\.\d\d"))
    expect(view.locator("figure svg circle").first).to_be_visible()
    view.page.screenshot(path=screenshots / "interpolate.png", full_page=True)


def test_steps_and_sentences_can_be_changed_and_the_keyboard_moves_the_slider(view):
    slider = view.get_by_label("Steps")
    slider.focus()
    slider.press("ArrowLeft")
    slider.press("ArrowLeft")
    until(view.page, "vg.views.interpolate.answer.stops.length === 5")
    field = view.get_by_label("Sentence B")
    field.fill("Ein Mann spielt Gitarre.")
    field.press("Enter")
    expect(view.locator("tbody tr").last).to_contain_text("guitar")
    expect(view.page.locator(".vg-current")).to_contain_text("Ein Mann spielt Gitarre.")


def test_a_step_becomes_the_current_sentence_with_its_own_latent(view):
    row = view.locator("tbody tr").nth(1)
    text = row.locator("td").first.inner_text()
    row.hover()
    row.get_by_role("button", name="Use").click()
    line = view.page.locator(".vg-current-line").first
    expect(line).to_contain_text(text)
    expect(line).to_contain_text("own latent")


@pytest.mark.parametrize(("text", "said"), [("", "Sentence B: There is no sentence"), ("x" * 10_000, "10,000 characters")])
def test_a_sentence_that_can_be_none_is_refused_and_dims_what_it_does_not_belong_to(view, text, said):
    field, notice = view.get_by_label("Sentence B"), view.locator(".vg-notice")
    field.fill(text)
    field.press("Enter")
    expect(notice).to_contain_text(said)
    expect(view.page.locator(".vg-current")).to_contain_text("Two women are sitting")  # what is refused goes to no view
    assert float(view.locator(".vg-body").evaluate("node => getComputedStyle(node).opacity")) < 0.5
    field.fill("A man plays the guitar.")
    field.press("Enter")
    expect(notice).not_to_be_visible()
    expect(view.locator("tbody tr").last).to_contain_text("guitar")
    expect(view).to_have_attribute("data-phase", "done")


def test_each_kind_has_its_headline_and_the_marked_words_their_key(view):
    keys = {"Grid": "to its left", "Cloud": "in the middle", "Walk": "the step before"}
    leads = set()
    for kind in ("Walk", "Grid", "Analogy", "Cloud", "Walk"):
        choose(view, kind)
        leads.add(view.locator(".vg-lead").inner_text())
        if kind in keys:
            expect(view.locator(".vg-key")).to_contain_text(keys[kind])
    assert len(leads) == 4


def test_the_grid_has_its_sentences_in_the_corners(view, screenshots):
    choose(view, "Grid")
    expect(view.locator(".vg-cell")).to_have_count(25)
    assert view.locator(".vg-cell-corner .vg-letter").all_inner_texts() == ["A", "B", "C", "D"]
    expect(view.locator(".vg-cell-corner").nth(2)).to_contain_text("guitar")
    expect(view.locator(".vg-cell-corner").nth(1).locator(".vg-term")).to_have_text("not as typed")  # "and" is missing
    assert not view.locator(".vg-cell-corner").first.locator(".vg-term").count()
    view.page.screenshot(path=screenshots / "grid.png", full_page=True)


def test_the_analogy_shows_its_formula_and_how_near_it_is(view):
    choose(view, "Analogy")
    expect(view.locator(".vg-formula")).to_have_text("A − B + C")
    expect(view.locator(".vg-caption", has_text="Cosine")).to_contain_text(re.compile(r"A -?\d\.\d\d, B -?\d"))
    assert view.locator(".vg-card .vg-text").count() == 4
    expect(view.locator(".vg-card .vg-text").first).to_have_text("Two dogs run through the snow.")
    line = view.page.locator(".vg-current-line").nth(1)
    expect(line).to_contain_text("A dog is sleeping.")
    choose(view, "Walk")  # nobody has touched B
    expect(line).to_contain_text("Two women are sitting")


def test_the_cloud_loses_the_sentence_as_it_grows(view, screenshots):
    choose(view, "Cloud")
    expect(view.locator(".vg-ring")).to_have_count(6)
    shares = [float(bar.get_attribute("value")) for bar in view.locator(".vg-ring progress").all()]
    assert shares[0] > shares[-1]
    view.page.screenshot(path=screenshots / "cloud.png", full_page=True)


def test_the_table_and_the_figure_can_be_downloaded(view):
    for name in ("CSV", "SVG", "PNG"):
        with view.page.expect_download() as download:
            view.get_by_role("button", name=name).click()
        assert download.value.suggested_filename == f"vaegen-interpolate.{name.lower()}"
        content = download.value.path().read_bytes()
        assert {"CSV": b"A dog runs", "SVG": b"<svg", "PNG": b"\x89PNG"}[name] in content


def test_it_reads_well_on_a_phone_and_in_the_dark(open_page, screenshots):
    page = open_page(served()[0], viewport={"width": 390, "height": 844}, color_scheme="dark")
    view = open_view(page, "interpolate")
    expect(view.locator("tbody tr").first).to_contain_text("A dog runs")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=screenshots / "interpolate-phone.png", full_page=True)
