"""Trains the joint sub-word tokenizer of a checkpoint.

    vaegen tokenizer --data DATA --corpora multi30k,multi30k-captions --out checkpoints/multi30k/tokenizer.json

Languages with less text are repeated until all weigh the same, so that none is starved of sub-words.
"""

from __future__ import annotations

import argparse
from itertools import cycle, islice
from typing import TYPE_CHECKING

from vaegen.commands.arguments import DATA_HELP, main_of, positive
from vaegen.data.corpus import CORPORA, Group, load_corpus
from vaegen.errors import VaegenError
from vaegen.text.chinese import simplified
from vaegen.text.cleaning import clean
from vaegen.text.tags import CAPTION_LANGUAGES, language_of

if TYPE_CHECKING:
    from vaegen.text.tokenizer import Tokenizer


def run(options: argparse.Namespace) -> None:
    """Reads, cleans and balances the text, trains, saves and measures."""
    from vaegen.text.tokenizer import Tokenizer

    languages, names = options.languages.split(","), options.corpora.split(",")
    held_out = [
        group
        for name in names
        for split in ("val", "test")
        for group in load_corpus(name, options.data, split)
    ]
    if len(set(languages)) != len(languages):
        raise VaegenError("--languages {languages}: give each code once.", languages=options.languages)
    texts: dict[str, list[str]] = {language: [] for language in languages}
    for name in names:
        groups, report = clean(load_corpus(name, options.data, "train"), held_out=held_out)
        print(f"{name}: {report}")
        for group in groups:
            for language, text in group.items():
                if language in texts:
                    texts[language].append(text)
    tokenizer = Tokenizer.train(balance(texts), options.vocab_size, languages)
    tokenizer.save(options.out)
    print(f"{options.out}: {tokenizer.vocab_size:,} tokens")
    unseen = load_corpus(names[0], options.data, "val")
    print(measure(tokenizer, unseen or load_corpus(names[0], options.data, "train"), "validation" if unseen else "training"))


def balance(texts: dict[str, list[str]]) -> list[str]:
    """Returns the sentences of all languages, each language as often as the longest one.

    Raises:
        VaegenError: If a language has no text at all.
    """
    missing = [language for language, sentences in texts.items() if not sentences]
    if missing:
        raise VaegenError(
            "These corpora have no text in {missing}; add a corpus or leave the language out.", missing=", ".join(missing)
        )
    longest = max(len(sentences) for sentences in texts.values())
    return [text for sentences in texts.values() for text in islice(cycle(sentences), longest)]


def measure(tokenizer: Tokenizer, groups: list[Group], split: str = "validation") -> str:
    """Returns a table for a split: tokens a sentence and a word, and how many sentences need bytes.

    Chinese is simplified first, as whatever a model reads.
    """
    lines = [f"{split:<12}{'tokens/sentence':>16}{'tokens/word':>13}{'sentences with bytes':>22}"]
    first_byte = max(tokenizer.language_ids.values()) + 1
    byte_ids = range(first_byte, first_byte + 256)
    for language in tokenizer.languages:
        texts = [group[language] for group in groups if group.get(language)]
        if not texts:
            continue
        if language_of(language) == "zh":
            texts = [simplified(text) for text in texts]
        ids = tokenizer.encode_batch(texts)
        n_tokens, n_words = sum(map(len, ids)), sum(len(text.split()) for text in texts)
        n_bytes = sum(any(index in byte_ids for index in row) for row in ids)
        lines.append(
            f"{language:<12}{n_tokens / len(texts):>16.2f}{n_tokens / n_words:>13.3f}"
            f"{n_bytes / len(texts):>22.2%}"
        )
    return "\n".join(lines)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--data", required=True, help=DATA_HELP)
    parser.add_argument("--out", required=True, metavar="FILE", help="the tokenizer.json to write")
    parser.add_argument(
        "--corpora", default="multi30k,multi30k-captions", help=f"names, of {', '.join(CORPORA)}, or your own folders"
    )
    parser.add_argument(
        "--languages", default=",".join(CAPTION_LANGUAGES), help="codes, or tags such as en.short, in the order of their ids"
    )
    parser.add_argument(
        "--vocab-size", type=positive, default=8000, metavar="N", help="entries, special tokens and 256 bytes included"
    )


main = main_of(__name__)
