"""The priors of a checkpoint, fitted to its aggregate posterior, which lie beside its weights.

Each sentence of the training text stands for one posterior, in all its languages; every prior is fitted to draws from them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from tqdm import tqdm

from vaegen.data.corpus import load_corpus
from vaegen.data.probe_sentences import probe_set
from vaegen.errors import VaegenError
from vaegen.evaluation.reports.cards import main_corpus
from vaegen.latent.prior_kinds import PRIORS, fitted
from vaegen.latent.priors import Material, about_priors, load_priors, save_priors
from vaegen.model.checkpoint import weights_hash
from vaegen.model.posterior import DiagonalGaussian
from vaegen.pipeline.pipeline import Pipeline, load


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
    """Encodes the training text, fits priors to it and saves them; those that are not asked for stay.

    Args:
        folder: Of the checkpoint.
        data: Folder with the corpora.
        corpus: Whose training text is encoded; None: the first one of the checkpoint.
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
    corpus, config = corpus or main_corpus(pipeline.metadata), pipeline.model.config
    fresh = about_priors(folder).get("weights") == weights_hash(folder)  # else all have to be made anew
    priors = load_priors(folder, config.n_slots, config.latent_dim) if fresh else {}
    priors.pop("normal", None)
    posterior = encode_training(pipeline, corpus, data, n_groups)
    generator = torch.Generator().manual_seed(seed)
    z = posterior.sample(generator)
    material = Material(posterior, z, lambda: pipeline.encode(probe_texts(600)), generator, seed, components, steps, batch)
    for name in names:
        start = time.perf_counter()
        with tqdm(total=steps, unit="step", desc=name, disable=name != "flow") as bar:
            material.progress = lambda step, loss, bar=bar: bar.update(step - bar.n)
            priors[name] = PRIORS[name].cls.fit_to(material)
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    about = {"weights": weights_hash(folder), "corpus": corpus, "posteriors": len(z), "seed": seed}
    about |= {"components": components, "flow_steps": steps, "flow_batch": batch}
    save_priors(folder, {name: priors[name] for name in fitted() if name in priors}, about)


def encode_training(pipeline: Pipeline, corpus: str, data: str, n_groups: int) -> DiagonalGaussian:
    """Returns the posteriors of the training text, every group in one of its languages in turn."""
    groups = load_corpus(corpus, data, "train")[:n_groups]
    read = [[text for tag, text in group.items() if tag in pipeline.languages and text.strip()] for group in groups]
    texts = [texts[i % len(texts)] for i, texts in enumerate(read) if texts]
    with tqdm(total=len(texts), unit="sentence", desc="encode") as bar:
        return pipeline.encode(texts, batch_size=256, progress=lambda done, _: bar.update(done - bar.n))


def probe_texts(n: int) -> list[str]:
    """Returns about n sentences of the probe set, from all of its languages."""
    texts = [text for entry in probe_set() for text in entry.sentences.values()]
    return texts[:: len(texts) // n]
