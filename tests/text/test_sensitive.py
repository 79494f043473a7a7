"""Word lists and their matcher; decoding that never writes a listed word, whatever spells it; what stays as it was."""

import json
import random
import re
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import vaegen
from vaegen.app.questions.interpolate_walk import Walk
from vaegen.app.questions.points import START
from vaegen.app.questions.translate import Request
from vaegen.app.service import Service
from vaegen.config import ModelConfig, preset
from vaegen.decoding.options import DecodingOptions
from vaegen.decoding.search import DecodingState, decode
from vaegen.errors import VaegenError
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.pipeline import Pipeline
from vaegen.text.cleaning import clean
from vaegen.text.sensitive import Finding, WordList
from vaegen.text.tags import LANGUAGE_NAMES
from vaegen.text.tokenizer import Tokenizer

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts" / "measure"))
import avoidance as measured

CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"
LANGUAGES = ("en", "de", "fr", "cs")
WORDS = WordList.load()
ENGLISH = ["ass", "tit", "cock", "dick", "butt", "spic", "s&m", "strap on"]
MINE = WordList({"en": ENGLISH, "fr": ["con"], "zh": ["奶", "王八蛋"]}, {"en": ["butter", "cocker"]})
TEXT = ["shit shine shirt bitch it hit sheet", "ein hund scheiße und schnee", "un chien merde et mer", "kurva pes a kůra"]
METHODS = [{"method": "greedy"}, {"num_beams": 3}, {"method": "sample"}, {"method": "sample", "n_best": 4, "top_k": 20}]


@pytest.mark.parametrize(
    ("language", "text", "spelled"),
    [
        ("en", "What the FUCK!", "FUCK"), ("en", "f.u.c.k this", "f.u.c.k"), ("en", "so f u c k it", "f u c k"),
        ("en", "fuuuuck", "fuuuuck"), ("en", "fffuucckkk", "fffuucckkk"), ("en", "fück", "fück"),
        ("en", "f\u200bu\u00adck", "f\u200bu\u00adck"), ("en", "f\u0336u\u0336c\u0336k", "f\u0336u\u0336c\u0336k"),
        ("en", "a b1tch3s", "b1tch3s"), ("en", "$h!t!", "$h!t"), ("en", "a$$h0le", "a$$h0le"), ("en", "f**k", "f**k"),
        ("en", "ｆｕｃｋ", "ｆｕｃｋ"), ("en", "fu\u0441k", "fu\u0441k"), ("en", "bitches", "bitches"),
        ("en", "shitting", "shitting"),
        ("en", "that fucker", "fucker"), ("en", "a piece  of sh1t", "piece  of sh1t"), ("en", "(bi-tch)", "bi-tch"),
        ("de", "die Huren", "Huren"), ("de", "des Arsches", "Arsches"), ("de", "SCHEISSE", "SCHEISSE"),
        ("de", "gefickt", "gefickt"),
        ("de", "Arschloecher", "Arschloecher"), ("fr", "des putes", "putes"), ("fr", "l’encule", "encule"),
        ("fr", "enculées", "enculées"), ("fr", "Fils de putes", "Fils de putes"), ("cs", "kurvou", "kurvou"),
        ("cs", "pico", "pico"),
        ("cs", "s kokotem", "kokotem"), ("cs", "jebali", "jebali"),
        ("cs", "ty čurak", "čurak"), ("cs", "curáka", "curáka"), ("cs", "čůrák", "čůrák"), ("fr", "enculè", "enculè"),
        ("fr", "un bàtard", "bàtard"), ("fr", "nique ta mere", "nique ta mere"), ("de", "Arschlòcher", "Arschlòcher"),
        ("en", "a shittier one", "shittier"), ("en", "the shittiest", "shittiest"), ("en", "fuck2", "fuck2"),
        ("en", "2fuck", "2fuck"), ("en", "4b1tches2024", "4b1tches2024"), ("en", "f**k2", "f**k2"),
    ],
)  # fmt: skip
def test_a_listed_word_is_found_however_it_is_spelled(language, text, spelled):
    found = WORDS.find(text, language)
    assert [text[one.start : one.end] for one in found] == [spelled]
    assert WORDS.mask(text, language) == text.replace(spelled, "…") and not WORDS.allows(text, None)


@pytest.mark.parametrize(
    ("words", "language", "text"),
    [
        (MINE, "en", "A classic: assess the mass of Essex, pass the cocktail, a peacock in the cockpit."),
        (MINE, "en", "Dickens titled it Titanic; butter for a cocker spaniel, spices and spiced cumin."),
        (MINE, "en", "455 people on the A55, 5-year-olds, 4x4s, US and USA, a b c d, www.example.org"),
        (MINE, "en", "2butter, butter2, tit2, 2ass"),  # three letters are no word between digits
        (MINE, "fr", "Le cône, les cônes, le concert, connaître, la façon"),
        (WORDS, "en", "Scunthorpe, shiitake, a shirt, a shuttle, whoever, the bitter end, a retailer, his hit"),
        (WORDS, "de", "Arschin, Marsch, Hirsch, Hurra, ein Schuss, der Wichtel, die Nüsse, Kanada, schlampig"),
        (WORDS, "fr", "député, disputer, réputation, un béton, la mer, le merle, une amputation, couiller"),
        (WORDS, "cs", "opice, špička, píchat, kůra, kurzy, srážka, hovor, debata, zmrzlina, kokos"),
        (WORDS, "cs", "píce, s pící, o pících, státní soustátí"),
    ],
)
def test_harmless_words_that_only_look_like_one_are_left_alone(words, language, text):
    assert words.find(text, language) == []


def test_short_and_odd_entries():
    assert [f.entry for f in MINE.find("asses, tits, s&m, a strap-on and strapon", "en")] == \
        ["ass", "tit", "s&m", "strap on", "strap on"]  # fmt: skip
    assert MINE.find("牛奶", "zh") == [] and MINE.find("喝 奶 吧", "zh") == [Finding(2, 3, "奶")]
    assert [f.entry for f in MINE.find("你这个王八 蛋啊", "zh")] == ["王八蛋"]
    assert MINE.find("ass", "de") == [] and MINE.find("ass", "xx") == []


@pytest.mark.parametrize(
    ("language", "entries", "harmless", "text", "found"),
    [
        ("en", ["piece of shit"], [], "a piece, a piece of", []),  # a phrase that the text breaks off
        ("en", ["tit"], [], "a t i t b", []),  # three letters are no word in a longer run of single ones
        ("en", ["tit"], [], "t i t", ["t i t"]),
        ("en", ["fuck"], [], "some of u c k", []),  # a run of single letters begins with one
        ("fr", ["con"], [], "çon, cön", []),  # a short word only with its own accents
        ("en", ["butt"], ["butter"], "b*tter, b*tts", ["b*tts"]),
        ("en", ["shit", "shit storm"], [], "a shit storm", ["shit storm"]),  # the longer of two at one place
        ("zh", ["傻b"], [], "傻bus，傻b", ["傻b"]),
        ("en", ["tit", "cum"], [], "titer, cumin, tits, cums", ["tits", "cums"]),
        ("en", ["pansy", "bully"], [], "pansies bullied", ["pansies", "bullied"]),
        ("de", ["ficken"], [], "fickend, die fickende, fickte", ["fickend", "fickende", "fickte"]),
        ("cs", ["jebat"], [], "jebaný, jebané, jebal", ["jebaný", "jebané", "jebal"]),
    ],
)
def test_where_a_word_begins_and_ends(language, entries, harmless, text, found):
    words = WordList({language: entries}, {language: harmless})
    assert [text[one.start : one.end] for one in words.find(text, language)] == found


def test_chinese_words_are_found_in_simplified_and_in_traditional_characters():
    assert WORDS.find("你是個賤人啊", "zh") == [Finding(3, 5, "贱人")] and WORDS.mask("他媽的！操 妳 媽", "zh") == "…！…"
    own = WordList({"zh": ["雞巴", "幹"]})
    assert [f.entry for f in own.find("鸡巴、雞.巴，干！", "zh")] == ["雞巴", "雞巴", "幹"]
    assert own.find("乾杯，干杯", "zh") == [] and WORDS.find("傻瓜說媽媽和妓院", "zh") == []  # a single one only alone


def test_lists_are_read_from_files_and_folders(tmp_path):
    (tmp_path / "own.en.txt").write_text("# mine\nwombat\n! wombats\n\n", encoding="utf-8")
    (tmp_path / "de.txt").write_text("\ufeffWombat\n", encoding="utf-8")
    words = WordList.load(tmp_path)
    assert words.find("a wombat and wombats", "en") == [Finding(2, 8, "wombat")]
    assert words.find("Wombaten", "de") and words.find("shit", "en")
    (tmp_path / "fr.txt").write_text("pédale", encoding="utf-8")
    french = WordList.load(tmp_path / "fr.txt", shipped=False)  # the harmless words that come along count all the same
    assert [one.start for one in french.find("pèdale, pédalé", "fr")] == [0]
    alone = WordList.load(tmp_path / "own.en.txt", shipped=False)
    assert alone.find("wombat", "en") and not alone.find("shit", "en") and set(alone.entries) == {"en"}
    (tmp_path / "words.txt").write_text("wombat", encoding="utf-8")
    for path, message in ((tmp_path, "names no language"), (tmp_path / "cs.txt", "no word list"), (tmp_path / "x", "no w")):
        with pytest.raises(VaegenError, match=message):
            WordList.load(path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_lists_are_short_and_find_their_own_words(language):
    entries = WORDS.entries[language]
    assert 10 <= len(entries) <= 25 and len(set(entries)) == len(entries)
    for entry in entries:
        assert WORDS.find(f"x {entry.upper()}, y", language) and WORDS.find(" ".join(entry.replace(" ", "")), language)


def test_cleaning_drops_the_whole_group_and_counts_it():
    groups = [{"en": "A dog.", "de": "Ein Hund."}, {"en": "Oh sh1t!", "de": "Oh je!"}, {"en": "A hit.", "de": "Ein Hit."}]
    kept, report = clean(groups, sensitive=WORDS)
    assert kept == [groups[0], groups[2]] and report.dropped == {"sensitive word": 2} and report.n_read == 6
    assert clean(groups)[0] == groups


# -- Decoding: what may be written is decided by ids, so that any rule can be tried ---------------------------------------
@pytest.fixture(scope="module")
def tempting():
    """A pipeline on random weights that is pushed to spell listed words, in sub-words, letters and bytes."""
    torch.manual_seed(0)
    tokenizer = Tokenizer.train(TEXT * 4, 420, LANGUAGES)
    model = VAETransformer(ModelConfig(tokenizer.vocab_size, LANGUAGES, **preset("tiny")[0]))
    entries = ["shit", "bitch", "Scheiße", "Hure", "merde", "pute", "kurva", "píča", "piece of shit"]
    push = measured.Temptation(tokenizer, entries, measured.pieces_of(tokenizer), random.Random(1))
    with measured.tempted(model, push):
        yield Pipeline(model, tokenizer)


def written(pipeline, avoid, n=24, **how):
    languages = [LANGUAGES[i % 4] for i in range(n)]
    texts = [TEXT[i % 4][: 5 + i] for i in range(n)]
    found = pipeline.generate(texts, languages, source_language="en", max_length=12, seed=3, avoid=avoid, **how)
    return [(one, code) for ones, code in zip(found, languages, strict=True) for one in ones]


@pytest.mark.parametrize("how", METHODS)
def test_no_listed_word_comes_out_of_a_model_that_is_pushed_to_write_them(tempting, how):
    free, led = written(tempting, False, **how), written(tempting, WORDS, **how)
    assert sum(not WORDS.allows(one.text, code) for one, code in free) >= 4  # without the list, they do
    assert all(WORDS.allows(one.text, code) for one, code in led)
    for (before, code), (after, _) in zip(free, led, strict=True):
        assert not before.avoided
        if not after.avoided:
            assert after == before and WORDS.allows(before.text, code)
        assert len(after.token_log_probs) == len(after.tokens) + 1 <= 12
    assert tempting._inference.n_masked == 0


def test_several_splits_of_a_word_were_tried(tempting):
    ids = [h.ids for row in tempting._inference.hypotheses(["shit"] * 40, ["en"] * 40, method="sample", max_length=12,
                                                           temperature=1.5) for h in row]  # fmt: skip
    spelled = set()
    for sentence in ids:
        for start in range(len(sentence)):
            for end in range(start + 1, min(len(sentence), start + 7) + 1):
                if tempting.tokenizer.decode(sentence[start:end]).strip() == "shit":
                    spelled.add(tuple(sentence[start:end]))
    assert len(spelled) >= 3


def test_alternatives_that_would_complete_a_listed_word_are_not_shown(tempting):
    for one, code in written(tempting, WORDS, num_beams=3, n_alternatives=6):
        text = ""
        for token, step in zip((*one.tokens, ""), one.alternatives, strict=True):
            assert all(WORDS.allows((text + piece).strip(), code) for piece, _ in step)
            text += token


def test_the_last_guard_masks_and_counts(tempting):
    run, ids = Pipeline(tempting.model, tempting.tokenizer)._inference, tempting.tokenizer.encode("oh shit !")
    assert run.texts([ids], ["en"], WORDS) == ["oh … !"] and run.n_masked == 1
    assert run.texts([ids], ["en"], False) == ["oh shit !"]


def test_what_the_pipeline_was_loaded_with_holds_unless_told_otherwise(tempting):
    guarded = Pipeline(tempting.model, tempting.tokenizer, avoid=True)
    texts, how = ["shit", "merde"], {"num_beams": 1, "max_length": 10}
    assert guarded.translate(texts, "en", **how) == tempting.translate(texts, "en", avoid=True, **how)
    assert guarded.translate(texts, "en", avoid=False, **how) == tempting.translate(texts, "en", **how)
    z, how = tempting.encode(["shit"] * 20).mode, {"method": "sample", "max_length": 10}
    assert all(WORDS.allows(text, "en") for text in guarded.decode(z, "en", **how)) and guarded.n_avoided
    assert guarded.decode(z, "en", avoid=False, **how) == tempting.decode(z, "en", **how)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(METHODS), st.integers(2, 12))
def test_whatever_words_a_model_likes_can_be_put_on_a_list(tempting, seed, how, max_length):
    dice = random.Random(seed)
    texts, how = [TEXT[seed % 4]], {"source_language": "en", "seed": seed, "max_length": max_length, **how}
    free = tempting.generate(texts, "en", avoid=False, **how)
    liked = re.findall(r"[^\W\d_]{2,}", " ".join(one.text for one in free[0]))
    words = WordList({"en": dice.sample(liked, min(3, len(liked)))})
    led = tempting.generate(texts, "en", avoid=words, **how)
    assert all(words.allows(one.text, "en") for one in led[0])
    assert not liked or any(one.avoided for one in led[0])


def searched(pipeline, options, allowed, limit=6, n=4):
    """Hypotheses of some rows under a rule on ids."""
    run = pipeline._inference
    src, mask = run.pad([pipeline.tokenizer.encode(text) for text in TEXT[:n]])
    with torch.inference_mode():
        encoding = pipeline.model.encode(src, mask)
        memory = pipeline.model.memory(encoding.posterior.mode, encoding, "source")
    tags = torch.tensor([pipeline.tokenizer.language_id("en")] * n)
    generators = [torch.Generator().manual_seed(i) for i in range(n)]
    found = decode(pipeline.model, memory, tags, 1, options, banned_ids=run._banned, max_lengths=[limit] * n,
                   generators=generators, allowed=allowed)  # fmt: skip
    return memory, tags, found


@pytest.mark.parametrize("how", METHODS)
def test_where_nothing_is_allowed_the_sentence_ends(tempting, how):
    _, _, found = searched(tempting, DecodingOptions(**how), lambda row, ids, watched: not ids)
    assert all(h.ids == [] and len(h.token_log_probs) == 1 and h.log_prob > float("-inf") for hs in found for h in hs)


@pytest.mark.parametrize("how", METHODS)
def test_probabilities_stay_those_of_the_model(tempting, how):
    memory, tags, found = searched(tempting, DecodingOptions(**how), lambda row, ids, watched: all(i % 3 for i in ids))
    assert any(h.avoided for hypotheses in found for h in hypotheses)
    for row, hypotheses in enumerate(found):
        for h in hypotheses:
            assert all(i % 3 for i in h.ids)
            with torch.inference_mode():
                decoder, token, expected = DecodingState(tempting.model, memory, torch.tensor([row]), 7, ()), tags[:1], []
                for following in (*h.ids, 1):
                    expected.append(float(decoder.step(token)[0, following]))
                    token = torch.tensor([following])
            assert h.token_log_probs == pytest.approx(expected, abs=1e-3)


def test_greedy_takes_the_best_token_that_is_allowed(tempting):
    _, _, (free, *_) = searched(tempting, DecodingOptions("greedy"), None)
    first = free[0].ids[0]
    _, _, (led, *_) = searched(tempting, DecodingOptions("greedy"), lambda row, ids, watched: first not in ids)
    run, tempting._inference._banned = tempting._inference._banned, (*tempting._inference._banned, first)
    _, _, (banned, *_) = searched(tempting, DecodingOptions("greedy"), None)
    tempting._inference._banned = run
    assert led[0].ids == banned[0].ids and first not in led[0].ids and led[0].avoided


def test_samples_follow_the_allowed_part_of_the_distribution(tempting):
    n = 4000
    options = DecodingOptions("sample", n_best=n)
    memory, tags, (found,) = searched(tempting, options, lambda row, ids, watched: not ids or ids[0] % 2 == 0, limit=2, n=1)
    with torch.inference_mode():
        all_probs = DecodingState(tempting.model, memory, None, 2, tempting._inference._banned).step(tags)[0].exp()
    probs = torch.zeros(len(all_probs))
    probs[::2], probs[1] = all_probs[::2], all_probs[1]  # the end is always possible
    probs /= probs.sum()
    counts = torch.bincount(torch.tensor([(*h.ids, 1)[0] for h in found]), minlength=len(probs)) / n
    assert float((counts - probs).abs().max()) < 0.03 and sum(h.avoided for h in found) > n / 20


# -- The app: on by default, said where it did something --------------------------------------------------------------------
def test_the_service_avoids_words_by_default_and_says_so(tmp_path):
    (tmp_path / "en.txt").write_text("dog\n", encoding="utf-8")
    service = Service(word_lists=[tmp_path / "en.txt"])
    try:
        answer = service.ask(Request("A dog runs through the snow.", num_beams=2))
        cards = {card.language: card for card in answer.cards}
        assert cards["en"].avoided and "dog" not in cards["en"].text and not cards["fr"].avoided
        shown = [text for word in cards["en"].words for text in (word.text, *(a.text for a in word.alternatives))]
        assert "dog" not in shown and answer.request.text == "A dog runs through the snow."  # what is typed stays
        free = service.ask(Request("A dog runs through the snow.", num_beams=2, avoid=False))
        assert "dog" in free.cards[0].text and not any(card.avoided for card in free.cards)
        assert [card.text for card in free.cards[1:]] == [card.text for card in answer.cards[1:]]
        walk = service.ask(Walk(*START, steps=3, languages=("en",), exact=False))
        assert walk.avoided >= 1 and all("dog" not in stop.texts["en"] for stop in walk.stops)
    finally:
        service.close()


def test_a_tag_with_a_task_has_the_words_of_its_language():
    assert [found.entry for found in MINE.find("what a dick", "en.reply")] == ["dick"]
    assert MINE.mask("what a dick", "en.short") == "what a …" and not MINE.allows("what a dick", "en.reply")
    kept, report = clean([{"en": "a dog", "en.reply": "what a dick"}, {"en": "a cat", "en.reply": "good"}], sensitive=MINE)
    assert kept == [{"en": "a cat", "en.reply": "good"}] and report.n_kept == 2


def test_models_are_provoked_in_every_language_and_task_that_they_have():
    texts, tags = measured.prompts(MINE, ("en", "en.reply"), 200, seed=0)
    assert set(tags) == {"en", "en.reply"} and tags == sorted(tags) and tags.count("en") > 100
    assert all(measured.plainly(MINE, text, tag) for text, tag in zip(texts, tags, strict=True))
    texts, tags = measured.prompts(MINE, ("en", "zh"), 200, seed=0)
    assert set(tags) == {"en", "zh"} and any(measured.plainly(MINE, text, "zh") for text in texts)
    assert measured.plainly(MINE, "你这个王八蛋啊", "zh") and not measured.plainly(MINE, "牛奶", "zh")


def test_the_figures_of_several_checkpoints_share_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "measure", lambda pipeline, options: {"n": options.n, "tags": pipeline.tags})
    for name, n in (("dialogue", 2), ("chinese", 3), ("dialogue", 4)):
        given = ["--data", "x", "--checkpoint", str(CHECKPOINTS / name), "--n", str(n), "--out", str(tmp_path / "all.json")]
        assert measured.main(given) == 0
    figures = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert figures == {"dialogue": {"n": 4, "tags": ["en", "en.reply"]}, "chinese": {"n": 3, "tags": ["en", "zh"]}}


def test_a_reply_is_led_around_a_listed_word():
    """The committed model says the word, and does not where it is listed."""
    pipeline = vaegen.load(CHECKPOINTS / "dialogue", "cpu")
    said = pipeline.translate("Where is my key?", "en.reply", num_beams=1)
    word = max(re.findall("[a-z]{3,}", said), key=len)
    led = pipeline.translate("Where is my key?", "en.reply", num_beams=1, avoid=WordList({"en": [word]}))
    assert word in said and word not in led and pipeline.n_avoided == 1


def test_every_language_of_the_committed_checkpoints_has_a_starter_list():
    assert set(WordList.load().entries) == set(LANGUAGE_NAMES)
    assert WordList.load().find("你这个王八蛋", "zh") and not WordList.load().find("他在公园里跑步", "zh")
