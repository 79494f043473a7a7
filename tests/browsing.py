"""What the browser tests share: Chromium, pages that report foreign requests and script errors, and tab changes."""

from __future__ import annotations

import os
import re
import shutil
import time

import pytest

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
PATIENCE = 180.0  # seconds: a page that works answers at once, on a machine that has nothing else to do
expect.set_options(timeout=PATIENCE * 1000)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ANSWERED = '.vg-translate:is([data-phase="done"], [data-phase="example"])'


def vg(expression, argument=""):
    """Returns a script that evaluates an expression of the page's modules: `vg` is what web/main.js exports."""
    start = "const vg = await import(document.getElementById('vaegen').src);"
    return f"async ({argument}) => {{ {start} return {expression}; }}"


def until(page, expression):
    """Waits until an expression of the page's modules holds; `wait_for_function` takes the promise of it for true."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(vg(expression)):
        assert time.monotonic() < end, f"never came true: {expression}"
        page.wait_for_timeout(150)


def is_foreign(url):
    """Whether an address is none of this machine's."""
    return url.startswith(("http", "ws")) and not re.match(r"(http|ws)s?://(127\.0\.0\.1|0\.0\.0\.0|localhost)[:/]", url)


def open_view(page, name):
    """Opens a tab and waits until its view shows something; returns the view."""
    page.locator(f"#tab-{name}-button").click()
    view = page.locator(f".vg-{name}.vg-view")
    expect(view).to_have_attribute("data-phase", re.compile("done|example"))
    return view
