"""The comparison of variants as a table and a plot, out of `docs/ledgers/variants.json`. Nothing here measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vaegen.evaluation.reports.cards import markdown_table
from vaegen.writing import replacing

FIGURES, PLOT = "variants.json", "variants.svg"
Figures = Mapping[str, Any]


def variants(figures: Figures) -> list[str]:
    """Returns the section of docs/results.md on all variants: budget, table, plot."""
    budget = figures["budget"]
    return [
        "### Every variant, same budget",
        f"`python scripts/measure/compare.py --data DATA`: each row trained with `{budget['command']}` and its own options. "
        f"BLEU tok. lc., {budget['direction']}, {budget['split']}, {budget['decoding']}. Tokens: target tokens trained on; "
        "tokens/s: of training, per second of one core, and as a multiple of the baseline's (`--speed`: 40 steps on the "
        "same batches; up to 10 % are noise). KL in nats and active units (Var mu > 0.01) on the sources of the "
        "test set.",
        variants_table(figures["rows"]),
        *with_beam(figures),
        *by_length(figures["rows"]),
        f"![BLEU of every variant](ledgers/{PLOT})",
    ]


def variants_table(rows: Sequence[Figures]) -> str:
    """Returns a row for each variant."""
    header = ["group", "variant", "options", "steps", "tokens", "parameters", "tokens/s", "BLEU, source", "BLEU, latent"]
    scores_of = {row["name"]: row["scores"] for row in rows}
    lines = []
    for row in rows:
        rate = f"{row['tokens_per_second']:,.0f} ({row['speed']:.2f} x)" if row.get("tokens_per_second") else ""
        scores = [f"{row['scores'][context]:.2f}" if context in row["scores"] else "" for context in ("source", "latent")]
        kl = f"{row['kl']:.1f}" if "kl" in row else ""
        units = f"{row['active_units']} of {row['units']}" if "kl" in row else ""
        size = f"{row['parameters'] / 1e6:.2f} M"
        steps, tokens = f"{row['steps']:,}", f"{row['tokens'] / 1e6:.2f} M"
        if "steps_before" in row:
            steps, tokens = f"{row['steps_before']:,} + {steps}", f"{row['tokens_before'] / 1e6:.2f} M + {tokens}"
        named = [row["group"], row["name"], row["options"]]
        lines.append([*named, steps, tokens, size, rate, *scores, gain(row, scores_of), kl, units])
    return markdown_table([*header, "gain on the best of its peers", "KL", "active units"], lines)


def with_beam(figures: Figures) -> list[str]:
    """Returns the table of the rows that were measured with beam search, and what stands above it; nothing without rows."""
    measured = [row for row in figures["rows"] if "beam" in row]
    if not measured:
        return []
    scores_of = {row["name"]: row["beam"] for row in measured}
    lines = [
        [row["name"], *(f"{row['beam'][context]:.2f}" if context in row["beam"] else "" for context in ("source", "latent")),
         gain({**row, "scores": row["beam"]}, scores_of)]
        for row in measured
    ]  # fmt: skip
    return [
        f"With a beam of {figures['budget']['num_beams']} in place of greedy decoding:",
        markdown_table(["variant", "BLEU, source", "BLEU, latent", "gain on the best of its peers"], lines),
    ]


def by_length(rows: Sequence[Figures]) -> list[str]:
    """Returns the table of the rows that were measured on longer texts, and what stands above it; nothing without rows."""
    measured = [row for row in rows if "by_length" in row]
    if not measured:
        return []
    lengths = measured[0]["by_length"]
    header = ["variant", *(f"{part['sentences']} ({part['tokens']} tokens)" for part in lengths)]
    lines = [[row["name"], *(f"{part['bleu']:.2f}" for part in row["by_length"])] for row in measured]
    return [
        "The same test set with several sentences in a row as one text, BLEU in context source by the number of sentences "
        "(and the mean of the tokens) in a text:",
        markdown_table(header, lines),
    ]


def gain(row: Figures, scores: Mapping[str, Mapping[str, float]]) -> str:
    """Returns how much better a row is, in each context, than the best of those that it is measured against."""
    parts = []
    for context, score in row["scores"].items():
        peers = {name: scores[name][context] for name in row["against"] if context in scores.get(name, {})}
        if peers:
            best = max(peers, key=lambda name: peers[name])
            parts.append(f"{context} {score - peers[best]:+.2f} on {best}")
    return ", ".join(parts)


def save_plot(figures: Figures, path: Path) -> None:
    """Writes the plot as SVG; the same figures give the same file."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "vaegen"
    import matplotlib.pyplot as plt

    rows = figures["rows"]
    figure, axis = plt.subplots(figsize=(8, 1.0 + 0.42 * len(rows)), layout="constrained")
    for offset, context, color in ((-0.2, "source", "#0072b2"), (0.2, "latent", "#d55e00")):  # Okabe and Ito
        places = [i + offset for i, row in enumerate(rows) if context in row["scores"]]
        values = [row["scores"][context] for row in rows if context in row["scores"]]
        axis.barh(places, values, 0.38, color=color, label=f"context {context}")
    axis.set_yticks(range(len(rows)), [f"{row['group']}: {row['name']}" for row in rows])
    axis.invert_yaxis()
    axis.set(xlabel=f"BLEU tok. lc., {figures['budget']['direction']}", xlim=(0, None))
    axis.legend(loc="lower right")
    with replacing(path) as beside:
        figure.savefig(beside, format="svg", metadata={"Date": None})
    plt.close(figure)
