"""Trains the language model that stands beside a checkpoint as limit and judge.

    vaegen lm --checkpoint checkpoints/everyday --data DATA

It reads the text of one language that the checkpoint was trained on, with the checkpoint's tokenizer, and goes into the
checkpoint's folder `lm`; see `vaegen.evaluation.language_model`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from vaegen.commands.arguments import DATA_HELP, main_of, positive
from vaegen.data.corpus import load_corpus
from vaegen.errors import VaegenError
from vaegen.evaluation.reports.cards import corpora
from vaegen.text.cleaning import clean
from vaegen.writing import write_json

if TYPE_CHECKING:
    from vaegen.text.tokenizer import Tokenizer


def run(options: argparse.Namespace) -> None:
    """Reads, trains, validates, saves."""
    import torch
    from tqdm import tqdm

    from vaegen.evaluation.language_model import new_language_model, save_language_model, sentence_nats, train_language_model
    from vaegen.model.checkpoint import load_checkpoint

    torch.set_num_threads(1)
    folder = Path(options.checkpoint)
    checkpoint = load_checkpoint(folder)
    tokenizer, language = checkpoint.tokenizer, options.language
    names = options.corpora.split(",") if options.corpora else corpora(checkpoint.metadata) or ["multi30k"]
    validation = load_corpus(names[0], options.data, "val")
    unseen = as_sentences([group[language] for group in validation if group.get(language)], tokenizer, language)
    if not unseen:
        raise VaegenError(
            "{names} has no val sentence in {language}; give a corpus that has one first in --corpora.",
            names=names[0],
            language=language,
        )
    held_out = [group for name in names for split in ("val", "test") for group in load_corpus(name, options.data, split)]
    sentences = []
    for name in names:
        groups, _ = clean(load_corpus(name, options.data, "train"), held_out=held_out)
        sentences += as_sentences([group[language] for group in groups if language in group], tokenizer, language)
    model = new_language_model(tokenizer.vocab_size, n_layers=options.layers, seed=options.seed)
    n_parameters = sum(p.numel() for p in model.parameters())
    print(f"{n_parameters:,} parameters; {len(sentences):,} sentences", file=sys.stderr)
    start = time.perf_counter()
    with tqdm(total=options.steps, unit="step", mininterval=5) as bar:

        def progress(step: int, loss: float) -> None:
            bar.update()
            if step % 20 == 0:
                bar.set_postfix(nats_per_token=f"{loss:.3f}", refresh=False)

        train_language_model(model, sentences, options.steps, seed=options.seed, progress=progress)
    nats = sentence_nats(model, unseen)
    save_language_model(folder / "lm", model)
    about = {"parameters": n_parameters, "sentences": len(sentences), "corpora": names, "language": language}
    about |= {"steps": options.steps, "seconds": round(time.perf_counter() - start)}
    about |= {"validation_nats": round(float(nats.mean()), 3)}
    write_json(folder / "lm" / "metrics.json", about, indent=2)
    print(json.dumps(about))


def as_sentences(texts: list[str], tokenizer: Tokenizer, language: str) -> list[list[int]]:
    """Returns the ids of texts between language tag and end token."""
    tag, end = tokenizer.language_id(language), tokenizer.eos_id
    return [[tag, *ids, end] for ids in tokenizer.encode_batch(texts) if len(ids) < 64]


def writes_into(options: argparse.Namespace) -> Path:
    """Returns the folder that no other process may write into meanwhile."""
    return Path(options.checkpoint)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--checkpoint", required=True, help="checkpoint folder whose tokenizer is used")
    parser.add_argument("--data", required=True, help=DATA_HELP)
    parser.add_argument("--corpora", help="what it reads; the first one validates it (default: those of the checkpoint)")
    parser.add_argument("--language", default="en", metavar="CODE", help="of the text")
    parser.add_argument("--steps", type=int, default=1500, metavar="N", help="optimizer steps of 4,096 tokens")
    parser.add_argument("--layers", type=positive, default=7, metavar="N", help="depth; 7 is as large as the VAE")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of weights, order and dropout")


main = main_of(__name__)
