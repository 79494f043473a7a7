"""Measures what a newcomer waits for: `python app.py` to the first answered page in Chromium, and the memory.

    python scripts/measure/startup_time.py [--checkpoint NAME] [--runs 3] [--out FILE]

Prints one line of JSON: median seconds over the runs, and the largest peak of the app's resident memory
(without the browser) after the first page and twenty more sentences. Linux only: the peak is read from /proc.
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
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
ANSWERED = '.vg-results[data-phase="done"]'


def main() -> None:
    """Runs the app a few times and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", help="as for app.py")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", help="write the figures to this JSON file too")
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        runs = [measure(browser, options.checkpoint) for _ in range(options.runs)]
        browser.close()
    seconds = {key: round(statistics.median(run[key] for run in runs), 2) for key in ("listening_s", "answered_s")}
    figures = {**seconds, "peak_memory_mb": max(run["peak_memory_mb"] for run in runs), "runs": len(runs)}
    print(json.dumps(figures))
    if options.out:
        Path(options.out).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def measure(browser: Any, checkpoint: str | None) -> dict[str, float]:
    """Returns the times of one start with a fresh browser profile, and the app's peak memory (megabytes)."""
    port = _free_port()
    command = [
        sys.executable,
        str(ROOT / "app.py"),
        "--port",
        str(port),
        *(["--checkpoint", checkpoint] if checkpoint else []),
    ]
    begin = time.perf_counter()
    app = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while not _listens(port):
            if app.poll() is not None or time.perf_counter() - begin > 60:
                raise SystemExit("The app did not start; run python app.py to see why.")
            time.sleep(0.02)
        listening = time.perf_counter() - begin
        page = browser.new_context().new_page()
        page.goto(f"http://127.0.0.1:{port}")
        page.wait_for_selector(ANSWERED, timeout=60_000)
        answered = time.perf_counter() - begin
        for n in range(20):
            page.locator("#sentence textarea").fill(f"{n} people are waiting for the bus in front of a shop.")
            page.locator("#sentence textarea").press("Enter")
            page.locator(".vg-results .vg-hidden", has_text="German").wait_for(state="attached")
            page.wait_for_timeout(200)
        page.context.close()
        return {"listening_s": listening, "answered_s": answered, "peak_memory_mb": _peak_mb(app.pid)}
    finally:
        app.terminate()
        app.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _peak_mb(pid: int) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024)


if __name__ == "__main__":
    main()
