#!/usr/bin/env python
"""Fits the priors of a checkpoint to its aggregate posterior, and writes them beside its weights.

    python scripts/fit_prior.py --checkpoint checkpoints/multi30k --data DATA

Each sentence of the training text stands for one posterior, in all its languages; every prior is fitted to draws from
them. `--only` fits some of them again and keeps the others.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import vaegen
from vaegen.data.corpus import load_corpus
from vaegen.data.probe_sentences import probe_set
from vaegen.errors import VaegenError
from vaegen.evaluation.reports.cards import main_corpus
from vaegen.latent.prior_kinds import PRIORS, fitted
from vaegen.latent.priors import Material, about_priors, load_priors, save_priors
from vaegen.model.checkpoint import weights_hash
from vaegen.model.posterior import DiagonalGaussian


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True, help="checkpoint folder")
    parser.add_argument("--data", required=True, help="folder with the corpora")
    parser.add_argument("--corpus", help="whose training text is encoded (default: the first one of the checkpoint)")
    parser.add_argument("--groups", type=int, default=29_000, help="groups of parallel sentences to encode (default 29000)")
    parser.add_argument("--only", help=f"comma-separated, of {', '.join(fitted())} (default: all)")
    parser.add_argument("--components", type=int, default=64, help="of the mixture (default 64)")
    parser.add_argument("--steps", type=int, default=3000, help="of training the flow (default 3000)")
    parser.add_argument("--batch", type=int, default=256, help="latents in one step of the flow (default 256)")
    parser.add_argument("--seed", type=int, default=0, help="of all draws (default 0)")
    options = parser.parse_args(arguments)
    try:
        fit(options)
    except VaegenError as error:
        print(f"fit_prior: {error}", file=sys.stderr)
        return 2
    return 0


def fit(options: argparse.Namespace) -> None:
    """Encodes, fits and saves."""
    names = tuple(options.only.split(",")) if options.only else fitted()
    if unknown := set(names) - set(fitted()):
        said = "There is no prior {names}; choose among {known}."
        raise VaegenError(said, names=", ".join(sorted(unknown)), known=", ".join(fitted()))
    pipeline = vaegen.load(options.checkpoint)
    options.corpus = options.corpus or main_corpus(pipeline.metadata)
    folder, config = Path(options.checkpoint), pipeline.model.config
    fresh = about_priors(folder).get("weights") == weights_hash(folder)  # else all have to be made anew
    priors = load_priors(folder, config.n_slots, config.latent_dim) if fresh else {}
    priors.pop("normal", None)
    posterior = encode_training(pipeline, options)
    generator = torch.Generator().manual_seed(options.seed)
    z = posterior.sample(generator)
    material = Material(
        posterior, z, lambda: pipeline.encode(probe_texts(600)), generator, options.seed, options.components, options.steps,
        options.batch,
    )  # fmt: skip
    for name in names:
        start = time.perf_counter()
        with tqdm(total=options.steps, unit="step", desc=name, disable=name != "flow") as bar:
            material.progress = lambda step, loss: bar.update(step - bar.n)
            priors[name] = PRIORS[name].cls.fit_to(material)
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    about = {"weights": weights_hash(folder), "corpus": options.corpus, "posteriors": len(z), "seed": options.seed}
    about |= {"components": options.components, "flow_steps": options.steps, "flow_batch": options.batch}
    save_priors(folder, {name: priors[name] for name in fitted() if name in priors}, about)


def encode_training(pipeline: vaegen.Pipeline, options: argparse.Namespace) -> DiagonalGaussian:
    """Returns the posteriors of the training text, every group in one of its languages in turn."""
    groups = load_corpus(options.corpus, options.data, "train")[: options.groups]
    read = [[text for tag, text in group.items() if tag in pipeline.languages and text.strip()] for group in groups]
    texts = [texts[i % len(texts)] for i, texts in enumerate(read) if texts]
    with tqdm(total=len(texts), unit="sentence", desc="encode") as bar:
        return pipeline.encode(texts, batch_size=256, progress=lambda done, _: bar.update(done - bar.n))


def probe_texts(n: int) -> list[str]:
    """Returns about n sentences of the probe set, from all of its languages."""
    texts = [text for entry in probe_set() for text in entry.sentences.values()]
    return texts[:: len(texts) // n]


if __name__ == "__main__":
    sys.exit(main())
