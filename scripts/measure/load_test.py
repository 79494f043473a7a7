#!/usr/bin/env python
"""Lets many visitors use the app at once: no error, no mixed-up answer, and how long they wait.

    python scripts/measure/load_test.py [--visitors 60] [--seconds 120] [--every 4] [--long] [--out FILE]

Each visitor has a session of its own and does something every few seconds, as a class does: half of the time a slider is
dragged, a quarter of the time a sentence translated that nobody else asks for, a quarter of the time the map clicked. Who
waits longer for an answer than that asks on at once. All go through Gradio's queue, as its own client does, but from one
thread, which leaves the processor to the app. Every translation is compared with what a single visitor gets afterwards,
every other answer with its question. With --long, all is done twice, the second time beside one more visitor who has 450
words translated with a beam of 10 all the time; that visitor's answers are not counted. Prints one line of JSON; memory is
the app's resident set after a warm-up and at the end. Linux only: memory is read from /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
NOUNS = ("dog", "man", "woman", "girl", "boy", "child", "horse", "cat")
COLOURS = ("young", "old", "small", "happy", "tired", "quiet", "tall", "clever")
VERBS = ("running", "sitting", "sleeping", "waiting")
PLACES = ("in the snow", "on the beach", "in a park", "on the street", "in a kitchen")
SENTENCES = [f"A {' '.join(words)}." for words in itertools.product(COLOURS, NOUNS, ("is",), VERBS, PLACES)]
LONG = " ".join(["The dog runs to us and we go on."] * 50)  # 450 words
LANGUAGES = ("de", "fr", "cs")
TIMEOUT = 120.0  # seconds that a visitor waits at most
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")


def main() -> int:
    """Runs the test, prints the figures and returns the exit status: 1 if an answer was wrong or failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--every", type=float, default=4.0, help="seconds from one question of a visitor to the next")
    parser.add_argument("--long", action="store_true", help="measure again beside a visitor with 450 words at beam 10")
    parser.add_argument("--out", help="write the figures to this JSON file too")
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = subprocess.Popen([sys.executable, str(ROOT / "app.py"), "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        figures = asyncio.run(measure(f"http://127.0.0.1:{port}", app.pid, options))
    finally:
        app.terminate()
        app.wait(10)
    print(json.dumps(figures))
    if options.out:
        Path(options.out).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return int(figures["errors"] + figures["wrong"] > 0)


async def measure(url: str, pid: int, options: argparse.Namespace) -> dict[str, Any]:
    """Returns the figures of one run, or of two."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=2 * options.visitors)
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT, limits=limits, trust_env=False) as http:
        app = App(http, await endpoints(http), pid)
        for _ in range(3):  # the model is loaded, the map and the directions are read
            await app.ask("translate", text="A dog.", num_beams=1)
            await app.ask("sample", seed=1)
            await app.ask("map", x=0.0, y=0.0)
        before, sentences = memory_mb(pid), iter(SENTENCES)
        about = {name: getattr(options, name) for name in ("visitors", "seconds")}
        figures = {**about, "every_s": options.every, **await crowd(app, options, sentences)}
        if options.long:
            stop = asyncio.Event()
            beside = asyncio.create_task(long_texts(app, stop))
            again = await crowd(app, options, sentences)
            stop.set()
            figures["errors"] += again["errors"]
            figures["wrong"] += again["wrong"]
            figures |= {f"{name}_beside_long": again[name] for name in ("answers", "median_s", "p95_s")}
            figures["long_texts"] = await beside
        return {**figures, "memory_before_mb": before, "memory_after_mb": memory_mb(pid)}


async def crowd(app: App, options: argparse.Namespace, sentences: Iterator[str]) -> dict[str, Any]:
    """Returns what all visitors together saw."""
    begin, cpu, app_cpu = time.perf_counter(), time.process_time(), processor_s(app.pid)
    visits = [Visitor(app, number, sentences) for number in range(options.visitors)]
    await asyncio.gather(*(visit.stay(begin + options.seconds, options.every) for visit in visits))
    share = (time.process_time() - cpu) / (time.perf_counter() - begin)
    app_cpu = processor_s(app.pid) - app_cpu
    said = {text: cards for visit in visits for text, cards in visit.said.items()}
    wrong = sum(visit.wrong for visit in visits) + await differing(app, said)
    waits = sorted(wait for visit in visits for wait in visit.waits)
    return {
        "answers": len(waits),
        "errors": sum(visit.errors for visit in visits),
        "wrong": wrong,
        "median_s": round(statistics.median(waits), 3),
        "p95_s": round(waits[int(0.95 * (len(waits) - 1))], 3),
        "processor_ms_per_answer": round(1000 * app_cpu / len(waits)),
        "generator_cores": round(share, 3),
    }


class App:
    """The app as a program asks it: through Gradio's queue, each question with the session that it is asked in."""

    def __init__(self, http: httpx.AsyncClient, functions: dict[str, tuple[int, dict[str, Any]]], pid: int) -> None:
        self._http, self._functions, self.pid = http, functions, pid

    async def ask(self, name: str, session: str = "", **values: Any) -> Any:
        """Returns what an endpoint answers."""
        number, defaults = self._functions[name]
        session = session or uuid.uuid4().hex
        body = {"data": list((defaults | values).values()), "fn_index": number, "session_hash": session}
        joined = await self._http.post("/gradio_api/queue/join", json=body)
        joined.raise_for_status()
        async with self._http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
            async for line in stream.aiter_lines():
                message = json.loads(line[5:]) if line.startswith("data:") else {}
                if message.get("msg") == "process_completed" and message["event_id"] == joined.json()["event_id"]:
                    if not message["success"]:
                        raise RuntimeError(str(message["output"]))
                    return message["output"]["data"][0]
        raise RuntimeError("The connection was closed before the answer came.")


class Visitor:
    """Somebody who tries this and that."""

    def __init__(self, app: App, number: int, sentences: Iterator[str]) -> None:
        self._app, self._number, self._sentences = app, number, sentences
        self._chance, self._session = random.Random(number), uuid.uuid4().hex
        self.waits: list[float] = []
        self.errors = self.wrong = 0
        self.said: dict[str, list[str]] = {}

    async def stay(self, deadline: float, every: float) -> None:
        """Asks until the deadline."""
        await asyncio.sleep(self._chance.uniform(0, every))  # they do not come all at once
        while time.perf_counter() < deadline:
            begin = time.perf_counter()
            try:
                await self._chance.choice((self._drag, self._drag, self._click, self._translate))()
            except Exception as error:
                print(f"visitor {self._number}: {error!r}", file=sys.stderr)
                self.errors += 1
            self.waits.append(waited := time.perf_counter() - begin)
            await asyncio.sleep(max(0.0, every - waited))

    async def _translate(self) -> None:
        text = next(self._sentences)
        found = await self._app.ask("translate", self._session, text=text, num_beams=1, source_language="en")
        self.wrong += found["request"]["text"] != text
        self.said[text] = [card["text"] for card in found["cards"] if card["language"] in LANGUAGES]

    async def _drag(self) -> None:
        """Asks for a draw from the prior that is moved along a direction, and looks whether it is that one."""
        seed, sd = self._chance.randrange(10**6), round(self._chance.uniform(0.5, 2), 3)
        found = await self._app.ask("sample", self._session, seed=seed, moves=f"0:{sd}", languages="en, de, fr, cs")
        is_right = f"draw(1, {seed}, " in found["python"] and f", {sd}, " in found["python"]
        self.wrong += len(found["texts"]) != 4 or not is_right

    async def _click(self) -> None:
        """Looks whether what lives at a place of the map is said of that place."""
        x, y = round(self._chance.uniform(-5, 5), 4), round(self._chance.uniform(-5, 5), 4)
        found = await self._app.ask("map", self._session, x=x, y=y)
        self.wrong += found["where"]["umap2"] != [x, y]


async def endpoints(http: httpx.AsyncClient) -> dict[str, tuple[int, dict[str, Any]]]:
    """Returns number and arguments with their defaults of each endpoint by name, once the app listens."""
    for _ in range(3000):
        try:
            config = (await http.get("/config")).json()
            told = (await http.get("/gradio_api/info")).json()["named_endpoints"]
            break
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    else:
        raise SystemExit("The app did not start; run python app.py to see why.")
    numbers = {one["api_name"]: one["id"] for one in config["dependencies"] if one["api_name"]}
    return {
        name[1:]: (numbers[name[1:]], {one["parameter_name"]: one.get("parameter_default") for one in of["parameters"]})
        for name, of in told.items()
    }


async def differing(app: App, said: dict[str, list[str]]) -> int:
    """Returns how many sentences a single visitor gets other translations of."""
    texts, alone = list(said), []
    for language in LANGUAGES:
        rows: list[str] = []
        for start in range(0, len(texts), 1000):
            lines = texts[start : start + 1000]
            rows += await app.ask("translate_lines", lines=lines, language=language, num_beams=1)
        alone.append(rows)
    return sum(said[text] != list(row) for text, row in zip(texts, zip(*alone, strict=True), strict=True))


async def long_texts(app: App, stop: asyncio.Event) -> int:
    """Has texts of 450 words translated with a beam of 10, one after the other, and returns how many that were."""
    n = 0
    for word in itertools.cycle(NOUNS):
        if stop.is_set():
            break
        asked = asyncio.create_task(app.ask("translate", text=LONG.replace("dog", word, n + 1), num_beams=10))
        await asyncio.wait((asked, asyncio.create_task(stop.wait())), return_when=asyncio.FIRST_COMPLETED)
        n += asked.done()
        asked.cancel()
    return n


def processor_s(pid: int) -> float:
    """Returns the seconds that a process has used the processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> int:
    """Returns the resident memory of a process, in megabytes."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return round(int(line.split()[1]) / 1024)


if __name__ == "__main__":
    sys.exit(main())
