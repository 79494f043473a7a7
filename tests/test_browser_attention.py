"""The attention view in Chromium: hover, keyboard, heat maps, a word taken away, two sentences, links and files."""

import csv
import json
import re

import pytest
from browsing import expect, open_view
from serving import served


@pytest.fixture(scope="module")
def url():
    return served()[0]


@pytest.fixture
def page(open_page, url):
    page = open_page(url)
    open_view(page, "attention")
    expect(node(page, "target", 0)).to_be_visible()
    return page


def node(page, column, index, side=0):
    return page.locator(f'[data-key="{side}-{column}-{index}"]')


def view(page):
    return page.locator("#tab-attention")


def readout(page, side=0):
    return page.locator(".vg-attention-readout").nth(side)


def percents(text):
    return [float(number) for number in re.findall(r"\(([\d.]+) %\)", text)]


def saved(page, name, nth=0):
    with page.expect_download() as download:
        view(page).get_by_role("button", name=name, exact=True).nth(nth).click()
    return download.value.path().read_text(encoding="utf-8-sig")


def test_pointing_at_a_word_shows_its_slots_and_through_them_its_source(page, screenshots):
    expect(readout(page)).to_contain_text("Hund ← dog")
    expect(view(page)).to_contain_text("Attention is not explanation")
    expect(page.locator(".vg-attention-lit path")).to_have_count(0)
    node(page, "target", 1).hover()
    expect(readout(page)).to_contain_text("The step that writes “Hund” looks")
    expect(readout(page).locator("dd").nth(1)).to_have_text(re.compile(r"^dog \("))
    assert page.locator(".vg-attention-lit .vg-attention-band").count() > 1
    assert page.locator(".vg-attention-lit .vg-attention-direct").count() >= 1  # the decoder sees the words too
    page.screenshot(path=screenshots / "attention.png")
    page.mouse.move(5, 5)
    expect(readout(page)).to_contain_text("Where each word looks most")
    view(page).get_by_label("Latent only").check()
    expect(readout(page)).not_to_contain_text("Straight")
    node(page, "target", 1).hover()
    expect(page.locator(".vg-attention-lit .vg-attention-direct")).to_have_count(0)
    assert "100.0 %" in readout(page).inner_text()


def test_a_click_keeps_a_word_and_escape_lets_go(page):
    node(page, "slot", 5).click()
    page.mouse.move(5, 5)
    expect(readout(page)).to_contain_text("Slot 5")
    expect(node(page, "slot", 5)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(node(page, "slot", 5)).to_have_attribute("aria-pressed", "false")


def test_everything_in_the_picture_is_reached_from_the_keyboard(page):
    node(page, "target", 0).focus()
    expect(readout(page)).to_contain_text("“Ein”")
    page.keyboard.press("ArrowDown")
    expect(node(page, "target", 1)).to_be_focused()
    assert "At slots" in node(page, "target", 1).get_attribute("aria-label")
    page.keyboard.press("Enter")
    expect(node(page, "target", 1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".vg-attention-slot:focus")).to_have_count(1)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".vg-attention-source:focus")).to_have_count(1)
    page.keyboard.press("End")
    expect(node(page, "source", 7)).to_be_focused()
    assert page.locator('.vg-attention-node[tabindex="0"]').count() == 1  # one stop for Tab
    page.keyboard.press("Tab")
    expect(readout(page)).to_contain_text("“Hund”")  # what was kept


def test_the_threshold_hides_bands(page):
    bands = page.locator(".vg-attention-bands path")
    slider = view(page).get_by_label("Hide weights below")
    before = bands.count()
    slider.fill("20")
    expect(bands).not_to_have_count(before)
    assert 0 < bands.count() < before
    expect(page.locator(".vg-attention-picture .vg-attention-about").last).to_contain_text("weights from 20 %")


def test_a_word_taken_away_changes_the_translation(page, screenshots):
    view(page).get_by_role("group", name="The word to take away").get_by_role("button", name="snow").click()
    result = page.locator(".vg-attention-result")
    expect(result).to_contain_text("The model reads: A dog runs through the.")
    expect(result).to_contain_text("less probable")
    assert result.locator("mark").count() >= 1
    moved = [float(text) for text in result.locator(".vg-attention-shift .vg-figure").all_inner_texts()]
    words = [text.split("\n")[0] for text in result.locator(".vg-attention-shift").all_inner_texts()]
    assert words[moved.index(max(moved))] == "Schnee"
    page.screenshot(path=screenshots / "attention-without.png", full_page=True)
    view(page).get_by_label("masked").check()
    expect(result).to_contain_text("[mask]")
    expect(result).to_contain_text("never saw a mask")


def test_heat_maps_by_layer_and_head_add_up_to_one(page):
    for kind in ("slots", "encoder", "toSlots", "toSource", "decoder"):
        view(page).get_by_label("Who looks at what").select_option(kind)
        header, *rows = csv.reader(saved(page, "CSV").splitlines())
        assert header == ["sentence", "looks", "layer", "head", "from", "at", "weight"]
        totals = {}
        for row in rows:
            assert row[1:4] == [kind, "mean", "mean"]
            totals[row[4]] = totals.get(row[4], 0) + float(row[6])
        assert all(abs(total - 1) < 0.002 for total in totals.values())
        assert page.locator(".vg-attention-cell").count() == len(rows)


def test_a_head_is_chosen_by_its_entropy_and_the_picture_follows(page):
    head = view(page).get_by_role("button", name=re.compile("layer 2, head 1: entropy"))
    before = page.locator(".vg-attention-bands path").count()
    head.click()
    expect(head).to_have_attribute("aria-pressed", "true")
    expect(head).to_be_focused()
    expect(page.locator(".vg-attention-picture")).to_contain_text("encoder: layer 2, head 1")
    assert page.locator(".vg-attention-bands path").count() != before
    assert list(csv.reader(saved(page, "CSV").splitlines()))[1][2:4] == ["2", "1"]
    view(page).get_by_role("button", name="mean", exact=True).click()
    expect(page.locator(".vg-attention-picture")).to_contain_text("encoder: mean of all layers and heads")


def test_the_arrow_keys_read_the_weights_of_a_heat_map(page):
    page.locator(".vg-attention-heat").focus()
    said = page.locator(".vg-attention-heat-box .vg-attention-fact")
    expect(said).to_have_text(re.compile(r"^slot 0 → A: [\d.]+ %$"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(said).to_have_text(re.compile(r"^slot 1 → dog: [\d.]+ %$"))


def test_sub_words_are_merged_unless_asked(page):
    view(page).get_by_label("Your own translation").fill("Ein Schneehund rennt.")
    view(page).get_by_label("Your own translation").press("Enter")
    expect(page.locator(".vg-attention-target text")).to_have_text(["Ein", "Schneehund", "rennt", ".", "[end]"])
    expect(page.locator(".vg-status").last).to_be_attached()
    view(page).get_by_label("Sub-words").check()
    expect(page.locator(".vg-attention-target text").nth(1)).not_to_have_text("Schneehund")
    pieces = page.locator(".vg-attention-target text").all_inner_texts()
    assert "".join(pieces) == "EinSchneehundrennt.[end]" and len(pieces) > 5


def test_two_sentences_stand_side_by_side_in_one_figure(page, screenshots):
    view(page).get_by_label("A beside B").check()
    expect(page.locator(".vg-attention-heat")).to_have_count(2)
    expect(node(page, "source", 1, side=1)).to_have_text("women")
    node(page, "slot", 5, side=1).hover()
    expect(readout(page, 1)).to_contain_text("Slot 5")
    expect(readout(page, 0)).to_contain_text("Where each word looks most")
    page.screenshot(path=screenshots / "attention-two.png", full_page=True)
    figure = saved(page, "SVG")
    assert figure.startswith("<svg") and ">women<" in figure and ">dog<" in figure and "multi30k" in figure
    data = json.loads(saved(page, "JSON"))
    assert [side["text"].split()[1] for side in data["sides"]] == ["dog", "women"]
    assert data["about"]["language"] == "de"


def test_a_link_brings_back_the_whole_view(page, open_page):
    view(page).get_by_label("Translate into").select_option("fr")
    expect(node(page, "target", 1)).to_have_text("chien")
    view(page).get_by_role("button", name=re.compile("layer 3, head 0: entropy")).click()
    view(page).get_by_role("group", name="The word to take away").get_by_role("button", name="dog").click()
    expect(page.locator(".vg-attention-shifts")).to_be_visible()
    node(page, "target", 1).click()
    link = page.evaluate("vg.link()")
    again = open_page(link, wait=".vg-attention-shifts")
    expect(node(again, "target", 1)).to_have_text("chien")
    expect(readout(again)).to_contain_text("“chien”")
    expect(again.locator(".vg-attention-picture")).to_contain_text("encoder: layer 3, head 0")
    again.evaluate("vg.adopt({ text: 'Two men sing.', language: 'en', z: '' })")
    expect(node(again, "source", 1)).to_have_text("men")
    expect(again.locator(".vg-attention-result")).to_contain_text("Choose a word")  # the old word is not one of this sentence
    expect(readout(again)).to_contain_text("Where each word looks most")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_without_scrolling_sideways(open_page, url, screenshots, scheme):
    page = open_page(url, viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True)
    page.evaluate("vg.openTab('attention')")
    if not page.locator("#tab-attention-button").count():  # in the menu of the tabs that do not fit
        page.get_by_label("More tabs").click()
        page.locator("button:visible", has_text="Attention").click()
    expect(node(page, "target", 1)).to_be_visible()
    node(page, "target", 1).tap()
    expect(readout(page)).to_contain_text("“Hund”")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=screenshots / f"attention-phone-{scheme}.png", full_page=True)
