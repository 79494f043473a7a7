"""Batches: what is a source, what is a target, and that every epoch can be made again."""

import itertools

import numpy as np
import pytest
import torch

from vaegen.config import TrainConfig
from vaegen.data.batches import Item, TrainingData, collate, corrupt, pad, tokenize
from vaegen.errors import VaegenError

WORDS = {"en": "a dog runs", "de": "ein Hund rennt", "fr": "un chien court", "cs": "pes běží"}


@pytest.fixture(scope="module")
def groups(tokenizer):
    texts = [{language: f"{text} {i}" for language, text in WORDS.items()} for i in range(40)]
    return tokenize(texts, tokenizer, 64)[0]


def config(**values):
    return TrainConfig(**{"batch_tokens": 200, "autoencode_rate": 0.5, **values})


def test_noise_masks_drops_and_moves_a_third_each():
    torch.manual_seed(0)
    lengths = torch.tensor([30, 20, 1] * 40)
    mask = torch.arange(30) < lengths[:, None]
    src = torch.where(mask, torch.arange(10, 40), 0).scatter(1, lengths[:, None] - 1, 1)  # 10, 11, ... and the end, 1
    noisy, kept = corrupt(src, mask, 0.6, mask_id=2)
    counts = {"words": 0, "masked": 0, "dropped": 0, "moved": 0}
    for before, after in zip((r[m].tolist() for r, m in zip(src, mask, strict=True)),
                             (r[m].tolist() for r, m in zip(noisy, kept, strict=True)), strict=True):  # fmt: skip
        assert after[-1] == 1 and set(after) <= {*before, 2} and len(set(after) - {2}) == len([w for w in after if w != 2])
        counts["words"] += len(before) - 1
        counts["masked"] += after.count(2)
        counts["dropped"] += len(before) - len(after)
        words = [w for w in after[:-1] if w != 2]
        counts["moved"] += sum(a > b for a, b in itertools.pairwise(words))
    shares = {name: count / counts["words"] for name, count in counts.items()}
    assert shares["masked"] == pytest.approx(0.2, abs=0.04) and shares["dropped"] == pytest.approx(0.2, abs=0.04)
    assert 0.05 < shares["moved"] < 0.2  # what moves behind another that moves or is dropped does not show
    assert all(torch.equal(a, b) for a, b in zip(corrupt(src, mask, 0.0, 2), (src, mask), strict=True))


def test_pad_says_what_is_real():
    ids, mask = pad([[5, 6, 7], [8]], pad_id=0)
    assert ids.tolist() == [[5, 6, 7], [8, 0, 0]]
    assert mask.tolist() == [[True, True, True], [True, False, False]]


def test_collate_shifts_the_target_and_points_to_the_source(tokenizer, groups):
    items = [Item(groups[0], "en", ("de", "en")), Item(groups[1], "cs", ("fr",))]
    batch = collate(items, tokenizer)
    assert batch.rows.tolist() == [0, 0, 1]
    assert batch.own.tolist() == [False, True, False]
    assert batch.tgt_in[:, 0].tolist() == [tokenizer.language_id(t) for t in ("de", "en", "fr")]
    for row in range(3):
        n = int(batch.tgt_mask[row].sum())
        assert batch.tgt_in[row, 1:n].tolist() == batch.tgt_out[row, : n - 1].tolist()
        assert batch.tgt_out[row, n - 1] == tokenizer.eos_id
    source = batch.src[0][batch.src_mask[0]].tolist()
    assert tokenizer.decode(source[:-1]) == "a dog runs 0" and source[-1] == tokenizer.eos_id


def test_too_long_sentences_are_dropped_and_counted(tokenizer):
    kept, dropped = tokenize([{"en": "a dog", "de": "Hund " * 100}], tokenizer, 20)
    assert dropped == 1 and list(kept[0]) == ["en"]


def test_an_epoch_is_a_function_of_seed_and_number(tokenizer, groups):
    def plan(seed, epoch):
        data = TrainingData([(groups, 1.0)], tokenizer, config(seed=seed))
        return [[(id(i.group), i.source, i.targets) for i in batch] for batch in data.plan(epoch)]

    assert plan(1, 0) == plan(1, 0)
    assert plan(1, 0) != plan(1, 1)
    assert plan(1, 0) != plan(2, 0)


def test_an_epoch_with_noise_and_other_names_is_one_too(tokenizer):
    texts = [{"en": f"Tom sees {i} dogs and a bird", "de": f"Tom sieht {i} Hunde und einen Vogel"} for i in range(30)]
    groups = tokenize(texts, tokenizer, 64)[0]

    def read(seed, epoch, start=0):
        data = TrainingData([(groups, 1.0)], tokenizer, config(seed=seed, typing_noise=0.5, name_rate=0.5))
        return [(batch.src.tolist(), batch.tgt_out.tolist()) for batch in data.batches(epoch, start)]

    assert read(1, 0) == read(1, 0) and read(1, 0) != read(1, 1) and read(1, 0) != read(2, 0)
    assert read(1, 0, start=2) == read(1, 0)[2:]


def varied(data):
    """The items of an epoch as they are read."""
    return [item for index, batch in enumerate(data.plan(0)) for item in data.varied(0, index, batch)]


def test_a_source_is_read_as_typed_and_written_as_it_was(tokenizer, groups):
    data = TrainingData([(groups * 10, 1.0)], tokenizer, config(typing_noise=0.25, autoencode_rate=1.0))
    items = varied(data)
    typed = [item for item in items if item.typed is not None]
    assert len(typed) / len(items) == pytest.approx(0.25, abs=0.06)
    originals = {id(group) for group in groups}
    assert all(id(item.group) in originals and item.source in item.targets for item in typed)
    batch = collate(typed, tokenizer)
    for row, item in enumerate(typed):
        assert batch.src[row][batch.src_mask[row]].tolist() == [*item.typed, tokenizer.eos_id]
    written = [ids[mask].tolist() for ids, mask in zip(batch.tgt_out[batch.own], batch.tgt_mask[batch.own], strict=True)]
    assert written == [[*item.group[item.source], tokenizer.eos_id] for item in typed]
    assert np.mean([item.typed != item.group[item.source] for item in typed]) > 0.4  # no capital and no mark is in them


def test_the_length_of_an_item_covers_its_source_and_its_targets():
    group = {"en": [7, 8], "de": [7, 8, 9]}
    assert Item(group, "en", ("en",)).length == 3 and Item(group, "en", ("de",)).length == 4
    assert Item(group, "de", ("en",)).length == Item(group, "de", ()).length == 4


def test_names_are_replaced_at_their_rate_and_on_all_sides(tokenizer):
    groups = tokenize([{"en": "Tom sleeps", "de": "Tom schläft"}] * 400, tokenizer, 64)[0]
    data = TrainingData([(groups, 1.0)], tokenizer, config(name_rate=0.25))
    names = []
    for item in varied(data):
        texts = {language: tokenizer.decode(ids) for language, ids in item.group.items()}
        names.append(texts["en"].removesuffix(" sleeps"))
        assert texts == {"en": f"{names[-1]} sleeps", "de": f"{names[-1]} schläft"}
    assert np.mean([name != "Tom" for name in names]) == pytest.approx(0.25, abs=0.06)


def test_an_epoch_has_every_group_once_and_batches_fit(tokenizer, groups):
    plan = TrainingData([(groups, 1.0)], tokenizer, config()).plan(0)
    seen = [id(item.group) for batch in plan for item in batch]
    assert sorted(seen) == sorted(id(group) for group in groups)
    for batch in plan:
        assert sum(len(i.targets) for i in batch) * max(i.length for i in batch) <= 200


@pytest.mark.parametrize(("rate", "expected"), [(0.25, 10), (1.5, 60), (2.0, 80)])
def test_rates_draw_a_part_or_a_multiple(tokenizer, groups, rate, expected):
    plan = TrainingData([(groups, rate)], tokenizer, config()).plan(3)
    assert sum(len(batch) for batch in plan) == expected


def test_source_weights_and_autoencoding_rate_are_kept(tokenizer, groups):
    data = TrainingData([(groups * 50, 1.0)], tokenizer, config(source_weights={"en": 3.0}, autoencode_rate=0.25))
    items = [item for batch in data.plan(0) for item in batch]
    assert np.mean([i.source == "en" for i in items]) == pytest.approx(0.5, abs=0.05)
    assert np.mean([i.source in i.targets for i in items]) == pytest.approx(0.25, abs=0.05)


def test_excluded_pairs_never_meet(tokenizer, groups):
    data = TrainingData([(groups, 1.0)], tokenizer, config(exclude_pairs=("en-cs",)))
    for epoch in range(3):
        for item in (item for batch in data.plan(epoch) for item in batch):
            assert not {"en", "cs"} <= {
                item.source,
                *(t for t in item.targets if t != item.source),
            } or item.source not in (
                "en",
                "cs",
            )


def test_processes_share_every_batch_without_overlap(tokenizer, groups):
    whole = TrainingData([(groups, 1.0)], tokenizer, config())
    parts = [TrainingData([(groups, 1.0)], tokenizer, config(), rank, 2) for rank in (0, 1)]
    for batch, a, b in zip(whole.batches(0), *(part.batches(0) for part in parts), strict=True):
        together = sorted(map(tuple, torch.cat([x.tgt_out[x.tgt_mask][None] for x in (a, b)], 1).tolist()))
        assert sorted(together[0]) == sorted(batch.tgt_out[batch.tgt_mask].tolist())


def test_batches_can_start_in_the_middle(tokenizer, groups):
    data = TrainingData([(groups, 1.0)], tokenizer, config())
    from_start = [b.tgt_in for b in data.batches(1)]
    from_two = [b.tgt_in for b in data.batches(1, start=2)]
    assert len(from_two) == len(from_start) - 2
    assert all(torch.equal(a, b) for a, b in zip(from_start[2:], from_two, strict=True))


def test_every_process_has_a_share_of_every_batch(tokenizer, groups):
    long = config(batch_tokens=20)  # room for less than two sentences
    for rank in (0, 1, 2):
        batches = list(TrainingData([(groups, 1.0)], tokenizer, long, rank, 3).batches(0))
        assert len(batches) == 13 and all(len(batch.src) for batch in batches)
    with pytest.raises(VaegenError, match="An epoch has 2 sentences for 3 processes"):
        TrainingData([(groups[:2], 1.0)], tokenizer, long, 0, 3).plan(0)
    with pytest.raises(VaegenError, match="An epoch has 0 sentences"):
        TrainingData([(groups, 0.0)], tokenizer, long).plan(0)


def test_a_language_of_weight_0_is_never_a_source(tokenizer, groups):
    settings = config(source_weights={"en": 1.0, "de": 0.0, "fr": 0.0, "cs": 0.0})
    german = [{"de": group["de"]} for group in groups]
    items = [i for b in TrainingData([(groups, 1.0), (german, 1.0)], tokenizer, settings).plan(0) for i in b]
    assert len(items) == len(groups) and {i.source for i in items} == {"en"}
    with pytest.raises(VaegenError, match="source_weights"):
        TrainingData([(groups, 1.0)], tokenizer, config(source_weights={"en": -1.0}))


def test_what_has_no_translation_is_always_read_back(tokenizer, groups):
    german = [{"de": group["de"]} for group in groups]
    items = [i for b in TrainingData([(german, 1.0)], tokenizer, config(autoencode_rate=0.0)).plan(0) for i in b]
    assert len(items) == len(groups) and {(i.source, i.targets) for i in items} == {("de", ("de",))}
    items = [i for b in TrainingData([(groups, 1.0)], tokenizer, config(autoencode_rate=0.0)).plan(0) for i in b]
    assert len(items) == len(groups) and not any(i.source in i.targets for i in items)


def test_no_data_is_said(tokenizer):
    with pytest.raises(VaegenError, match="no training sentence"):
        TrainingData([([], 1.0)], tokenizer, config())
