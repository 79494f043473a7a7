"""What a command says of itself: no path of this machine, and a name for every checkpoint."""

from pathlib import Path

import pytest

from vaegen.commands.arguments import ROOT, name_of, public, public_path


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/home/me/es", "PATH/TO/es"),
        ("/home/me/es/checkpoint", "PATH/TO/es/checkpoint"),
        ("/home/me/tokenizer.json", "PATH/TO/tokenizer.json"),
        (ROOT / "checkpoints" / "multi30k", "checkpoints/multi30k"),
        ("runs/es/checkpoint/", "runs/es/checkpoint"),
        ("somebody/model", "somebody/model"),
    ],
)
def test_a_path_is_shown_as_anyone_could_type_it(path, shown):
    assert public_path(path) == shown


def test_a_path_into_the_repository_is_shown_from_there(monkeypatch):
    monkeypatch.chdir(ROOT / "tests")
    assert public_path("../checkpoints/multi30k") == "checkpoints/multi30k"


def test_no_option_tells_where_files_lie():
    typed = ["--data", "/home/me/data", "--out", "/home/me/x", "--tokenizer=/home/me/t.json", "--steps", "3"]
    typed += ["--init-from", "/home/me/a/checkpoint", "--word-list", "/home/me/data/words", "--tokenizer", "own/t.json"]
    assert public(typed) == [
        "--data", "DATA", "--out", "PATH/TO/x", "--tokenizer=PATH/TO/t.json", "--steps", "3",
        "--init-from", "PATH/TO/a/checkpoint", "--word-list", "DATA/words", "--tokenizer", "own/t.json",
    ]  # fmt: skip


def test_a_checkpoint_of_a_run_has_the_name_of_the_run():
    assert name_of("runs/es/checkpoint") == "es" and name_of(Path("/home/me/es")) == "es"
