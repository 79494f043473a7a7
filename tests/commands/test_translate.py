"""`vaegen translate` as a shell runs it: lines in, lines out, messages aside, exit status."""

import io
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import vaegen
from vaegen.commands import translate
from vaegen.model.checkpoint import save_checkpoint

COMMAND = [sys.executable, "-m", "vaegen", "translate"]
TEXT = b"two men sing\n\n  \na dog runs\r\nun chien court"


@pytest.fixture(scope="module")
def folder(tokenizer, tmp_path_factory):
    from vaegen.config import ModelConfig, preset
    from vaegen.model.vae_transformer import VAETransformer

    torch.manual_seed(0)
    model = VAETransformer(ModelConfig(tokenizer.vocab_size, tokenizer.languages, **preset("tiny")[0], max_length=60))
    folder = tmp_path_factory.mktemp("checkpoints") / "tiny"
    save_checkpoint(folder, model, tokenizer)
    return folder


@pytest.fixture
def run(folder, monkeypatch):
    """Runs the command in this process: status, output bytes."""

    def call(*arguments, stdin=TEXT):
        out = io.BytesIO()
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stdin)))
        monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out, flush=out.flush))
        status = translate.main(["--checkpoint", str(folder), "--target-language", "de", "--device", "cpu", *arguments])
        return status, out.getvalue()

    return call


def test_one_line_out_for_every_line_in(run, folder, capsys):
    status, out = run("--num-beams", "2")
    lines = out.decode().split("\n")
    assert status == 0 and len(lines) == 6 and lines[1] == lines[2] == lines[5] == ""
    expected = vaegen.load(folder, "cpu").translate(["two men sing", "a dog runs", "un chien court"], "de", num_beams=2)
    assert [lines[0], lines[3], lines[4]] == expected and all(expected)
    assert capsys.readouterr().err == ""


def test_several_checkpoints_decode_together(run, folder, tokenizer, tmp_path):
    torch.manual_seed(1)
    save_checkpoint(tmp_path / "other", type(m := vaegen.load(folder, "cpu").model)(m.config), tokenizer)
    status, out = run("--checkpoint", str(tmp_path / "other"), "--num-beams", "1")
    lines = TEXT.decode().replace("\r", "").split("\n")
    expected = vaegen.load([folder, tmp_path / "other"], "cpu").translate(lines, "de", num_beams=1)
    assert status == 0 and out.decode().split("\n")[:-1] == expected


def test_words_of_a_list_are_not_written(run, folder, tmp_path, capsys):
    (word, *_) = re.findall(r"[^\W\d_]{2,}", run("--num-beams", "2")[1].decode())
    (tmp_path / "de.txt").write_text(word + "\n", encoding="utf-8")
    status, out = run("--num-beams", "2", "--word-list", str(tmp_path))
    assert status == 0 and word not in re.findall(r"[^\W\d_]{2,}", out.decode()) and out.count(b"\n") == 5
    assert run("--num-beams", "2", "--avoid") == run("--num-beams", "2")  # none of the shipped words was there
    assert run("--word-list", str(tmp_path / "none"))[0] == 2 and "no word list" in capsys.readouterr().err


def test_options_reach_the_model(run, folder):
    pipeline = vaegen.load(folder, "cpu")
    lines = TEXT.decode().replace("\r", "").split("\n")
    for arguments, settings in (
        (["--context", "latent", "--num-beams", "1", "--batch-size", "1"], {"context": "latent", "num_beams": 1}),
        (["--length-penalty", "0"], {"length_penalty": 0.0}),
        (["--method", "greedy", "--source-language", "en"], {"method": "greedy"}),
        (
            ["--method", "sample", "--temperature", "2", "--top-k", "9", "--top-p", "0.9", "--seed", "7"],
            {"method": "sample", "temperature": 2.0, "top_k": 9, "top_p": 0.9, "seed": 7},
        ),
    ):
        status, out = run(*arguments)
        assert status == 0 and out.decode().split("\n")[:-1] == pipeline.translate(lines, "de", **settings)
    assert run("--method", "sample", "--seed", "1")[1] != run("--method", "sample", "--seed", "2")[1]


@pytest.mark.parametrize(
    ("stdin", "n"),
    [
        (b"", 0),
        (b"\n", 1),
        (b"a", 1),
        (b"a\n", 1),
        (b"\n\na\n\n", 4),
        ("a\u2028b\x0bc\x85d".encode(), 1),
        (b"\xef\xbb\xbfa\nb", 2),
    ],
)
def test_only_newlines_end_lines(run, stdin, n):
    status, out = run("--num-beams", "1", stdin=stdin)
    assert status == 0 and out.count(b"\n") == n


def test_bytes_that_are_no_utf8_are_replaced_and_told(run, capsys):
    status, out = run("--num-beams", "1", stdin=b"fine\ncaf\xe9\nfine\n")
    assert status == 0 and out.count(b"\n") == 3
    assert "1 of 3 lines (2)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target-language", "xx"], "There is no language 'xx'; this model has en, de, fr, cs"),
        (["--context", "both"], "There is no context 'both'"),
        (["--num-beams", "0"], "num_beams=0"),
        (["--method", "magic"], "no decoding method 'magic'"),
        (["--length-penalty", "1000"], "length_penalty=1000.0"),
    ],
)
def test_wrong_options_give_status_2_and_no_output(run, capsys, arguments, message):
    status, out = run(*arguments)
    assert status == 2 and out == b""
    assert message in capsys.readouterr().err


def test_a_line_over_the_limit_is_marked_counted_and_does_not_stop_the_others(run, capsys):
    status, out = run("--num-beams", "1", stdin=("a\n" + "€" * 40 + "\na\n").encode())
    lines, err = out.decode().split("\n"), capsys.readouterr().err
    assert status == 0 and re.fullmatch(r"<too long: \d+ tokens, 60 fit>", lines[1])
    assert lines[0] == lines[2] and len(lines) == 4
    assert "line 2 is too long" in err and "1 of 3 lines are too long" in err


def test_a_file_goes_on_where_it_was_cut_off(run, tmp_path, monkeypatch, capsys):
    lines = [f"a dog runs {i}" for i in range(7)]
    (tmp_path / "in.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    sampled = ["--method", "sample", "--seed", "3", str(tmp_path / "in.txt"), "--out"]
    monkeypatch.setattr(translate, "PIECE", 2)
    assert run(*sampled, str(tmp_path / "whole.txt")) == (0, b"")
    real, calls = translate.translate, []

    def cut_off(*arguments):
        calls.append(arguments[0])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(translate, "translate", cut_off)
    out = tmp_path / "out.txt"
    assert run(*sampled, str(out))[0] == 130 and not out.exists()
    assert (tmp_path / "out.txt.lines.unfinished").read_bytes().count(b"\n") == 4
    assert run(*sampled, str(out))[0] == 0 and calls[3] == lines[4:6]
    assert "4 lines are there" in capsys.readouterr().err
    assert out.read_bytes() == (tmp_path / "whole.txt").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.txt", "out.txt", "whole.txt"]
    (tmp_path / "in.txt").write_text("another\n" * 7, encoding="utf-8")  # of another text nothing is kept
    assert run(*sampled, str(out))[0] == 0 and out.read_bytes() != (tmp_path / "whole.txt").read_bytes()


def test_lines_are_written_as_they_are_done(run, monkeypatch):
    """One that cannot be translated comes after those before it are out: nothing waits for the end."""
    monkeypatch.setattr(translate, "PIECE", 1)
    seen = []
    monkeypatch.setattr(translate, "translate", lambda lines, *_: (seen.append(lines), (lines, {}))[1])

    def stream():
        yield b"one\n"
        assert seen == [["one"]]
        yield b"two\n"

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream()))
    options = translate.main
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out, flush=out.flush))
    monkeypatch.setattr(translate, "load", lambda options: None)
    assert options(["--target-language", "de"]) == 0 and out.getvalue() == b"one\ntwo\n"


def shell(*arguments, cwd, **settings):
    command = [*COMMAND, "--target-language", "de", "--device", "cpu", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, timeout=120, check=False, **settings)


def test_it_runs_from_anywhere_and_names_missing_checkpoints(folder, tmp_path):
    done = shell("--checkpoint", str(folder), "--num-beams", "1", cwd=tmp_path, input=TEXT)
    assert done.returncode == 0 and done.stdout.count(b"\n") == 5 and done.stderr == b""
    missing = shell("--checkpoint", str(folder.parent / "huge"), cwd=tmp_path, input=b"a\n")
    assert missing.returncode == 2 and missing.stdout == b""
    assert missing.stderr.startswith(b"translate: There is no checkpoint") and b"has tiny" in missing.stderr
    assert missing.stderr.count(b"\n") == 1


def test_a_closed_input_and_a_full_disk_are_told(folder, tmp_path):
    command = [*COMMAND, "--checkpoint", str(folder), "--target-language", "de", "--num-beams", "1"]
    closed = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", *command], capture_output=True, cwd=tmp_path, timeout=120, check=False
    )
    assert closed.returncode == 2 and closed.stderr.startswith(b"translate: There is no standard input")
    if Path("/dev/full").exists():
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                command, input=TEXT, stdout=full, stderr=subprocess.PIPE, cwd=tmp_path, timeout=120, check=False
            )
        assert done.returncode == 1 and done.stderr.startswith(b"translate: reading or writing failed")
        assert done.stderr.count(b"\n") == 1


def test_a_reader_that_leaves_early_is_no_error_message(folder, tmp_path):
    command = [*COMMAND, "--checkpoint", str(folder), "--target-language", "de", "--num-beams", "1"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    process.stdout.close()
    process.stdin.write(b"a dog runs\n" * 50)
    process.stdin.close()
    message = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=120) == 1 and message == b""
