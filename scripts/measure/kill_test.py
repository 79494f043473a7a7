#!/usr/bin/env python
"""Kills commands that write, at random moments with SIGKILL; checks that nothing is corrupt and nothing saved is lost.

    python scripts/measure/kill_test.py [--kills 30] [--writers train,translate] [--out docs/ledgers/kills.json]

Each writer works on a tiny model of its own in a temporary folder. A killed command is started again, as it was typed, until
it ends by itself; before each start everything in its folders is read, and what was saved must still be there. Processes are
real, `python -m vaegen ...`, and killed with all that they started.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from vaegen.writing import write_json

WORDS = ("a dog runs", "two men sing", "a girl reads", "a cat sleeps", "a bird flies")
COMMON = ("--device", "cpu")


def main(arguments: list[str] | None = None) -> int:
    """Kills, counts, tells; returns 1 if anything was corrupt or lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30, metavar="N", help="kills of each writer (default: 30)")
    parser.add_argument("--writers", default=",".join(WRITERS), metavar="A,B,..", help="of %(default)s")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the moments")
    parser.add_argument("--out", metavar="FILE", help="write the figures to this JSON file")
    options = parser.parse_args(arguments)
    figures = {}
    for name in options.writers.split(","):
        with tempfile.TemporaryDirectory() as folder:
            figures[name] = kill(name, Path(folder), options.kills, random.Random(options.seed))
        print(f"{name}: {figures[name]}", flush=True)
    if options.out:
        write_json(options.out, figures, indent=1)
    return int(any(row["corrupt"] or row["lost"] for row in figures.values()))


def kill(name: str, folder: Path, kills: int, rng: random.Random) -> dict[str, Any]:
    """Returns how often a writer was killed, and what was found corrupt or lost then.

    The moments lie between the first write of a command and its end; a command that has ended begins anew.
    """
    prepare(folder)
    command, saved = WRITERS[name](folder)
    corrupt, lost, done, before = [], [], 0, 0
    started = time.perf_counter()
    longest = run(command, folder, None)  # how long it takes undisturbed
    forget(name, folder)
    killed = 0
    while killed < kills:
        took = run(command, folder, rng.uniform(0.5, 1.0) * longest)
        killed += took is None
        try:
            now = saved()
        except Exception as error:  # whatever reading says: the file is not whole
            corrupt.append(f"{type(error).__name__}: {error}"[:200])
            now = before
        if now < before:
            lost.append(f"{before} saved, {now} there")
        before = now
        if took is not None:
            done += 1
            forget(name, folder)
            before = 0
    if run(command, folder, None) is None:
        lost.append("it does not go on")
    seconds = round(time.perf_counter() - started)
    found = {"kills": killed, "ended": done, "corrupt": len(corrupt), "lost": len(lost)}
    return {**found, "told": corrupt + lost, "seconds": seconds}


def run(command: list[str], folder: Path, seconds: float | None) -> float | None:
    """Runs a command and kills it after so many seconds; returns how long it took, None if it was killed.

    Raises:
        RuntimeError: If it fails by itself.
    """
    start = time.perf_counter()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "vaegen", *command], cwd=folder, env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, start_new_session=True, text=True,
    )  # fmt: skip
    try:
        _, said = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said[-1000:]}")
    return time.perf_counter() - start


def prepare(folder: Path) -> None:
    """Makes a tokenizer, a tiny checkpoint and a corpus."""
    import torch

    from vaegen.config import ModelConfig, preset
    from vaegen.model.checkpoint import save_checkpoint
    from vaegen.model.vae_transformer import VAETransformer
    from vaegen.text.tokenizer import Tokenizer

    torch.manual_seed(0)
    (folder / "data" / "own").mkdir(parents=True)
    for split, count in (("train", 60), ("val", 8), ("test", 24)):
        for code in ("en", "de"):
            lines = [f"{WORDS[i % len(WORDS)]} {split} {i}" for i in range(count)]
            (folder / "data" / "own" / f"{split}.{code}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "in.txt").write_text("".join(f"{WORDS[i % len(WORDS)]} {i}\n" for i in range(3000)), encoding="utf-8")
    tokenizer = Tokenizer.train([f"{word} {i}" for i, word in enumerate(WORDS * 20)], 400, ("en", "de"))
    tokenizer.save(folder / "tokenizer.json")
    model = VAETransformer(ModelConfig(tokenizer.vocab_size, ("en", "de"), **preset("tiny")[0]))
    save_checkpoint(folder / "tiny", model, tokenizer, {"corpora": "own"})


def forget(name: str, folder: Path) -> None:
    """Removes what a command has written, so that it begins anew."""
    import shutil

    for made in MADE[name]:
        for path in folder.glob(made):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def training(folder: Path) -> tuple[list[str], Callable[[], int]]:
    """Trains; saved are the steps of `state.pt`, and the checkpoint has to load."""
    from vaegen.model.checkpoint import load_checkpoint
    from vaegen.training.run_folder import load_state, read_log

    command = ["train", "--data", "data", "--corpora", "own", "--preset", "tiny", "--tokenizer", "tokenizer.json"]
    command += ["--out", "run", "--steps", "60", "--eval-every", "6", "--save-every", "1", "--bleu-pairs", ""]

    def saved() -> int:
        run = folder / "run"
        read_log(run)
        if (run / "checkpoint").exists() or (run / ".checkpoint.old").exists():
            load_checkpoint(run / "checkpoint")
        return int(load_state(run)["progress"]["step"]) if (run / "state.pt").is_file() else 0

    return [*command, "--resume", "auto", *COMMON], saved


def fitting(folder: Path) -> tuple[list[str], Callable[[], int]]:
    """Fits priors; saved are those that are in the file."""
    from vaegen.latent.priors import load_priors

    def saved() -> int:
        found = load_priors(folder / "tiny", 4, 8)
        return len(found) - 1

    command = ["prior", "--checkpoint", "tiny", "--data", "data", "--components", "4", "--steps", "20", "--batch", "16"]
    return command, saved


def mapping(folder: Path) -> tuple[list[str], Callable[[], int]]:
    """Makes a map of principal components and directions; it is there or not."""
    from vaegen.latent.directions import load_directions

    command = ["directions", "--checkpoint", "tiny", "--pairs", "4", "--components", "2"]
    return command, lambda: int(load_directions(folder / "tiny") is not None)


def measuring(folder: Path) -> tuple[list[str], Callable[[], int]]:
    """Measures translation; saved are the directions that are done."""

    def saved() -> int:
        metrics = json.loads((folder / "tiny" / "metrics.json").read_text(encoding="utf-8"))
        part = folder / "tiny" / "evaluation.unfinished.json"
        found = json.loads(part.read_text(encoding="utf-8"))["found"] if part.is_file() else {}
        return 4 if "evaluation" in metrics else len(found)

    command = ["evaluate", "--checkpoint", "tiny", "--data", "data", "--out", "tiny", "--num-beams", "1"]
    return [*command, "--latent-sentences", "4", "--latent-draws", "2", *COMMON], saved


def translating(folder: Path) -> tuple[list[str], Callable[[], int]]:
    """Translates a file; saved are the lines that count as done."""

    def saved() -> int:
        if (folder / "out.txt").is_file():
            assert (folder / "out.txt").read_bytes().count(b"\n") == 3000
            return 3000
        state = folder / "out.txt.unfinished.json"
        if not state.is_file():
            return 0
        told = json.loads(state.read_text(encoding="utf-8"))
        lines = (folder / "out.txt.lines.unfinished").read_bytes()[: told["sizes"][0]]
        assert lines.count(b"\n") == told["done"]
        return int(told["done"])

    command = ["translate", "in.txt", "--out", "out.txt", "--checkpoint", "tiny", "--target-language", "de"]
    return [*command, "--num-beams", "1", "--engine", "torch", *COMMON], saved


def encoding(folder: Path) -> tuple[list[str], Callable[[], int]]:
    """Encodes a file; saved are the texts that count as done."""
    import numpy as np

    def saved() -> int:
        if (folder / "out.npz").is_file():
            with np.load(folder / "out.npz") as found:
                assert found["mu"].shape == found["logvar"].shape == (3000, 4, 8)
            return 3000
        state = folder / "out.npz.unfinished.json"
        return int(json.loads(state.read_text(encoding="utf-8"))["done"]) if state.is_file() else 0

    return ["encode", "in.txt", "--out", "out.npz", "--checkpoint", "tiny", *COMMON], saved


def averaging(folder: Path) -> tuple[list[str], Callable[[], int]]:
    """Writes a checkpoint over another one, as every export of weights does; it loads whenever it is there."""
    from vaegen.model.checkpoint import load_checkpoint

    def saved() -> int:
        there = (folder / "mean").exists() or (folder / ".mean.old").exists()
        if there:
            load_checkpoint(folder / "mean")
        return int(there)

    return ["average", "--out", "mean", "tiny", "tiny"], saved


WRITERS: dict[str, Callable[[Path], tuple[list[str], Callable[[], int]]]] = {
    "train": training, "prior": fitting, "directions": mapping, "evaluate": measuring, "translate": translating,
    "encode": encoding, "average": averaging,
}  # fmt: skip
MADE = {  # what is removed before a command that has ended begins anew; a checkpoint is written over the one that is there
    "train": ["run"], "prior": ["tiny/priors.safetensors"], "directions": ["tiny/directions.npz"],
    "evaluate": ["tiny/README.md"], "translate": ["out.txt*"], "encode": ["out.npz*"], "average": [],
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
