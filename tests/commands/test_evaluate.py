"""`vaegen evaluate` on checkpoints for tasks, with Chinese, without a latent: what it measures and what it refuses."""

import gzip
import json
import shutil

import pytest
import torch
from tagged import save_tagged

from vaegen.commands import evaluate
from vaegen.config import ModelConfig, preset
from vaegen.evaluation import checkpoint as measured_checkpoint
from vaegen.model.checkpoint import save_checkpoint
from vaegen.model.vae_transformer import VAETransformer
from vaegen.text.tokenizer import Tokenizer

PAIRS = [("A dog runs home.", "一隻狗跑回家。"), ("Two men sing.", "两个男人唱歌。"), ("A girl reads.", "一个女孩在看书。")]
GERMAN = ["Ein Hund rennt heim.", "Zwei Männer singen.", "Ein Mädchen liest."]
SMALL = ["--num-beams", "1", "--limit", "2", "--latent-sentences", "2", "--latent-draws", "2", "--device", "cpu"]


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    return save_tagged(tmp_path_factory.mktemp("tagged"))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Small test sets: Chinese twice, five replies to one context, captions of a single image, and a corpus "own"."""
    folder = tmp_path_factory.mktemp("data")

    def write(name, lines):
        (folder / name).parent.mkdir(exist_ok=True)
        with gzip.open(folder / name, "wt", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)

    for name in ("tatoeba", "flickr8k-zh"):
        write(f"{name}/en-zh.test.tsv.gz", map("\t".join, PAIRS))
    for split in ("train", "test"):
        write(f"dialogue/dailydialogpp.{split}.tsv.gz", [f"Is it so?\tAnswer {i}." for i in range(5)])
        columns = zip(*PAIRS, strict=True)
        for language, lines in zip(("en", "zh", "de"), (*columns, GERMAN), strict=True):
            if language != "zh":
                write(f"own/{split}.{language}.gz", lines)
            if language != "de":
                write(f"own-zh/{split}.{language}.gz", lines)
    for language in ("en", "de", "fr", "cs"):
        write(f"multi30k/test_2016_flickr.{language}.gz", ["tested"])
    for i in range(1, 6):
        for language in ("en", "de"):
            write(f"multi30k-captions/val.{i}.{language}.gz", ["one caption"])
    return folder


def measured(folder):
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["evaluation"]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("summaries", ["--compare-as", "x"], "--compare-as x: the comparison is of translations"),
        ("dialogue", ["--compare-as", "x"], "is for replies; leave the option out"),
        ("chinese", ["--compare-as", "x"], "is for translations between English and Chinese"),
        ("summaries", ["--corpus", "own"], "no text in English with a summary"),
        ("summaries", ["--directions", "en-de"], "is for summaries, which have no directions; leave"),
        ("dialogue", ["--corpus", "own"], "no text in English with a reply"),
        ("dialogue", ["--directions", "en-en.reply"], "--directions en-en.reply"),
        ("chinese", ["--split", "val"], "There is no file"),
        ("summaries", [], "no text in English with a summary"),  # one image: its captions are for validation
    ],
)
def test_what_a_task_cannot_be_asked_is_one_sentence(checkpoints, data, capsys, name, arguments, message):
    before = measured(checkpoints / name)
    command = ["--checkpoint", str(checkpoints / name), "--data", str(data), "--device", "cpu", "--num-beams", "1"]
    assert evaluate.main([*command, *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("evaluate: ") and message in said and said.count("\n") == 1
    assert measured(checkpoints / name) == before


def test_nothing_is_compared_without_text(checkpoints, capsys):
    assert evaluate.main(["--checkpoint", str(checkpoints / "plain"), "--compare-as", "x"]) == 2
    assert "--compare-as x measures; give the folder" in capsys.readouterr().err
    assert not (checkpoints / "plain" / "README.md").exists()


def test_chinese_is_measured_on_its_test_sets_or_on_what_was_chosen(checkpoints, data):
    folder = checkpoints / "chinese"
    (folder / "metrics.json").write_text("{}", encoding="utf-8")  # those of the fixture are of another task
    command = ["--checkpoint", str(folder), "--out", str(folder), "--data", str(data), *SMALL]
    assert evaluate.main(command) == 0
    assert [row[:2] for row in measured(folder)["tasks"][0]["rows"]] == [
        ["tatoeba-zh, en-zh", 2], ["tatoeba-zh, zh-en", 2], ["flickr8k-zh, en-zh", 2], ["flickr8k-zh, zh-en", 2],
    ]  # fmt: skip
    assert evaluate.main([*command, "--corpus", "own-zh", "--directions", "zh-en"]) == 0
    assert "tasks" in measured(folder)  # what was measured before is still there
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["other_evaluations"]["own-zh test, beam 1"]
    assert found["split"] == "own-zh test" and list(found["translation"]) == ["zh-en"] and "tasks" not in found
    assert "--corpus own-zh --directions zh-en" in found["command"]


@pytest.fixture(scope="module")
def spanish(tmp_path_factory):
    """Untrained checkpoints of English and Spanish and of Spanish alone, and corpora with and without validation text."""
    folder = tmp_path_factory.mktemp("spanish")
    lines = {"en": ["A dog.", "A cat.", "A bird.", "A man.", "A child."]}
    lines["es"] = ["Un perro.", "Un gato.", "Un pájaro.", "Un hombre.", "Un niño."]
    for name, splits in (("own", ("train", "val", "test")), ("noval", ("train",))):
        (folder / name).mkdir()
        for split in splits:
            for code, texts in lines.items():
                (folder / name / f"{split}.{code}").write_text("\n".join(texts) + "\n", encoding="utf-8")
    torch.manual_seed(0)
    for name, tags in (("en-es", ("en", "es")), ("es", ("es",))):
        tokenizer = Tokenizer.train(lines["en"] + lines["es"], 400, tags)
        model = VAETransformer(ModelConfig(tokenizer.vocab_size, tags, **preset("tiny")[0]))
        save_checkpoint(folder / name, model, tokenizer, {"corpora": "own"})
    return folder


def test_the_latent_of_other_languages_is_measured_on_the_own_corpus(spanish, capsys):
    command = ["--latent", "--checkpoint", str(spanish / "en-es"), "--data", str(spanish), "--out", str(spanish / "en-es")]
    for _ in range(2):  # the second time it reads its own figures
        assert evaluate.main([*command, "--parts", "languages"]) == 0
    text = (spanish / "en-es" / "REPORT.md").read_text(encoding="utf-8")
    assert "## One meaning, two languages" in text and "| from, to; by cosine alone | en | es |" in text
    capsys.readouterr()


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("es", ["--parts", "rates"], "The part rates needs a checkpoint of English and another language; leave it out."),
        ("en-es", ["--parts", "probes"], "The part probes needs the corpus multi30k"),
        ("es", ["--parts", "probes", "--corpus", "multi30k"], "The part probes needs a checkpoint of English"),
        ("es", ["--parts", "factors"], "The part factors needs a checkpoint of English; leave it out."),
        ("es", ["--parts", "languages"], "The part languages needs two languages"),
        ("en-es", ["--parts", "languages", "--corpus", "noval"], "needs 4 or more val groups with en, es, but noval has 0"),
    ],
)
def test_a_part_that_cannot_be_measured_says_what_it_needs(spanish, capsys, name, arguments, message):
    assert evaluate.main(["--latent", "--checkpoint", str(spanish / name), "--data", str(spanish), *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("evaluate: ") and message in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "tag", "shown"),
    [("dialogue", "en.reply", "BLEU, 1 reference"), ("summaries", "de.short", "German: from a text to its shortest sum")],
)
def test_an_own_task_is_measured_on_its_own_corpus(checkpoints, tmp_path, monkeypatch, name, tag, shown):
    def load(corpus, data, split):
        return [{tag[:2]: text, tag: "kurz, ja"} for text in GERMAN] if corpus == "mine" else pytest.fail(f"reads {corpus}")

    monkeypatch.setattr(measured_checkpoint, "load_corpus", load)
    folder = tmp_path / name / "checkpoint"
    shutil.copytree(checkpoints / name, folder)
    (folder / "metrics.json").write_text(json.dumps({"corpora": "mine:1"}), encoding="utf-8")
    assert evaluate.main(["--checkpoint", str(folder), "--out", str(folder), "--data", str(tmp_path), *SMALL]) == 0
    found, card = measured(folder), (folder / "README.md").read_text(encoding="utf-8")
    assert found["corpus"] == "mine" and list(found["latent"]) == [tag[:2]]
    assert shown in card and f"# {name}\n" in card and str(tmp_path) not in card
    assert f"--checkpoint PATH/TO/{name}/checkpoint --data DATA" in found["command"]


@pytest.mark.parametrize("n_slots", [4, 0])
def test_chinese_among_other_languages_is_measured_beside_their_directions(data, tmp_path, n_slots):
    tags = ("en", "de", "zh")
    tokenizer = Tokenizer.train([text for pair in PAIRS for text in pair] + GERMAN, 400, tags)
    torch.manual_seed(0)
    model = VAETransformer(ModelConfig(tokenizer.vocab_size, tags, **{**preset("tiny")[0], "n_slots": n_slots}))
    save_checkpoint(tmp_path / "three", model, tokenizer, {"corpora": "tatoeba-zh:0.5,own:1"})
    command = ["--checkpoint", str(tmp_path / "three"), "--data", str(data), "--out", str(tmp_path / "three"), *SMALL]
    assert evaluate.main(command) == 0
    found = measured(tmp_path / "three")
    assert found["corpus"] == "own" and list(found["translation"]) == ["en-de", "de-en"]
    assert [row[0] for row in found["tasks"][0]["rows"]] == ["tatoeba-zh, en-zh", "tatoeba-zh, zh-en"]
    assert list(found.get("latent", {})) == ["en", "de", "zh"] * bool(n_slots)
    assert "tatoeba-zh, zh-en" in (tmp_path / "three" / "README.md").read_text(encoding="utf-8")
    assert evaluate.main([*command, "--corpus", "tatoeba-zh"]) == 0
    others = json.loads((tmp_path / "three" / "metrics.json").read_text(encoding="utf-8"))["other_evaluations"]
    assert list(others["tatoeba-zh test, beam 1"]["translation"]) == ["en-zh", "zh-en"]
    assert "tasks" not in others["tatoeba-zh test, beam 1"]


def test_measuring_writes_nothing_unasked_and_fewer_sentences_replace_nothing(spanish, tmp_path, capsys):
    folder = tmp_path / "en-es"
    shutil.copytree(spanish / "en-es", folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    command = ["--checkpoint", str(folder), "--data", str(spanish), *SMALL[:2], *SMALL[4:], "--directions"]
    assert evaluate.main([*command, "en-es"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["translation"]["en-es"]["source"]["n"] == 5 and "nothing was written" in said.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    command += ["en-es,es-en", "--out", str(folder)]
    assert evaluate.main(command) == 0
    all_of_it = measured(folder)
    assert evaluate.main([*command, "--directions", "en-es", "--limit", "2"]) == 0
    assert "translation en-es: kept as it was, on 5 sentences; now it was 2" in capsys.readouterr().err
    assert all(measured(folder)[key] == all_of_it[key] for key in ("translation", "command"))
    elsewhere = [*command[:-1], str(tmp_path / "figures"), "--limit", "2"]
    assert evaluate.main(elsewhere) == 0
    assert measured(tmp_path / "figures")["translation"]["en-es"]["source"]["n"] == 5  # it took over what was known


def test_a_measurement_goes_on_where_it_was_cut_off(spanish, tmp_path, monkeypatch):
    real, calls = measured_checkpoint.translate_and_score, []

    def cut_off(*arguments, **options):
        calls.append((arguments[3], options["context"]))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    monkeypatch.setattr(measured_checkpoint, "translate_and_score", cut_off)
    command = ["--checkpoint", str(spanish / "en-es"), "--data", str(spanish), "--out", str(tmp_path), *SMALL]
    assert evaluate.main(command) == 130 and not (tmp_path / "metrics.json").exists()
    assert evaluate.main(command) == 0 and len(calls) == 5 and calls[2] == calls[3]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["LICENSE", "README.md", "metrics.json"]
