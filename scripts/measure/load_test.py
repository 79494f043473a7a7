#!/usr/bin/env python
"""Lets many visitors use the app at once: no error, no mixed-up answer, and how long they wait.

    python scripts/measure/load_test.py [--visitors 60] [--seconds 120] [--every 4] [--out FILE]

Each visitor has a session of its own and does something every few seconds, as a class does: half of the time a slider is
dragged, a quarter of the time a sentence translated, a quarter of the time the map clicked. Who waits longer for an answer
than that asks on at once. Every translation is compared with the one that a single visitor got before, every other answer
with its question. Prints one line of JSON; memory is the app's resident set after a warm-up and at the end. Linux only:
memory is read from /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOUNS = ("dog", "man", "woman", "girl", "boy", "child", "horse", "cat")
PLACES = ("in the snow", "on the beach", "in a park", "on the street", "in a kitchen")
SENTENCES = [f"A {noun} is {verb} {place}." for noun in NOUNS for verb in ("running", "sitting") for place in PLACES]
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")


def main() -> int:
    """Runs the test, prints the figures and returns the exit status: 1 if an answer was wrong or failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--every", type=float, default=4.0, help="seconds from one question of a visitor to the next")
    parser.add_argument("--out", help="write the figures to this JSON file too")
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = subprocess.Popen([sys.executable, str(ROOT / "app.py"), "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        figures = measure(f"http://127.0.0.1:{port}", app.pid, options.visitors, options.seconds, options.every)
    finally:
        app.terminate()
        app.wait(10)
    print(json.dumps(figures))
    if options.out:
        Path(options.out).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(figures["errors"] + figures["wrong"] > 0)


def measure(url: str, pid: int, visitors: int, seconds: float, every: float) -> dict[str, Any]:
    """Returns the figures of one run."""
    first = connect(url)
    expected = {sentence: translate(first, sentence) for sentence in SENTENCES}
    before = memory_mb(pid)
    deadline = time.perf_counter() + seconds
    with ThreadPoolExecutor(visitors) as pool:
        results = list(pool.map(lambda n: visit(url, n, expected, deadline, every), range(visitors)))
    waits = sorted(wait for result in results for wait in result["waits"])
    return {
        "visitors": visitors,
        "seconds": seconds,
        "every_s": every,
        "answers": len(waits),
        "errors": sum(result["errors"] for result in results),
        "wrong": sum(result["wrong"] for result in results),
        "median_s": round(statistics.median(waits), 3),
        "p95_s": round(waits[int(0.95 * (len(waits) - 1))], 3),
        "memory_before_mb": before,
        "memory_after_mb": memory_mb(pid),
    }


def visit(url: str, number: int, expected: dict[str, Any], deadline: float, every: float) -> dict[str, Any]:
    """One visitor's questions until the deadline: seconds waited for each, errors, answers that were not the right ones."""
    chance, client = random.Random(number), connect(url)
    result: dict[str, Any] = {"waits": [], "errors": 0, "wrong": 0}
    time.sleep(chance.uniform(0, every))  # they do not come all at once
    while time.perf_counter() < deadline:
        sentence = chance.choice(SENTENCES)
        questions: list[Callable[[], bool]] = [
            lambda sentence=sentence: translate(client, sentence) == expected[sentence],
            lambda: click(client, chance),
            lambda: drag(client, chance),
            lambda: drag(client, chance),
        ]
        begin = time.perf_counter()
        try:
            result["wrong"] += not chance.choice(questions)()
        except Exception as error:
            print(f"visitor {number}: {error}", file=sys.stderr)
            result["errors"] += 1
        result["waits"].append(waited := time.perf_counter() - begin)
        time.sleep(max(0.0, every - waited))
    return result


def connect(url: str) -> Any:
    """Returns a client with a session of its own, once the app listens."""
    from gradio_client import Client

    for _ in range(600):
        try:
            return Client(url, verbose=False)
        except Exception:
            time.sleep(0.1)
    raise SystemExit("The app did not start; run python app.py to see why.")


def translate(client: Any, sentence: str) -> list[str]:
    """Returns the translations of a sentence, greedily decoded."""
    return [card["text"] for card in client.predict(sentence, num_beams=1, api_name="/translate")["cards"]]


def drag(client: Any, chance: random.Random) -> bool:
    """Whether a draw from the prior that is moved along a direction is the one that was asked for."""
    seed, sd = chance.randrange(10**6), round(chance.uniform(0.5, 2), 3)
    found = client.predict(seed=seed, moves=f"0:{sd}", languages="en, de, fr, cs", api_name="/sample")
    return len(found["texts"]) == 4 and f"draw(1, {seed}, " in found["python"] and f", {sd}, " in found["python"]


def click(client: Any, chance: random.Random) -> bool:
    """Whether what lives at a place of the map is said of that place."""
    x, y = round(chance.uniform(-5, 5), 4), round(chance.uniform(-5, 5), 4)
    return client.predict(x, y, api_name="/map")["where"]["umap2"] == [x, y]


def memory_mb(pid: int) -> int:
    """Returns the resident memory of a process, in megabytes."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return round(int(line.split()[1]) / 1024)


if __name__ == "__main__":
    sys.exit(main())
