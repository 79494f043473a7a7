"""REPORT.md out of the figures in a checkpoint's `latent.json`, with plots. Nothing here measures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vaegen.evaluation.reports.cards import latent_table, markdown_table
from vaegen.latent.prior_kinds import PRIORS
from vaegen.text.tags import LANGUAGE_NAMES, tag_name
from vaegen.writing import replacing

FIGURES, REPORT = "latent.json", "REPORT.md"
Figures = Mapping[str, Any]
SAMPLE_COLUMNS = {
    "mauve": "MAUVE",
    "plausible": "plausible",
    "forward_perplexity": "forward PPL",
    "reverse_perplexity": "reverse PPL",
    "distinct_1": "distinct-1",
    "distinct_2": "distinct-2",
    "distinct_3": "distinct-3",
    "self_bleu": "self-BLEU-4",
    "memorised_4_grams": "4-grams seen",
    "memorised_sentences": "sentences seen",
    "loops": "loops",
    "words": "words",
}
TABLES_OF_RETRIEVAL = {
    "by margin": "retrieval_by_margin",
    "by cosine alone": "retrieval",
    "n-grams of characters instead of a latent, by margin": "retrieval_of_ngrams",
}
NUMBERS = {2: "two", 3: "three", 4: "four"}
SHARES = ("plausible", "memorised_4_grams", "memorised_sentences", "loops")
# Published values of smoothness, each with its own data and encoder: an orientation, no ranking.
PEERS = {"Optimus": 0.220, "DELLA": 0.253, "autoencoder with a flow": 0.282}


def report(figures: Figures, name: str, plots: bool = True, path: str | None = None) -> str:
    """Returns the whole report of a checkpoint in Markdown; parts that were not measured are left out."""
    path = path or f"checkpoints/{name}"
    parts = [
        f"# What the latent space of `{name}` is worth",
        f"Made by `vaegen evaluate --latent --checkpoint {path} --data DATA` and its figures "
        f"in `{FIGURES}`; weights {figures.get('weights', 'unknown')}. Nats are per sentence, its end token included.",
    ]
    for key, write in SECTIONS.items():
        if key in figures:
            parts.append(write(figures[key], plots))
    if figures.get("directions"):
        parts.append(direction_section(figures["directions"], figures.get("directions_chosen", "")))
    if figures.get("notes"):
        parts.append("## What was tried, and what fell short\n\n" + "\n".join(f"- {note}" for note in figures["notes"]))
    return "\n\n".join(parts) + "\n"


def rate_section(part: Figures, plots: bool = True) -> str:
    """Rate and distortion by beta, for a checkpoint with a dial, or by slots in use."""
    if "beta" in part["rows"][0]:
        return dial_section(part, plots)
    rows = [
        [r["slots"], f"{r['kl']:.1f}", f"{r['recon']:.1f}", f"{r['neg_elbo']:.1f}", f"{r['bleu']:.1f}"] for r in part["rows"]
    ]
    limit, direction = part["language_model_nats"], f"en-{part['target']}"
    split_by = "by characters" if part["target"] == "zh" else "13a"
    lines = [
        "## Rate and distortion",
        "How much the slots say (KL, the rate) and what is left to guess (recon, the distortion) when only the first slots "
        f"are in use; English, N = {part['n']}, mean of 4 draws of z; BLEU ({split_by}) {direction} through those slots "
        "alone, greedy.",
        markdown_table(["slots in use", "KL", "recon", "-ELBO", f"BLEU {direction}"], rows),
        f"The limit: a language model of the same size spends {limit:.1f} nats on these sentences. The best bound is "
        f"{part['best_over_limit']:.2f} times that. The bound of all slots is far above it on purpose: beta is small, so "
        "that the latent says nearly everything, and what it says costs more nats than it saves.",
    ]
    return "\n\n".join(lines + ["![Rate and distortion](rate.svg)"] * plots)


def dial_section(part: Figures, plots: bool = True) -> str:
    """Rate and distortion as the dial turns."""
    pairs = in_order({key.removeprefix("bleu_").rpartition("_")[0] for key in part["rows"][0] if key.startswith("bleu_")})
    rows = [
        [f"{r['beta']:g}", *(f"{r[key]:.1f}" for key in ("kl", "recon", "neg_elbo")), r["active_units"], f"{r['exact']:.0%}",
         *(f"{r[f'bleu_{pair}_latent']:.1f} / {r[f'bleu_{pair}_source']:.1f}" for pair in pairs)]
        for r in part["rows"]
    ]  # fmt: skip
    head = ["beta", "KL", "recon", "-ELBO", "active units", "read back exactly"]
    lines = [
        "## Rate and distortion",
        "One set of weights at ten values of beta, the weight of the KL term: what z says (KL, the rate) and what is left "
        f"to guess (recon, the distortion); English, N = {part['n']}, mean of {part['n_draws']} draws of z. Active units: "
        "dimensions whose mean varies by more than 0.01 over these sentences. BLEU (sacreBLEU, greedy) in context latent / "
        "source.",
        markdown_table([*head, *(f"BLEU {pair}" for pair in pairs)], rows),
    ]
    if "language_model_nats" in part:
        lines.append(
            f"The limit: a language model of the same size spends {part['language_model_nats']:.1f} nats on these "
            f"sentences; the best bound is {part['best_over_limit']:.2f} times that."
        )
    return "\n\n".join(lines + ["![Rate and distortion](rate.svg)"] * plots)


def surface_section(part: Figures, _plots: bool = True) -> str:
    """How much it matters how a sentence is typed."""
    forms = list(part["source"]["lost"])
    rows = [
        [context, f"{part[context]['printed']:.1f}", *(f"{part[context]['lost'][form]:.1f}" for form in forms),
         *(f"{part[context]['names_kept'][kind]:.0%}" for kind in ("known", "unseen"))]
        for context in ("source", "latent")
    ]  # fmt: skip
    return "\n\n".join([
        "## As people type",
        f"BLEU (13a, greedy, {part['direction']}, {part['source']['n']} test sentences) as printed, and how much of it is "
        "lost when the source is typed otherwise; how often a first name put in the place of \"A man\" or the like comes "
        "back letter by letter, in all other languages, for names of the training's list and for names of no list.",
        markdown_table(["context", "as printed", *(f"lost: {form}" for form in forms), "names kept", "unseen ones"], rows),
    ])  # fmt: skip


def prior_name(name: str) -> str:
    """Returns what the report calls where samples come from: a prior, or "real" sentences beside them."""
    return "real captions" if name == "real" else PRIORS[name].label if name in PRIORS else name


def sample_rows(part: Figures) -> tuple[list[str], list[list[str]]]:
    """Returns header and rows of the table of priors: mean and, behind ±, standard deviation over the seeds."""
    keys = [key for key in SAMPLE_COLUMNS if key in part["rows"][0]["mean"]]
    rows = []
    for row in part["rows"]:
        title = prior_name(row["prior"])
        title += f", scale {row['scale']}" if row["scale"] != 1.0 else ""
        title += f", first {row['slots']} slots" if row["slots"] else ""
        rows.append([title, *(_with_spread(row, key) for key in keys)])
    return ["samples", *(SAMPLE_COLUMNS[key] for key in keys)], rows


def sample_section(part: Figures, plots: bool = True) -> str:
    """Samples of every prior beside real captions."""
    lines = [
        "## Samples of every prior",
        f"{part['n']} English samples for each of {len(part['seeds'])} seeds, decoded greedily and not led out of "
        "loops; mean ± standard deviation. "
        f"MAUVE on features of all-MiniLM-L6-v2 against {part['held_out']} held-out captions. Forward PPL is that of the "
        "samples under the language model: low where they are fluent, or all the same. Reverse PPL is that of the held-out "
        "captions under the trigrams of the samples (sub-words, interpolated Kneser-Ney): low only if they are varied and "
        "right. Plausible: the language model spends as much a token on the sample as on the central 95 % of held-out "
        "captions; MAUVE compares crowds and does not see that single samples are nonsense. `seen`: found word by word in "
        "the training text. The first row are real training captions: what a perfect sampler would reach.",
        markdown_table(*sample_rows(part)),
    ]
    return "\n\n".join(lines + ["![MAUVE of every prior](priors.svg)"] * plots)


def interpolation_section(part: Figures, _plots: bool = True) -> str:
    """Walks between sentences."""
    rows = [
        ["smoothness, word mover's distance", f"{part['smoothness_word_movers']:.3f}"],
        ["smoothness, distance of sentence features", f"{part['smoothness_features']:.3f}"],
        ["perplexity of the inner steps / of the ends", f"{part['perplexity_inner']:.1f} / {part['perplexity_ends']:.1f}"],
        ["ends that read back exactly, from the encoder alone", f"{part['ends_exact_unrefined']:.1%}"],
        ["ends that read back exactly, refined", f"{part['ends_exact']:.1%}"],
        [
            "steps with a repetition loop, as decoded / if the decoder is not led out of loops",
            f"{part['loops']:.2%} / {part['loops_alone']:.2%}",
        ],
        ["different sentences on a walk", f"{part['different_sentences']:.1f}"],
    ]
    peers = ", ".join(f"{name} {value:.3f}" for name, value in PEERS.items())
    return "\n\n".join([
        "## Walks",
        f"{part['walks']} walks of {part['steps']} steps along arcs between held-out English captions, decoded greedily in "
        "context `latent`. Smoothness is the distance of the ends by the length of the way. Published, on other data with "
        f"other word vectors: {peers}.",
        markdown_table(["figure", "value"], rows),
    ])  # fmt: skip


def language_section(part: Figures, _plots: bool = True) -> str:
    """One meaning, several languages."""
    codes = in_order({pair.split("-")[0] for pair in part["retrieval"]})
    tables = [
        markdown_table(
            [f"from, to; {name}", *codes],
            [[a, *("" if a == b else f"{part[key][f'{a}-{b}']:.1%}" for b in codes)] for a in codes],
        )
        for name, key in TABLES_OF_RETRIEVAL.items()
        if key in part
    ]
    named = part["language_from"]
    return "\n\n".join([
        f"## One meaning, {NUMBERS.get(len(codes), len(codes))} languages",
        f"R@1: how often the nearest of {part['n']} latents in another language is the translation, by the cosine of mu and "
        "by the ratio margin with which translations are mined: that cosine divided by its mean over the "
        f"{part['neighbours']} nearest neighbours of both sides, so that latents near to everything do not win.",
        *tables,
        f"A linear probe names the language of a sentence from a draw z in {named['z']:.1%} (chance {part['chance']:.0%}), "
        f"from mu without its noise in {named['mu']:.1%}.",
    ])  # fmt: skip


def factor_section(part: Figures, _plots: bool = True) -> str:
    """Disentanglement on the probe set."""
    keys = {"mig": "MIG", "sap": "SAP", "disentanglement": "DCI disentanglement", "completeness": "DCI completeness"}
    keys |= {"informativeness": "DCI informativeness"}
    found = [part, part["chance"]] if "chance" in part else [part]
    told = " The second row is chance: the same with every factor's values permuted." * (len(found) - 1)
    return "\n\n".join([
        "## Factors and single dimensions",
        f"On mu of the {part['n']} English sentences of the probe set; factors: {', '.join(part['factors'])}. Nothing in "
        f"the training asks for one dimension per factor, and none is found: directions, below, carry them.{told}",
        markdown_table(list(keys.values()), [[f"{scores[key]:.3f}" for key in keys] for scores in found]),
    ])  # fmt: skip


def probe_section(part: Figures, _plots: bool = True) -> str:
    """Silver labels of real captions."""
    codes = in_order(set(part["rows"][0]) - {"label", "majority", "ngrams"})
    baselines = {"majority": "always the commonest", "ngrams": "n-grams, English"}
    columns = [*(key for key in baselines if key in part["rows"][0]), *codes]
    rows = [[r["label"], *(f"{r[column]:.1%}" for column in columns)] for r in part["rows"]]
    return "\n\n".join([
        "## Linear probes on real captions",
        f"Trained on mu of {part['n_train']} English training captions, tested on the test captions of every language; "
        "silver labels from keyword rules on the English side.",
        markdown_table(["label", *(baselines.get(column) or tag_name(column) for column in columns)], rows),
    ])  # fmt: skip


def direction_section(directions: Sequence[Figures], chosen: str = "") -> str:
    """Named directions, and how they were chosen."""
    named = [d for d in directions if d["kind"] == "named" and d["effect"] is not None]  # of the rest too few texts show it
    rows = [[d["name"], f"{d['effect']:.0%}", f"{d['kept']:.0%}", f"{d.get('kept_least') or 0:.0%}"] for d in named]
    good = sum(d["effect"] >= 0.6 and (d.get("kept_least") or 0.0) >= 0.8 for d in named)
    columns, told = ["direction", "changes", "keeps", "keeps each at least"], f" {chosen}" if chosen else ""
    real = [d for d in named if d.get("caption_effect") is not None]
    if real:
        columns += ["changes, captions", "keeps, captions", "captions"]
        for row, d in zip(rows, named, strict=True):
            seen = d.get("caption_effect") is not None
            row += [f"{d['caption_effect']:.0%}", f"{d['caption_kept']:.0%}", str(d["n_captions"])] if seen else ["–"] * 3
        effect, kept = (sum(d[key] for d in real) / len(real) for key in ("caption_effect", "caption_kept"))
        told += (
            f" The same on real test captions, which the probe grammar flatters: on average {effect:.0%} change and "
            f"{kept:.0%} of the other factors stay ({len(real)} directions that ten captions or more show)."
        )
    return "\n\n".join([
        "## Named directions",
        "What +2 standard deviations along each do to held-out minimal pairs of the probe grammar: the share of sentences "
        "whose decoded text changes as the name says, and the share of their other factors that stay: all together, and the "
        f"one that stays least. {good} of {len(named)} change 60 % or more and keep each factor in 80 % or more.{told}",
        markdown_table(columns, rows),
    ])  # fmt: skip


def bound_section(part: Figures, _plots: bool = True) -> str:
    """What the whole latent holds, by language."""
    return "\n\n".join([
        "## What the latent holds",
        "All slots, each language decoded from z into itself; measured by `vaegen evaluate` with the translations.",
        latent_table({"latent": part}),
    ])  # fmt: skip


SECTIONS = {
    "bounds": bound_section,
    "rates": rate_section,
    "surface": surface_section,
    "samples": sample_section,
    "interpolation": interpolation_section,
    "languages": language_section,
    "factors": factor_section,
    "probes": probe_section,
}


def save_plots(figures: Figures, folder: Path) -> None:
    """Writes the plots that the report shows, as SVG, beside it."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "vaegen"  # the same figures give the same file
    import matplotlib.pyplot as plt

    blue, orange = "#0072b2", "#d55e00"  # Okabe and Ito: told apart without red and green
    if "rates" in figures:
        part = figures["rates"]
        kl = [row["kl"] for row in part["rows"]]
        figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
        left.plot(kl, [row["recon"] for row in part["rows"]], "o-", color=blue, label="recon")
        left.plot(kl, [row["neg_elbo"] for row in part["rows"]], "s--", color=orange, label="-ELBO = recon + KL")
        if "language_model_nats" in part:
            left.axhline(part["language_model_nats"], color="0.4", linestyle=":", label="language model")
        left.set(xlabel="KL (nats)", ylabel="nats per sentence", ylim=(0, None))
        left.legend()
        turned = "beta" in part["rows"][0]
        pair = next(key for key in part["rows"][0] if key.startswith("bleu_"))[5:].rpartition("_")[0] if turned else ""
        key = f"bleu_{pair}_latent" if turned else "bleu"
        right.plot(kl, [row[key] for row in part["rows"]], "o-", color=blue, label="latent")
        if turned:
            right.plot(kl, [row[f"bleu_{pair}_source"] for row in part["rows"]], "s--", color=orange, label="source")
            right.legend()
        for row in part["rows"]:
            beside = f"{row['beta']:g}" if turned else f"{row['slots']}"
            right.annotate(beside, (row["kl"], row[key]), (4, -10), textcoords="offset points")
        right.set(xlabel=f"KL (nats); beside each point {'beta' if turned else 'the slots in use'}", ylim=(0, None))
        right.set(ylabel=f"BLEU {pair}" if turned else f"BLEU en-{part['target']}, latent")
        with replacing(folder / "rate.svg") as place:
            figure.savefig(place, format="svg", metadata={"Date": None})
        plt.close(figure)
    if "samples" in figures:
        rows = figures["samples"]["rows"]
        names = sample_rows(figures["samples"])[1]
        figure, axis = plt.subplots(figsize=(7, 0.5 + 0.4 * len(rows)), layout="constrained")
        values, spreads = [r["mean"]["mauve"] for r in rows], [r["spread"]["mauve"] for r in rows]
        axis.barh([name[0] for name in names], values, xerr=spreads, color=["0.6", *[blue] * (len(rows) - 1)])
        axis.axvline(0.8 * values[0], color=orange, linestyle="--", label="0.8 of real captions")
        axis.invert_yaxis()
        axis.set(xlabel="MAUVE", xlim=(0, 1))
        axis.legend(loc="lower right")
        with replacing(folder / "priors.svg") as place:
            figure.savefig(place, format="svg", metadata={"Date": None})
        plt.close(figure)


def in_order(codes: Iterable[str]) -> list[str]:
    """Returns codes of languages in the usual order, unknown ones last."""
    usual = list(LANGUAGE_NAMES)
    return sorted(codes, key=lambda code: (usual.index(code) if code in usual else len(usual), code))


def _with_spread(row: Figures, key: str) -> str:
    mean, spread = row["mean"][key], row["spread"][key]
    if mean is None:
        return "–"
    if key in SHARES:
        return f"{mean:.1%} ± {100 * spread:.1f}"
    digits = 1 if mean >= 10 else 3 if mean < 1 else 2
    return f"{mean:.{digits}f} ± {spread:.{digits}f}"
