"""The dial and unsure answers in Chromium: on a checkpoint with a dial, and on one without."""

import csv
import re

import pytest
from browsing import expect, open_view, until, vg
from serving import serve
from tagged import save_tagged
from turned import save_turned

from vaegen.app.service import Service


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = save_tagged(tmp_path_factory.mktemp("dialled"), {"plain": ("en", "de", "fr", "cs")})
    save_turned(folder / "turned", threshold=0.5)
    return serve(Service("turned", folder=folder))[0]


def answered(page, condition):
    until(page, f"!vg.views.translate.busy && vg.views.translate.answer?.request.{condition}")


def test_the_dial_moves_every_answer_and_the_link_carries_it(open_page, url, screenshots):
    page = open_page(url)
    slider = page.get_by_role("slider", name="Rate")
    expect(slider).to_have_attribute("aria-valuetext", "0.03, recommended")
    expect(page.locator(".vg-dial")).to_contain_text("KL 71 nats, reconstruction 20 nats at this rate")
    page.screenshot(path=screenshots / "dial.png")
    page.get_by_label("Latent only").check()
    answered(page, "context === 'latent'")
    text = page.locator('[data-language="de"] .vg-text').inner_text()
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "1, collapsed")
    expect(slider).to_be_focused()
    answered(page, "beta === 1")
    expect(page.locator('[data-language="de"] .vg-text')).not_to_have_text(text)
    expect(page.locator(".vg-dial-measured")).to_be_hidden()  # nothing was measured there
    page.screenshot(path=screenshots / "dial-collapsed.png")
    again = open_page(page.evaluate(vg("vg.link()")))
    expect(again.get_by_role("slider", name="Rate")).to_have_attribute("aria-valuetext", "1, collapsed")
    answered(again, "beta === 1")
    open_view(again, "inside")
    until(again, "!vg.views.inside.busy && vg.views.inside.answer?.python.includes('beta=1.0')")
    again.reload()
    again.get_by_role("button", name="Back to 0.03").click()
    until(again, "!vg.views.inside.busy && !vg.views.inside.answer?.python.includes('beta')")
    expect(again.get_by_role("slider", name="Rate")).to_be_focused()
    expect(again.get_by_role("button", name="Back to 0.03")).to_be_hidden()


def test_a_checkpoint_without_a_dial_shows_none(open_page, url):
    page = open_page(url)
    page.get_by_role("slider", name="Rate").fill("50")
    answered(page, "beta === 1")
    page.locator("#checkpoint select").select_option("plain")
    answered(page, "checkpoint === 'plain'")
    expect(page.locator(".vg-dial")).to_be_hidden()
    expect(page.locator(".vg-translate")).to_have_attribute("data-phase", "done")
    page.locator("#checkpoint select").select_option("turned")
    expect(page.get_by_role("slider", name="Rate")).to_have_attribute("aria-valuetext", "1, collapsed")


def test_an_unsure_answer_says_so_and_offers_what_is_known(open_page, url, screenshots):
    page = open_page(url)
    expect(page.locator(".vg-unsure")).to_have_count(0)
    page.locator("#sentence textarea").fill("Epistemology bores accountants.")
    page.locator("#sentence textarea").press("Enter")
    line = page.locator('[data-language="de"] .vg-unsure')
    expect(line).to_have_text("The model is unsure of this one.")
    expect(line.get_by_role("button")).to_have_attribute("data-tip", re.compile(r"Probability that it is wrong: >?\d+ %"))
    page.screenshot(path=screenshots / "unsure.png", full_page=True)
    attention = open_view(page, "attention")
    expect(attention.locator(".vg-unsure")).to_have_count(1)
    until(page, "!vg.views.attention.busy")
    page.screenshot(path=screenshots / "unsure-attention.png")
    chip = attention.locator(".vg-known .vg-chip").first
    known = chip.inner_text()
    chip.click()
    expect(page.locator(".vg-current-line").first).to_contain_text(known)


def test_a_translated_file_says_how_likely_each_line_is_wrong(open_page, url, tmp_path, screenshots):
    page = open_page(url)
    source = tmp_path / "mine.txt"
    source.write_text("A dog runs through the snow.\n\nEpistemology bores accountants.\n", encoding="utf-8")
    page.get_by_text("Translate a file").click()
    page.locator(".vg-file-input").set_input_files(source)
    page.get_by_role("button", name="Translate file").click()
    view = page.locator('.vg-file[data-phase="done"]')
    expect(view.get_by_role("columnheader", name="Probability that it is wrong")).to_be_visible()
    expect(view.locator("tbody .vg-unsure")).to_have_count(1)
    page.screenshot(path=screenshots / "file-unsure.png", full_page=True)
    with page.expect_download() as download:
        view.get_by_role("button", name="Download .csv").click()
    head, *rows = csv.reader(download.value.path().read_text(encoding="utf-8-sig").splitlines())
    assert head == ["text", "de", "unsure"] and float(rows[0][2]) < 0.5 <= float(rows[-1][2])
