"""The corpora of summaries, dialogues and Chinese, on small files; and what cleaning does to them."""

import gzip

import pytest

from vaegen.data.corpus import load_corpus
from vaegen.text.chinese import simplified, simplified_each
from vaegen.text.cleaning import TRADITIONAL, clean


def write(path, lines):
    path.parent.mkdir(exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


@pytest.fixture
def data(tmp_path):
    """Four images with five captions in two languages; the second image's shortest is in Multi30k's test set."""
    for language in ("en", "de", "fr", "cs"):
        write(tmp_path / "multi30k" / f"test_2016_flickr.{language}.gz", [f"tested {language}"])
    for stem in ("train", "val"):
        for i in range(1, 6):
            length = {1: 20, 2: 18, 3: 12, 4: 11, 5: 6}[i]
            first, third, fourth = (" ".join([f"{letter}{i}"] * length) for letter in "wvu")
            rows = [first, "tested en" if i == 5 else "a b c d", third, fourth]
            write(tmp_path / "multi30k-captions" / f"{stem}.{i}.en.gz", rows)
            write(tmp_path / "multi30k-captions" / f"{stem}.{6 - i}.de.gz", rows)
    return tmp_path


def test_long_captions_come_with_shorter_ones_of_the_same_image(data):
    groups = load_corpus("captions-short", data, "train")
    assert [next(iter(group)) for group in groups] == ["en"] * 3 + ["de"] * 3
    group = groups[0]
    assert list(group) == ["en", "en.brief", "en.short"]  # 18 of 20 words are no summary
    assert {tag: len(text.split()) for tag, text in group.items()} == {"en": 20, "en.brief": 6, "en.short": 11}
    assert set(groups[3]) == {"de", "de.brief", "de.short"}  # the German files are ordered the other way round
    assert len(groups[3]["de"].split()) == 20 and len(groups[3]["de.brief"].split()) == 6


def test_validation_and_test_are_other_images(data):
    val, test = (load_corpus("captions-short", data, split) for split in ("val", "test"))
    assert [next(iter(group.values()))[:2] for group in val] == ["w1", "v1"] * 2  # in English, in German
    assert [next(iter(group.values()))[:2] for group in test] == ["u1"] * 2


def test_a_dialogue_has_up_to_two_turns_and_a_reply(tmp_path):
    write(tmp_path / "dialogue" / "chitchat.train.tsv.gz", ["hi\thello", "hello\thow are you", "goals\tyes"])
    write(tmp_path / "dialogue" / "dailydialogpp.train.tsv.gz", ["One. | Two.\tThree.", "One. | Two.\tFour."])
    pairs = [(group["en"], group["en.reply"]) for group in load_corpus("dialogue", tmp_path, "train")]
    assert pairs == [
        ("hi", "hello"),
        ("hi | hello", "how are you"),
        ("goals", "yes"),
        ("One. | Two.", "Three."),
        ("One. | Two.", "Four."),
    ]
    assert len(load_corpus("dailydialogpp", tmp_path, "train")) == 2


def test_chinese_corpora(tmp_path):
    write(tmp_path / "tatoeba" / "en-zh.val.tsv.gz", ["Hello.\t你好。"])
    write(tmp_path / "flickr8k-zh" / "en-zh.val.tsv.gz", ["A dog , a cat .\t狗和猫。"])
    assert load_corpus("tatoeba-zh", tmp_path, "val") == [{"en": "Hello.", "zh": "你好。"}]
    assert load_corpus("flickr8k-zh", tmp_path, "val") == [{"en": "A dog, a cat.", "zh": "狗和猫。"}]


def test_traditional_characters_become_simplified_and_are_counted():
    assert simplified("頭髮 發 現 A 隻") == "头发发现 A 只"  # one character for two; no inner space
    assert simplified("naïve Čeština") == "naïve Čeština"
    assert simplified_each("頭髮 乾坤 妳 naïve") == "头发 干坤 你 naïve"  # the phrase for heaven and earth keeps its 乾
    assert simplified("乾坤") == "乾坤"
    groups = [{"en": "A dog.", "zh": "一隻狗。"}, {"en": "A dog.", "zh": "一只狗。"}, {"en": "A cat.", "zh": "一只猫。"}]
    kept, report = clean(groups, held_out=[{"zh": "一隻貓。"}])
    assert kept == [{"en": "A dog.", "zh": "一只狗。"}]  # the second is the same now, the third is held out
    assert report.changed == {TRADITIONAL: 1} and report.n_kept == 2


def test_replies_and_summaries_may_have_any_length_and_be_common():
    source = "Did you hear what they said about the new house on the hill yesterday evening?"
    groups = [{"en": source, "en.reply": "No."}, {"en": "Is it so?", "en.reply": "No."}]
    kept, _ = clean(groups, held_out=[{"en": "Is it so?", "en.reply": "No."}])
    assert kept == groups[:1]  # a common reply is not held out, a context is
    assert clean([{"en": source, "de": "Nein."}])[0] == []  # a translation cannot be that short
    assert clean([{"en": source, "zh": "你听说了昨晚关于山上新房子的事吗？"}])[0]  # a Chinese one can be
