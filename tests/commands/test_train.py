"""`vaegen train`, and what it gives to `vaegen evaluate`, as a newcomer runs them: own folders, resuming, wrong options."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from vaegen.commands import evaluate, train
from vaegen.commands import tokenizer as make_tokenizer
from vaegen.commands.arguments import public
from vaegen.evaluation.reports.cards import corpora
from vaegen.model.checkpoint import load_checkpoint
from vaegen.training.history import trained_on
from vaegen.training.prepare import default_pairs

ROOT = Path(__file__).resolve().parents[2]
NOUNS = {"en": ("dog", "cat", "man", "girl", "bird"), "de": ("Hund", "Katze", "Mann", "Frau", "Vogel")}
FIRST = {"en": "a {} runs {}", "de": "ein {} rennt {}"}


@pytest.fixture
def data(tmp_path, tokenizer):
    """A folder with the corpus "own": English and German, 60 lines to train on, some to test, none to validate."""
    folder = tmp_path / "data" / "own"
    folder.mkdir(parents=True)
    for split, count in (("train", 60), ("test", 4)):
        for language, nouns in NOUNS.items():
            lines = [FIRST[language].format(nouns[i % 5], f"{split} {i}") for i in range(count)]
            (folder / f"{split}.{language}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    tokenizer.save(tmp_path / "own-tokenizer.json")
    return folder.parent


@pytest.fixture
def call(data, capsys):
    """Runs `vaegen train` in this process: status and what it said."""

    def run(*arguments, out="run", fresh=True):
        command = ["--data", str(data), "--device", "cpu", "--out", str(data.parent / out), *arguments]
        command += ["--preset", "tiny"] * ("--resume" not in arguments)
        if fresh:
            command += ["--tokenizer", str(data.parent / "own-tokenizer.json"), "--corpora", "own"]
        status = train.main(command)
        return status, capsys.readouterr().err

    return run


def test_a_folder_without_validation_text_gives_some_of_its_own(call, data):
    status, said = call("--steps", "2", "--bleu-pairs", "")
    assert status == 0 and "6 groups of its training text are held out" in said
    assert (data.parent / "run" / "checkpoint" / "config.json").is_file()


def test_a_resumed_run_keeps_its_data_and_its_tokenizer(call, data):
    run = data.parent / "run"
    assert call("--steps", "2", "--n-validation", "3", "--bleu-pairs", "en-de")[0] == 0
    before = (run / "checkpoint" / "tokenizer.json").read_bytes()
    status, said = call("--steps", "4", "--resume", fresh=False)
    assert status == 0 and "own: cleaning" in said and "3 groups" in said
    assert (run / "checkpoint" / "tokenizer.json").read_bytes() == before
    metrics = json.loads((run / "checkpoint" / "metrics.json").read_text())
    assert metrics["corpora"] == "own" and metrics["training"]["step"] == 4
    assert json.loads((run / "run.json").read_text())["bleu_pairs"] == "en-de"


def test_sentences_with_a_listed_word_are_left_out_and_counted(call, data):
    lists = data / "lists"
    lists.mkdir()
    (lists / "en.txt").write_text("bird\n", encoding="utf-8")
    status, said = call("--dry-run", "--word-list", str(lists))
    assert status == 0 and re.search(r"dropped +\d\d  sensitive word", said)
    assert "sensitive word" not in call("--dry-run", "--word-list")[1]  # of the shipped words there is none
    typed = ["--data", "/there/x", "--word-list", "/there/x/lists"]
    assert public(typed) == ["--data", "DATA", "--word-list", "DATA/lists"]


def test_what_a_run_cannot_change_is_refused(call):
    assert call("--steps", "2", "--bleu-pairs", "")[0] == 0
    for arguments, message in (
        (["--n-slots", "9"], "cannot change its shape"),
        (["--no-latent"], "cannot change its shape"),
        (["--optimizer", "adamw"], "begun with --optimizer muon"),
        (["--freeze-embeddings", "true"], "begun with --freeze-embeddings false"),
        (["--tokenizer", str(ROOT / "checkpoints" / "multi30k" / "tokenizer.json")], "is not the tokenizer"),
    ):
        status, said = call("--resume", *arguments, fresh=False)
        assert status == 2 and message in said, arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--corpora", "own:abc"], "rate 'abc'"),
        (["--corpora", "own:-1"], "rate '-1'"),
        (["--bleu-pairs", "ende"], "--bleu-pairs ende"),
        (["--bleu-pairs", "en-xx"], "--bleu-pairs en-xx: write two codes for each, as in en-de,de-en, out of en, de, fr"),
        (["--exclude-pairs", "en-xx"], "--exclude-pairs en-xx"),
        (["--source-weights", "xx=2"], "--source-weights xx"),
        (["--corpora", "own,"], "a corpus without a name"),
        (["--n-validation", "0"], "--n-validation 0"),
        (["--limit-groups", "0"], "--limit-groups 0"),
        (["--optimizer", "sgd"], "choose one of muon, adamw, adam, adafactor, lion"),
        (["--device", "toaster"], "--device toaster cannot be used"),
        (["--corpora", "nothing"], "There is no corpus 'nothing'"),
    ],
)
def test_wrong_options_are_one_sentence(call, data, arguments, message):
    tokenizer = ["--tokenizer", str(data.parent / "own-tokenizer.json"), "--corpora", "own"]
    status, said = call(*tokenizer, *arguments, fresh=False)
    assert status == 2 and said.startswith("train: ") and message in said and said.count("\n") == 1


def test_only_the_first_groups_are_trained_on_and_a_resumed_run_remembers(call):
    assert ", 50 sources," in call("--dry-run", "--n-validation", "10", "--autoencode-rate", "0")[1].replace("54", "50")
    small = ["--limit-groups", "20", "--autoencode-rate", "0", "--bleu-pairs", ""]
    assert ", 20 sources," in call("--dry-run", *small)[1]
    assert call("--steps", "1", *small)[0] == 0
    assert ", 20 sources," in call("--resume", "--dry-run", fresh=False)[1]


def test_word2vec_is_where_a_new_model_begins_and_frozen_it_stays(call, data):
    assert call("--steps", "1", "--bleu-pairs", "", "--embeddings", "word2vec", "--freeze-embeddings", "true")[0] == 0
    checkpoint = data.parent / "run" / "checkpoint"
    frozen = load_checkpoint(checkpoint).model.embedding.weight.detach()
    assert call("--steps", "1", "--bleu-pairs", "", out="random")[0] == 0
    drawn = load_checkpoint(data.parent / "random" / "checkpoint").model.embedding.weight.detach()
    assert float(frozen.std() / drawn.std()) == pytest.approx(1.0, abs=0.05) and (frozen - drawn).abs().max() > 0.1
    assert call("--steps", "2", "--resume", fresh=False)[0] == 0
    assert torch.equal(load_checkpoint(checkpoint).model.embedding.weight, frozen)
    status, said = call("--embeddings", "word2vec", "--init-from", str(checkpoint), out="more")
    assert status == 2 and "--init-from brings its own" in said


def test_validation_texts_that_are_too_long_are_left_out(call, data):
    (data / "own" / "val.en").write_text("a dog runs 1\n" + 70 * "dog " + "\n", encoding="utf-8")
    (data / "own" / "val.de").write_text("ein Hund rennt 1\n" + 70 * "Hund " + "\n", encoding="utf-8")
    short = ["--steps", "1", "--bleu-pairs", "", "--max-length", "40"]
    status, said = call(*short)
    assert status == 0 and "validation: 2 sentences of over 40 tokens dropped" in said
    assert " of 41 tokens or more dropped" in said  # nor does it train on what it cannot read
    status, said = call(*short[:-1], "2", out="shorter")
    assert status == 2 and "short enough for the model (2 tokens)" in said


def test_a_validation_group_that_is_too_long_or_unknown_does_not_shift_the_others(call, data):
    lines = {"en": [70 * "dog ", "a dog runs 1", "a cat runs 2"], "de": [70 * "Hund ", "Hund rennt 1", "Katze rennt 2"]}
    for language, texts in lines.items():
        (data / "own" / f"val.{language}").write_text("\n".join(texts) + "\n", encoding="utf-8")
    status, said = call("--steps", "1", "--bleu-pairs", "en-de", "--max-length", "40")
    assert status == 0 and "validation: 2 sentences" in said and "a dog runs 1 ->" in said
    (data / "own" / "es.val.txt").write_text("un perro\n", encoding="utf-8")
    assert call("--steps", "1", "--bleu-pairs", "", out="other")[0] == 0


def test_languages_that_the_tokenizer_lacks_are_told(call, data):
    (data / "own" / "es.train.txt").write_text("un perro\nuna gata\n", encoding="utf-8")
    status, said = call("--dry-run")
    assert status == 0 and "own: 2 sentences in es dropped; the tokenizer has en, de, fr, cs" in said
    for path in (data / "own").glob("*.de"):
        path.rename(path.with_suffix(".es"))
    status, said = call("--dry-run")
    assert status == 2 and "no pair is left" in said


def test_bleu_is_watched_between_the_first_languages_or_tasks():
    assert default_pairs(("en", "de", "fr", "cs")) == ["en-de", "de-en"]
    assert default_pairs(("en", "es")) == ["en-es", "es-en"]
    assert default_pairs(("en", "en.reply")) == ["en-en.reply"] and default_pairs(("en",)) == []
    assert default_pairs(("en", "de", "en.short", "en.brief", "de.short")) == ["en-en.short", "en-en.brief"]


def test_own_text_can_have_a_task(call, data):
    folder = data / "replies"
    folder.mkdir()
    turns = "".join(f"how are you {i}?\tI am fine {i}\n" for i in range(40))
    (folder / "en-en.reply.train.tsv").write_text(turns, encoding="utf-8")
    tokenizer = data.parent / "replies.json"
    told = ["--data", str(data), "--corpora", "replies", "--languages", "en,en.reply", "--vocab-size", "300"]
    assert make_tokenizer.main([*told, "--out", str(tokenizer)]) == 0
    own = ["--preset", "tiny", "--corpora", "replies", "--tokenizer", str(tokenizer), "--steps", "1"]
    status, said = call(*own, fresh=False)
    assert status == 0 and "en-en.reply latent: how are you" in said
    assert load_checkpoint(data.parent / "run" / "checkpoint").tokenizer.languages == ("en", "en.reply")


def test_a_place_that_cannot_hold_a_run_is_told(call, data):
    (data.parent / "file").write_text("", encoding="utf-8")
    assert call("--steps", "1", "--bleu-pairs", "")[0] == 0
    for out, message in (("file", "cannot be written"), ("run/checkpoint", "is a checkpoint, and a run would")):
        status, said = call("--steps", "1", "--bleu-pairs", "", out=out)
        assert status == 2 and message in said, out


def test_a_resumed_run_says_what_it_would_ignore(call, data):
    run = data.parent / "run"
    assert call("--steps", "1", "--bleu-pairs", "")[0] == 0
    for arguments, message in (
        (["--embeddings", "word2vec"], "begun with --embeddings random"),
        (["--init-from", str(run / "checkpoint")], "--init-from is for a new run"),
        (["--preset", "gpu"], "--preset is for a new run"),
    ):
        status, said = call("--resume", *arguments, fresh=False)
        assert status == 2 and message in said, arguments
    assert "has made 1 steps of 1: nothing to do" in call("--resume", fresh=False)[1]
    with open(run / "metrics.jsonl", "a", encoding="utf-8") as file:
        file.write('{"step":')  # a crash in the middle of a line
    assert call("--resume", "--steps", "2", fresh=False)[0] == 0
    assert [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()][-1] == 2
    (run / "run.json").unlink()
    status, said = call("--resume", "--steps", "3", fresh=False)
    assert status == 2 and "run.json" in said and "--corpora" in said


def test_a_start_keeps_what_its_weights_mean(call, data):
    assert call("--steps", "1", "--bleu-pairs", "")[0] == 0
    start = ["--init-from", str(data.parent / "run" / "checkpoint"), "--dry-run"]
    for arguments, message in (
        (["--n-heads", "1"], "n_heads=1: --init-from "),  # the same shapes of all weights
        (["--decoder", "lstm"], "decoder='lstm'"),
        (["--no-latent"], "n_slots=0"),
    ):
        status, said = call(*start, *arguments, out="more", fresh=False)
        assert status == 2 and message in said, said
    assert call(*start, "--encoder-dropout", "0.3", "--lsh-chunk", "4", out="more")[0] == 0
    other = str(ROOT / "checkpoints" / "multi30k" / "tokenizer.json")
    status, said = call(*start, "--corpora", "own", "--tokenizer", other, out="more", fresh=False)
    assert status == 0 and "begun anew" not in said  # other sub-words, the same languages: its vectors are transferred
    turned = ["--corpora", "own", "--rate-dial", "true", "--n-slots", "3", "--latent-dim", "16"]
    status, said = call(*start, *turned, out="more", fresh=False)
    assert status == 0 and "begun anew are " in said and "dial." in said and "to_posterior.weight" in said


def test_a_pretrained_encoder_has_weights_and_a_run_carries_it(call, data, bert, tmp_path):
    theirs = shutil.copytree(bert, tmp_path / "theirs")
    options = ["--encoder", "pretrained", "--bleu-pairs", "", "--pretrained"]
    assert call("--steps", "1", *options, str(theirs))[0] == 0
    inside = tmp_path / "run" / "checkpoint" / "pretrained"
    status, said = call(*options, str(inside), out="more")
    assert status == 2 and "give that to --init-from" in said
    assert call("--steps", "1", *options[2:-1], "--init-from", str(inside.parent), out="more")[0] == 0
    (theirs / "model.safetensors").rename(theirs / "tf_model.h5")
    status, said = call(*options, str(theirs), out="again")
    assert status == 2 and "has no weights" in said
    shutil.rmtree(theirs)
    assert call("--steps", "2", "--resume", fresh=False)[0] == 0


def test_without_a_latent_nobody_copies(call, data):
    folder = data / "own"
    (folder / "de.train.txt").write_text("ein Hund allein\neine Katze allein\n", encoding="utf-8")
    assert "2 sentences without a translation dropped" in call("--no-latent", "--dry-run")[1]
    assert "without a translation" not in call("--dry-run")[1]


def test_the_start_of_a_run_is_part_of_its_licence(call, data):
    assert call("--steps", "1", "--bleu-pairs", "")[0] == 0
    start = data.parent / "run" / "checkpoint"
    assert call("--steps", "1", "--bleu-pairs", "", "--init-from", str(start), out="more")[0] == 0
    assert call("--steps", "2", "--resume", out="more", fresh=False)[0] == 0
    metrics = json.loads((data.parent / "more" / "checkpoint" / "metrics.json").read_text())
    assert metrics["started_from"] == {"name": "run", "corpora": "own"}
    card = evaluate.data_card({"corpora": "tatoeba:1", "started_from": {"corpora": "multi30k:1,multi30k-captions:0.1"}})
    assert card["license_id"] == "other" and "non-commercial" in card["license"] and "CC BY" in card["license"]
    assert evaluate.data_card({"corpora": "tatoeba,tatoeba-cs:2"})["license_id"] == "cc-by-2.0"


def test_a_run_with_a_pretrained_encoder_resumes_goes_on_and_keeps_its_folder_to_itself(call, data, bert):
    variant = ["--encoder", "pretrained", "--pretrained", str(bert), "--freeze-pretrained", "false", "--decoder", "lstm"]
    assert call("--steps", "2", "--bleu-pairs", "en-de", "--n-validation", "2", *variant)[0] == 0
    assert call("--steps", "3", "--resume", fresh=False)[0] == 0
    start = data.parent / "run" / "checkpoint"
    shape = json.loads((start / "config.json").read_text())["model"]
    assert (shape["encoder"], shape["decoder"], shape["freeze_pretrained"]) == ("pretrained", "lstm", False)
    assert all(str(bert) not in path.read_text() for path in start.glob("*.json"))
    assert call("--steps", "1", "--bleu-pairs", "", "--init-from", str(start), out="more")[0] == 0
    assert public(["--pretrained", str(bert), f"--pretrained={bert}", "--pretrained", "a/b", "--data=x"]) == [
        "--pretrained", bert.name, f"--pretrained={bert.name}", "--pretrained", "a/b", "--data=DATA",
    ]  # fmt: skip
    assert call("--encoder", "pretrained", "--dry-run", out="none")[1].startswith("train: encoder='pretrained'")


def test_two_processes_with_few_long_sentences(data):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += [str(ROOT / "scripts" / "train.py"), "--data", str(data), "--corpora", "own", "--preset", "tiny"]
    command += ["--device", "cpu"]
    command += ["--tokenizer", str(data.parent / "own-tokenizer.json"), "--out", str(data.parent / "two"), "--steps", "8"]
    command += ["--batch-tokens", "30", "--bleu-pairs", ""]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]


def test_other_corpora_and_commands_are_remembered(call, data):
    assert call("--steps", "1", "--bleu-pairs", "", "--resume", "auto")[0] == 0
    shutil.copytree(data / "own", data / "more")
    status, said = call("--steps", "2", "--resume", "auto", "--corpora", "more", fresh=False)
    assert status == 0 and "goes on with more; so far it was own" in said
    assert call("--steps", "3", "--resume", fresh=False)[0] == 0
    metrics = json.loads((data.parent / "run" / "checkpoint" / "metrics.json").read_text())
    assert [(part["from_step"], part["corpora"]) for part in metrics["parts"]] == [(0, "own"), (1, "more"), (2, "more")]
    assert "--steps 1" in metrics["parts"][0]["command"] and metrics["corpora"] == "more"
    assert trained_on(metrics) == "more,own" and corpora(metrics) == ["more", "own"]


def test_a_run_of_an_earlier_version_goes_on(call, data):
    assert call("--steps", "1", "--bleu-pairs", "")[0] == 0
    run = data.parent / "run"
    remembered = json.loads((run / "run.json").read_text())
    del remembered["parts"]
    (run / "run.json").write_text(json.dumps(remembered))
    assert call("--steps", "2", "--resume", fresh=False)[0] == 0
    parts = json.loads((run / "run.json").read_text())["parts"]
    assert [part["from_step"] for part in parts] == [0, 1] and "--steps 1" in parts[0]["command"]


def test_two_runs_into_one_folder_are_one_sentence(call, data, monkeypatch):
    monkeypatch.setattr("vaegen.writing.PATIENCE", 0.1)
    code = "from vaegen.writing import locked\nwith locked('run'):\n    print(1, flush=True)\n    input()"
    other = subprocess.Popen(
        [sys.executable, "-c", code], cwd=data.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    other.stdout.readline()
    status, said = call("--steps", "1", "--bleu-pairs", "")
    other.communicate(b"\n")
    assert status == 2 and "Another process is writing into" in said and said.count("\n") == 1


def test_evaluate_measures_what_there_is_and_says_how(call, data, capsys):
    assert call("--steps", "1", "--bleu-pairs", "")[0] == 0
    folder = data.parent / "run" / "checkpoint"
    command = ["--checkpoint", str(folder), "--data", str(data), "--device", "cpu"]
    small = ["--num-beams", "1", "--limit", "2", "--latent-sentences", "3", "--latent-draws", "2"]
    assert evaluate.main([*command, "--out", str(folder), *small]) == 0
    evaluation = json.loads((folder / "metrics.json").read_text())["evaluation"]
    assert list(evaluation["translation"]) == ["en-de", "de-en"] and list(evaluation["latent"]) == ["en", "de"]
    assert evaluation["command"].endswith("--data DATA --num-beams 1 --limit 2 --latent-sentences 3 --latent-draws 2")
    assert "Trained on own." in (folder / "README.md").read_text(encoding="utf-8")
    capsys.readouterr()
    for arguments, message in (
        (["--directions", "ende"], "--directions ende"),
        (["--directions", "en-fr"], "no en-fr sentences"),
        (["--split", "val"], "no val sentence"),
    ):
        assert evaluate.main([*command, *arguments]) == 2
        said = capsys.readouterr().err
        assert message in said and said.count("\n") == 1
