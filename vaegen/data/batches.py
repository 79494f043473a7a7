"""From groups of parallel sentences to batches of ids.

A *group* is one meaning in one or more languages: four for Multi30k, two for a sentence pair, one for monolingual text; or
a sentence and what a task makes of it, under a tag such as "en.short" (`vaegen.text.tags`).
For a batch, one language of each group is the source; it is encoded once and decoded into the others, and into itself
with probability `autoencode_rate` (translation and autoencoding share the step). Everything about epoch e follows from
(seed, e), so a resumed run sees the very same batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from vaegen.config import TrainConfig
from vaegen.errors import VaegenError
from vaegen.model.pretrained import SourceTokenizer
from vaegen.text.as_typed import as_typed
from vaegen.text.chinese import simplified
from vaegen.text.names import with_other_names
from vaegen.text.tags import languages_of
from vaegen.text.tokenizer import Tokenizer

TokenGroup = Mapping[str, list[int]]  # language -> ids, without special tokens


@dataclass(frozen=True)
class Item:
    """One source sentence with the languages that it is decoded into; `typed` is how it is read, where that differs."""

    group: TokenGroup
    source: str
    targets: tuple[str, ...]
    typed: list[int] | None = None

    @property
    def read(self) -> list[int]:
        """Ids that the encoder gets, without the end token."""
        return self.group[self.source] if self.typed is None else self.typed

    @property
    def length(self) -> int:
        """Tokens of the longest sentence that takes part, end token included."""
        return 1 + max(len(self.group[language]) for language in (self.source, *self.targets))


@dataclass(frozen=True)
class Batch:
    """Padded ids; masks are bool, True = real token.

    Attributes:
        src: Source ids with the end token, (B, S).
        src_mask: (B, S).
        tgt_in: Language tag and target, (N, T).
        tgt_out: Target and end token, (N, T).
        tgt_mask: (N, T).
        rows: Source row of each target, (N,).
        own: Whether a target is in the language of its source, (N,).
    """

    src: Tensor
    src_mask: Tensor
    tgt_in: Tensor
    tgt_out: Tensor
    tgt_mask: Tensor
    rows: Tensor
    own: Tensor

    def to(self, device: torch.device | str) -> Batch:
        """The batch on another device, copied without blocking where its memory is pinned."""
        return Batch(*(getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)))

    def pin_memory(self) -> Batch:
        """The batch in page-locked memory (called by `DataLoader`)."""
        return Batch(*(getattr(self, f.name).pin_memory() for f in fields(self)))


def tokenize(
    groups: Sequence[Mapping[str, str]], tokenizer: Tokenizer, max_tokens: int
) -> tuple[list[TokenGroup], int]:
    """Returns the groups as ids, and how many sentences were dropped for being longer than `max_tokens`.

    Chinese is simplified first: that is how a model reads it (`vaegen.pipeline.batching`).
    """
    result: list[dict[str, list[int]]] = [{} for _ in groups]
    dropped = 0
    for language in tokenizer.languages:
        index = [i for i, group in enumerate(groups) if language in group]
        texts = [groups[i][language] for i in index]
        if language == "zh":
            texts = [simplified(text) for text in texts]
        for i, ids in zip(index, tokenizer.encode_batch(texts), strict=True):
            if len(ids) < max_tokens:
                result[i][language] = ids
            else:
                dropped += 1
    return [group for group in result if group], dropped


def collate(items: Sequence[Item], tokenizer: Tokenizer, source_tokenizer: SourceTokenizer | None = None) -> Batch:
    """Returns the padded batch of some items; a pre-trained encoder's `source_tokenizer` makes the sources' ids anew.

    It may need more tokens for a sentence than the encoder reads; those behind are left out.
    """
    end = tokenizer.eos_id
    sources = [[*item.read, end] for item in items]
    if source_tokenizer is not None:  # decoding loses nothing, so that groups need no second set of ids
        texts = [tokenizer.decode(ids) for ids in sources]
        read = source_tokenizer.encode_batch(texts)
        sources = [[*ids[: source_tokenizer.max_length], source_tokenizer.eos_id] for ids in read]
    rows, own, tgt_in, tgt_out = [], [], [], []
    for row, item in enumerate(items):
        for language in item.targets:
            ids = item.group[language]
            rows.append(row)
            own.append(language == item.source)
            tgt_in.append([tokenizer.language_id(language), *ids])
            tgt_out.append([*ids, end])
    src, src_mask = pad(sources, tokenizer.pad_id)
    padded_out, tgt_mask = pad(tgt_out, tokenizer.pad_id)
    padded_in, _ = pad(tgt_in, tokenizer.pad_id)
    return Batch(src, src_mask, padded_in, padded_out, tgt_mask, torch.tensor(rows), torch.tensor(own))


def pad(sequences: Sequence[Sequence[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Returns ids (N, T) padded to the longest sequence, and the mask (N, T), True = real token."""
    lengths = np.fromiter((len(s) for s in sequences), dtype=np.int64, count=len(sequences))
    mask = np.arange(lengths.max(initial=1)) < lengths[:, None]
    ids = np.full(mask.shape, pad_id, dtype=np.int64)
    ids[mask] = np.concatenate([np.asarray(s, dtype=np.int64) for s in sequences]) if len(sequences) else []
    return torch.from_numpy(ids), torch.from_numpy(mask)


def corrupt(src: Tensor, src_mask: Tensor, rate: float, mask_id: int) -> tuple[Tensor, Tensor]:
    """Returns source ids (B, S) and their mask with noise: of each three sub-words hit, one each is masked, dropped, moved.

    A sub-word is hit with probability `rate`; one that moves goes one to three places on, and the end token is never hit.
    The numbers are torch's global ones, as dropout's are, so a resumed run goes on with the same.

    Source: Lample et al. 2018, arXiv 1711.00043, section 2.3 (drop, local shuffle); Lewis et al. 2020, arXiv 1910.13461
    (masks).
    """
    if not rate:
        return src, src_mask
    places = torch.arange(src.shape[1], device=src.device)
    end = places == src_mask.sum(1, keepdim=True) - 1
    fate = (torch.rand(src.shape, device=src.device) * 3.0 / rate).long().masked_fill(end, 3)  # 3 and more: left alone
    kept = src_mask & (fate != 1)
    key = places + (fate == 2) * (torch.randint(1, 4, src.shape, device=src.device) + 0.5)
    order = key.masked_fill(end, len(places) + 4.0).masked_fill(~kept, float("inf")).argsort(dim=1, stable=True)
    return src.masked_fill(fate == 0, mask_id).gather(1, order), kept.gather(1, order)


class TrainingData:
    """Draws the batches of every epoch from one or more corpora.

    Args:
        corpora: Pairs of (groups, rate): in one epoch `rate` times the size of the corpus is drawn, without repetition
            as far as possible.
        tokenizer: Gives the special ids.
        config: Batch size, source weights, autoencoding rate, excluded pairs, seed.
        rank: This process.
        world_size: Number of processes; each takes every `world_size`-th item of every batch.
    """

    def __init__(
        self,
        corpora: Sequence[tuple[Sequence[TokenGroup], float]],
        tokenizer: Tokenizer,
        config: TrainConfig,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.corpora, self.tokenizer, self.config = corpora, tokenizer, config
        self.rank, self.world_size = rank, world_size
        self._excluded = {frozenset(pair.split("-")) for pair in config.exclude_pairs}
        if min((config.source_weights or {"": 0.0}).values()) < 0.0:
            raise VaegenError(
                "source_weights={source_weights}: give numbers of 0 or more.", source_weights=config.source_weights
            )
        if not any(len(groups) for groups, _ in corpora):
            raise VaegenError(
                "There is no training sentence left; check the folder given and what the cleaning dropped."
            )

    def plan(self, epoch: int) -> list[list[Item]]:
        """Returns the batches of an epoch, over all processes, in the order of training."""
        rng = np.random.default_rng((self.config.seed, epoch))
        items = [item for groups, rate in self.corpora for item in self._draw(groups, rate, rng)]
        # Nearly sorted by length: little padding, and yet other neighbours in every epoch.
        order = np.argsort([item.length + rng.uniform(0.0, 1.5) for item in items], kind="stable")
        batches: list[list[Item]] = []
        batch: list[Item] = []
        n_targets = 0
        for item in (items[i] for i in order):
            n_targets += len(item.targets)
            # Every process needs a sentence of every batch, even where that takes more than `batch_tokens`.
            if len(batch) >= self.world_size and n_targets * item.length > self.config.batch_tokens:
                batches.append(batch)
                batch, n_targets = [], len(item.targets)
            batch.append(item)
        if batch and len(batch) >= self.world_size:
            batches.append(batch)
        if not batches:
            raise VaegenError(
                "An epoch has {n} sentences for {world_size} processes; give more text, higher rates or fewer excluded "
                "pairs.",
                n=len(items),
                world_size=self.world_size,
            )
        return [batches[i] for i in rng.permutation(len(batches))]

    def batches(
        self,
        epoch: int,
        start: int = 0,
        *,
        pin_memory: bool = False,
        workers: int = 0,
        source_tokenizer: SourceTokenizer | None = None,
    ) -> Iterator[Batch]:
        """Yields this process's share of the batches of an epoch, from the one with index `start` on; see `collate`."""
        plan = [(i, batch[self.rank :: self.world_size]) for i, batch in enumerate(self.plan(epoch))]
        yield from DataLoader(
            plan[start:],  # type: ignore[arg-type]
            batch_size=None,
            collate_fn=lambda entry: collate(self.varied(epoch, *entry), self.tokenizer, source_tokenizer),
            num_workers=workers,
            pin_memory=pin_memory,
            generator=torch.Generator(),  # else every iterator takes a number from the training's own generator
        )

    def _draw(self, groups: Sequence[TokenGroup], rate: float, rng: np.random.Generator) -> Iterator[Item]:
        whole, rest = divmod(round(rate * len(groups)), max(1, len(groups)))
        picks = np.concatenate([np.tile(np.arange(len(groups)), whole), rng.permutation(len(groups))[:rest]])
        for i in picks:
            item = self._item(groups[i], rng)
            if item.targets:
                yield item

    def _item(self, group: TokenGroup, rng: np.random.Generator) -> Item:
        languages = languages_of(list(group))  # a summary or a reply is written, never read
        weights = np.array([(self.config.source_weights or {}).get(language, 1.0) for language in languages])
        if not weights.any():  # none of them may be a source
            return Item(group, next(iter(group)), ())
        source = languages[rng.choice(len(languages), p=weights / weights.sum())]
        others = [t for t in group if t != source and frozenset((source, t)) not in self._excluded]
        own = [source] if len(group) == 1 or rng.random() < self.config.autoencode_rate else []
        return Item(group, source, tuple(others + own))

    def varied(self, epoch: int, index: int, items: Sequence[Item]) -> Sequence[Item]:
        """Returns the items of a batch with other names (`name_rate`) and sources as people type (`typing_noise`).

        Made here and not in the plan, so that loader processes share the work. It follows from seed, epoch and batch.
        """
        if not self.config.name_rate and not self.config.typing_noise:
            return items
        rng = np.random.default_rng((self.config.seed, epoch, index, self.rank))
        return [self._vary(item, rng) for item in items]

    def _vary(self, item: Item, rng: np.random.Generator) -> Item:
        config, tokenizer, group = self.config, self.tokenizer, item.group
        if rng.random() < config.name_rate:
            texts = {language: tokenizer.decode(ids) for language, ids in group.items()}
            renamed = with_other_names(texts, rng)
            if renamed != texts:
                group = {language: tokenizer.encode(text) for language, text in renamed.items()}
        typed = None
        if rng.random() < config.typing_noise:
            typed = tokenizer.encode(as_typed(tokenizer.decode(group[item.source]), rng))
        return replace(item, group=group, typed=typed)
