"""Fixtures that several test modules share. Tests make their own sentences; none needs the corpora or a network."""

from __future__ import annotations

import os
import socket

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from pathlib import Path

import pytest
import torch

from vaegen.config import ModelConfig, preset
from vaegen.model.vae_transformer import VAETransformer
from vaegen.text.tokenizer import Tokenizer

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
BERT_WORDS = ["a", "and", "dog", "girl", "hund", "men", "reads", "run", "##s", "two", "ein", "zwei", "liest", "rennt"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LONG = ("test_browser", "test_train", "test_projection", "test_golden")  # how the names of the files begin that take longest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with what takes longest, so that no worker is left with it at the end."""
    items.sort(key=lambda item: not item.path.name.startswith(LONG))


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


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    """A BERT of random weights with a few words, as a folder."""
    from transformers import BertConfig, BertModel, BertTokenizer

    folder = tmp_path_factory.mktemp("bert")
    letters = [letter for a in "abcdefghijklmnopqrstuvwxyz" for letter in (a, "##" + a)]
    vocabulary = dict.fromkeys([*SPECIAL, *BERT_WORDS, *letters])
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizer(str(folder / "vocab.txt"), model_max_length=40).save_pretrained(folder)
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(vocabulary), max_position_embeddings=64, **shape)).save_pretrained(folder)
    return folder


@pytest.fixture
def free_port() -> int:
    """A TCP port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def browser():
    """Chromium, started once."""
    from browsing import CHROMIUM, FLAGS, playwright

    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory) -> Path:
    """Where the browser tests leave their pictures: the folder SCREENSHOTS, or a temporary one."""
    return Path(os.environ.get("SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))


@pytest.fixture(scope="session")
def kept_pages() -> list:
    """Blank pages that tests have left for the next ones: where a page was before, another loads in a third of the time."""
    return []


@pytest.fixture
def open_page(browser, kept_pages):
    """Opens an address; at the end no request has left the host and no script has failed."""
    from browsing import ANSWERED, PATIENCE, is_foreign

    opened, foreign, errors = [], [], []

    def heard(request):
        if is_foreign(request.url):
            foreign.append(request.url)

    def failed(error):
        errors.append(str(error))

    def open_page(url, wait=ANSWERED, viewport=None, color_scheme="light", **options):
        page = kept_pages.pop() if kept_pages and not options else browser.new_context(**options).new_page()
        opened.append((page, options))
        page.set_default_timeout(PATIENCE * 1000)
        page.set_viewport_size(viewport or {"width": 1280, "height": 860})
        page.emulate_media(color_scheme=color_scheme)
        page.on("request", heard)
        page.on("pageerror", failed)
        page.goto(url)
        page.wait_for_selector(wait)
        return page

    yield open_page
    for page, options in opened:
        if options:
            page.context.close()
            continue
        page.goto("about:blank")  # ends what the page still does
        page.mouse.move(0, 0)
        page.context.clear_cookies()
        page.remove_listener("request", heard)
        page.remove_listener("pageerror", failed)
        kept_pages.append(page)
    assert foreign == []
    assert errors == []
