"""Readers: what they return, and that every mistake in a file is named with its place."""

import gzip
import json
import sys

import pytest

from vaegen.commands import corpus
from vaegen.data.corpus import join, load_corpus
from vaegen.data.files import read_aligned, read_folder, read_lines, read_pairs, read_words
from vaegen.data.hub import read_hub
from vaegen.errors import VaegenError

ENGLISH = ["A cat sleeps.", "It is raining.", ""]
GERMAN = ["Eine Katze schläft.", "Es regnet.", "leer"]
RECORDS = [
    {"id": i, "translation": {"en": en, "de": de}}
    for i, (en, de) in enumerate(zip(ENGLISH, GERMAN, strict=True))
]
FIELDS = {"en": "translation.en", "de": "translation.de"}
GROUPS = [{"en": en, "de": de} for en, de in zip(ENGLISH, GERMAN, strict=True)]


def write(path, lines, end="\n"):
    raw = "".join(line + end for line in lines).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_aligned_files_become_groups(tmp_path, suffix, end):
    paths = {
        "en": write(tmp_path / f"x.en{suffix}", ENGLISH, end),
        "de": write(tmp_path / f"x.de{suffix}", GERMAN, end),
    }
    assert read_aligned(paths) == GROUPS


def test_different_numbers_of_lines_are_told(tmp_path):
    paths = {"en": write(tmp_path / "x.en", ENGLISH), "de": write(tmp_path / "x.de", GERMAN[:2])}
    with pytest.raises(VaegenError, match=r"3 \(.*x\.en\), 2 \(.*x\.de\)"):
        read_aligned(paths)


def test_only_newlines_end_a_line(tmp_path):
    odd = ["next\u2028line", "form\x0cfeed", "nel\u0085"]  # `str.splitlines` would break the alignment here
    assert read_lines(write(tmp_path / "odd.txt", odd), "en") == [{"en": line} for line in odd]


def test_byte_order_mark_and_missing_last_newline(tmp_path):
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbfone\ntwo")
    assert read_lines(tmp_path / "x", "en") == [{"en": "one"}, {"en": "two"}]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_bytes_that_are_no_utf8_are_named_with_their_line(tmp_path, suffix):
    path = tmp_path / f"x.txt{suffix}"
    raw = b"good\nalso good\nb\xe4d\n"
    path.write_bytes(gzip.compress(raw) if suffix else raw)
    with pytest.raises(VaegenError, match=rf"x\.txt{suffix}:3 is not UTF-8"):
        read_lines(path, "en")


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(VaegenError, match=r"There is no file .*none.txt"):
        read_lines(tmp_path / "none.txt", "en")
    (tmp_path / "not.gz").write_bytes(b"plain text")
    with pytest.raises(VaegenError, match=r"not.gz cannot be read"):
        read_lines(tmp_path / "not.gz", "en")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"a line\n" * 1000)[:-12])
    with pytest.raises(VaegenError, match=r"cut.gz cannot be read"):
        read_lines(tmp_path / "cut.gz", "en")


def test_pairs(tmp_path):
    path = write(tmp_path / "p.tsv.gz", ["A cat.\tEine Katze.", "Rain.\tRegen."])
    assert read_pairs(path, ("en", "de")) == [
        {"en": "A cat.", "de": "Eine Katze."},
        {"en": "Rain.", "de": "Regen."},
    ]
    with pytest.raises(VaegenError, match=r"p\.tsv:2 has 1 tab-separated columns, but 2 are needed: en, de"):
        read_pairs(write(tmp_path / "p.tsv", ["a\tb", "only one"]), ("en", "de"))


def test_word_lists(tmp_path):
    assert read_words(write(tmp_path / "stop.txt", ["# common", "the ", "", "and"])) == {"the", "and"}


def test_join_puts_together_only_what_is_unambiguous():
    pairs = [
        {"en": "Yes.", "de": "Ja."},
        {"en": "Yes.", "fr": "Oui."},
        {"en": "Yes.", "de": "Ja."},
        {"en": "Run!", "de": "Lauf!"},
        {"en": "Run!", "de": "Lauft!"},
        {"en": "Run!", "fr": "Cours !"},
    ]
    assert join(pairs, "en") == [{"en": "Yes.", "de": "Ja.", "fr": "Oui."}, *pairs[3:]]


# Corpora by name


def test_multi30k_and_its_captions(tmp_path):
    for stem, name in (("train", "train"), ("val", "val"), ("test_2016_flickr", "test")):
        for language in ("en", "de", "fr", "cs"):
            write(
                tmp_path / "multi30k" / f"{stem}.{language}.gz", [f"{name} {language} {i}" for i in range(2)]
            )
    for i in range(1, 6):
        for language in ("en", "de"):
            write(tmp_path / "multi30k-captions" / f"train.{i}.{language}.gz", [f"caption {language} {i}"])
    for split in ("train", "val", "test"):
        expected = [
            {language: f"{split} {language} {i}" for language in ("en", "de", "fr", "cs")} for i in range(2)
        ]
        assert load_corpus("multi30k", tmp_path, split) == expected
    captions = load_corpus("multi30k-captions", tmp_path, "train")
    assert len(captions) == 10 and {"de": "caption de 5"} in captions
    held_out = load_corpus("multi30k-captions", tmp_path, "test")  # of the images, so of Multi30k
    assert {"fr": "test fr 1"} in held_out and len(held_out) == 8


def test_documents_are_captions_in_a_row(tmp_path):
    for language in ("en", "de"):
        write(tmp_path / "multi30k" / f"train.{language}.gz", [f"{language} {i}." for i in range(200)])
    for language in ("fr", "cs"):
        write(tmp_path / "multi30k" / f"train.{language}.gz", [f"{i}" for i in range(200)])
    texts = load_corpus("multi30k-documents", tmp_path, "train")  # 33 captions for each length
    assert [len(text["fr"].split()) for text in texts] == [30, 16, 16] + 4 * [8] + 8 * [4] + 16 * [2] + 33 * [1]
    assert texts[-34] == {"en": "en 162. en 163.", "de": "de 162. de 163.", "fr": "162 163", "cs": "162 163"}
    numbers = " ".join(text["cs"] for text in texts).split()
    assert len(set(numbers)) == len(numbers)  # no caption is in two texts


def test_tatoeba_joins_its_pairs(tmp_path):
    for language in ("de", "fr", "cs"):
        write(
            tmp_path / "tatoeba" / f"en-{language}.train.tsv.gz",
            [f"Yes.\tyes in {language}", f"{language} only\t{language}"],
        )
    groups = load_corpus("tatoeba", tmp_path, "train")
    assert groups[0] == {"en": "Yes.", "de": "yes in de", "fr": "yes in fr", "cs": "yes in cs"}
    assert groups[1:] == [{"en": f"{language} only", language: language} for language in ("de", "fr", "cs")]


def test_a_folder_of_ones_own(tmp_path):
    folder = tmp_path / "mine"
    write(folder / "train.en", ["one"])
    write(folder / "train.cs.gz", ["jedna"])
    write(folder / "en-de.train.tsv", ["two\tzwei"])
    write(folder / "fr.train.txt.gz", ["trois"])
    write(folder / "fr.val.txt", ["quatre"])
    write(folder / "notes.md", ["not a corpus"])
    groups = load_corpus("mine", tmp_path, "train")
    assert sorted(groups, key=str) == sorted(
        [{"en": "one", "cs": "jedna"}, {"en": "two", "de": "zwei"}, {"fr": "trois"}], key=str
    )
    assert load_corpus("mine", tmp_path, "val") == [{"fr": "quatre"}]
    assert load_corpus("mine", tmp_path, "test") == []


def test_wrong_names_are_answered_with_what_exists(tmp_path):
    with pytest.raises(VaegenError, match=r"no corpus 'wmt'.*multi30k, multi30k-captions, multi30k-documents, tatoeba"):
        load_corpus("wmt", tmp_path, "train")
    with pytest.raises(VaegenError, match=r"no split 'dev'.*train, val, test"):
        load_corpus("tatoeba", tmp_path, "dev")
    with pytest.raises(VaegenError, match="has no training text"):
        read_folder(tmp_path, "train")


# The Hub


def hub_folder(folder, suffix):
    lines = [json.dumps(record, ensure_ascii=False) for record in RECORDS]
    write(folder / "data" / f"train-00000-of-00002.jsonl{suffix}", lines[:2])
    write(folder / "data" / f"train-00001-of-00002.jsonl{suffix}", lines[2:])
    write(folder / "data" / f"validation.jsonl{suffix}", lines[:1])
    write(folder / "README.md", ["a data card that speaks of train"])
    return folder


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_json_lines_of_a_local_data_set(tmp_path, suffix):
    folder = hub_folder(tmp_path / "train and other words", suffix)
    assert read_hub(str(folder), "train", FIELDS) == GROUPS
    assert read_hub(str(folder), "validation", FIELDS) == GROUPS[:1]


def test_csv_tsv_and_parquet(tmp_path):
    write(tmp_path / "csv" / "train.csv", ["de,en", '"Hallo, Welt","She said ""hi""."', '"zwei\nZeilen",two'])
    assert read_hub(str(tmp_path / "csv"), "train", {"en": "en", "de": "de"}) == [
        {"en": 'She said "hi".', "de": "Hallo, Welt"},
        {"en": "two", "de": "zwei\nZeilen"},
    ]
    write(tmp_path / "tsv" / "train" / "0.tsv.gz", ["en\tde", "one\teins"])
    assert read_hub(str(tmp_path / "tsv"), "train", {"de": "de"}) == [{"de": "eins"}]
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "parquet").mkdir()
    parquet.write_table(arrow.Table.from_pylist(RECORDS), tmp_path / "parquet" / "train-0.parquet")
    assert read_hub(str(tmp_path / "parquet"), "train", FIELDS) == GROUPS


def test_parquet_without_its_library_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(VaegenError, match="pip install pyarrow"):
        read_hub(str(tmp_path), "train", FIELDS)


@pytest.mark.parametrize(
    ("line", "fields", "message"),
    [
        ('{"en": "a"}', {"de": "de"}, "train.jsonl, record 1 has no column 'de'; it has en"),
        ('{"en": "a"}', {"en": "translation.en"}, "no column 'translation.en'; it has en"),
        ('{"en": "a"}', {"en": "en.text"}, "no column 'en.text'; it has str"),
        ('{"en": 7}', {"en": "en"}, "column 'en' holds int, but text"),
        ('{"en": ', {"en": "en"}, "train.jsonl:1 is not a JSON object"),
    ],
)
def test_wrong_records_are_named(tmp_path, line, fields, message):
    write(tmp_path / "train.jsonl", [line])
    with pytest.raises(VaegenError, match=message):
        read_hub(str(tmp_path), "train", fields)


def test_missing_text_is_empty_and_a_missing_split_is_told(tmp_path):
    write(tmp_path / "train.jsonl", ['{"en": null}'])
    assert read_hub(str(tmp_path), "train", {"en": "en"}) == [{"en": ""}]
    with pytest.raises(VaegenError, match=r"no file of the split 'test'; it has train.jsonl"):
        read_hub(str(tmp_path), "test", {"en": "en"})


def test_the_cache_is_enough_without_network(tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    stored = tmp_path / "cache" / "datasets--someone--captions"
    hub_folder(stored / "snapshots" / ("0" * 40), "")
    write(stored / "refs" / "main", ["0" * 40], end="")
    assert read_hub("someone/captions", "train", FIELDS, tmp_path / "cache") == GROUPS
    with pytest.raises(VaegenError, match="'someone/else' is neither a folder here nor could it be fetched"):
        read_hub("someone/else", "train", FIELDS, tmp_path / "cache")
    with pytest.raises(VaegenError, match="'no such folder!' is neither a folder"):
        read_hub("no such folder!", "train", FIELDS, tmp_path / "cache")


def test_the_command_makes_a_folder_that_training_reads(tmp_path, capsys):
    source = str(hub_folder(tmp_path / "source", ".gz"))
    fields = ",".join(f"{language}={column}" for language, column in FIELDS.items())
    arguments = [source, "--fields", fields, "--out", str(tmp_path / "data" / "own")]
    assert corpus.main([*arguments, "--splits", "train=train,val=validation"]) == 0
    assert "train with 3 lines" in capsys.readouterr().out
    assert load_corpus("own", tmp_path / "data", "train") == GROUPS
    assert load_corpus("own", tmp_path / "data", "val") == GROUPS[:1]
    assert corpus.main([*arguments, "--splits", "dev=validation"]) == 2
    assert "names dev" in capsys.readouterr().err
    assert corpus.main([source, "--fields", "en", "--out", str(tmp_path)]) == 2
    assert "name=name" in capsys.readouterr().err


def test_a_damaged_parquet_file_and_half_a_character(tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "test.parquet").write_bytes(b"junk")
    with pytest.raises(VaegenError, match=r"test\.parquet cannot be read"):
        read_hub(str(tmp_path), "test", {"en": "en"})
    (tmp_path / "train.jsonl").write_text('{"en": "a \\ud800 b"}\n')
    assert read_hub(str(tmp_path), "train", {"en": "en"}) == [{"en": "a ? b"}]


def test_own_files_can_have_tasks(tmp_path):
    (tmp_path / "train.en").write_text("a long text\n", encoding="utf-8")
    (tmp_path / "train.en.short").write_text("a text\n", encoding="utf-8")
    (tmp_path / "en-en.reply.train.tsv").write_text("hello\thi\n", encoding="utf-8")
    assert read_folder(tmp_path, "train") == [{"en": "hello", "en.reply": "hi"}, {"en": "a long text", "en.short": "a text"}]


OTHER_NAMES = ["train.txt", "train.EN", "train.pt-br", "en-en.train.tsv", "en_de.train.tsv", "en-de.train.csv"]


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_own_files_with_other_names_are_not_passed_over(tmp_path, name):
    (tmp_path / "en.train.txt").write_text("a text\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("notes", encoding="utf-8")
    assert len(read_folder(tmp_path, "train")) == 1
    (tmp_path / name).write_text("a\tb\n", encoding="utf-8")
    with pytest.raises(VaegenError, match="is not named as text is"):
        read_folder(tmp_path, "train")
