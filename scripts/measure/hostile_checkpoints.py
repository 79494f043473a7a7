"""Opens checkpoints that somebody made to do harm, or that were damaged, and counts what is not refused in a sentence.

    python scripts/measure/hostile_checkpoints.py --cases 100

Each is a small checkpoint in which something was bent: its config, the index or the header of its weights, its tokenizer,
what lies beside them. Right is that it opens and answers, or that a VaegenError says why not; wrong are another
exception, more than 1 GB of memory (the child's own, above what importing takes) and more than 20 seconds. Each is opened
in a process of its own. Linux only: the process is forked, so that torch is imported once.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import shutil
import struct
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vaegen.errors import VaegenError

ROOT = Path(__file__).resolve().parents[2]
MOST_MB, MOST_SECONDS = 1000, 20.0
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    0.5,
    1e308,
    10**7,
    10**4,
    2**63,
    10**30,
    "",
    "x",
    "5",
    [],
    [1, 2],
    ["en", "en"],
    ["en"] * 5000,
    {},
    {"a": [1]},
    [[]],
    "a" * 10**6,
)
BESIDE = (
    "metrics.json",
    "map.json",
    "examples.json",
    "curves.json",
    "latent.json",
    "unsure.json",
    "map.npz",
    "directions.npz",
    "priors.safetensors",
)
NUMBERS = (
    "max_length",
    "n_encoder_layers",
    "n_decoder_layers",
    "n_latent_layers",
    "vocab_size",
    "width",
    "n_slots",
    "latent_dim",
    "ffn_width",
)


def make(folder: Path, rng: random.Random, kind: str | None = None) -> str:
    """Bends one thing of a sound checkpoint in a folder and returns what."""
    kind = kind or rng.choice(sorted(KINDS))
    return f"{kind}: {KINDS[kind](folder, rng)}"


def _edit(path: Path, change: Callable[[Any], Any]) -> None:
    values = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(change(values)), encoding="utf-8")


def _config(folder: Path, rng: random.Random) -> str:
    """Fields of the config get values of other types and sizes."""
    fields = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model"]
    bent = {rng.choice(sorted(fields)): rng.choice(ODD) for _ in range(rng.choice((1, 1, 2)))}
    _edit(folder / "config.json", lambda values: {**values, "model": {**values["model"], **bent}})
    return f"{bent!r:.100}"


def _large(folder: Path, rng: random.Random) -> str:
    """A model that would fill any memory."""
    bent = {rng.choice(NUMBERS): rng.choice((64, 1024, 4096, 16_384, 65_536, 10**6, 10**7)) for _ in range(2)}
    _edit(folder / "config.json", lambda values: {**values, "model": {**values["model"], **bent}})
    return str(bent)


def _json(folder: Path, rng: random.Random) -> str:
    """A JSON file that is none, or holds something else."""
    name = rng.choice(
        (
            "config.json",
            "tokenizer.json",
            "metrics.json",
            "model.safetensors.index.json",
            "map.json",
            "examples.json",
            "unsure.json",
        )
    )
    text = rng.choice(
        (
            "",
            "{",
            "[]",
            "5",
            "null",
            "[" * 100_000,
            "\xff",
            '{"a":' * 5000,
            "NaN",
            '{"model": 5, "format": 1}',
            '{"weight_map": 5}',
        )
    )
    (folder / name).write_text(text, encoding="latin-1")
    return f"{name} {text:.20}"


def _value(folder: Path, rng: random.Random) -> str:
    """A value deep in a JSON file is another one."""
    there = [
        name
        for name in ("metrics.json", "tokenizer.json", "unsure.json", "map.json", "latent.json")
        if (folder / name).is_file()
    ]
    name, odd, where = rng.choice(there), rng.choice(ODD), []
    values = json.loads((folder / name).read_text(encoding="utf-8"))
    inner: Any = values
    while isinstance(inner, (dict, list)) and inner:
        key = rng.choice(sorted(inner)) if isinstance(inner, dict) else rng.randrange(len(inner))
        where.append(str(key))
        if not isinstance(inner[key], (dict, list)) or not inner[key] or rng.random() < 0.4:
            inner[key] = odd
            break
        inner = inner[key]
    (folder / name).write_text(json.dumps(values), encoding="utf-8")
    return f"{name} {'.'.join(where):.60} = {odd!r:.40}"


def _weights(folder: Path, rng: random.Random) -> str:
    """Weights of other shapes or types, without end, or no numbers."""
    from safetensors.numpy import load_file, save_file

    path = next(folder.glob("model*.safetensors"))
    how, state = rng.choice(("nan", "inf", "shape", "dtype", "missing", "more", "parts")), load_file(path)
    name = rng.choice(sorted(state))
    if how in ("nan", "inf"):
        state[name] = np.full_like(state[name], float(how))
    elif how == "shape":
        state[name] = np.zeros((*state[name].shape, 2), np.float16)
    elif how == "dtype":
        state[name] = np.zeros(state[name].shape, rng.choice((np.int64, np.bool_, np.uint8)))
    elif how == "missing":
        del state[name]
    elif how == "more":
        state["x" * 1000] = np.zeros(3, np.float16)
    else:
        state[f"{name}#99999999999999999999"] = state[name]
    save_file(state, path)
    return f"{how} {name}"


def _header(folder: Path, rng: random.Random) -> str:
    """A header that promises what the file does not hold, or a file cut short."""
    path = next(folder.glob("model*.safetensors"))
    body = path.read_bytes()
    how = rng.choice(("cut", "length", "shape", "noise"))
    if how == "cut":
        body = body[: rng.randrange(len(body))]
    elif how == "length":
        body = struct.pack("<Q", rng.choice((0, 2**40, 2**63, len(body)))) + body[8:]
    elif how == "shape":
        size = struct.unpack("<Q", body[:8])[0]
        header = json.loads(body[8 : 8 + size])
        header[sorted(set(header) - {"__metadata__"})[0]]["shape"] = [10**12, 10**12]
        text = json.dumps(header).encode()
        body = struct.pack("<Q", len(text)) + text + body[8 + size :]
    else:
        body = rng.randbytes(len(body))
    path.write_bytes(body)
    return how


def _index(folder: Path, rng: random.Random) -> str:
    """An index that points elsewhere."""
    name = rng.choice(("../config.json", "/etc/passwd", "", ".", "\0", "a" * 5000, "config.json", "nothing.safetensors"))
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}), encoding="utf-8")
    return f"{name!r:.40}"


def _tokenizer(folder: Path, rng: random.Random) -> str:
    """A tokenizer of another kind, or with patterns that take for ever."""
    path, how = folder / "tokenizer.json", rng.choice(("WordLevel", "pattern", "tokens", "vocab"))
    values = json.loads(path.read_text(encoding="utf-8"))
    if how == "WordLevel":
        values["model"] = {"type": "WordLevel", "vocab": values["model"]["vocab"], "unk_token": "</s>"}
    elif how == "pattern":
        values["normalizer"] = {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": ""}
    elif how == "tokens":
        values["added_tokens"] = values["added_tokens"][:2]
    else:
        values["model"]["vocab"] = {}
    path.write_text(json.dumps(values), encoding="utf-8")
    return how


def _archive(folder: Path, rng: random.Random) -> str:
    """Arrays that unpack to gigabytes, are of other dimensions, or lie about their size."""
    name, how = rng.choice(("map.npz", "directions.npz")), rng.choice(("bomb", "shape", "lie", "object", "zip", "nan"))
    path = folder / name
    if how == "bomb":
        write_bomb(path)
    elif how == "zip":
        path.write_bytes(b"PK\x03\x04" + rng.randbytes(500))
    elif how == "lie":
        with zipfile.ZipFile(path, "w") as archive:
            head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000, 100), }\n"
            for entry in ("latents", "about", "steps", "spacing"):
                archive.writestr(f"{entry}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head)
    else:
        value = np.full((7, 3), np.nan if how == "nan" else 1.0)
        about = np.array([{}], dtype=object) if how == "object" else np.array("{}")
        parts = dict.fromkeys(("latents", "pca_mean", "pca_components", "pca_shares", "steps", "umap2"), value)
        np.savez(path, about=about, spacing=np.array("{}"), **parts)  # type: ignore[arg-type]
    return f"{name} {how}"


def write_bomb(path: Path) -> None:
    """Writes half a megabyte that unpacks to half a gigabyte."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("latents.npy", "w", force_zip64=True) as entry,
    ):
        for _ in range(500):
            entry.write(bytes(1_000_000))


def _swap(folder: Path, rng: random.Random) -> str:
    """A file is a folder, or the content of another."""
    name = rng.choice(("config.json", "tokenizer.json", "metrics.json", *BESIDE))
    (folder / name).unlink(missing_ok=True)
    if rng.random() < 0.5:
        (folder / name).mkdir()
        return f"{name} is a folder"
    shutil.copy(next(folder.glob("model*.safetensors")), folder / name)
    return f"{name} is weights"


KINDS: dict[str, Callable[[Path, random.Random], str]] = {
    "archive": _archive,
    "config": _config,
    "header": _header,
    "index": _index,
    "json": _json,
    "large": _large,
    "swap": _swap,
    "tokenizer": _tokenizer,
    "value": _value,
    "weights": _weights,
}


def use(folder: Path) -> str:
    """Does with a checkpoint what the app does, and returns "opened", or the sentence with which it was refused.

    Raises:
        Exception: Whatever was not foreseen.
    """
    from vaegen.app.build import _about
    from vaegen.app.questions.inside import Inside
    from vaegen.app.questions.map import Spot
    from vaegen.app.questions.points import Point
    from vaegen.app.questions.sample import Move
    from vaegen.app.questions.translate import Request
    from vaegen.app.service import Service
    from vaegen.app.static import map_addresses

    service, said = Service(folder, folder=folder / "nowhere"), []
    try:
        _about(service, "")
        map_addresses(service)
        service.tags()
        questions = (
            Request("A dog."),
            Move(Point("A dog.")),
            Spot(Point("A dog."), Point("A cat."), at=(0.0, 0.0)),
            Inside(Point("A dog.")),
        )
        for question in questions:
            try:
                service.ask(question)  # type: ignore[arg-type]
            except VaegenError as error:
                if "could not be loaded" in error.text:
                    raise RuntimeError(str(error)) from error
                said.append(str(error))
    finally:
        service.close()
    return said[0] if said else "opened"


def _child(folder: str, send: Any) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
    before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    try:
        kind, said = "handled", use(Path(folder))
    except BaseException as error:
        kind, said = "unhandled", f"{type(error).__name__}: {error}"
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    send.send((kind, said, memory, time.perf_counter() - begin))


def open_apart(folder: Path) -> tuple[str, str, float, float]:
    """Opens a checkpoint in a process of its own; returns kind, sentence, MB and seconds."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(str(folder), send))
    child.start()
    send.close()
    try:
        found = receive.recv() if receive.poll(6 * MOST_SECONDS) else ("unhandled", "no end", 0.0, 6 * MOST_SECONDS)
    except EOFError:
        found = ("unhandled", "killed", 0.0, 0.0)
    child.kill()
    child.join()
    return found


def main() -> None:
    """Prints the counts as JSON, and the wrong cases."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    from vaegen.pipeline.pipeline import load

    source = ROOT / "checkpoints" / "multi30k"
    load(source)  # all is imported once
    counts: Counter[str] = Counter()
    wrong, most_mb, most_s = [], 0.0, 0.0
    for i in range(options.cases):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(shutil.copytree(source, Path(place) / "bent"))
            what = make(folder, random.Random(f"{options.seed}.{i}"), sorted(KINDS)[i % len(KINDS)])
            kind, said, memory, seconds = open_apart(folder)
        found = [kind] + ["over 1 GB"] * (memory > MOST_MB) + ["over 20 s"] * (seconds > MOST_SECONDS)
        counts.update(found)
        most_mb, most_s = max(most_mb, memory), max(most_s, seconds)
        if found != ["handled"]:
            wrong.append(f"{what} -> {', '.join(found)}: {said[:200]} ({memory:.0f} MB, {seconds:.1f} s)")
    print(
        json.dumps(
            {"cases": options.cases, **counts, "most_mb": round(most_mb), "most_s": round(most_s, 1), "wrong": wrong},
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
