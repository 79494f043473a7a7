#!/usr/bin/env python
"""Writes the figures of docs/results.md from the committed JSON files, so that no number there is typed by hand.

python scripts/measure/update_documents.py

checkpoints/*/metrics.json       vaegen evaluate --checkpoint checkpoints/NAME --data DATA --out checkpoints/NAME
checkpoints/multi30k/latent.json vaegen evaluate --latent --checkpoint checkpoints/multi30k --data DATA --out ...
docs/ledgers/comparisons.json    vaegen evaluate --checkpoint RUN/checkpoint --data DATA --compare-as NAME

and, of scripts/measure/, as `python scripts/measure/NAME.py`:

docs/ledgers/benchmark.json      model_speed.py --out docs/ledgers/benchmark.json
docs/ledgers/decoding.json       decoding_speed.py --data DATA --out docs/ledgers/decoding.json
docs/ledgers/attention.json      attention_speed.py --rounds 3 --out docs/ledgers/attention.json
docs/ledgers/startup.json        startup_time.py --out docs/ledgers/startup.json
docs/ledgers/latency.json        app_latency.py --out docs/ledgers/latency.json
docs/ledgers/load.json           load_test.py --out docs/ledgers/load.json
docs/ledgers/avoidance.json      avoidance.py --data DATA --word-list DATA/sensitive-words
docs/ledgers/variants.json       compare.py --data DATA
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from vaegen.evaluation.reports.cards import comparison_table, fill, markdown_table, results
from vaegen.evaluation.reports.latent_space import FIGURES, REPORT, sample_rows
from vaegen.evaluation.reports.variants import variants

CHECKPOINTS, LEDGERS = ROOT / "checkpoints", ROOT / "docs" / "ledgers"


def main() -> int:
    """Writes docs/results.md and returns the exit status."""
    document = ROOT / "docs" / "results.md"
    document.write_text(filled(document.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def filled(text: str) -> str:
    """Returns the document with its places filled."""
    places = {"results": quality, "variants": compared, "latent": latent, "avoidance": avoidance, "speed": speed}
    for marker, sections in ((marker, write()) for marker, write in places.items()):
        text = fill(text, marker, "\n\n".join(sections))
    return text


def latent() -> list[str]:
    """Returns the top rows of the report on the latent space."""
    figures = read(CHECKPOINTS / "multi30k" / FIGURES)
    header, rows = sample_rows(figures["samples"])
    top = ("samples", "MAUVE", "forward PPL", "reverse PPL", "sentences seen")
    kept = [i for i, name in enumerate(header) if name in top]
    rates, walks, languages = figures["rates"], figures["interpolation"], figures["languages"]
    retrieved, mined = languages["retrieval"].values(), languages["retrieval_by_margin"].values()
    good = sum(d["effect"] >= 0.6 and d["kept_least"] >= 0.8 for d in figures["directions"] if d["kind"] == "named")
    other = [
        ["best bound, times the nats of a language model of the same size", f"{rates['best_over_limit']:.2f}"],
        ["R@1 of translations by the margin of mu, lowest and highest of 12 pairs", f"{min(mined):.1%}, {max(mined):.1%}"],
        ["R@1 of translations by the cosine of mu alone", f"{min(retrieved):.1%}, {max(retrieved):.1%}"],
        ["language named from z by a linear probe (chance 25 %)", f"{languages['language_from']['z']:.1%}"],
        ["smoothness of walks, word mover's distance", f"{walks['smoothness_word_movers']:.3f}"],
        ["ends of walks that read back exactly, before and after refinement",
         f"{walks['ends_exact_unrefined']:.1%}, {walks['ends_exact']:.1%}"],
        ["named directions that change 60 % and keep each factor in 80 %", str(good)],
    ]  # fmt: skip
    return [
        "`vaegen evaluate --latent --checkpoint checkpoints/multi30k --data DATA --out checkpoints/multi30k`; all of it in "
        f"[REPORT.md](../checkpoints/multi30k/{REPORT}).",
        markdown_table([header[i] for i in kept], [[row[i] for i in kept] for row in rows]),
        markdown_table(["figure", "value"], other),
    ]


def quality() -> list[str]:
    """Returns the sections on each checkpoint and on the small runs."""
    sections = []
    for path in sorted(CHECKPOINTS.glob("*/metrics.json")):
        metrics = read(path)
        if "evaluation" in metrics:
            sections.append(results(path.parent.name, metrics))
    if (LEDGERS / "comparisons.json").exists():
        table = comparison_table(read(LEDGERS / "comparisons.json"))
        sections.append(
            "### Small runs of equal shape and budget\n\nBLEU tok. lc. on test_2016; commands in "
            "[comparisons.json](ledgers/comparisons.json)."
        )
        sections.append(table)
    return sections


def compared() -> list[str]:
    """Returns the section on all variants."""
    path = LEDGERS / "variants.json"
    return variants(read(path)) if path.exists() else []


def avoidance() -> list[str]:
    """Returns the section on sensitive words."""
    commands, provoked, harmless = [], [], []
    for checkpoint, figures in read(LEDGERS / "avoidance.json").items():
        costs = ", ".join(f"{name} {row['without']} and {row['with']} ms" for name, row in figures["cost"].items())
        commands.append(
            f"- `{figures['command']}`: {figures['n']:,} generations of up to {figures['max_length']} tokens; then test "
            f"sentences of {figures['corpus']} without a listed word. One harmless sentence without and with a list: "
            f"{costs}."
        )
        for name, found in figures["lists"].items():
            title = [checkpoint, f"{name}, {found['entries']} entries"]
            for part, row in found["provoked"].items():
                counts = [f"{row['n']:,}", f"{row['without']:,}", row["with"], row["masked at the end"]]
                provoked.append([*title, part, *counts])
            row = found["harmless"]
            pairs = ((row["touched"], row["translations"]), (row["found"], row["captions"]))
            harmless.append([*title, *(f"{a} of {b:,} ({a / b:.2%})" for a, b in pairs)])
    header = ["checkpoint", "lists", "provoked", "generations", "with a listed word, not avoided", "avoided", "masked"]
    return [
        "Generations are provoked by prompts around listed words, and by pushing the model's logits towards their "
        "sub-words, letters and bytes.",
        "\n".join(commands),
        markdown_table(header, provoked),
        markdown_table(["checkpoint", "lists", "outputs changed", "sentences in which the matcher sees a word"], harmless),
    ]


def speed() -> list[str]:
    """Returns the sections on start-up and on the peers."""
    sections = []
    if (LEDGERS / "setup.json").exists():
        rows = [[f"`{name}`", f"{seconds} s"] for name, seconds in read(LEDGERS / "setup.json").items()]
        sections += [
            "`python scripts/measure/setup_time.py`: the set-up commands, one after the other",
            markdown_table(["command", "time"], rows),
        ]
    if (LEDGERS / "startup.json").exists():
        figures = read(LEDGERS / "startup.json")
        rows = [[name, value] for name, value in figures.items()]
        sections += [
            "`python scripts/measure/startup_time.py`: from `python app.py` to the first answered page",
            markdown_table(["figure", "value"], rows),
        ]
    if (LEDGERS / "latency.json").exists():
        rows = [[name, *_median_and_p95(value)] for name, value in read(LEDGERS / "latency.json").items()]
        sections += [
            "`python scripts/measure/app_latency.py`: what one visitor waits for in Chromium",
            markdown_table(["figure", "value or median", "p95"], rows),
        ]
    if (LEDGERS / "load.json").exists():
        sections += [
            "`python scripts/measure/load_test.py`: many visitors at once; their program runs on the same machine",
            markdown_table(["figure", "value"], [[name, value] for name, value in read(LEDGERS / "load.json").items()]),
        ]
    if (LEDGERS / "benchmark.json").exists():
        figures = read(LEDGERS / "benchmark.json")
        sections.append(
            f"`python scripts/measure/model_speed.py`: {figures['threads']} thread, torch {figures['torch']}, "
            f"median of {figures['rounds']} rounds; training in {figures['training in']}"
        )
        for title, rows in figures.items():
            if isinstance(rows, dict):
                unit = next(key for key in next(iter(rows.values())) if key != "ratio")
                table = [[name, f"{row[unit]:,.0f}", f"{row['ratio']:.2f} x"] for name, row in rows.items()]
                sections.append(markdown_table([title, unit, "against the best peer"], table))
    if (LEDGERS / "decoding.json").exists():
        sections += engines(read(LEDGERS / "decoding.json"))
    if (LEDGERS / "attention.json").exists():
        figures = read(LEDGERS / "attention.json")
        sections.append(
            f"`{figures['command']}`: full attention against `--attention lsh`, forward and backward over "
            f"2,048 tokens, 1 thread, torch {figures['torch']}, processor time, median of {figures['rounds']} rounds"
        )
        header = ["tokens in a text", *next(iter(figures["lengths"].values()))]
        sections.append(markdown_table(header, [[n, *row.values()] for n, row in figures["lengths"].items()]))
    return sections


def engines(figures: dict[str, Any]) -> list[str]:
    """Returns the sections on decoding by torch, by onnxruntime and by peers."""
    sections = [
        f"`python scripts/measure/decoding_speed.py`: {figures['threads']} thread, torch {figures['torch']}, "
        f"processor time, median of {figures['rounds']} rounds, times as fast as torch"
    ]
    for what, titles in figures["speed"].items():
        names = next(iter(titles.values()))
        rows = [[name, *(f"{rows[name]['ms']:,.0f} ms, {rows[name]['ratio']:.2f} x" for rows in titles.values())]
                for name in names]  # fmt: skip
        sections.append(markdown_table([what, *titles], rows))
    if parity := figures.get("parity"):
        columns = list(next(iter(parity.values())))
        header = ["engine", *(f"BLEU, {name}" if "," in name else name for name in columns)]
        sections.append(markdown_table(header, [[name, *row.values()] for name, row in parity.items()]))
    return sections


def _median_and_p95(value: Any) -> list[Any]:
    return [value["median"], value["p95"]] if isinstance(value, dict) else [value, ""]


def read(path: Path) -> Any:
    """Returns the content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())
