"""The priors of a checkpoint, fitted to its aggregate posterior, which lie beside its weights.

Each sentence of the training text stands for one posterior, in all its languages; every prior is fitted to draws from them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from vaegen.data.corpus import load_corpus
from vaegen.data.probe_sentences import probe_set
from vaegen.errors import VaegenError
from vaegen.evaluation.reports.cards import corpora, main_corpus
from vaegen.latent.prior_kinds import PRIORS, fitted
from vaegen.latent.priors import Material, about_priors, load_priors, save_priors
from vaegen.model.checkpoint import weights_hash
from vaegen.model.posterior import DiagonalGaussian
from vaegen.pipeline.pipeline import Pipeline, load
from vaegen.text.tags import CAPTION_LANGUAGES

MIN_TEXTS = 2  # of fewer there is no covariance


def fit(
    folder: Path,
    data: str,
    corpus: str | None = None,
    only: Sequence[str] = (),
    n_groups: int = 29_000,
    components: int = 64,
    steps: int = 3000,
    batch: int = 256,
    seed: int = 0,
) -> None:
    """Encodes the training text and fits priors to it; each is saved when it is done, those that are not asked for stay.

    Cut off, the same call goes on behind the last one that is done.

    Args:
        folder: Of the checkpoint.
        data: Folder with the corpora.
        corpus: Whose training text is encoded, several with commas between; None: all of the checkpoint.
        only: Names of the priors to fit; none: all of `vaegen.latent.prior_kinds`.
        n_groups: Groups of parallel sentences to encode.
        components: Of the mixture.
        steps: Optimizer steps of the flow.
        batch: Latents in one step of the flow.
        seed: Of all draws.

    Raises:
        VaegenError: If there is no such prior, checkpoint or text.
    """
    names = tuple(only) or fitted()
    if unknown := set(names) - set(fitted()):
        said = "There is no prior {names}; choose among {known}."
        raise VaegenError(said, names=", ".join(sorted(unknown)), known=", ".join(fitted()))
    pipeline = load(folder)
    corpus = corpus or ",".join(corpora(pipeline.metadata) or [main_corpus(pipeline.metadata)])
    config = pipeline.model.config
    fresh = about_priors(folder).get("weights") == weights_hash(folder)  # else all have to be made anew
    priors = load_priors(folder, config.n_slots, config.latent_dim) if fresh else {}
    priors.pop("normal", None)
    texts = training_texts(pipeline, corpus, data, n_groups)
    if len(texts) < (least := max(MIN_TEXTS, components * ("mixture" in names))):
        raise VaegenError(
            "{corpus} has {n} sentences to fit priors to, but {least} are needed; give more text with --corpus, or a "
            "mixture fewer --components.",
            corpus=corpus,
            n=len(texts),
            least=least,
        )
    about: dict[str, Any] = {"weights": weights_hash(folder), "corpus": corpus, "posteriors": len(texts), "seed": seed}
    about |= {"components": components, "flow_steps": steps, "flow_batch": batch}
    before = about_priors(folder) if fresh else {}
    left = before.pop("unfinished", [])
    if left and set(left) <= set(names) and before == about:
        print(f"goes on with {', '.join(left)}; the others are done", file=sys.stderr)
        names = left
    posterior = encode_texts(pipeline, texts)
    generator = torch.Generator().manual_seed(seed)
    z = posterior.sample(generator)
    own = own_texts(pipeline, texts)
    material = Material(posterior, z, lambda: pipeline.encode(own), generator, seed, components, steps, batch)
    for i, name in enumerate(names):
        generator.manual_seed(seed + 1)  # each prior its own draws: which were fitted before changes nothing
        start = time.perf_counter()
        with tqdm(total=steps, unit="step", desc=name, disable=name != "flow") as bar:
            material.progress = lambda step, loss, bar=bar: bar.update(step - bar.n)
            priors[name] = PRIORS[name].cls.fit_to(material)
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
        unfinished = {"unfinished": list(names[i + 1 :])} if names[i + 1 :] else {}
        save_priors(folder, {name: priors[name] for name in fitted() if name in priors}, {**about, **unfinished})


def training_texts(pipeline: Pipeline, corpus: str, data: str, n_groups: int) -> list[str]:
    """Returns sentences of the training text of some corpora in turn, every group in one of its languages in turn."""
    read = [load_corpus(name, data, "train") for name in corpus.split(",")]
    spread = [group for row in zip_longest(*read) for group in row if group is not None][:n_groups]
    groups = [[text for tag, text in group.items() if tag in pipeline.languages and text.strip()] for group in spread]
    return [texts[i % len(texts)] for i, texts in enumerate(groups) if texts]


def encode_texts(pipeline: Pipeline, texts: list[str]) -> DiagonalGaussian:
    """Returns the posteriors of texts, with a bar."""
    with tqdm(total=len(texts), unit="sentence", desc="encode") as bar:
        return pipeline.encode(texts, batch_size=256, progress=lambda done, _: bar.update(done - bar.n))


def own_texts(pipeline: Pipeline, texts: list[str], n: int = 600) -> list[str]:
    """Returns about n sentences for a model to jitter around: of the probe set where it was trained on captions and reads
    their languages, else of its own text."""
    captions = any(name.startswith("multi30k") for name in corpora(pipeline.metadata))
    if captions and set(CAPTION_LANGUAGES) <= set(pipeline.languages):
        return probe_texts(n)
    return texts[:: max(1, len(texts) // n)][:n]


def probe_texts(n: int) -> list[str]:
    """Returns about n sentences of the probe set, from all of its languages."""
    texts = [text for entry in probe_set() for text in entry.sentences.values()]
    return texts[:: len(texts) // n]
