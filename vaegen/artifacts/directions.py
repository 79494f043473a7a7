"""Directions in a checkpoint's latent space: named ones from minimal pairs, and the strongest components.

A named direction is the mean difference of the latents of two captions that differ in one factor (`probe_sentences`), over
pairs in four languages, or in those of them that the checkpoint has. Its unit is the standard deviation, along it, of
the latents of captions that have either value; a component's that of all captions of the probe set. The effect is measured
on text that the direction was not made of: the latent of a caption of the old value is moved by two standard deviations
and decoded into English; the share of texts that now hold a word of the new value, and none of the old one, is the effect,
and the share of the other factors whose word is still there is what it keeps. Only factors that the unmoved latent decodes
rightly are counted. That text is other pairs of the probe set, which flatter, and real captions where they are given.
Contrasts that hardly show are left out, by captions other than those that the effect is told of: a street does not become
a kitchen, whatever the latent, where the rest of the caption speaks of cars.
KL is what the posteriors of the probe set say along a direction, on average.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vaegen.data.probe_sentences import FACTORS, minimal_pairs, probe_set
from vaegen.errors import VaegenError
from vaegen.latent.directions import Direction, Directions
from vaegen.pipeline.pipeline import Pipeline
from vaegen.text.tags import CAPTION_LANGUAGES

CONTRASTS = (  # candidates: factor, from, to
    ("how_many", "one", "two"),
    ("how_many", "one", "three"),
    ("who", "man", "woman"),
    ("who", "man", "child"),
    ("who", "man", "boy"),
    ("who", "woman", "girl"),
    ("who", "boy", "girl"),
    ("who", "man", "dog"),
    ("who", "dog", "cat"),
    ("who", "dog", "horse"),
    ("colour", "red", "blue"),
    ("colour", "black", "white"),
    ("colour", "black", "red"),
    ("colour", "none", "red"),
    ("clothing", "none", "hat"),
    ("clothing", "shirt", "jacket"),
    ("clothing", "shirt", "dress"),
    ("action", "stand", "walk"),
    ("action", "stand", "run"),
    ("action", "stand", "sit"),
    ("action", "stand", "dance"),
    ("action", "stand", "sing"),
    ("action", "sit", "sleep"),
    ("action", "sit", "read"),
    ("action", "run", "jump"),
    ("place", "none", "street"),
    ("place", "street", "kitchen"),
    ("place", "beach", "snow"),
    ("place", "park", "restaurant"),
)
WORDS = {  # what English captions say for a value; the rest is the value itself
    "one": r"an?|one",
    "three": r"three|group|several",
    "man": r"man|men|guys?|male",
    "woman": r"woman|women|lady|ladies|female",
    "child": r"child|children|kids?|toddlers?|baby|bab(y|ies)",
    "boy": r"boys?",
    "girl": r"girls?",
    "dog": r"dogs?|puppy|puppies",
    "cat": r"cats?|kittens?",
    "horse": r"horses?",
    "run": r"runs?|running|jogging|races?|racing",
    "walk": r"walks?|walking",
    "sit": r"sits?|sitting|seated",
    "stand": r"stands?|standing",
    "sleep": r"sleeps?|sleeping|asleep|lying|laying|lies|naps?|napping",
    "jump": r"jumps?|jumping|leaps?|leaping",
    "dance": r"dances?|dancing|dancers?",
    "sing": r"sings?|singing|singers?",
    "drink": r"drinks?|drinking",
    "read": r"reads?|reading",
    "play guitar": r"guitars?",
    "play soccer": r"soccer|football",
    "hat": r"hats?|caps?",
    "shirt": r"shirts?|t-shirts?",
    "jacket": r"jackets?|coats?",
    "dress": r"dress(es)?",
    "street": r"streets?|road|sidewalk",
    "grass": r"grass|grassy|lawn|field",
    "snow": r"snow|snowy",
    "living room": r"living room|couch|room",
}
MIN_SEEN = 10  # sentences that show a factor, below which its share says nothing
MAX_CAPTIONS = 60  # real ones that an effect is measured on
MIN_EFFECT = 0.6  # share of the choosing captions that has to change for a direction to be offered
CHECKED = ("who", "how_many", "colour", "action", "place", "clothing")


def find(
    pipeline: Pipeline,
    n_pairs: int = 60,
    sd: float = 2.0,
    n_components: int = 8,
    captions: Sequence[str] = (),
    choosing: Sequence[str] = (),
) -> Directions:
    """Returns the named directions that show, those with the largest effect first, and then the components.

    Args:
        pipeline: Of the checkpoint.
        n_pairs: Pairs that make a direction, and as many others to measure it.
        sd: How far to move when measuring, in standard deviations.
        n_components: How many of the strongest components.
        captions: Real English captions that the checkpoint never saw, to measure the effects on as well.
        choosing: Others such, that decide which contrasts show; without them the probe set does.

    Raises:
        VaegenError: If the checkpoint has no English, which the effects are measured in.
    """
    codes = [code for code in pipeline.languages if code in CAPTION_LANGUAGES]
    if "en" not in codes:
        raise VaegenError(
            "Directions are measured by their English words, but this checkpoint has {languages}; choose one with English.",
            languages=", ".join(pipeline.languages),
        )
    probes = probe_set()
    posterior = pipeline.encode([probe.sentences[code] for probe in probes for code in codes])
    cloud, variances = posterior.mode.flatten(1).numpy(), posterior.std.flatten(1).numpy() ** 2
    centered = cloud - cloud.mean(0)

    def kl(unit: np.ndarray) -> float:
        """KL of the posteriors' projections on a unit vector from N(0, 1): what they say along it, in nats."""
        mean, variance = cloud @ unit, variances @ unit**2
        return float(0.5 * (mean**2 + variance - 1.0 - np.log(variance)).mean())

    total = float(centered.var(0).sum())
    entries, steps = [], []
    for factor, before, after in CONTRASTS:
        pairs = minimal_pairs(factor, before, after, n_pairs)
        sides = [[pair[side].sentences[code] for pair in pairs for code in codes] for side in (0, 1)]
        ends = [encode(pipeline, texts) for texts in sides]
        difference = (ends[1] - ends[0]).mean(0)
        unit = difference / np.linalg.norm(difference)
        spread = float((np.concatenate(ends) @ unit).std())
        shift = sd * spread * unit
        probed = [first.sentences["en"] for first, _ in minimal_pairs(factor, before, after, n_pairs, seed=1)]
        real, tried = (holding(texts, factor, before, after)[:MAX_CAPTIONS] for texts in (captions, choosing))
        on_probes = measure(pipeline, probed, factor, before, after, shift)
        shown = measure(pipeline, tried, factor, before, after, shift) if choosing else on_probes
        if (shown.effect or 0.0) < MIN_EFFECT:
            continue
        on_captions = measure(pipeline, real, factor, before, after, shift)
        share = float((centered @ unit).var()) / total
        entries.append(
            Direction(
                f"{before} → {after}", "named", on_probes.effect, on_probes.kept, share, kl(unit), on_probes.kept_least,
                on_captions.effect, on_captions.kept, on_captions.n,
            )
        )  # fmt: skip
        steps.append(spread * unit)
    order = sorted(range(len(entries)), key=lambda i: -(entries[i].told_effect or 0.0))
    entries, steps = [entries[i] for i in order], [steps[i] for i in order]
    _, values, vectors = np.linalg.svd(centered, full_matrices=False)
    for k in range(n_components):
        spread = float(values[k]) / len(cloud) ** 0.5
        entries.append(Direction(f"component {k + 1}", "component", None, None, spread**2 / total, kl(vectors[k])))
        steps.append(spread * vectors[k])
    config = pipeline.model.config
    return Directions(tuple(entries), np.reshape(steps, (-1, config.n_slots, config.latent_dim)), {})


def encode(pipeline: Pipeline, texts: list[str]) -> np.ndarray:
    """Returns the modes of the posteriors as rows, (N, M * Z)."""
    return pipeline.encode(texts).mode.flatten(1).numpy()


@dataclass(frozen=True)
class Effect:
    """What a direction does to texts.

    Attributes:
        effect: Share of them that change as they should; None where fewer than ten show the old value.
        kept: Share of their other factors that stay; None as `effect`.
        kept_least: The same of the factor that stays least.
        n: Texts that were counted.
    """

    effect: float | None
    kept: float | None
    kept_least: float | None
    n: int


def holding(texts: Sequence[str], factor: str, before: str, after: str) -> list[str]:
    """Returns the texts that have the old value of a factor and no other one: of "none", those that are silent on it."""
    others = [value for value in FACTORS[factor] if value not in (before, "none")]
    if factor == "how_many":  # of many things: "a" stands in nearly every caption
        return [text for text in texts if re.match(rf"({WORDS[before]})\b", text.lower())]
    found = [text for text in texts if not any(says(text, factor, value) for value in others)]
    return found if before == "none" else [text for text in found if says(text, factor, before)]


def measure(pipeline: Pipeline, texts: Sequence[str], factor: str, before: str, after: str, shift: np.ndarray) -> Effect:
    """Returns what a shift (M * Z,) of their latents does to English texts."""
    if not texts:
        return Effect(None, None, None, 0)
    config = pipeline.model.config
    modes = encode(pipeline, list(texts))
    still, moved = (
        pipeline.decode((modes + by).reshape(-1, config.n_slots, config.latent_dim), "en", num_beams=1)
        for by in (0.0, shift)
    )
    changed: list[bool] = []
    kept: dict[str, list[bool]] = {f: [] for f in CHECKED if f != factor}
    for old, new in zip(still, moved, strict=True):
        if before != "none" and not says(old, factor, before):
            continue
        changed.append(says(new, factor, after) and (before in ("none", "one") or not says(new, factor, before)))
        for other, stays in kept.items():
            stays += [says(new, other, value) for value in FACTORS[other] if value != "none" and says(old, other, value)]
    if len(changed) < min(MIN_SEEN, len(texts)):
        return Effect(None, None, None, len(changed))
    shares = [float(np.mean(stays)) for stays in kept.values() if len(stays) >= MIN_SEEN]
    every = [stay for stays in kept.values() for stay in stays]
    return Effect(float(np.mean(changed)), float(np.mean(every or [False])), min(shares, default=0.0), len(changed))


def says(text: str, factor: str, value: str) -> bool:
    """Whether an English text has a word for a value of a factor."""
    return re.search(rf"\b({WORDS.get(value, re.escape(value))})\b", text.lower()) is not None
