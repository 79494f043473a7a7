"""The tokenizer keeps every text, cleaning counts what it does, and languages are told apart."""

import copy
import json
import pickle
import random
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vaegen.commands import tokenizer as tokenizer_command
from vaegen.errors import VaegenError
from vaegen.text.cleaning import check_text, clean
from vaegen.text.tokenizer import Tokenizer, detect_language

LANGUAGES = ("en", "de", "fr", "cs")
SENTENCES = [
    "A small dog runs over the green meadow and barks at a red ball.",
    "Ein kleiner Hund läuft über die grüne Wiese und bellt einen roten Ball an.",
    "Un petit chien court sur le pré vert et aboie après un ballon rouge.",
    "Malý pes běží přes zelenou louku a štěká na červený míč.",
    "Two women are drinking tea in front of the old station.",
    "Zwei Frauen trinken Tee vor dem alten Bahnhof.",
    "Deux femmes boivent du thé devant l'ancienne gare.",
    "Dvě ženy pijí čaj před starým nádražím.",
]
ASSIGNED = st.characters(exclude_categories=("Cs", "Cn"), exclude_characters="\u2581")
TEXT = st.text(ASSIGNED, max_size=40)


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.train(SENTENCES * 3, 600, LANGUAGES)


# Tokenizer


@settings(max_examples=400, deadline=None)
@given(TEXT)
@example("  leading, double  and trailing spaces  ")
@example("👩‍🚒 שלום 你好 ไทย नमस्ते")
@example("tab\tnewline\nreturn\r and NUL \x00")
@example("e\u0301 is one letter, \ufb01 a ligature, \ufffd a replacement")
@example("</s> <pad> <mask> <en> <0x41> <0xE2>")
def test_any_text_comes_back_in_nfc(tokenizer, text):
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == unicodedata.normalize("NFC", text)
    assert "".join(tokenizer.pieces(ids)) == (" " + tokenizer.decode(ids) if text else "")
    assert all(index >= 7 for index in ids)  # no special id


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 599), max_size=20))
def test_pieces_of_any_ids_join_to_what_decode_gives(tokenizer, ids):
    ids = [index % tokenizer.vocab_size for index in ids]
    pieces = tokenizer.pieces(ids)
    assert len(pieces) == len(ids)
    assert "".join(pieces).removeprefix(" ") == tokenizer.decode(ids)


def test_vocabulary_has_the_promised_order_and_size(tokenizer):
    assert (tokenizer.pad_id, tokenizer.eos_id, tokenizer.mask_id) == (0, 1, 2)
    assert tokenizer.language_ids == {"en": 3, "de": 4, "fr": 5, "cs": 6}
    assert tokenizer.languages == LANGUAGES
    assert 7 + 256 < tokenizer.vocab_size <= 600
    assert max(max(ids) for ids in tokenizer.encode_batch(SENTENCES)) < tokenizer.vocab_size
    with pytest.raises(VaegenError, match=r"'xx'.*en, de, fr, cs"):
        tokenizer.language_id("xx")


def test_training_learns_whole_words(tokenizer):
    assert tokenizer.pieces(tokenizer.encode("Ein kleiner Hund.")) == [" Ein", " kleiner", " Hund", "."]
    assert len(tokenizer.encode("Hund")) < len(tokenizer.encode("dnuH"))


def test_training_twice_gives_the_same_tokenizer(tokenizer, tmp_path):
    for name, trained in (("a", tokenizer), ("b", Tokenizer.train(SENTENCES * 3, 600, LANGUAGES))):
        trained.save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_characters_seen_once_become_bytes():
    trained = Tokenizer.train(["ab ab ab ☃", "ab ☂ ☂"], 300, ("en",))
    assert len(trained.encode("☂")) == 1 and len(trained.encode("☃")) == 1 + 3  # the space, then three bytes


def test_unseen_characters_appear_with_their_last_byte(tokenizer):
    ids = tokenizer.encode("€")
    assert tokenizer.pieces(ids) == [" ", "", "", "€"]
    assert tokenizer.decode(ids[:-1]) == "\ufffd\ufffd"
    assert tokenizer.pieces(ids[:-1]) == [" ", "\ufffd", "\ufffd"]


def test_special_ids_are_skipped_in_decoding(tokenizer):
    ids = tokenizer.encode("Two women")
    assert tokenizer.decode([4, *ids, 1, 0, 0]) == "Two women"
    assert tokenizer.pieces([4, *ids, 1]) == ["", *tokenizer.pieces(ids), ""]


def test_lone_surrogates_do_not_stop_anything(tokenizer):
    assert tokenizer.decode(tokenizer.encode("a \ud800 b")) == "a ? b"


def test_batches_equal_single_texts(tokenizer):
    texts = [*SENTENCES, "", " ", "😀 \u202e", "x" * 3000]
    ids = tokenizer.encode_batch(texts)
    assert ids == [tokenizer.encode(text) for text in texts]
    assert tokenizer.decode_batch(ids) == texts
    assert tokenizer.encode_batch([]) == [] and tokenizer.decode_batch([]) == []


@pytest.mark.parametrize(
    "renew", [lambda t: pickle.loads(pickle.dumps(t)), copy.deepcopy], ids=["pickle", "deepcopy"]
)
def test_copies_still_read_typed_tags_as_text(tokenizer, renew):
    assert renew(tokenizer).encode("</s> <de>") == tokenizer.encode("</s> <de>")


def test_saved_tokenizer_is_the_same(tokenizer, tmp_path):
    tokenizer.save(tmp_path / "new folder" / "tokenizer.json")
    loaded = Tokenizer.load(tmp_path / "new folder" / "tokenizer.json")
    assert loaded.language_ids == tokenizer.language_ids and loaded.vocab_size == tokenizer.vocab_size
    for text in [*SENTENCES, "</s> <0x41> 🙂"]:
        assert loaded.encode(text) == tokenizer.encode(text)


def test_transformers_reads_the_file(tokenizer, tmp_path):
    from transformers import PreTrainedTokenizerFast

    tokenizer.save(tmp_path / "tokenizer.json")
    other = PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    assert len(other) == tokenizer.vocab_size
    for text in [*SENTENCES, "  two  spaces ", "<0x41> 你好 👩‍🚒"]:
        ids = other(text)["input_ids"]
        assert ids == [*tokenizer.encode(text), tokenizer.eos_id]
        assert other.decode([3, *ids], skip_special_tokens=True) == text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no tokenizer at"),
        ("", "not a readable"),
        ("{}", "not a readable"),
        (
            '{"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}',
            "not one of vaegen's",
        ),
    ],
)
def test_broken_files_are_named(tmp_path, content, message):
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(VaegenError, match=message) as caught:
        Tokenizer.load(path)
    assert str(path) in str(caught.value)


def test_a_cut_file_is_named(tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(VaegenError, match="not a readable"):
        Tokenizer.load(path)


def test_a_vocabulary_without_room_is_refused():
    with pytest.raises(VaegenError, match=r"vocab_size is 200.*263"):
        Tokenizer.train(SENTENCES, 200, LANGUAGES)


# What a person types


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("", ""),
        (" \t\n\u00a0\u3000 ", ""),
        ("\x00\x07\u202e\u200b\ufeff\ud800", ""),
        ("\u200d", ""),
        ("one\r\ntwo\n\nthree", "one two three"),
        ("nul\x00l, bell\x07, right-to-left\u202e override", "null, bell, right-to-left override"),
        ("cafe\u0301", "caf\u00e9"),
        ("e\u200b\u0301", "\u00e9"),
        ("👩\u200d🚒 <b>&amp;</b> **x** שלום", "👩\u200d🚒 <b>&amp;</b> **x** שלום"),
    ],
)
def test_check_text(typed, text):
    assert check_text(typed) == text


@given(st.text(max_size=60))
def test_checked_text_stays_as_it_is(text):
    once = check_text(text)
    assert check_text(once) == once
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in once)


def test_check_text_tells_the_length():
    assert check_text("x" * 50 + " " * 100, 50) == "x" * 50
    with pytest.raises(VaegenError, match="1,200 characters; at most 1,000"):
        check_text("x" * 1200, 1000)


# Cleaning a corpus


def test_clean_repairs_and_counts():
    groups, report = clean([{"en": "A\u00a0 dog\x07", "de": "ein Hu\u0308gel"}, {"en": "fine", "de": "gut"}])
    assert groups == [{"en": "A dog", "de": "ein H\u00fcgel"}, {"en": "fine", "de": "gut"}]
    assert report.changed == {"control characters": 1, "white space": 1, "Unicode form (NFC)": 1}
    assert report.dropped == {} and report.n_kept == 4


def test_clean_drops_sentences_and_groups_for_named_reasons():
    raw = [
        {"en": "Keep this one.", "de": "Behalte das."},
        {"en": "No German.", "de": " \x00 "},
        {"en": "", "de": ""},
        {"en": "Short." * 20, "de": "Kurz."},
        {"en": "Go!", "de": "Gehen Sie!"},
        {"en": "In the test set.", "de": "Etwas anderes."},
        {"en": "Unter den Linden", "de": "Etwas Neues"},
        {"en": "Keep  this one.", "de": "Behalte das."},
        {"en": "Keep this one."},
        {"en": "w" * 500, "de": "w" * 501},
    ]
    held_out = [{"en": "In the  test set.", "de": ""}, {"de": "Unter den Linden"}]
    groups, report = clean(raw, held_out=held_out, max_characters=500)
    assert groups == [
        {"en": "Keep this one.", "de": "Behalte das."},
        {"en": "No German."},
        {"en": "Go!", "de": "Gehen Sie!"},
        {"en": "Unter den Linden", "de": "Etwas Neues"},  # held out in German only
        {"en": "Keep this one."},
        {"en": "w" * 500},
    ]
    assert report.dropped == {"empty": 3, "length ratio": 2, "held out": 2, "duplicate": 2, "too long": 1}
    assert (report.n_groups_read, report.n_groups_kept) == (10, 6)


@given(st.lists(st.dictionaries(st.sampled_from(LANGUAGES), st.text(max_size=30), min_size=1), max_size=12))
def test_every_sentence_is_kept_or_dropped_for_a_reason(raw):
    groups, report = clean(raw, held_out=raw[:1], max_characters=20, max_ratio=1.5)
    assert report.n_read == sum(map(len, raw))
    assert report.n_kept == sum(map(len, groups)) == report.n_read - sum(report.dropped.values())
    again, second = clean(groups, max_characters=20, max_ratio=1.5)
    assert again == groups and not second.changed and not second.dropped


def test_stop_words_go_only_where_asked():
    raw = [{"en": "The dog and the CAT", "de": "the Hund"}, {"en": "and the"}]
    assert clean(raw)[0] == raw
    groups, report = clean(raw, stop_words={"en": {"the", "and", "cat"}})
    assert groups == [{"en": "dog", "de": "the Hund"}]
    assert report.changed["stop words"] == 2 and report.dropped == {"empty": 1}


def test_the_report_is_a_table():
    _, report = clean([{"en": "a b", "de": "c\td"}] * 2 + [{"en": ""}] * 1200)
    assert str(report).splitlines() == [
        "cleaning, in sentences",
        "  read         1,204  in 1,202 groups",
        "  changed          2  white space",
        "  dropped      1,200  empty",
        "  dropped          2  duplicate",
        "  kept             2  in 1 groups",
    ]


# Languages


@pytest.mark.parametrize(("language", "index"), [(language, i) for i, language in enumerate(LANGUAGES * 2)])
def test_sentences_are_recognised(language, index):
    assert detect_language(SENTENCES[index], LANGUAGES) == language
    assert detect_language(SENTENCES[index].upper(), LANGUAGES) == language


@pytest.mark.parametrize("text", ["", " ", "😀", "1234", "?!"])
def test_without_evidence_it_is_the_first_language(text):
    assert detect_language(text, ("de", "en")) == "de"
    assert detect_language(text, LANGUAGES) == "en"


def test_only_the_given_languages_are_answered():
    assert detect_language("Les enfants jouent dans la cour.", ("cs", "de")) in ("cs", "de")
    assert detect_language("whatever", ("xx",)) == "xx"


# The command


def test_the_command_trains_saves_and_measures(tmp_path, capsys):
    folder = tmp_path / "data" / "mine"
    folder.mkdir(parents=True)
    rng = random.Random(0)
    for language, sentences in zip(LANGUAGES, (SENTENCES[i::4] for i in range(4)), strict=True):
        words = sorted({word for sentence in sentences for word in sentence.split()})
        lines = [" ".join(rng.sample(words, 5)) for _ in range(60)]
        (folder / f"{language}.train.txt").write_text("\n".join(lines[:40]), encoding="utf-8")
        (folder / f"{language}.val.txt").write_text("\n".join(["☃ snow", *lines[30:]]), encoding="utf-8")
    out = tmp_path / "tokenizer.json"
    command = [
        "--data",
        str(tmp_path / "data"),
        "--corpora",
        "mine",
        "--out",
        str(out),
        "--vocab-size",
        "420",
    ]
    assert tokenizer_command.main(command) == 0
    printed = capsys.readouterr().out
    assert "40  held out" in printed and "120  in 120 groups" in printed  # lines 30 to 39 of each language
    rows = {line.split()[0]: line.split()[1:] for line in printed.splitlines()[-4:]}
    assert set(rows) == set(LANGUAGES)
    assert all(1.0 < float(per_word) < 3.0 and share == "3.23%" for _, per_word, share in rows.values())
    assert Tokenizer.load(out).vocab_size <= 420
    assert json.loads(out.read_text(encoding="utf-8"))["model"]["byte_fallback"] is True


def test_the_command_simplifies_chinese_and_measures_on_the_training_text_if_there_is_no_other(tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "zh.train.txt").write_text("一只狗跑回家\n一隻貓跑回家\n狗跑回家\n貓跑回家\n", encoding="utf-8")
    command = ["--data", str(tmp_path), "--corpora", "mine", "--languages", "zh", "--vocab-size", "300"]
    assert tokenizer_command.main([*command, "--out", str(tmp_path / "tokenizer.json")]) == 0
    header, row = capsys.readouterr().out.splitlines()[-2:]
    assert header.startswith("training ") and row.split()[0] == "zh" and row.split()[-1] == "0.00%"


def test_balance_gives_every_language_the_same_weight():
    balanced = tokenizer_command.balance({"en": list("abcde"), "cs": list("xy")})
    assert sorted(balanced) == sorted("abcdexyxyx")


def test_the_command_names_what_is_missing(tmp_path, capsys):
    command = ["--data", str(tmp_path), "--corpora", "none", "--out", str(tmp_path / "t.json")]
    assert tokenizer_command.main(command) == 2
    assert "There is no corpus 'none'" in capsys.readouterr().err
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / "en.train.txt").write_text("only English\n")
    assert (
        tokenizer_command.main(
            ["--data", str(tmp_path), "--corpora", "few", "--out", str(tmp_path / "t.json")]
        )
        == 2
    )
    assert "no text in de, fr, cs" in capsys.readouterr().err
