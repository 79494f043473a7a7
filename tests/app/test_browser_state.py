"""Links, reload, history and where the page may live, in Chromium: one state for all tabs."""

import base64
import json
import re
import socket
import threading
from pathlib import Path

import pytest
from browsing import ANSWERED, PATIENCE, expect, open_view, until, vg
from serving import free_port, served, served_stub

from vaegen.app.static import WEB

CHOSEN = {"context": "latent", "method": "sample", "temperature": 0.5, "top_k": 7, "top_p": 0.75, "seed": 42}


@pytest.fixture
def page(open_page):
    return open_page(served_stub()[0])


def sentence(page):
    return page.locator("#sentence textarea")


def linked(url, data):
    code = base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")
    return f"{url}?state={code}"


def test_the_checkpoint_of_all_views_reaches_translate_and_the_other_way_round(open_page):
    page = open_page(served()[0])
    open_view(page, "inside")
    page.get_by_label("Checkpoint of all views").select_option("collapsed")
    page.locator("#tab-translate-button").click()
    expect(page.locator("#checkpoint select")).to_have_value("collapsed")
    until(page, "vg.views.translate.answer.request.checkpoint === 'collapsed'")
    page.locator("#checkpoint select").select_option("chinese")
    expect(page.locator(".vg-card h2")).to_have_text(["English", "Chinese"])
    page.locator("#tab-inside-button").click()
    expect(page.get_by_label("Checkpoint of all views")).to_have_value("chinese")
    until(page, "!vg.views.inside.busy && vg.views.inside.answer.python.includes('chinese')")


def test_a_link_of_version_0_1_to_the_jitter_opens_the_cloud(open_page):
    link = linked(served()[0], {"tab": "interpolate", "params": {"interpolate": {"mode": "jitter", "draws": 3}}})
    page = open_page(link, wait=".vg-interpolate.vg-view")
    expect(page.get_by_role("radio", name="Cloud")).to_be_checked()
    until(page, "vg.views.interpolate.answer?.kind === 'cloud' && vg.views.interpolate.answer.rings.length > 1")
    assert page.evaluate(vg("vg.views.interpolate.params.draws")) == 3


def test_a_link_holds_all_settings_of_translate(open_page, page):
    page.get_by_label("Latent only").check()
    page.get_by_label("Sampling").check()
    for label, value in {"Temperature": "0.5", "Top-k": "7", "Top-p": "0.75", "Seed": "42"}.items():
        page.get_by_label(label).fill(value)
    page.get_by_label("Seed").press("Enter")
    page.get_by_label("Avoid sensitive words").uncheck()
    page.locator("#source select").select_option("cs")
    sentence(page).fill("My own sentence.")
    sentence(page).press("Enter")
    expect(page.locator('[data-language="de"] .vg-text')).to_contain_text("My own sentence.")
    wanted = {**CHOSEN, "source_language": "cs", "avoid": False, "num_beams": 5}
    assert page.evaluate(vg("vg.views.translate.params")) == wanted
    again = open_page(page.evaluate(vg("vg.link()")))
    expect(sentence(again)).to_have_value("My own sentence.")
    assert again.evaluate(vg("vg.views.translate.params")) == wanted
    expect(again.get_by_role("radio", name="Latent only")).to_be_checked()
    expect(again.get_by_label("Temperature")).to_have_value("0.5")
    expect(again.locator("#source select")).to_have_value("cs")
    said = "Czech · latent only · sampled, temperature 0.5, seed 42"
    expect(again.locator(".vg-translate .vg-status")).to_contain_text(said)
    request = again.evaluate(vg("vg.views.translate.answer.request"))
    assert {name: request[name] for name in CHOSEN} == CHOSEN


def test_a_reload_brings_back_sentence_tab_and_lesson(open_page):
    page = open_page(served()[0])
    sentence(page).fill("Two men sing.")
    sentence(page).press("Enter")
    expect(page.locator(".vg-current-line").first).to_contain_text("Two men sing.")
    open_view(page, "sample")
    page.reload()
    expect(page.locator("#tab-sample-button")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".vg-current-line").first).to_contain_text("Two men sing.")
    page.evaluate(vg("vg.startLesson('walk', 1)"))
    expect(page.locator(".vg-lesson")).to_contain_text("step 2 of 3")
    page.reload()
    expect(page.locator(".vg-lesson")).to_contain_text("step 2 of 3")
    expect(page.locator("#tab-interpolate-button")).to_have_attribute("aria-selected", "true")
    page.locator(".vg-lesson").get_by_role("button", name="End lesson").click()
    page.reload()
    expect(page.locator("#tab-lessons-button")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".vg-lesson")).to_have_count(0)


def test_tabs_are_entries_of_the_browsers_history(page):
    def is_open(name):
        expect(page.locator(f"#tab-{name}-button")).to_have_attribute("aria-selected", "true")

    for name in ("lessons", "inside"):
        page.locator(f"#tab-{name}-button").click()
        is_open(name)
        assert page.url.endswith(f"?tab={name}")
    page.go_back()
    is_open("lessons")
    page.go_back()
    is_open("translate")
    assert "?" not in page.url
    page.go_forward()
    is_open("lessons")


TAMPERED = [
    {"a": 7, "b": None, "checkpoint": ["x"], "tab": {"id": "x"}, "params": "none"},
    {"a": {"text": {"x": 1}}, "params": {"translate": {"temperature": "hot", "top_k": 10**9, "seed": -1}}},
    {"params": {"interpolate": {"languages": 5, "steps": None}, "attention": {"encoder": 7, "pin": {"side": 9}}}},
    {"params": {"map": {"spot": {"at": [1]}, "projection": "__proto__"}, "sample": {"moves": [1], "shown": {"a": 1}}}},
    {"tab": "interpolate", "a": {"text": "x" * 5000}, "params": {"interpolate": {"method": "x", "c": 5}}},
]


@pytest.mark.parametrize("data", TAMPERED)
def test_a_tampered_link_stops_nothing_and_is_said_in_a_line(open_page, data):
    page = open_page(linked(served()[0], data), wait=".vg-link-notice")
    expect(page.locator(".vg-link-notice")).to_have_text(re.compile(r"^Parts of the link cannot be used \(.+\)"))
    for name in ("interpolate", "sample", "attention"):
        open_view(page, name)
    expect(page.locator(".vg-current")).to_contain_text("A dog runs through the snow.")


def test_an_unknown_lesson_of_a_link_is_said_too(open_page):
    page = open_page(served_stub()[0] + "?lesson=nonsense&step=x")
    expect(page.locator(".vg-link-notice")).to_contain_text("lesson")
    expect(page.locator(".vg-lesson")).to_have_count(0)


@pytest.fixture(scope="module")
def prefixed():
    """The app below a path of another app."""
    import uvicorn
    from fastapi import FastAPI

    from vaegen.app import mount

    server = uvicorn.Server(
        uvicorn.Config(mount(FastAPI(), served()[1], "/lab/vaegen"), port=free_port(), log_level="error")
    )
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", server.config.port)) == 0:
                break
        running.join(0.1)
    yield f"http://127.0.0.1:{server.config.port}/lab/vaegen/"
    server.should_exit = True
    running.join(10)


def test_behind_a_path_prefix_the_map_has_its_chart(open_page, prefixed):
    page = open_page(prefixed)
    view = open_view(page, "map")
    expect(view.locator(".vg-map-figure[data-ready]")).to_be_visible()
    drawn = "document.querySelector('.vg-map-figure').data.reduce((n, one) => n + (one.customdata?.length ?? 0), 0)"
    assert page.evaluate(drawn) >= 5000
    assert "/lab/vaegen/" in page.evaluate(vg("vg.link()"))
    again = open_page(page.evaluate(vg("vg.link()")), wait=".vg-map.vg-view")
    expect(again.locator("#tab-map-button")).to_have_attribute("aria-selected", "true")


def test_the_page_names_no_folder_of_the_machine_and_leaves_nothing_on_the_window(browser):
    context = browser.new_context()
    context.set_default_timeout(PATIENCE * 1000)
    texts = []

    def names(block):
        page = context.new_page()
        if block:
            page.route("**/gradio_api/vaegen/**", lambda route: route.abort())
        page.on("response", lambda response: texts.append(response) if response.status == 200 else None)
        page.goto(served()[0])
        page.wait_for_selector("#tab-map-button" if block else ANSWERED)
        return set(page.evaluate("Object.keys(window)"))

    with_ours = names(block=False)
    folders = {str(WEB), str(Path(WEB).parents[2]), "site-packages"}
    checked = 0
    for response in texts:
        if response.request.resource_type in {"document", "script", "fetch"} and "/assets/" not in response.url:
            body = response.text()
            checked += 1
            assert not [folder for folder in folders if folder in body or folder in response.url], response.url
    assert checked > 40
    assert not with_ours - names(block=True)
    context.close()


def test_a_file_of_ours_may_be_kept_for_ever_as_its_address_is_its_versions():
    import httpx

    from vaegen.app.static import address

    url = served_stub()[0]
    answer = httpx.get(f"{url}{address('core/state.js')}")
    assert answer.headers["content-type"].split(";")[0].endswith("/javascript")  # a module needs it
    assert "immutable" in answer.headers["cache-control"] and answer.headers["x-content-type-options"] == "nosniff"
    assert httpx.get(f"{url}{address('core/nothing.js')}").status_code == 404
    assert httpx.get(f"{url}{address('../page.py')}").status_code == 404
    old = re.sub(r"[0-9a-f]{16}", "0" * 16, address("core/state.js"))
    assert httpx.get(f"{url}{old}").status_code == 404
