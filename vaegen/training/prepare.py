"""What `vaegen train` trains and validates on: corpora that are read, cleaned and tokenised, and every loss told."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from itertools import zip_longest

from vaegen.config import TrainConfig
from vaegen.data.batches import TokenGroup, TrainingData, tokenize
from vaegen.data.corpus import Group, load_corpus
from vaegen.data.files import read_words
from vaegen.errors import VaegenError
from vaegen.model.vae_transformer import VAETransformer
from vaegen.text.cleaning import clean
from vaegen.text.sensitive import WordList
from vaegen.text.tags import language_of, languages_of, task_of
from vaegen.text.tokenizer import Tokenizer
from vaegen.training.validation import Validation

Say = Callable[[str], None]


def build_data(
    options: argparse.Namespace,
    tokenizer: Tokenizer,
    config: TrainConfig,
    rank: int,
    world_size: int,
    say: Say,
    model: VAETransformer,
) -> tuple[TrainingData, Validation]:
    """Reads, cleans and tokenises the corpora; everything dropped is counted and told.

    Args:
        options: The command line.
        tokenizer: Makes the ids.
        config: All settings.
        rank: This process.
        world_size: Number of processes.
        say: Gets each line.
        model: What is to be trained: it says how long a sentence may be, and without a latent there is nothing to learn of
            sentences without a translation.
    """
    if options.limit_groups is not None and options.limit_groups < 1:
        raise VaegenError(
            "--limit-groups {limit_groups}: give 1 or more, or leave it out.", limit_groups=options.limit_groups
        )
    corpora, held_out = [], []
    lists = [entry.split("=", 1) for entry in options.stop_words or []]
    if any(len(entry) != 2 for entry in lists):
        raise VaegenError(
            "--stop-words {stop_words}: write language=file, as in en=stop.en.txt.", stop_words=" ".join(options.stop_words)
        )
    stop_words = {language: read_words(path) for language, path in lists}
    entries = [entry.partition(":") for entry in options.corpora.split(",")]
    if not all(name for name, _, _ in entries):
        raise VaegenError(
            "--corpora {corpora} has a corpus without a name; write names as in own,multi30k:0.5.",
            corpora=repr(options.corpora),
        )
    names = [(name, number("--corpora", rate or "1")) for name, _, rate in entries]
    pairs = default_pairs(tokenizer.languages) if options.bleu_pairs is None else options.bleu_pairs.split(",")
    pairs = [pair for pair in pairs if pair]
    check_codes("--bleu-pairs", pairs, tokenizer, 2)
    check_codes("--exclude-pairs", config.exclude_pairs, tokenizer, 2)
    check_codes("--source-weights", list(config.source_weights or ()), tokenizer)
    check_codes("--stop-words", list(stop_words), tokenizer)
    for name, _ in names:
        for split in ("val", "test"):
            held_out += load_corpus(name, options.data, split)
    texts = validation_groups(options, [name for name, _ in names], say)
    held_out += texts
    sensitive = None if options.word_list is None else WordList.load(*options.word_list)
    most = min(config.max_sentence_tokens, model.config.max_length + 1)
    longest = max(1000, 8 * most)  # in characters: what is longer is no sentence of so many tokens
    for name, rate in names:
        train = load_corpus(name, options.data, "train")
        groups, report = clean(train, max_characters=longest, held_out=held_out, stop_words=stop_words, sensitive=sensitive)
        say(f"{name}: {report}")
        groups = groups[: options.limit_groups]
        ids, too_long = tokenize(groups, tokenizer, most)
        say(f"{name}: {too_long} sentences of {most} tokens or more dropped")
        tell_unknown(name, groups, ids, tokenizer, say)
        if not model.config.n_slots and (alone := sum(len(group) == 1 for group in ids)):
            say(f"{name}: {alone} sentences without a translation dropped; without a latent that would be copying")
            ids = [group for group in ids if len(group) > 1]
        corpora.append((ids, rate))
    found = [tokenize([text], tokenizer, model.config.max_length + 1) for text in texts]
    if too_long := sum(dropped for _, dropped in found):
        say(f"validation: {too_long} sentences of over {model.config.max_length} tokens dropped")
    kept = [(group, text) for (groups, _), text in zip(found, texts, strict=True) for group in groups]
    if not any(languages_of(list(group)) for group, _ in kept):
        raise VaegenError(
            "No validation text is in a language of the tokenizer ({languages}) and short enough for the model "
            "({max_length} tokens): give other texts, --tokenizer or --max-length.",
            languages=", ".join(tokenizer.languages),
            max_length=model.config.max_length,
        )
    of_validation = [group for group, _ in kept], [text for _, text in kept]
    validation = Validation(*of_validation, tokenizer, pairs, excluded=config.exclude_pairs)
    return TrainingData(corpora, tokenizer, config, rank, world_size), validation


def validation_groups(options: argparse.Namespace, names: list[str], say: Say) -> list[Group]:
    """Returns the validation groups: of the corpora that have some with translations in turn, else of the first one that has
    any, else a tenth or less of the first one's training text."""
    if options.n_validation < 1:
        raise VaegenError(
            "--n-validation {n_validation}: give 1 or more; beta waits for what they show.",
            n_validation=options.n_validation,
        )
    found: list[list[Group]] = []
    for name in names:
        groups = [group for group in load_corpus(name, options.data, "val") if all(group.values())]
        groups = [group for group in groups if not any(group in others for others in found)]  # a part of another corpus
        if groups and (len(groups[0]) > 1 or not found):
            found.append(groups[: options.n_validation])
    if found:
        in_turn = [group for row in zip_longest(*found) for group in row if group is not None]
        return in_turn[: options.n_validation]
    groups, _ = clean(load_corpus(names[0], options.data, "train"))
    widest = max(map(len, groups), default=0)
    groups = [group for group in groups if len(group) == widest]  # translations, if there are any
    n = min(options.n_validation, len(groups) // 10)
    if not n:
        raise VaegenError(
            "{names} has no validation text and too little training text to take some from it.", names=names[0]
        )
    say(f"{names[0]} has no validation text: {n} groups of its training text are held out for it")
    return groups[:: len(groups) // n][:n]


def number(option: str, text: str) -> float:
    """Returns a rate that was typed."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value < float("inf"):
        raise VaegenError(
            "{option} has the rate {text}; write name:rate with a number over 0, as in multi30k:0.5.",
            option=option,
            text=repr(text),
        )
    return value


def default_pairs(tags: Sequence[str]) -> list[str]:
    """Returns the directions whose BLEU is watched unasked: those of the first tasks, else between the first languages."""
    if tasks := [f"{language_of(tag)}-{tag}" for tag in tags if task_of(tag)]:
        return tasks[:2]
    first = languages_of(tags)[:2]
    return [f"{a}-{b}" for a, b in (first, first[::-1])] if len(first) == 2 else []


def check_codes(option: str, given: Sequence[str], tokenizer: Tokenizer, n: int = 1) -> None:
    """Refuses what is not n codes with "-" between them, all known to the tokenizer."""
    for entry in given:
        codes = entry.split("-")
        if len(codes) != n or not set(codes) <= set(tokenizer.languages):
            form = "two codes for each, as in en-de,de-en" if n == 2 else "one code for each"
            raise VaegenError(
                "{option} {entry}: write {form}, out of {languages}.",
                option=option,
                entry=entry,
                form=form,
                languages=", ".join(tokenizer.languages),
            )


def tell_unknown(name: str, groups: Sequence[Group], ids: Sequence[TokenGroup], tokenizer: Tokenizer, say: Say) -> None:
    """Tells how many sentences are in languages that the tokenizer lacks, and refuses a corpus that loses all pairs so."""
    unknown = sorted({tag for group in groups for tag in group} - set(tokenizer.languages))
    if not unknown:
        return
    n = sum(tag in group for group in groups for tag in unknown)
    has = ", ".join(tokenizer.languages)
    say(f"{name}: {n} sentences in {', '.join(unknown)} dropped; the tokenizer has {has}")
    if any(len(group) > 1 for group in groups) and all(len(group) == 1 for group in ids):
        raise VaegenError(
            "{name} has {unknown}, the tokenizer only {has}: no pair is left. Make a tokenizer for them with `vaegen "
            "tokenizer` and give it with --tokenizer.",
            name=name,
            unknown=", ".join(unknown),
            has=has,
        )
