"""Sends the app what nobody sane would, made from the app's own schema, and counts what comes back wrong.

    python scripts/measure/fuzz.py --cases 20000

Three kinds of cases: calls of the public endpoints with arguments of wrong types, lengths and ranges; questions of the
page's views (what a tampered link or page may send); and bodies and addresses that are no requests at all. Right is a
sentence, soon; wrong are a traceback in the log, an error without words, a folder of the machine in any byte, a failure
that was not foreseen, and an answer after more than ten seconds. The same seed makes the same cases.
"""

from __future__ import annotations

import argparse
import json
import queue
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from vaegen.app.build import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
SLOW = 10.0  # seconds
FAILED = "the app's log says why"
TEXTS = ("A dog runs.", "Two women sit.", "Ein Hund läuft.", "z:AAAA", "")
GOOD = {
    "language": ("de", "en"),
    "languages": ("en", "de,fr"),
    "lines": (["A dog."], ["A dog.", "Two men."]),
    "moves": ("0:1",),
}
LONG = 100_000
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    3,
    2**31,
    2**63,
    10**30,
    -(10**30),
    0.5,
    -0.0,
    1e308,
    -1e308,
    1e-308,
    "",
    " ",
    "0",
    "NaN",
    "None",
    "en",
    "de.short",
    "en" + "_a" * 27 + "!",
    "a." * 400,
    "a" * 2001,
    "a" * LONG,
    "é" * 3000,
    "z:",
    "z:" + "A" * 16_384,
    "z:" + "_" * 20_000,
    "\0",
    "\x1b[31m",
    "\u202e",
    "\ufeff",
    "\U0001f436\U0001f3fd",
    "../../etc/passwd",
    "/etc",
    "~",
    "C:\\",
    "file:///etc/passwd",
    "<script>alert(1)</script>",
    "{0.__class__}",
    "{text}",
    "%s%n",
    "${7*7}",
    "'; DROP TABLE",
    "=1+1",
    "owner/name",
    "owner/../name",
    [],
    [[]],
    {},
    {"": 0},
    [None],
    [1, 2],
    ["en"],
    ["en", 7],
    {"text": "A dog.", "language": "en"},
    {"text": {"text": []}},
    {"z": 5},
    ["a"] * 3000,
    [[[[[[[[[["deep"]]]]]]]]]],
    {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    "1:2,3",
    "0:1,0:2",
    ":",
    ",,",
    "." * 2000,
    "lmb",
    -5,
    1000,
    1001,
    99999,
    0.003,
    2.0,
    "umap2",
    "pca2",
    "mixture",
    "beam",
    "sample",
    "latent",
    "grid",
    "cloud",
    "analogy",
)
BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"1",
    b'"a"',
    b"{}",
    b'{"data": 5}',
    b'{"data": null}',
    b'{"data": {}}',
    b'{"data": []}',
    b'{"data": ["\\ud800"]}',
    b'{"data": [NaN]}',
    b'{"data": [1e999]}',
    b'{"data": [' + b"9" * 5000 + b"]}",
    b"[" * 100_000,
    b'{"data":' + b"[" * 500 + b"]" * 500 + b"}",
    b"\xff\xfe",
    b"\x00" * 100,
    b'{"data": ["a"], "fn_index": "x"}',
    b'{"data": [], "fn_index": 99999}',
    b'{"data": [], "fn_index": -1}',
    b'{"data": [], "fn_index": 0, "session_hash": 7}',
    b'{"data": [], "fn_index": 0, "session_hash": "' + b"s" * 5000 + b'"}',
    b'{"data": ["' + b"x" * 3_000_000 + b'"]}',
    b'{"data": ["' + b"x" * 5_000_000 + b'"]}',
    b"------a\r\n",
    b'{"batched": true, "data": [[]]}',
)
ADDRESSES = (
    "run/translate",
    "api/translate",
    "call/translate",
    "call/v2/translate",
    "call/nothing",
    "call/v2/nothing",
    "call/",
    "queue/join",
    "cancel",
    "reset",
    "upload",
    "component_server",
    "process_recording",
    "vibe-edit",
    "login",
    "call/translate/",
    "run/0",
    "run/999",
    "run/-1",
    "call/ask",
    "nothing",
)
GETS = (
    "gradio_api/info",
    "config",
    "gradio_api/openapi.json",
    "gradio_api/file=/etc/passwd",
    "gradio_api/file=README.md",
    "gradio_api/file/etc/passwd",
    "gradio_api/proxy=http://localhost",
    "gradio_api/queue/data",
    "gradio_api/call/translate/nothing",
    "gradio_api/vaegen/x/../../app/build.py",
    "gradio_api/vaegen/map/x.json",
    "theme.css",
    "robots.txt",
    "manifest.json",
    "monitoring",
    "monitoring/summary",
    "gradio_api/runs",
    "static/../x",
    "assets/..%2f..%2fx",
    "gradio_api/upload_progress?upload_id=x",
    "gradio_api/deep_link",
    "gradio_api/stream/a/b/c/playlist.m3u8",
    "?__theme=dark",
    "?a=%00",
    "?z=" + "A" * 9000,
    "svelte/..%2f..%2fx",
    "gradio_api/custom_component/1/client/component/x",
    "pwa_icon",
    "%00",
    "..%2f..%2fetc%2fpasswd",
    "nothing",
    "gradio_api/dev/reload",
)


@dataclass
class Found:
    """What was counted: cases by kind of answer, and the wrong ones with an example each."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    slowest: float = 0.0

    def add(self, case: str, kind: str, wrong: list[str], seconds: float) -> None:
        """Counts one answer."""
        self.answers[kind] += 1
        self.slowest = max(self.slowest, seconds)
        for what in wrong:
            self.wrong[what] += 1
            self.examples.setdefault(what, []).append(case[:400])


class Fuzzer:
    """Makes cases from an app's schema and sends them.

    Args:
        url: Of the app.
        places: Folders of the machine that no answer may name.
    """

    def __init__(self, url: str, places: tuple[str, ...]) -> None:
        self.url, self._places = url.rstrip("/"), places
        self._http = httpx.Client(timeout=60.0, limits=httpx.Limits(max_connections=32))
        self.endpoints = self._get("gradio_api/info").json()["named_endpoints"]
        events = self._get("config").json()["dependencies"]
        self.events = [(one["id"], len(one["inputs"])) for one in events if one["api_visibility"] == "private"]
        self.names = sorted({name for settings in SETTINGS.values() for name in settings})

    def run(self, n: int, seed: int = 0, threads: int = 4) -> Found:
        """Sends `n` cases and returns what came back."""
        found, lock, todo = Found(), threading.Lock(), queue.SimpleQueue[int]()
        for i in range(n):
            todo.put(i)

        def work() -> None:
            while True:
                try:
                    i = todo.get_nowait()
                except queue.Empty:
                    return
                case, kind, text, seconds = self._one(random.Random(f"{seed}.{i}"))
                wrong = self._wrong(kind, text, seconds)
                with lock:
                    if sum(found.answers.values()) % 1000 == 999:
                        print(f"{sum(found.answers.values()) + 1} cases", dict(found.wrong), file=sys.stderr)
                    found.add(f"{case} -> {kind} {text[:200]}", kind, wrong, seconds)

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return found

    def _get(self, path: str) -> httpx.Response:
        return self._http.get(f"{self.url}/{path}")

    def _one(self, rng: random.Random) -> tuple[str, str, str, float]:
        """One case: what was sent, the kind of answer, its text, and how long it took."""
        make = rng.choices((self._call, self._view, self._raw), (6, 3, 1))[0]
        begin = time.perf_counter()
        try:
            case, kind, text = make(rng)
        except httpx.HTTPError as error:
            case, kind, text = make.__name__, "no answer", type(error).__name__
        return case, kind, text, time.perf_counter() - begin

    def _wrong(self, kind: str, text: str, seconds: float) -> list[str]:
        wrong = [f"names {place}" for place in self._places if place in text]
        if kind in ("no answer", "500"):
            wrong.append("unhandled")
        if FAILED in text:
            wrong.append("not foreseen")
        if "Traceback" in text:
            wrong.append("traceback")
        if kind == "error" and re.search(r'"error": ?null', text):
            wrong.append("null error")
        return wrong + (["slow"] if seconds > SLOW else [])

    def _call(self, rng: random.Random) -> tuple[str, str, str]:
        """A public endpoint with some arguments bent."""
        name = rng.choice(sorted(self.endpoints))
        parameters = self.endpoints[name]["parameters"]
        values = [_good(rng, one["parameter_name"], one.get("parameter_default")) for one in parameters]
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            values[rng.randrange(len(values))] = _odd(rng)
        case, asked = f"{name} {json.dumps(values)[:300]}", self._post(f"call{name}", {"data": values})
        if asked.status_code != 200:
            return case, str(asked.status_code), asked.text
        answer = self._get(f"gradio_api/call{name}/{asked.json()['event_id']}").text
        return case, "error" if "event: error" in answer else "answer", answer

    def _view(self, rng: random.Random) -> tuple[str, str, str]:
        """What the page's own scripts may send, bent."""
        index, n = rng.choice(self.events)
        data = {name: _odd(rng) for name in rng.sample(self.names, rng.randrange(5))}
        for name in (
            "a",
            "b",
            "c",
            "d",
            "lines",
            "spot",
            "moves",
            "mode",
            "compare",
            "batch",
            "n",
            "asked",
            "name",
            "checkpoint",
            "beta",
        ):
            if rng.random() < 0.3:
                data[name] = _odd(rng)
        if rng.random() < 0.7:
            data |= {name: {"text": "A dog runs.", "language": "en"} for name in ("a", "b")}
        if rng.random() < 0.3:
            data["spot"] = {"at": _odd(rng), "index": _odd(rng), "blend": _odd(rng)}
        session = f"{rng.getrandbits(48):x}"
        event = data if rng.random() < 0.9 else _odd(rng)
        shown = [
            {"answer": {"request": {"text": "A dog."}, "cards": _odd(rng)}} if rng.random() < 0.5 else _odd(rng)
            for _ in range(n)
        ]
        body = {"data": shown, "fn_index": index, "session_hash": session, "event_data": event}
        case, asked = f"event {index} {json.dumps(body)[:300]}", self._post("queue/join", body)
        if asked.status_code != 200:
            return case, str(asked.status_code), asked.text
        lines, until = [], time.perf_counter() + 3 * SLOW
        with self._http.stream("GET", f"{self.url}/gradio_api/queue/data", params={"session_hash": session}) as stream:
            for line in stream.iter_lines():
                lines.append(line)
                if '"process_completed"' in line or '"unexpected_error"' in line:
                    break
                if time.perf_counter() > until:  # heartbeats for ever
                    return case, "no answer", lines[0]
        return case, "error" if '"success":false' in lines[-1].replace(" ", "") else "answer", "\n".join(lines)

    def _raw(self, rng: random.Random) -> tuple[str, str, str]:
        """What is no request at all."""
        if rng.random() < 0.4:
            path = rng.choice(GETS)
            answer = self._get(path)
            return f"GET {path}", str(answer.status_code), answer.text
        path, body = rng.choice(ADDRESSES), rng.choice(BODIES)
        headers = {"content-type": rng.choice(("application/json", "text/plain", "multipart/form-data; boundary=a"))}
        answer = self._http.post(f"{self.url}/gradio_api/{path}", content=body, headers=headers)
        return f"POST {path} {body[:60]!r}", str(answer.status_code), answer.text

    def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return self._http.post(f"{self.url}/gradio_api/{path}", json=body)


def _good(rng: random.Random, name: str, default: Any) -> Any:
    if name in GOOD:
        return rng.choice(GOOD[name])
    return rng.choice(TEXTS) if default in (None, "") and name != "checkpoint" and name != "beta" else default


def _odd(rng: random.Random) -> Any:
    """A value that is hardly what was asked for; lists and objects of them at times."""
    if rng.random() < 0.1:
        return [_odd(rng) for _ in range(rng.randrange(4))]
    if rng.random() < 0.05:
        return {rng.choice(("text", "z", "at", "0", "x")): _odd(rng)}
    return rng.choice(ODD)


def tiny(folder: Path) -> Path:
    """Writes a checkpoint with weights as drawn, and returns its folder."""
    import torch

    from vaegen.config import PRESETS, ModelConfig
    from vaegen.model.checkpoint import save_checkpoint
    from vaegen.model.vae_transformer import VAETransformer
    from vaegen.text.tokenizer import Tokenizer

    torch.manual_seed(0)
    tokenizer = Tokenizer.load(ROOT / "checkpoints" / "multi30k" / "tokenizer.json")
    shape = {**PRESETS["tiny"][0], "max_length": 24}
    save_checkpoint(folder, VAETransformer(ModelConfig(tokenizer.vocab_size, tokenizer.languages, **shape)), tokenizer)
    return folder


def memory(pid: int) -> float:
    """Returns the resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def main() -> None:
    """Starts the app, sends the cases and prints the counts as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--checkpoint", help="of the app (default: a tiny one without training, which answers at once)")
    options = parser.parse_args()
    with tempfile.TemporaryFile("w+") as log, tempfile.TemporaryDirectory() as folder:
        checkpoint = options.checkpoint or tiny(Path(folder) / "tiny")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "vaegen", "app", "--checkpoint", str(checkpoint), "--port", str(port)]
        app = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url)
            fuzzer = Fuzzer(url, (str(ROOT), str(Path.home()) + "/", sys.prefix, tempfile.gettempdir() + "/"))
            fuzzer.run(200, seed=-1, threads=options.threads)  # all parts are loaded before memory is looked at
            before, begin = memory(app.pid), time.perf_counter()
            found = fuzzer.run(options.cases, options.seed, options.threads)
            seconds, after = time.perf_counter() - begin, memory(app.pid)
        finally:
            app.terminate()
            app.wait()
        log.seek(0)
        said = log.read()
    print(json.dumps(_told(options, found, said, seconds, before, after), indent=1))


def _told(
    options: argparse.Namespace, found: Found, said: str, seconds: float, before: float, after: float
) -> dict[str, Any]:
    return {
        "cases": options.cases,
        "seconds": round(seconds),
        "answers": dict(found.answers.most_common()),
        "wrong": dict(found.wrong),
        "tracebacks": said.count("Traceback"),
        "log_bytes": len(said),
        "log_end": said[-1500:],
        "slowest_s": round(found.slowest, 1),
        "memory_mb": [round(before), round(after)],
        "examples": {what: cases[:6] for what, cases in found.examples.items()},
    }


def _wait(url: str) -> None:
    for _ in range(240):
        try:
            if httpx.get(f"{url}/config").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise SystemExit("The app did not start.")


if __name__ == "__main__":
    main()
