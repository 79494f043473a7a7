"""The attention view in Chromium: hover, keyboard, heat maps, a word taken away, two sentences, links and files."""

import csv
import json
import re

import pytest
from browsing import expect, open_view, vg
from serving import serve, served

from vaegen.app.service import Service
from vaegen.config import override
from vaegen.model.checkpoint import save_checkpoint
from vaegen.model.vae_transformer import VAETransformer


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


def saved(page, name, nth=0):
    with page.expect_download() as download:
        view(page).get_by_role("button", name=name, exact=True).nth(nth).click()
    return download.value.path().read_text(encoding="utf-8-sig")


def test_pointing_keeping_and_moving_in_the_picture(page, screenshots):
    expect(readout(page)).to_contain_text("Hund ← dog")
    expect(view(page)).to_contain_text("Attention is not explanation")
    lit = page.locator(".vg-attention-lit path")
    expect(lit).to_have_count(0)
    straight, words = page.locator(".vg-attention-bands .vg-attention-direct"), page.locator(".vg-attention-target text")
    expect(straight).to_have_count(words.count())  # each word's strongest, thin
    assert straight.evaluate_all("(all) => all.every((one) => one.getAttribute('stroke-width') < 4)")
    node(page, "target", 1).hover()
    expect(readout(page)).to_contain_text("The step that writes “Hund” looks")
    expect(readout(page).locator("dd").nth(1)).to_have_text(re.compile(r"^dog\s\("))  # through the slots
    assert page.locator(".vg-attention-lit .vg-attention-band").count() > 1
    assert page.locator(".vg-attention-lit .vg-attention-direct").count() >= 1  # the decoder sees the words too
    page.screenshot(path=screenshots / "attention.png")
    page.mouse.move(5, 5)
    expect(readout(page)).to_contain_text("Where each word looks most")

    node(page, "slot", 5).click()
    page.mouse.move(5, 5)
    expect(readout(page)).to_contain_text("Slot 5")  # kept
    expect(node(page, "slot", 5)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(node(page, "slot", 5)).to_have_attribute("aria-pressed", "false")

    node(page, "target", 0).focus()
    page.keyboard.press("ArrowDown")
    expect(node(page, "target", 1)).to_be_focused()
    assert "At slots" in node(page, "target", 1).get_attribute("aria-label")
    page.keyboard.press("Enter")
    expect(node(page, "target", 1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".vg-attention-slot:focus")).to_have_count(1)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("End")
    expect(node(page, "source", 7)).to_be_focused()
    assert page.locator('.vg-attention-node[tabindex="0"]').count() == 1  # one stop for Tab
    page.keyboard.press("Tab")
    expect(readout(page)).to_contain_text("“Hund”")  # what was kept

    bands = page.locator(".vg-attention-bands path")
    before = bands.count()
    view(page).get_by_label("Hide weights below").fill("20")
    assert 0 < bands.count() < before
    expect(page.locator(".vg-attention-picture")).to_contain_text("weights from 20 %")


def test_taking_a_word_away_and_seeing_the_latent_alone(page, screenshots):
    chips = view(page).get_by_role("group", name="The word to take away")
    chips.get_by_role("button", name="snow").click()
    result = page.locator(".vg-attention-result")
    expect(result).to_contain_text("The model reads: A dog runs through the.")
    expect(result).to_contain_text("less probable")
    expect(result).to_contain_text("the decoder guesses")
    expect(chips.get_by_role("button", name="snow")).to_be_focused()
    expect(result.locator(".vg-attention-gone").last).to_contain_text("Schnee")
    page.screenshot(path=screenshots / "attention-without.png", full_page=True)
    view(page).get_by_label("masked").check()
    expect(result).to_contain_text("A dog runs through the [mask].")
    expect(result).to_contain_text("never saw a mask")
    chips.get_by_role("button", name="snow").click()
    expect(result).to_contain_text("Choose a word")

    view(page).get_by_label("Latent only").check()
    expect(readout(page)).not_to_contain_text("Straight")
    node(page, "target", 1).hover()
    expect(readout(page)).to_contain_text("At slots, 100.0 %")
    expect(page.locator(".vg-attention-lit .vg-attention-direct")).to_have_count(0)
    view(page).get_by_label("Hide weights below").fill("30")
    page.mouse.move(5, 5)
    expect(page.locator(".vg-attention-bands path").first).to_be_attached()
    ends = page.locator(".vg-attention-bands path").evaluate_all(
        "(all) => new Set(all.map((one) => one.getAttribute('d').split(' ').at(-1))).size"
    )
    assert ends >= page.locator(".vg-attention-target text").count()  # a line for each word, whatever is hidden
    view(page).get_by_label("Who looks at what").select_option("toSource")
    expect(view(page)).to_contain_text("the decoder sees no source words")


def test_words_of_the_trade_say_what_they_mean(page):
    meanings = {"slot": "row of the latent", "attention": "100 %", "layer": "pass", "head": "ways", "entropy": "spread"}
    for word, said in meanings.items():
        term = view(page).get_by_role("button", name=re.compile(f"^{word}: .*{said}"))
        term.focus()
        assert said in term.evaluate("node => getComputedStyle(node, '::after').content")


def test_heat_maps_by_layer_and_head(page):
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

    view(page).get_by_label("Who looks at what").select_option("slots")
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

    page.locator(".vg-attention-heat").focus()
    said = page.locator(".vg-attention-heat-box .vg-attention-fact")
    expect(said).to_have_text(re.compile(r"^slot 0 → A: [\d.]+\s%$"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(said).to_have_text(re.compile(r"^slot 1 → dog: [\d.]+\s%$"))


def test_two_sentences_sub_words_and_a_given_translation(page, screenshots):
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

    view(page).get_by_label("A", exact=True).check()
    given = view(page).get_by_label("Your own translation")
    given.fill("Ein Schneehund rennt.")
    given.press("Enter")
    words = page.locator(".vg-attention-target text")
    expect(words).to_have_text(["Ein", "Schneehund", "rennt", ".", "[end]"])
    view(page).get_by_label("Sub-words").check()
    expect(words.nth(1)).not_to_have_text("Schneehund")
    assert "".join(words.all_text_contents()) == "EinSchneehundrennt.[end]" and words.count() > 5


def test_a_link_brings_back_the_whole_view(page, open_page):
    view(page).get_by_label("Translate into").select_option("fr")
    expect(node(page, "target", 1)).to_have_text("chien")
    view(page).get_by_role("button", name=re.compile("layer 3, head 0: entropy")).click()
    view(page).get_by_role("group", name="The word to take away").get_by_role("button", name="dog").click()
    expect(page.locator(".vg-attention-shifts")).to_be_visible()
    node(page, "target", 1).click()
    again = open_page(page.evaluate(vg("vg.link()")), wait=".vg-attention-shifts")
    expect(node(again, "target", 1)).to_have_text("chien")
    expect(readout(again)).to_contain_text("“chien”")
    expect(again.locator(".vg-attention-picture")).to_contain_text("encoder: layer 3, head 0")
    again.evaluate(vg("vg.adopt({ text: 'Two men sing.', language: 'en', z: '' })"))
    expect(node(again, "source", 1)).to_have_text("men")
    expect(again.locator(".vg-attention-result")).to_contain_text("Choose a word")  # the old one is of another sentence
    expect(readout(again)).to_contain_text("Where each word looks most")


def test_a_phone_in_the_dark_shows_it_without_scrolling_sideways(open_page, url, screenshots):
    page = open_page(url, viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True)
    if page.locator("#tab-attention-button").count():
        page.locator("#tab-attention-button").click()
    else:  # in the menu of the tabs that do not fit
        page.get_by_label("More tabs").click()
        page.get_by_role("button", name="Attention").click()
    expect(node(page, "target", 1)).to_be_visible()
    node(page, "target", 1).tap()
    expect(readout(page)).to_contain_text("“Hund”")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=screenshots / "attention-phone.png", full_page=True)


def test_a_model_of_lstms_says_what_does_not_attend(open_page, tokenizer, tiny_config, tmp_path):
    save_checkpoint(tmp_path / "lstm", VAETransformer(override(tiny_config, encoder="lstm", decoder="lstm")), tokenizer)
    url, service = serve(Service(tmp_path / "lstm", folder=tmp_path))
    page = open_page(url + "?text=a+dog+runs")
    open_view(page, "attention")
    kind = view(page).get_by_label("Who looks at what")
    expect(page.locator(".vg-attention-map svg").first).to_be_visible()
    for value, said in (("decoder", "remembers what it has written"), ("encoder", "its words do not look at each other")):
        kind.select_option(value)
        expect(page.locator(".vg-attention-map, .vg-attention-sides > .vg-caption").last).to_contain_text(said)
    kind.select_option("toSource")
    expect(page.locator(".vg-attention-map svg").first).to_be_visible()
    service.close()
