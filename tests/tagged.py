"""Tiny checkpoints with tasks, Chinese, or Spanish, which the app does not know; made by the tests that ask them."""

from __future__ import annotations

from pathlib import Path

import torch

from vaegen.app.questions.points import START
from vaegen.app.questions.translate import TASK_EXAMPLES
from vaegen.config import ModelConfig, preset
from vaegen.model.checkpoint import save_checkpoint
from vaegen.model.vae_transformer import VAETransformer
from vaegen.text.tokenizer import Tokenizer

TAGS = {
    "chinese": ("en", "zh"),
    "dialogue": ("en", "en.reply"),
    "plain": ("en", "de", "fr", "cs"),
    "summaries": ("en", "de", "en.brief", "en.short", "en.trimmed", "de.brief", "de.short", "de.trimmed"),
}
SPANISH = {"spanish": ("en", "es")}
TEXT = [text for examples in TASK_EXAMPLES.values() for _, text in examples] + [point.text for point in START]


def save_tagged(folder: Path, checkpoints: dict[str, tuple[str, ...]] = TAGS) -> Path:
    """Writes an untrained checkpoint for each name and its tags into a folder and returns it."""
    torch.manual_seed(0)
    for name, tags in checkpoints.items():
        tokenizer = Tokenizer.train(TEXT * 3, 500, tags)
        model = VAETransformer(ModelConfig(tokenizer.vocab_size, tags, **preset("tiny")[0]))
        save_checkpoint(folder / name, model, tokenizer, {"evaluation": EVALUATION})
    return folder


EVALUATION = {
    "split": "x test",
    "num_beams": 5,
    "command": "python scripts/evaluate.py",
    "tasks": [{"title": "Replies", "header": ["reply", "BLEU"], "rows": [["always “Yes.”", 1.25], ["`en.reply`", 2.5]]}],
}
