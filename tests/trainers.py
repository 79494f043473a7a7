"""A trainer of six toy pairs; made by the tests that train."""

import torch

from vaegen.config import ModelConfig, TrainConfig, override, preset
from vaegen.data.batches import TrainingData, tokenize
from vaegen.model.vae_transformer import VAETransformer
from vaegen.training.trainer import Trainer
from vaegen.training.validation import Validation

PAIRS = [
    {"en": "a dog runs", "de": "ein Hund rennt"},
    {"en": "a cat sleeps", "de": "eine Katze schläft"},
    {"en": "two men sing", "de": "zwei Männer singen"},
    {"en": "the girl reads", "de": "das Mädchen liest"},
    {"en": "a bird flies", "de": "ein Vogel fliegt"},
    {"en": "two dogs sleep", "de": "zwei Hunde schlafen"},
]


def make_trainer(tokenizer, folder, *, rank=0, world_size=1, seed=3, shape=None, lines=None, **settings):
    model_values, training_values = preset("tiny")
    model_config = override(
        ModelConfig(tokenizer.vocab_size, tuple(tokenizer.languages), **model_values), **(shape or {})
    )
    config = override(TrainConfig(**training_values), seed=seed, **settings)
    torch.manual_seed(seed)
    model = VAETransformer(model_config)
    groups, _ = tokenize(PAIRS, tokenizer, 64)
    return Trainer(
        model, tokenizer, TrainingData([(groups, 1.0)], tokenizer, config, rank, world_size),
        Validation(groups, PAIRS, tokenizer, ["en-de"]), config, folder, amp=False,
        report=lines.append if lines is not None else lambda line: None,
    )  # fmt: skip
