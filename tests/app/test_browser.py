"""The page in Chromium: what a person sees, types, hears and copies. Screenshots go to a temporary folder."""

import functools
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from browsing import ANSWERED, PATIENCE, expect
from serving import StubPipeline, free_port, serve, served, served_stub

from vaegen.app.page import Runner
from vaegen.app.service import Service

SNOW = "A dog runs through the snow."


@pytest.fixture
def page(open_page):
    return open_page(served()[0])


@pytest.fixture
def stub(open_page):
    return open_page(served_stub()[0])


def card(page, language):
    return page.locator(f'[data-language="{language}"]')


def ask(page, text):
    page.locator("#sentence textarea").fill(text)
    page.locator("#sentence textarea").press("Enter")


def test_the_first_page_shows_an_example_in_four_languages(page, screenshots):
    assert page.locator("#sentence textarea").input_value() == SNOW
    for language, name in {"en": "English", "de": "German", "fr": "French", "cs": "Czech"}.items():
        expect(card(page, language).locator("h2")).to_have_text(name)
        assert card(page, language).locator(".vg-text").inner_text().strip()
        assert card(page, language).locator(".vg-text").get_attribute("lang") == language
    expect(card(page, "en").locator(".vg-tag")).to_have_text("reconstruction through the latent")
    assert page.locator(".vg-tag").count() == 1
    expect(page.locator(".vg-status")).to_contain_text("English detected")
    page.screenshot(path=screenshots / "light.png", full_page=True)


def test_an_example_answers_with_one_click(page):
    page.get_by_role("button", name="Une femme en manteau rouge").click()
    expect(page.locator(".vg-status")).to_contain_text("French detected")
    assert page.locator("#sentence textarea").input_value().startswith("Une femme")
    expect(card(page, "fr").locator(".vg-tag")).to_be_visible()
    assert all(card(page, code).locator(".vg-text").inner_text().strip() for code in ("en", "de", "fr", "cs"))


def test_the_context_switch_changes_the_answer(page):
    before = card(page, "de").inner_text()
    page.get_by_label("Latent only").check()
    expect(page.locator(".vg-status")).to_contain_text("latent only")
    assert card(page, "de").inner_text() != before  # at least its log-probability


def test_alternatives_appear_on_hover_and_leave(page, screenshots):
    word = card(page, "de").locator(".vg-word").first
    tip = page.locator(".vg-tip")
    assert not tip.is_visible()
    word.hover()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text(word.inner_text())
    expect(tip).to_contain_text("%")
    assert tip.locator("li").count() >= 1
    page.screenshot(path=screenshots / "hover.png")
    page.mouse.move(5, 5)
    expect(tip).not_to_be_visible()


def test_alternatives_are_there_for_the_keyboard(page):
    words = card(page, "de").locator(".vg-word")
    card(page, "de").locator(".vg-copy").focus()
    page.keyboard.press("Tab")
    expect(words.first).to_be_focused()
    expect(page.locator(".vg-tip")).to_be_visible()
    assert "%" in words.first.get_attribute("aria-label")
    page.keyboard.press("ArrowRight")
    expect(words.nth(1)).to_be_focused()
    expect(page.locator(".vg-tip")).to_contain_text(words.nth(1).inner_text())
    page.keyboard.press("Escape")
    expect(page.locator(".vg-tip")).not_to_be_visible()
    page.keyboard.press("Tab")  # one stop a sentence
    expect(card(page, "de").locator(".vg-link").first).to_be_focused()


def test_colour_follows_probability(stub):
    ask(stub, "one two three four five six")
    expect(card(stub, "de")).to_contain_text("six")
    words = card(stub, "de").locator(".vg-word")
    shades = [
        (int(re.search(r"vg-p(\d)", word.get_attribute("class"))[1]), word.get_attribute("aria-label"))
        for word in words.all()
    ]
    percents = [(shade, int(re.search(r"(\d+) %", label)[1])) for shade, label in shades]
    assert len({shade for shade, _ in percents}) >= 3
    assert [p for _, p in sorted(percents)] == sorted((p for _, p in percents), reverse=True)
    expect(stub.locator(".vg-legend")).to_contain_text("90 %")


def test_a_card_says_where_a_sensitive_word_was_led_around_and_the_box_turns_it_off(stub, screenshots):
    box = stub.get_by_label("Avoid sensitive words")
    expect(box).to_be_checked()
    ask(stub, "a rude sentence")
    expect(card(stub, "de").locator(".vg-avoided")).to_have_text("led around a sensitive word")
    assert stub.locator("#sentence textarea").input_value() == "a rude sentence"
    stub.screenshot(path=screenshots / "avoided.png", full_page=True)
    box.uncheck()
    expect(stub.locator(".vg-avoided:not([hidden])")).to_have_count(0)  # every view has a line for it
    expect(card(stub, "de")).to_contain_text("a rude sentence")


@pytest.mark.parametrize("allowed", [True, False])
def test_a_card_is_copied_with_and_without_the_clipboard_permission(browser, open_page, allowed):
    page = open_page(served()[0], permissions=["clipboard-read", "clipboard-write"])
    if not allowed:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('denied')); }")
    text = card(page, "de").locator(".vg-text").inner_text()
    card(page, "de").locator(".vg-copy").click()
    expect(card(page, "de").locator(".vg-copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").split() == text.split()


def test_enter_translates_and_shift_enter_does_not(stub):
    box = stub.locator("#sentence textarea")
    box.fill("first")
    box.press("Shift+Enter")
    box.type("second")
    assert box.input_value() == "first\nsecond"
    expect(card(stub, "de")).not_to_contain_text("second")
    box.press("Enter")
    expect(card(stub, "de")).to_contain_text("second")


@pytest.mark.parametrize(
    "text",
    [
        "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>",
        "**bold** [a](javascript:window.hacked=1) # head",
        "{{constructor.constructor('window.hacked=1')()}} ${window.hacked=1}",
        "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
        "\U0001f436\U0001f3fd \U0001f468\u200d\U0001f469\u200d\U0001f467",
    ],
)
def test_typed_text_is_shown_as_text(stub, text):
    ask(stub, text)
    expect(card(stub, "de").locator(".vg-text")).to_contain_text(" ".join(text.split()[:1]))
    stub.wait_for_selector(ANSWERED)
    assert card(stub, "de").locator(".vg-text").inner_text() == f"stub: {text}"
    card(stub, "de").locator(".vg-word").nth(1).hover()
    assert stub.evaluate("window.hacked") is None
    assert stub.locator(".vg-results script, .vg-results img, .vg-results b").count() == 0


def test_the_page_says_what_the_model_knows_and_when_it_is_unsure(page, screenshots):
    expect(page.locator(".vg-knows")).to_contain_text("photo captions")
    expect(page.locator(".vg-doubt")).not_to_be_visible()
    ask(page, "The European Central Bank raised interest rates on Thursday.")
    expect(page.locator(".vg-doubt")).to_contain_text(re.compile(r"unsure .* average [123]?\d %.* photo captions"))
    page.screenshot(path=screenshots / "unsure.png", full_page=True)


@pytest.mark.parametrize("text", ["\U0001f436\U0001f3fd", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd", "123"])
def test_no_language_is_detected_where_no_letter_tells_one(stub, text):
    ask(stub, text)
    expect(stub.locator(".vg-status")).to_contain_text("language not recognised")
    expect(stub.locator(".vg-doubt")).to_contain_text("no letters of English, German, French, or Czech")
    expect(stub.locator(".vg-status")).not_to_contain_text("detected")
    expect(stub.locator('.vg-results [aria-live="polite"]')).to_contain_text("cannot read")
    ask(stub, "A calm sentence.")
    expect(stub.locator(".vg-doubt")).not_to_be_visible()


def test_words_of_the_trade_explain_themselves_to_the_keyboard_too(page):
    told = {"source + latent": "numbers", "beam 5": "beginnings", "reconstruction": "Your sentence", "nats": "37 %"}
    for word, said in told.items():
        term = page.locator(".vg-term", has_text=word)
        term.focus()
        assert said in term.evaluate("node => getComputedStyle(node, '::after').content")
        assert said in term.get_attribute("aria-label")


def test_a_newcomer_is_led_to_the_lessons(page):
    page.get_by_role("button", name="New here?").click()
    expect(page.locator("#tab-lessons-button")).to_have_attribute("aria-selected", "true")


def test_a_refusal_speaks_the_language_of_the_browser_and_names_those_of_the_checkpoint(open_page):
    page = open_page(served_stub()[0], locale="de-DE")
    notice = page.locator(".vg-translate .vg-notice")
    ask(page, "")
    expect(notice).to_contain_text("auf Englisch, Deutsch, Franz\u00f6sisch oder Tschechisch")
    ask(page, "x" * 10_000)
    expect(notice).to_contain_text("10.000 Zeichen")


@pytest.mark.parametrize(("text", "said"), [("", "sentence"), ("  \n ", "sentence"), ("x" * 10_000, "10,000")])
def test_a_refusal_is_one_sentence_on_the_page(stub, text, said):
    stub.locator("#sentence textarea").fill(text)
    stub.locator("#translate").click()
    notice = stub.locator(".vg-notice")
    expect(notice).to_contain_text(said)
    assert len(notice.inner_text()) < 250
    ask(stub, "A calm sentence.")
    expect(card(stub, "cs")).to_contain_text("A calm sentence.")
    expect(notice).not_to_be_visible()


def test_a_nul_and_control_characters_do_no_harm(stub):
    ask(stub, "a\0b\x07 dog")
    expect(card(stub, "de")).to_contain_text("dog")


def test_sampling_shows_its_seed_and_draws_again(page, screenshots):
    assert not page.locator("#seed").is_visible()
    page.get_by_label("Sampling").check()
    expect(page.locator("#seed")).to_be_visible()
    expect(page.locator(".vg-status")).to_contain_text("seed 1")
    page.locator("#again").click()
    expect(page.locator(".vg-status")).not_to_contain_text(re.compile(r"seed 1\b"))
    seed = page.locator("#seed input").input_value()
    expect(page.locator(".vg-status")).to_contain_text(f"seed {seed}")
    assert not page.locator("#beams").is_visible()
    page.screenshot(path=screenshots / "sampling.png", full_page=True)


def test_other_ways_to_say_it_open_in_the_card(page, screenshots):
    foot = card(page, "en").locator(".vg-foot")
    before = foot.bounding_box()
    for language in ("fr", "de"):  # all draws read alike, so their words are sampled too
        card(page, language).get_by_role("button", name="Other ways to say it").click()
        expect(card(page, language).locator(".vg-variants")).to_contain_text("read alike")
        lists = card(page, language).locator(".vg-variants ul")
        assert lists.count() == 2 and lists.last.locator("li").count() > 1
        for one in lists.all():
            counts = [int(re.search(r"(\d+) of 8", item)[1]) for item in one.locator("li").all_inner_texts()]
            assert sum(counts) == 8
    assert foot.bounding_box()["y"] == before["y"]
    assert card(page, "cs").locator(".vg-variants").count() == 0
    page.screenshot(path=screenshots / "other-ways.png", full_page=True)


def test_long_text_can_be_stopped(open_page, monkeypatch):
    gate, told = threading.Event(), threading.Event()
    stop = Runner.stop

    @functools.wraps(stop)
    def stop_and_tell(self, *given):
        stop(self, *given)
        told.set()

    class Slow(StubPipeline):
        def generate(self, texts, target_language, **options):
            if len(texts[0]) > 300 and "de" in target_language:
                gate.wait(PATIENCE)
            return super().generate(texts, target_language, **options)

    monkeypatch.setattr(Runner, "stop", stop_and_tell)
    page = open_page(serve(Service(Path("slow"), folder="nowhere", load=Slow))[0])
    ask(page, "word " * 80)
    expect(page.locator(".vg-status")).to_contain_text("1 of 4 languages")
    page.locator(".vg-translate [data-key=stop]").click()
    expect(page.locator(".vg-translate [data-key=stop]")).to_be_disabled()
    assert told.wait(PATIENCE)  # the button is pressed before Python hears of it
    gate.set()
    expect(page.locator(".vg-status")).to_contain_text("stopped after 2 of 4 languages")
    expect(card(page, "de")).to_contain_text("word")
    expect(card(page, "fr")).not_to_contain_text("word")
    ask(page, "After the stop.")
    expect(card(page, "cs")).to_contain_text("After the stop.")
    expect(page.locator(".vg-translate [data-key=stop]")).not_to_be_visible()


def test_the_answer_is_announced_and_the_tab_order_is_natural(stub):
    ask(stub, "Say it.")
    expect(stub.locator('.vg-results [aria-live="polite"]')).to_contain_text("German: stub: Say it.")
    stub.locator("#sentence textarea").focus()
    stub.keyboard.press("Tab")
    expect(stub.locator("#source select")).to_be_focused()
    stub.keyboard.press("Tab")
    expect(stub.locator("#translate")).to_be_focused()


def test_the_language_can_be_set_by_hand(stub):
    stub.locator("#source select").select_option(label="Czech")
    expect(card(stub, "cs").locator(".vg-tag")).to_be_visible()
    expect(stub.locator(".vg-status")).not_to_contain_text("detected")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 820, 1280])
def test_it_fits_its_window_in_both_schemes(open_page, screenshots, scheme, width):
    page = open_page(served_stub()[0], viewport={"width": width, "height": 844}, color_scheme=scheme)
    ask(page, "Incomprehensibilities" * 6 + " and a dog")
    expect(card(page, "de")).to_contain_text("and a dog")
    page.get_by_label("Sampling").check()
    expect(page.locator("#seed")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    card(page, "de").locator(".vg-word").last.hover()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 200) == (scheme == "dark")
    page.goto(served()[0])
    page.wait_for_selector(ANSWERED)
    page.screenshot(path=screenshots / f"{scheme}-{width}.png", full_page=True)


def test_the_page_is_there_before_the_model(open_page, screenshots):
    gate = threading.Event()

    def load(path):
        gate.wait(PATIENCE)
        return StubPipeline(path)

    page = open_page(serve(Service(Path("late"), folder="nowhere", load=load))[0], wait=".vg-waiting")
    expect(page.locator(".vg-status")).to_have_text("The model is loading.")
    expect(page.locator("#translate")).to_be_visible()
    page.screenshot(path=screenshots / "loading.png", full_page=True)
    gate.set()
    page.wait_for_selector(ANSWERED)
    expect(card(page, "de")).to_contain_text(SNOW)


def test_a_broken_checkpoint_is_explained_on_the_page(open_page, tmp_path, screenshots):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{}")
    port = free_port()
    app = Path(__file__).parents[2] / "app.py"
    running = subprocess.Popen(
        [sys.executable, app, "--port", str(port), "--checkpoint", broken], stdout=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None and "127.0.0.1" in next(line for line in running.stdout if "http" in line)
        page = open_page(f"http://127.0.0.1:{port}", wait='.vg-translate[data-phase="error"]')
        expect(page.locator(".vg-notice")).to_contain_text("broken/config.json is no vaegen checkpoint")
        expect(page.locator(".vg-notice")).not_to_contain_text(str(tmp_path))
        page.screenshot(path=screenshots / "broken.png", full_page=True)
    finally:
        running.terminate()
        running.wait(PATIENCE)
