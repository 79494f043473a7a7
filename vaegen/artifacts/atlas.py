"""The map of a checkpoint's latent space that the app shows.

On it lie the probe set (600 captions in four languages, `probe_sentences`), for a checkpoint that knows more than captions
everyday phrases (`phrases`), and draws from the prior, each decoded into all four languages, or into those of them that the
checkpoint has.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import Any

import numpy as np
from tqdm import tqdm

from vaegen.data.corpus import DOMAINS
from vaegen.data.phrases import TOPIC, phrases
from vaegen.data.probe_sentences import FACTORS, probe_set
from vaegen.errors import VaegenError
from vaegen.evaluation.reports.cards import corpora
from vaegen.latent.atlas import PROJECTIONS, Atlas, spacing
from vaegen.latent.projection import UMAP, fit_pca, fit_umap
from vaegen.pipeline.pipeline import Pipeline
from vaegen.text.tags import CAPTION_LANGUAGES

SILENT = "none"  # the value of a factor that a sentence says nothing of
SAID_BY_ALL = set(re.findall(r"\w+", "a an the is are in on of and with to at his her by for their it its from two"))


def build(pipeline: Pipeline, n_probes: int, n_samples: int, n_clusters: int, prior: str) -> tuple[Atlas, dict[str, Any]]:
    """Returns the map's latents, and what the page draws of it.

    Args:
        pipeline: Of the checkpoint.
        n_probes: Captions of the probe set, in each of its languages that the checkpoint has.
        n_samples: Draws from the prior.
        n_clusters: k of k-means.
        prior: Name of the prior.

    Raises:
        VaegenError: If the checkpoint has none of the languages of the captions.
    """
    from sklearn.cluster import KMeans

    codes = [code for code in CAPTION_LANGUAGES if code in pipeline.languages]
    if not codes:
        raise VaegenError(
            "This checkpoint has {languages}, but the captions of a map are in {caption_languages}; choose a checkpoint "
            "with one of these, or fit a map of own sentences in the app.",
            languages=", ".join(pipeline.languages),
            caption_languages=", ".join(CAPTION_LANGUAGES),
        )
    probes, factors = probe_set(n_probes), dict(FACTORS)
    if "phrases" in {DOMAINS.get(name) for name in corpora(pipeline.metadata)}:
        known = phrases()
        probes = (*probes, *known)
        factors = {name: (*(v for v in values if v != SILENT), SILENT) for name, values in factors.items()}
        factors[TOPIC] = (*dict.fromkeys(phrase.factors[TOPIC] for phrase in known), SILENT)
    texts = [probe.sentences for probe in probes]
    encoded = pipeline.encode([sentences[code] for sentences in texts for code in codes]).mode.flatten(1).numpy()
    samples = pipeline.draw(n_samples, seed=0, prior=prior)
    columns = [pipeline.decode(samples, code, num_beams=1) for code in codes]
    texts += [dict(zip(codes, row, strict=True)) for row in zip(*columns, strict=True)]
    latents = np.concatenate([encoded, samples.reshape(n_samples, -1)]).astype(np.float32)
    group = [i // len(codes) for i in range(len(encoded))] + [len(probes) + i for i in range(n_samples)]
    language = [i % len(codes) for i in range(len(latents))]

    coordinates = {name: np.round(_fitted(latents, PROJECTIONS[name]), 3) for name in ("umap2", "umap3")}
    pca = fit_pca(latents)
    flat = np.round(pca.project(latents), 3)
    places = {**coordinates, "pca2": flat[:, :2], "pca3": flat}
    clusters = KMeans(n_clusters, random_state=0, n_init=4).fit_predict(latents)
    about: dict[str, Any] = {**UMAP, "clusters": n_clusters, "prior": prior}
    about |= {"pca_shares": [round(float(share), 4) for share in pca.shares]}
    gaps = {name: spacing(value) for name, value in places.items()}
    picture = {
        "languages": codes,
        "texts": {code: [sentences[code] for sentences in texts] for code in codes},
        "n_probes": len(probes),
        "group": group,
        "language": language,
        "cluster": clusters.tolist(),
        "clusters": _cluster_names([texts[g][codes[0]] for g in group], clusters),
        "factors": {name: [values.index(p.factors.get(name, SILENT)) for p in probes] for name, values in factors.items()},
        "factor_values": {name: list(values) for name, values in factors.items()},
        "coordinates": {name: value.T.tolist() for name, value in places.items() if name != "pca2"},
        "spacing": gaps,
    }
    return Atlas(latents, coordinates, pca, gaps, about), picture


def _fitted(latents: np.ndarray, n_components: int) -> np.ndarray:
    """A UMAP, with a progress bar on stderr."""
    with tqdm(total=1.0, desc=f"UMAP {n_components}-D", bar_format="{l_bar}{bar}| {elapsed}") as bar:
        for step in fit_umap(latents, n_components):
            if isinstance(step, np.ndarray):
                return step
            bar.update(step - bar.n)
            time.sleep(0.5)
    raise AssertionError("fit_umap ends with the map or an error")


def _cluster_names(texts: list[str], clusters: np.ndarray) -> list[str]:
    """The three words that each cluster holds most above its share."""
    words = [set(re.findall(r"\w+", text.lower())) - SAID_BY_ALL for text in texts]
    overall = Counter(word for found in words for word in found)
    names = []
    for k in range(clusters.max() + 1):
        inside = Counter(word for found, cluster in zip(words, clusters, strict=True) if cluster == k for word in found)
        size = max(1, int((clusters == k).sum()))
        scores = {word: n / size - overall[word] / len(texts) for word, n in inside.items()}
        names.append(", ".join(sorted(scores, key=lambda word: -scores[word])[:3]))
    return names
