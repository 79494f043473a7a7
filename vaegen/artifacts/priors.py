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
from vaegen.latent.priors import PRIORS, Flow, Gaussian, Jitter, Mixture, about_priors, load_priors, save_priors
from vaegen.model.checkpoint import weights_hash
from vaegen.model.posterior import DiagonalGaussian
from vaegen.pipeline.pipeline import Pipeline, load

FITTED = PRIORS[1:]


def fit(
    folder: Path,
    data: str,
    corpus: str | None = None,
    only: Sequence[str] = FITTED,
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
        only: Names of the priors to fit.
        n_groups: Groups of parallel sentences to encode.
        components: Of the mixture.
        steps: Optimizer steps of the flow.
        batch: Latents in one step of the flow.
        seed: Of all draws.

    Raises:
        VaegenError: If there is no such prior, checkpoint or text.
    """
    if unknown := set(only) - set(FITTED):
        raise VaegenError(
            "There is no prior {unknown}; choose among {fitted}.",
            unknown=", ".join(sorted(unknown)),
            fitted=", ".join(FITTED),
        )
    pipeline = load(folder)
    corpus, config = corpus or main_corpus(pipeline.metadata), pipeline.model.config
    fresh = about_priors(folder).get("weights") == weights_hash(folder)  # else all have to be made anew
    priors = load_priors(folder, config.n_slots, config.latent_dim) if fresh else {}
    priors.pop("normal", None)
    posterior = encode_training(pipeline, corpus, data, n_groups)
    generator = torch.Generator().manual_seed(seed)
    z = posterior.sample(generator)
    for name in only:
        start = time.perf_counter()
        if name == "gaussian":
            priors[name] = Gaussian.fit(z)
        elif name == "mixture":
            priors[name] = Mixture.fit(z, components, seed)
        elif name == "jitter":
            texts = [text for entry in probe_set() for text in entry.sentences.values()]
            priors[name] = Jitter.fit(pipeline.encode(texts[:: len(texts) // 600]))
        else:
            priors[name] = fit_flow(posterior, z, steps, batch, seed, generator)
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    about = {"weights": weights_hash(folder), "corpus": corpus, "posteriors": len(z), "seed": seed}
    about |= {"components": components, "flow_steps": steps, "flow_batch": batch}
    save_priors(folder, {name: priors[name] for name in FITTED if name in priors}, about)


def encode_training(pipeline: Pipeline, corpus: str, data: str, n_groups: int) -> DiagonalGaussian:
    """Returns the posteriors of the training text, every group in one of its languages in turn."""
    groups = load_corpus(corpus, data, "train")[:n_groups]
    read = [[text for tag, text in group.items() if tag in pipeline.languages and text.strip()] for group in groups]
    texts = [texts[i % len(texts)] for i, texts in enumerate(read) if texts]
    with tqdm(total=len(texts), unit="sentence", desc="encode") as bar:
        return pipeline.encode(texts, batch_size=256, progress=lambda done, _: bar.update(done - bar.n))


def fit_flow(
    posterior: DiagonalGaussian, z: torch.Tensor, steps: int, batch: int, seed: int, generator: torch.Generator
) -> Flow:
    """Trains the flow on fresh draws from the posteriors."""

    def draw() -> torch.Tensor:
        rows = torch.randint(len(posterior.mu), (batch,), generator=generator)
        return posterior[rows].sample(generator)

    with tqdm(total=steps, unit="step", desc="flow") as bar:

        def progress(step: int, loss: float) -> None:
            bar.update()
            if step % 50 == 0:
                bar.set_postfix(loss=f"{loss:.4f}")

        return Flow.fit(draw, z, steps, seed=seed, progress=progress)
