"""`vaegen encode`: one posterior a line, in a file that numpy reads."""

import io
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import vaegen
from vaegen.commands import encode
from vaegen.model.checkpoint import save_checkpoint

TEXTS = ["two men sing", "a dog runs through the snow", "ein Hund"]


@pytest.fixture
def run(tiny_model, tokenizer, tmp_path):
    save_checkpoint(tmp_path / "tiny", tiny_model, tokenizer)
    (tmp_path / "in.txt").write_text("".join(text + "\n" for text in TEXTS), encoding="utf-8")

    def call(*arguments):
        return encode.main(["--checkpoint", str(tmp_path / "tiny"), "--device", "cpu", *map(str, arguments)])

    return call


def test_means_and_log_variances_are_those_of_the_pipeline(run, tmp_path, capsys):
    assert run("--out", tmp_path / "out.npz", tmp_path / "in.txt", "--batch-size", "2") == 0
    expected = vaegen.load(tmp_path / "tiny", "cpu").encode(TEXTS)
    with np.load(tmp_path / "out.npz") as found:
        assert set(found) == {"mu", "logvar"} and found["mu"].dtype == np.float32
        np.testing.assert_allclose(found["mu"], expected.mu.numpy(), atol=1e-5)
        np.testing.assert_allclose(found["logvar"], expected.logvar.numpy(), atol=1e-5)
    assert "(3, 4, 8) float32" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_standard_input_in_half_precision(run, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO("\r\n".join(TEXTS).encode())))
    assert run("--out", tmp_path / "half.latents", "--float16") == 0  # the name stays as it was given
    with np.load(tmp_path / "half.latents") as found:
        assert found["mu"].dtype == found["logvar"].dtype == np.float16
        expected = vaegen.load(tmp_path / "tiny", "cpu").encode(TEXTS).mu.numpy()
        np.testing.assert_allclose(found["mu"], expected, rtol=2e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("out", "file", "message"),
    [
        ("out.npz", "none.txt", "none.txt cannot be read (No such file or directory); give a text file."),
        ("out.npz", "empty.txt", "empty.txt has no line; give one text a line."),
        ("out.npz", "gap.txt", "Text 2 is empty and has no latent"),
        ("no/out.npz", "in.txt", "out.npz cannot be written (No such file or directory); choose another --out."),
    ],
)
def test_what_cannot_be_is_one_sentence(run, tmp_path, capsys, out, file, message):
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "gap.txt").write_text("a\n\nb\n")
    assert run("--out", tmp_path / out, tmp_path / file) == 2
    said = capsys.readouterr().err
    assert said.startswith("encode: ") and message in said and said.count("\n") == 1
    assert not list(tmp_path.glob("*.npz*"))


def test_it_goes_on_where_it_was_cut_off(run, tmp_path, monkeypatch, capsys):
    assert run("--out", tmp_path / "whole.npz", tmp_path / "in.txt") == 0
    monkeypatch.setattr(encode, "PIECE", 1)
    real, calls = encode.encode, []

    def cut_off(*arguments):
        calls.append(arguments[1])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(encode, "encode", cut_off)
    assert run("--out", tmp_path / "out.npz", tmp_path / "in.txt") == 130 and not (tmp_path / "out.npz").exists()
    assert run("--out", tmp_path / "out.npz", tmp_path / "in.txt") == 0 and calls[2:] == [[TEXTS[2]], [TEXTS[2]]]
    assert "2 texts are there" in capsys.readouterr().err
    with np.load(tmp_path / "out.npz") as found, np.load(tmp_path / "whole.npz") as whole:
        np.testing.assert_allclose(found["mu"], whole["mu"], atol=1e-5)
        np.testing.assert_allclose(found["logvar"], whole["logvar"], atol=1e-5)
    assert not list(tmp_path.glob("*unfinished*"))


def test_a_line_that_fails_is_counted_from_the_first_one(run, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(encode, "PIECE", 1)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"a\nb\n\nc\n")))
    assert run("--out", tmp_path / "out.npz") == 2
    assert "Text 3 is empty" in capsys.readouterr().err
