"""Markdown out of measured figures: the tables of docs/results.md, a checkpoint's model card. Nothing here measures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from vaegen.config import BETA_MAX, BETA_MIN
from vaegen.errors import VaegenError
from vaegen.evaluation.reports.front_matter import front_matter
from vaegen.text.tags import LANGUAGE_NAMES, kind_of, languages_of, tag_name, task_of

Figures = Mapping[str, Any]


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Returns a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def fill(document: str, marker: str, content: str) -> str:
    """Returns the document with what stands between `<!-- marker:begin -->` and `<!-- marker:end -->` replaced.

    Raises:
        VaegenError: If the document lacks the markers.
    """
    begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(document):
        raise VaegenError(
            "The document has no place for the figures; put the lines {begin} and {end} into it.", begin=begin, end=end
        )
    return pattern.sub(lambda _: f"{begin}\n{content}\n{end}", document)


def translation_table(evaluation: Figures) -> str:
    """Returns a row for each direction with its scores in both contexts."""
    rows = []
    for direction, contexts in evaluation["translation"].items():
        row: list[object] = [direction]
        for context in ("source", "latent"):
            scores = contexts.get(context, {})
            row += [scores.get(name, "") for name in ("bleu_tokenised", "bleu", "chrf")]
        rows.append(row)
    header = ["direction"]
    header += [f"{name}, {context}" for context in ("source", "latent") for name in ("BLEU tok. lc.", "BLEU", "chrF")]
    return markdown_table(header, rows)


def latent_table(evaluation: Figures) -> str:
    """Returns a row for each language with what its sentences' latents hold."""
    rows = []
    for language, f in evaluation["latent"].items():
        units = f"{f['active_units']} of {f['dimensions']}"
        information = f"{f['mutual_information']} (limit {f['mutual_information_limit']})"
        name = LANGUAGE_NAMES.get(language, language)
        row = [name, f["n"], f["neg_elbo"], f["recon"], f["kl"], f["nll_iw"], units, information]
        rows.append(row)
    first = next(iter(evaluation["latent"].values()))
    header = ["own language", "N", "-ELBO", "recon", "KL", f"NLL, IW-{first['nll_iw_draws']}"]
    header += [f"active units (Var mu > {first['active_threshold']})", "mutual information, log N its limit"]
    return markdown_table(header, rows)


def shuffled_sentence(evaluation: Figures) -> str:
    """Returns one line on what is left of the translation when every sentence gets the z of another."""
    told = ", ".join(f"{direction} {value}" for direction, value in evaluation["shuffled_z"].items())
    return f"BLEU (13a) in context `latent` with z shuffled between sentences: {told}."


def comparison_table(comparisons: Sequence[Figures]) -> str:
    """Returns the small runs, all of the same shape and budget, side by side."""
    rows = [[c["name"], c["steps"], *(c["scores"].get(key, "") for key in COMPARED), c.get("kl", "")] for c in comparisons]
    return markdown_table(["run", "steps", *(key.replace(":", ", ") for key in COMPARED), "KL"], rows)


COMPARED = tuple(f"{direction}:{context}" for direction in ("en-de", "de-en", "en-cs") for context in ("source", "latent"))


def results(name: str, metrics: Figures) -> str:
    """Returns the section of docs/results.md on one checkpoint."""
    evaluation = metrics["evaluation"]
    parts = [
        f"### `{name}`: {metrics.get('parameters', 0) / 1e6:.1f} M parameters, {evaluation['split']} set, "
        f"beam {evaluation['num_beams']}",
        f"`{evaluation['command']}`",
    ]
    if evaluation.get("translation"):
        parts.append(translation_table(evaluation))
    for table in evaluation.get("tasks", ()):
        parts += [f"{table['title']}:", markdown_table(table["header"], table["rows"])]
    if evaluation.get("latent"):
        parts += [latent_table(evaluation)] + ([shuffled_sentence(evaluation)] if evaluation.get("shuffled_z") else [])
    return "\n\n".join(parts)


def model_card(name: str, config: Figures, metrics: Figures, data: Figures, path: str | None = None) -> str:
    """Returns the README.md of a checkpoint folder: what it is, what it was trained on, what was measured, its limits.

    Args:
        name: Of the checkpoint.
        config: The fields of `ModelConfig`.
        metrics: The content of `metrics.json`; its `note`, if there is one, opens the card.
        data: `description` and `license` of the training data, and the `license_id` of the weights.
        path: Of the checkpoint, as anyone could type it; the folder `checkpoints` of the repository if None.
    """
    shipped = f"checkpoints/{name}"
    path = path or shipped
    log = "; all runs are in `docs/runs.md`" if path == shipped else ""
    training = metrics.get("training", {})
    settings = training.get("config", {})
    shape = ", ".join(f"{key} {config[key]}" for key in SHAPE if key in config)
    note = "\n\n" + metrics["note"] if "note" in metrics else ""
    averaged = ""
    if told := metrics.get("averaged"):
        averaged = f" The weights are the mean of {len(told)}: {', '.join(f'`{path}`' for path in told)}."
    languages = languages_of(config["languages"])
    names = ", ".join(map(tag_name, languages))
    purpose, target = PURPOSES[kind_of(config["languages"])]
    if target not in config["languages"]:
        target = [tag for tag in config["languages"] if bool(task_of(tag)) == bool(task_of(target))][-1]
    summary, example = f"A Transformer without a latent that {purpose} {names}, to compare a VAE-Transformer with.", ""
    if config["n_slots"]:
        summary = f"A VAE-Transformer that {purpose} {names}: an encoder turns a sentence into {config['n_slots']} Gaussian "
        summary += f"latent\nslots of {config['latent_dim']} dimensions, a decoder turns slots into text."
        example = f'pipeline.sample(3, "{languages[-2] if len(languages) > 2 else languages[-1]}", seed=1)\n'
    return f"""{front_matter(name, config, metrics, data)}

# {name}

{summary}{note}

```python
import vaegen
pipeline = vaegen.load("{path}")
pipeline.translate("A dog runs through the snow.", "{target}")
{example}```

## Training

{data["description"]} {data["license"]}

- Shape: {shape}; {metrics.get("parameters", 0):,} parameters.
- {"Last part: " if "started_from" in metrics else ""}{training.get("step", 0):,} optimizer steps, \
{training.get("tokens", 0):,} target tokens, {training.get("seconds", 0) / 3600:.1f} hours.{averaged}
- Optimizer {settings.get("optimizer")}, {_beta(settings)}, free bits \
{settings.get("free_bits")} nats per dimension,
  source context in {settings.get("source_context_rate", 0):.0%} of the targets.
- Command of the last part: `{metrics.get("command", "")}`{log}.

## Figures

{results(name, metrics) if "evaluation" in metrics else "Not measured yet."}

BLEU is sacreBLEU 13a, cased; "tok. lc." is BLEU on lower-cased, Moses-tokenised text, as papers on Multi30k count it. Nats
are sums over tokens and dimensions, means over sentences, reconstruction in the own language through z alone.

## Limits

Made to look into, not to rely on. It knows the world of its training data and little else, it repeats what that data
assumes about people, and it makes something up where it does not understand.
"""


def corpora(metrics: Figures) -> list[str]:
    """Returns the names of all corpora behind a checkpoint, those of the one that it was started from included."""
    told = [metrics.get("corpora") or "", *(part.get("corpora") or "" for part in metrics.get("parts", []))]
    told.append((metrics.get("started_from") or {}).get("corpora") or "")
    return list(dict.fromkeys(part.split(":")[0] for part in ",".join(told).split(",") if part))


def main_corpus(metrics: Figures) -> str:
    """Returns the corpus to measure a checkpoint on unless another is chosen: its first, one beyond Chinese if there is."""
    names = corpora(metrics) or ["multi30k"]
    return next((name for name in names if name not in CHINESE), names[0])


def data_card(metrics: Figures) -> dict[str, str]:
    """Returns what the model card says of the text that a checkpoint was trained on, whatever it is measured on."""
    names = list(dict.fromkeys(PARTS.get(name, name) for name in corpora(metrics))) or ["text that is not named"]
    cards = [DATA_CARDS.get(name, {**UNKNOWN, "description": f"Trained on {name}."}) for name in names]
    return {
        "description": " ".join(card["description"] for card in cards),
        "license": " ".join(card["license"] for card in cards),
        "license_id": cards[0]["license_id"] if len(cards) == 1 else "other",
        "license_name": NON_COMMERCIAL if any(name in RESEARCH for name in names) else "terms-of-its-text",
        "datasets": " ".join(HUB_DATASETS[name] for name in names if name in HUB_DATASETS),
    }


def _beta(settings: Mapping[str, Any]) -> str:
    """What the weight of the KL term was, as the card says it."""
    if settings.get("schedule") == "dial":
        return f"beta drawn for each sentence from {BETA_MIN:g} to {BETA_MAX:g} (the dial)"
    return f"beta up to {settings.get('beta')} ({settings.get('schedule')})"


CHINESE = ("tatoeba-zh", "flickr8k-zh")  # corpora that have English and Chinese only

# What a checkpoint does with its languages, and a tag to show it with, by kind.
PURPOSES = {
    "translate": ("translates between", "de"),
    "summarise": ("shortens captions in", "en.short"),
    "reply": ("replies to one or two turns of a dialogue in", "en.reply"),
    "chinese": ("translates between", "zh"),
}
SHAPE = ("width", "ffn_width", "n_heads", "n_encoder_layers", "n_latent_layers", "n_decoder_layers", "n_slots", "latent_dim")

# What the card says of the text that a checkpoint was trained on, by corpus, and the corpora that are made of another.
DATA_CARDS = {
    "multi30k": {
        "description": "Trained on Multi30k (29,000 image captions in four languages; Elliott et al. 2016, 2017; Barrault "
        "et al. 2018) and its monolingual English and German captions.",
        "license": "The captions are for non-commercial research, and so are these weights.",
        "license_id": "other",
    },
    "tatoeba": {
        "description": "Trained on Tatoeba sentence pairs (English with German, French and Czech) from manythings.org.",
        "license": "The sentences are CC BY 2.0 FR, and so are these weights.",
        "license_id": "cc-by-2.0",
    },
    "orders": {
        "description": "And on service dialogues in English and German (BConTrasT: Unbabel, after Taskmaster-1).",
        "license": "The dialogues are CC BY-SA 4.0.",
        "license_id": "cc-by-sa-4.0",
    },
    "restaurants": {
        "description": "And on what a restaurant guide says, in English and Czech (UFAL; Dusek and Jurcicek 2019).",
        "license": "That guide's text is CC BY-SA 4.0.",
        "license_id": "cc-by-sa-4.0",
    },
    "news-speech": {
        "description": "And on short quoted speech of news, Czech with English, German and French (WMT news tests, 2008 to "
        "2022).",
        "license": "The news are for research use.",
        "license_id": "other",
    },
    "captions-short": {
        "description": "Trained on the captions of Multi30k's task 2 (Elliott et al. 2016): of each image's five English "
        "and five German ones, the longest with shorter ones.",
        "license": "The captions are for non-commercial research, and so are these weights.",
        "license_id": "other",
    },
    "tatoeba-zh": {
        "description": "Trained on Tatoeba sentence pairs (English with Chinese) from manythings.org.",
        "license": "The sentences are CC BY 2.0 FR.",
        "license_id": "cc-by-2.0",
    },
    "flickr8k-zh": {
        "description": "And on Flickr8k captions in English and Chinese (Flickr8k-CN; Li et al. 2016, Lan et al. 2017), "
        "whose Chinese was made by a translation program.",
        "license": "The captions are for research use, and so are weights trained on them.",
        "license_id": "other",
    },
    "dialogue": {
        "description": "Trained on an informal chat corpus (MIT) and DailyDialog++ (Sai et al. 2020).",
        "license": "DailyDialog++ is CC BY-NC-SA 4.0, and so are these weights.",
        "license_id": "cc-by-nc-sa-4.0",
    },
}
PARTS = {
    "multi30k-captions": "multi30k", "multi30k-documents": "multi30k", "tatoeba-cs": "tatoeba", "dailydialogpp": "dialogue",
}  # fmt: skip
# Corpora whose terms allow research, but no trade; and where the Hub has a corpus.
RESEARCH = ("multi30k", "news-speech", "captions-short", "flickr8k-zh", "dialogue")
NON_COMMERCIAL = "non-commercial-research"
HUB_DATASETS = {"multi30k": "bentrevett/multi30k", "tatoeba": "Helsinki-NLP/tatoeba"}
HUB_DATASETS["captions-short"] = HUB_DATASETS["multi30k"]
UNKNOWN = {"license": "Whatever binds that text binds these weights.", "license_id": "other"}
