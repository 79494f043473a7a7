"""Fixtures that several test modules share. Tests make their own sentences; none needs the corpora or a network."""

from __future__ import annotations

import os
import socket

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import pytest
import torch

from vaegen.config import ModelConfig, preset
from vaegen.model import VAETransformer
from vaegen.text import Tokenizer

LANGUAGES = ("en", "de", "fr", "cs")
SENTENCES = [
    "a dog runs through the snow",
    "two men sing and a girl reads",
    "ein Hund rennt durch den Schnee",
    "zwei Männer singen und ein Mädchen liest",
    "un chien court dans la neige",
    "deux hommes chantent et une fille lit",
    "pes běží sněhem",
    "dva muži zpívají a dívka čte",
]


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """A tokenizer of a few dozen words in four languages."""
    return Tokenizer.train(SENTENCES * 3, 400, LANGUAGES)


@pytest.fixture
def tiny_config(tokenizer: Tokenizer) -> ModelConfig:
    """The shape of the preset `tiny`."""
    return ModelConfig(tokenizer.vocab_size, LANGUAGES, **preset("tiny")[0])


@pytest.fixture
def tiny_model(tiny_config: ModelConfig) -> VAETransformer:
    """A model with random weights, the same for every test, in evaluation mode."""
    torch.manual_seed(0)
    return VAETransformer(tiny_config).eval()


@pytest.fixture
def free_port() -> int:
    """A TCP port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
