#!/usr/bin/env python
"""What attention within locality-sensitive buckets costs against full attention, by the length of the text.

    python scripts/measure/attention_speed.py --out docs/ledgers/attention.json      # some minutes
    python scripts/measure/attention_speed.py --quick                                # a smoke test

Self-attention of the preset `cpu` (width 192, 4 heads, 16 slots) alone, and its whole encoder (4 layers with their
feed-forward parts), go forward and backward over 2,048 random tokens in sentences of equal length, in float32 on one thread.
Both kinds take turns; the median of the rounds is reported, in milliseconds of processor time, which a busy machine hardly
changes. Memory is the most that torch allocated at once in one pass.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from vaegen.commands.arguments import public
from vaegen.config import ModelConfig
from vaegen.evaluation.reports.cards import markdown_table
from vaegen.model.vae_transformer import build_encoder
from vaegen.writing import write_json

LENGTHS = (32, 64, 128, 256, 512)
N_TOKENS = 2048
KINDS = ("full", "lsh")
UNITS = ("attention, ms", "attention, MB", "encoder, ms")
HEADER = ["tokens", *(f"{unit}, {kind}" for unit in UNITS for kind in KINDS)]


def passes(encoder: Any, config: ModelConfig, length: int, attention_alone: bool) -> Any:
    """Returns a function that takes an encoder, or its first attention, forward and backward over `N_TOKENS` tokens."""
    generator = torch.Generator().manual_seed(length)
    n = max(1, N_TOKENS // length)
    words = torch.randn(n, length, config.width, generator=generator, requires_grad=True)
    slots = torch.randn(config.n_slots, config.width, generator=generator, requires_grad=True)
    mask = torch.ones(n, length, dtype=torch.bool)

    def run() -> None:
        if attention_alone:
            x, real = torch.cat((slots.expand(n, -1, -1), words), dim=1), F.pad(mask, (config.n_slots, 0), value=True)
            states: Tensor = encoder[0].attention.to_itself(x, real[:, None, None])[0]
        else:
            states = encoder(slots.expand(n, -1, -1), words, mask)[0]
        states.sum().backward()
        for tensor in (*encoder.parameters(), words, slots):
            tensor.grad = None

    return run


def peak_megabytes(run: Any) -> float:
    """Returns the most memory that torch allocated at once, beyond what was there before."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True) as profile:
        run()
    held = peak = 0
    events = [event for event in profile.profiler.kineto_results.events() if event.name() == "[memory]"]
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak / 1e6


def measure(lengths: tuple[int, ...], rounds: int) -> dict[str, dict[str, float]]:
    """Returns for each length the figures of `HEADER`."""
    figures: dict[str, dict[str, float]] = {}
    for length in tqdm(lengths, disable=not sys.stderr.isatty()):
        row: dict[str, float] = {}
        for part in ("attention", "encoder"):
            runs = {}
            for kind in KINDS:
                config = ModelConfig(8000, attention=kind)
                torch.manual_seed(0)
                runs[kind] = passes(build_encoder(config).train(), config, length, part == "attention")
                runs[kind]()  # warm up
            seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
            for i in range(rounds):
                for kind in KINDS[:: 1 if i % 2 else -1]:
                    start = time.process_time()
                    runs[kind]()
                    seconds[kind].append(time.process_time() - start)
            for kind in KINDS:
                row[f"{part}, ms, {kind}"] = round(1e3 * statistics.median(seconds[kind]), 1)
                if part == "attention":
                    row[f"{part}, MB, {kind}"] = round(peak_megabytes(runs[kind]), 1)
        figures[str(length)] = {name: row[name] for name in HEADER[1:]}
    return figures


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round of the two shortest lengths")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", help="write the figures to this JSON file")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    rounds = 1 if options.quick else options.rounds
    lengths = measure(LENGTHS[:2] if options.quick else LENGTHS, rounds)
    print(markdown_table(HEADER, [[length, *row.values()] for length, row in lengths.items()]))
    if options.out:
        command = ["python scripts/measure/attention_speed.py", *public(sys.argv[1:] if arguments is None else arguments)]
        figures = {"command": " ".join(command), "torch": torch.__version__, "rounds": rounds, "lengths": lengths}
        write_json(options.out, figures, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
