#!/usr/bin/env python
"""Measures, in Chromium, how long the app lets people wait: sliders, the map, sentences of one's own.

    python scripts/measure/app_latency.py [--moves 60] [--out FILE]

Prints one line of JSON. A time begins with the input event in the page and ends when the new text stands in it; the map's
begins with the click on its tab. No question is asked twice, since answers are kept. Needs the package and Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from vaegen.data.probe_sentences import probe_set
from vaegen.writing import write_json

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
MODULES = "const vg = await import(document.getElementById('vaegen').src);"  # what web/main.js exports
MOVE = f"""async ([number, value]) => {{
    {MODULES}
    const view = vg.views.sample, input = view.root.querySelectorAll('.vg-direction input')[number];
    const begin = performance.now();
    input.value = value;
    input.dispatchEvent(new Event('input'));
    while (view.busy) await new Promise((done) => setTimeout(done, 1));
    return performance.now() - begin;
}}"""
WATCH_CLICKS = """() => {
    document.addEventListener('mouseup', () => (window.begin = performance.now()), true);
    const watch = new MutationObserver(() => (window.took = performance.now() - window.begin));
    watch.observe(document.querySelector('.vg-map-here'), { childList: true });
}"""


def main() -> None:
    """Runs the app, measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=60, help="slider moves for each figure, and half as many clicks")
    parser.add_argument("--out", help="write the figures to this JSON file too")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = subprocess.Popen([sys.executable, str(ROOT / "app.py"), "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        with sync_playwright() as playwright:
            chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            figures = measure(browser, f"http://127.0.0.1:{port}", options.moves)
            browser.close()
    finally:
        app.kill()
        app.wait()
    print(json.dumps(figures))
    if options.out:
        write_json(options.out, figures, indent=1)


def measure(browser: Any, url: str, n_moves: int) -> dict[str, Any]:
    """Returns all figures."""
    page = _open(browser, url, "sample")
    _rest(page)
    figures: dict[str, Any] = {"moves": n_moves}
    for name, languages in (("one_language", ["en"]), ("four_languages", ["en", "de", "fr", "cs"])):
        page.evaluate(f"async (languages) => {{ {MODULES} vg.views.sample.set({{ languages }}); }}", languages)
        _rest(page)
        figures[f"slider_{name}_ms"] = _slide(page, n_moves)
    times = []
    for _ in range(3):
        page = _open(browser, url, "translate")
        time.sleep(2)  # the first page has come to rest
        begin = time.perf_counter()
        page.locator("#tab-map-button").click()
        page.wait_for_selector(".vg-map-figure[data-ready]")
        times.append(time.perf_counter() - begin)
    figures["map_visible_s"] = round(statistics.median(times), 2)
    figures["click_ms"] = _click(page, n_moves // 2)
    lines = "\n".join(probe.sentences["en"].replace(".", " today.") for probe in probe_set(500))
    page.get_by_text("Your own sentences", exact=True).first.click()
    page.get_by_placeholder("One sentence a line").fill(lines)
    begin = time.perf_counter()
    page.get_by_role("button", name="Place them on this map").click()
    page.get_by_text("Your 500 sentences").wait_for()
    figures["place_500_s"] = round(time.perf_counter() - begin, 2)
    other = _open(browser, url, "sample")
    _rest(other)
    begin = time.perf_counter()
    page.get_by_role("button", name="Fit a map of these alone").click()
    time.sleep(3)  # the sentences are encoded, UMAP runs
    figures["slider_while_fitting_ms"] = _slide(other, 20, 0.5)
    page.get_by_role("button", name="Back to the shipped map").wait_for(timeout=180_000)
    figures["fit_500_s"] = round(time.perf_counter() - begin, 2)
    return figures


def _open(browser: Any, url: str, tab: str) -> Any:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    for _ in range(300):
        try:
            page.goto(f"{url}/?tab={tab}")
            break
        except Exception:  # it is not listening yet
            time.sleep(0.1)
    page.wait_for_selector(f"#tab-{tab}-button[aria-selected=true]")
    return page


def _rest(page: Any) -> None:
    """Waits until Sample has its answer; `wait_for_function` would take the promise of it for true."""
    while not page.evaluate(f"async () => {{ {MODULES} return vg.views.sample?.answer && !vg.views.sample.busy; }}"):
        time.sleep(0.05)


def _slide(page: Any, n: int, offset: float = 0.0) -> dict[str, float]:
    times = [page.evaluate(MOVE, [i % 3, round(-2 + offset + 4 * i / n, 3)]) for i in range(n)]
    return _spread(times)


def _click(page: Any, n: int) -> dict[str, float]:
    box = page.locator(".vg-map-figure").bounding_box()
    page.evaluate(WATCH_CLICKS)
    times = []
    for i in range(n):
        x, y = 0.15 + 0.7 * ((i * 7) % n) / n, 0.2 + 0.6 * ((i * 11) % n) / n
        page.evaluate("window.took = 0")
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.wait_for_function("window.took > 0")
        times.append(page.evaluate("window.took"))
        time.sleep(0.8)  # the ring is drawn, and the next click is no double click
    return _spread(times)


def _spread(times: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(times)), "p95": round(sorted(times)[int(0.95 * (len(times) - 1))])}


if __name__ == "__main__":
    main()
