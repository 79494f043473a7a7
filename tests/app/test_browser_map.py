"""The map in Chromium: pointing, searching, selecting, one's own sentences."""

import csv
import io
import itertools
import json
import re

import pytest
from browsing import PATIENCE, expect, open_view, until, vg
from serving import GOLDEN, served


@pytest.fixture
def view(open_page):
    view = open_view(open_page(served()[0]), "map")
    expect(view.locator(".vg-map-figure[data-ready]")).to_be_visible()
    return view


def here(view):
    return view.locator(".vg-map-here")


def on_screen(page, index):
    """Where a point of the map lies in the window, after scrolling to it."""
    return page.evaluate(
        """(index) => {
            const figure = document.querySelector('.vg-map-figure'), { xaxis, yaxis } = figure._fullLayout;
            const trace = figure.data.find((one) => one.customdata?.includes(index)), k = trace.customdata.indexOf(index);
            const x = xaxis._offset + xaxis.d2p(trace.x[k]), y = yaxis._offset + yaxis.d2p(trace.y[k]);
            window.scrollBy(0, figure.getBoundingClientRect().top + y - window.innerHeight / 2);
            const box = figure.getBoundingClientRect();
            return [box.left + x, box.top + y];
        }""",
        index,
    )


def asked(page):
    until(page, "!vg.views.map.busy")
    return page.evaluate(vg("vg.views.map.answer"))


def test_all_points_are_drawn_and_a_click_on_one_reads_and_adopts_it(view, screenshots):
    page = view.page
    drawn = "document.querySelector('.vg-map-figure').data.reduce((n, one) => n + (one.customdata?.length ?? 0), 0)"
    assert page.evaluate(drawn) >= 5000
    expect(here(view)).to_contain_text("The current sentence A.")
    view.get_by_label("Search the sentences").fill("three dogs sleeping")
    first = view.locator(".vg-map-table tbody tr").first
    expect(first).to_contain_text("sleeping")
    first.get_by_role("button").click()
    expect(here(view)).to_contain_text("A point of the map")
    index = asked(page)["python"].split("here.latent(")[1].split(")")[0]
    x, y = on_screen(page, int(index))
    page.mouse.move(x - 30, y - 30)
    page.mouse.move(x, y)
    expect(view.locator(".vg-map-card")).to_be_visible()
    assert len(view.locator(".vg-map-card p[lang]").all()) == 4
    page.mouse.click(x, y)
    until(page, "vg.views.map.answer.how === 'point'")
    page.screenshot(path=screenshots / "map.png", full_page=True)
    here(view).get_by_role("button", name="Use").first.click()
    expect(page.locator(".vg-current-line").first).to_contain_text(asked(page)["texts"]["en"])


def test_it_works_again_after_a_checkpoint_without_a_map(open_page, screenshots):
    page = open_page(served()[0])
    page.locator("#task").get_by_label("English and Chinese", exact=True).check()
    until(page, "vg.state.checkpoint === 'chinese'")
    page.locator("#tab-map-button").click()
    none = page.locator(".vg-map-none")
    expect(none).to_contain_text("This checkpoint has no map.")
    expect(none.get_by_role("button", name="Choose a checkpoint")).to_be_visible()
    expect(page.locator(".vg-map-figure")).to_be_hidden()
    expect(page.locator(".vg-map > .vg-main > .vg-notice")).to_be_hidden()  # said once
    page.screenshot(path=screenshots / "map-none.png", full_page=True)

    page.locator("#tab-translate-button").click()
    page.locator("#task").get_by_label("Translate", exact=True).check()
    view = open_view(page, "map")
    expect(view.locator(".vg-map-figure[data-ready]")).to_be_visible()
    expect(none).to_be_hidden()
    reads_a_point(view, 7)

    page.evaluate(vg("vg.choose('chinese')"))
    none.get_by_role("button", name="Show the map of multi30k").click()
    expect(none).to_be_hidden()
    expect(view.locator(".vg-map-figure")).to_be_visible()
    reads_a_point(view, 11)


def reads_a_point(view, index):
    """Points at a point of the map and clicks it."""
    page = view.page
    until(page, "document.querySelector('.vg-map-figure')._fullLayout?.xaxis && !vg.views.map.busy")
    x, y = on_screen(page, index)
    page.mouse.move(x - 30, y - 30)
    page.mouse.move(x, y)
    expect(view.locator(".vg-map-card")).to_be_visible()
    page.mouse.click(x, y)
    until(page, "vg.views.map.answer.how === 'point'")


def test_searching_as_one_types_says_how_many_and_keeps_the_words(view):
    box, said = view.get_by_label("Search the sentences"), view.locator(".vg-controls [role=status]")
    box.press_sequentially("man")
    expect(said).to_have_text(re.compile(r"^\d+ found, 200 of them marked$"))
    rings = "document.querySelector('.vg-map-figure')._fullLayout.shapes.filter((one) => one.x1 === 7).length"
    view.page.wait_for_function(f"{rings} === 200")
    view.get_by_label("Colour and shape").select_option("who")
    expect(box).to_have_value("man")  # the controls are made anew, the search stays
    box.press_sequentially("xyz")
    expect(said).to_have_text("0 found")
    expect(view.locator(".vg-map-table")).to_be_empty()
    box.fill("")
    expect(said).to_be_empty()
    view.page.wait_for_function(f"{rings} === 0")


def test_empty_space_says_how_far_it_is_from_anything(view):
    page = view.page
    box = view.locator(".vg-map-figure").bounding_box()
    page.mouse.click(box["x"] + box["width"] - 50, box["y"] + box["height"] - 60)
    expect(here(view)).to_contain_text("UMAP has no inverse")
    expect(here(view)).to_contain_text("mostly a guess")
    view.get_by_role("radio", name="PCA 2-D").check()
    expect(view.locator(".vg-map-figure")).to_contain_text("PCA 2-D")
    page.mouse.click(box["x"] + box["width"] - 50, box["y"] + box["height"] - 60)
    expect(here(view)).to_contain_text("of the variance; the rest is the average")
    view.get_by_role("radio", name="Like A").check()
    expect(here(view)).to_contain_text("the rest is that of A")


def test_the_keyboard_moves_zooms_and_reads(view):
    figure = view.locator(".vg-map-figure")
    before = view.page.evaluate("document.querySelector('.vg-map-figure')._fullLayout.xaxis.range")
    figure.focus()
    for key in ("ArrowRight", "ArrowDown", "+", "+"):
        figure.press(key)
    figure.press("Enter")
    expect(here(view)).not_to_contain_text("The current sentence A.")
    after = view.page.evaluate("document.querySelector('.vg-map-figure')._fullLayout.xaxis.range")
    assert after[1] - after[0] == pytest.approx((before[1] - before[0]) * 0.49, rel=0.02)


def test_labels_come_with_zoom_and_colours_follow_a_factor(view, screenshots):
    page = view.page
    marks = view.locator(".vg-map-figure .annotation")
    clusters = set(json.loads((GOLDEN / "map.json").read_text(encoding="utf-8"))["clusters"])
    expect(marks.nth(6)).to_be_attached()  # A, B, what the figure is, and the names of most clusters
    texts = marks.all_text_contents()
    assert {"A, the walk starts", "B, the walk ends"} <= set(texts) and len(clusters & set(texts)) == len(texts) - 3
    x, y = page.evaluate(vg("vg.views.map.answer.where.umap2"))
    ranges = {"xaxis.range": [x - 0.4, x + 0.4], "yaxis.range": [y - 0.4, y + 0.4]}
    page.evaluate("(ranges) => Plotly.relayout(document.querySelector('.vg-map-figure'), ranges)", ranges)
    for name in clusters & set(texts):
        expect(marks.get_by_text(name, exact=True)).to_have_count(0)
    expect(marks.nth(3)).to_be_attached()  # sentences now, besides A, B and the caption
    view.get_by_label("Colour and shape").select_option("who")
    expect(view.locator(".vg-map-figure .legend")).to_contain_text("horse")
    view.get_by_label("Colour and shape").select_option("cluster")
    legend = view.locator(".vg-map-figure .legend")
    expect(legend.locator(".traces")).to_have_count(12)
    legend, tools = legend.bounding_box(), view.locator(".vg-map-figure .modebar-group").first.bounding_box()
    assert legend["x"] + legend["width"] <= tools["x"]  # beside each other, not one over the other
    page.screenshot(path=screenshots / "map-cluster.png", full_page=True)


def test_a_box_makes_a_table_that_can_be_downloaded(view):
    page = view.page
    page.evaluate("Plotly.relayout(document.querySelector('.vg-map-figure'), {dragmode: 'select'})")
    x, y = on_screen(page, 5)
    page.mouse.move(x - 40, y - 40)
    page.mouse.down()
    page.mouse.move(x + 40, y + 40, steps=4)
    page.mouse.up()
    expect(view.locator(".vg-map-table h2")).to_contain_text("selected")
    with page.expect_download() as download:
        view.get_by_role("button", name="Download these as CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert "5" in {row["number"] for row in rows} and {"umap2_x", "pca3_z", "who"} <= set(rows[0])
    told = view.locator(".vg-map-table h2").inner_text()
    assert told.startswith(str(len(rows)))


def test_own_sentences_are_placed_and_get_a_map_of_their_own(view, tmp_path, screenshots):
    page = view.page
    view.get_by_text("Your own sentences", exact=True).first.click()
    file = tmp_path / "own.csv"
    whos, does = ("A man", "A dog", "Ein Kind"), ("runs", "sits", "sleeps", "plays soccer")
    rows = [f'{i},"{who} {what}."\n' for i, (who, what) in enumerate(itertools.product(whos, does))]
    file.write_text("id,text\n" + "".join(rows))
    view.locator("input[type=file]").set_input_files(file)
    expect(view).to_contain_text("12 lines of own.csv")
    view.get_by_role("button", name="Place them on this map").click()
    expect(view).to_contain_text("Your 12 sentences")
    page.wait_for_function("document.querySelector('.vg-map-figure').data.at(-1).x.length === 12")  # drawn after the words
    view.get_by_role("button", name="Fit a map of these alone").click()
    expect(view.locator("progress")).to_be_visible()
    shipped = view.get_by_role("button", name="Back to the shipped map")
    expect(shipped).to_be_visible(timeout=5 * PATIENCE * 1000)  # the fit is of low priority: a busy machine lets it wait
    expect(view.locator(".vg-map-figure")).to_contain_text("11 neighbours, minimum distance 0.1")
    page.screenshot(path=screenshots / "map-own.png", full_page=True)
    shipped.click()
    expect(view.locator(".vg-map-figure")).to_contain_text("5,000 points")


def test_it_fits_a_phone_in_the_dark_and_in_space(open_page, screenshots):
    page = open_page(served()[0], viewport={"width": 390, "height": 844}, color_scheme="dark")
    view = open_view(page, "map")
    expect(view.locator(".vg-map-figure[data-ready]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    about = view.locator(".vg-map-figure .annotation", has_text="UMAP 2-D: 15")
    box = about.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390  # wrapped, not cut
    page.screenshot(path=screenshots / "map-phone.png", full_page=True)
    view.get_by_role("radio", name="UMAP 3-D").check()
    expect(view.locator(".vg-map-figure .gl-container canvas, .vg-map-figure canvas").first).to_be_attached()
