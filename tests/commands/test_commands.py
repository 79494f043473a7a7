"""`vaegen` and its commands: what `--help` says of each option, what it waits for, and what old paths say."""

import re
import subprocess
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

from vaegen import __version__
from vaegen.commands.__main__ import COMMANDS, main
from vaegen.commands.arguments import ROOT, meanings_of, parser_of, positive
from vaegen.config import PRESETS, ModelConfig, TrainConfig
from vaegen.decoding.options import DecodingOptions
from vaegen.evaluation.selection import Selection

HEAVY = ("torch", "gradio", "transformers", "umap", "numpy", "sacrebleu")
SCRIPTS = ROOT / "scripts"


def options_of(name):
    import_module(f"vaegen.commands.{name}")
    return [action for action in parser_of(f"vaegen.commands.{name}")._actions if action.dest != "help"]


def test_there_is_a_module_for_every_command_and_a_command_for_every_module():
    modules = {path.stem for path in (ROOT / "vaegen" / "commands").glob("*.py")}
    assert modules - {"__init__", "__main__", "arguments", "streams"} == set(COMMANDS)


def test_help_brings_along_nothing_that_takes_long():
    code = f"""
import contextlib, io, sys
from vaegen.commands.__main__ import COMMANDS, main
with contextlib.redirect_stdout(io.StringIO()):
    assert main(["--help"]) == 0
    for name in COMMANDS:
        with contextlib.suppress(SystemExit):
            main([name, "--help"])
print(sorted(set({HEAVY}) & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_its_meaning_and_its_default(name):
    for action in options_of(name):
        told = parser_of(f"vaegen.commands.{name}")._get_formatter()._expand_help(action)
        assert len(told.split()) > 1 and told.upper() != (action.metavar or ""), action.dest
        takes_a_value = action.nargs != 0 and action.option_strings
        if takes_a_value and not action.required:
            assert "(default: " in told and told.count("(default: ") == 1, f"{action.dest}: {told}"
        if action.default is not None and action.nargs != 0 and action.default != []:
            assert f"(default: {action.default})" in told, action.dest


@pytest.mark.parametrize("config", [ModelConfig, TrainConfig, DecodingOptions, Selection])
def test_every_field_has_a_meaning(config):
    assert list(meanings_of(config)) == [field.name for field in fields(config)]
    assert all(len(meaning) > 10 for meaning in meanings_of(config).values())


def test_the_options_of_training_tell_the_defaults_of_every_preset():
    told = {action.dest: action.help for action in options_of("train")}
    assert told["width"] == "Residual width D (default: 192; tiny: 32; gpu: 256)"
    assert told["source_weights"].endswith("(default: none; cpu: en=2; gpu: en=2)")
    assert told["freeze_pretrained"].endswith("(default: true)") and told["lr"].endswith("(default: 0.002)")
    for number, config in enumerate((ModelConfig, TrainConfig)):
        for name in {name for preset in PRESETS.values() for name in preset[number]}:
            assert name in {field.name for field in fields(config)} and re.search("(tiny|cpu|gpu): ", told[name])


def test_without_a_command_it_names_them_all(capsys):
    assert main([]) == main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(re.search(rf"^  {name} +[A-Z]\w+s .*\.$", said, re.MULTILINE) for name in COMMANDS)


def test_a_command_that_is_not_there_and_the_version(capsys):
    assert main(["tranlate"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("vaegen: there is no command 'tranlate'; choose one of app, translate,") and said.count("\n") == 1
    assert main(["--version"]) == 0 and capsys.readouterr().out == f"{__version__}\n"


def test_python_m_runs_a_command_and_gives_its_status(tmp_path):
    command = [sys.executable, "-m", "vaegen", "translate", "--target-language", "de", "--checkpoint", str(tmp_path)]
    done = subprocess.run(command, input=b"a\n", capture_output=True, check=False)
    assert done.returncode == 2 and done.stderr.startswith(b"translate: ") and done.stderr.count(b"\n") == 1


def test_an_interrupted_command_ends_with_130(monkeypatch):
    from vaegen.commands import curves

    monkeypatch.setattr(curves, "run", lambda options: (_ for _ in ()).throw(KeyboardInterrupt))
    assert curves.main(["run", "--checkpoint", "x"]) == 130


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", ""])
def test_what_has_to_be_one_or_more_is(text):
    assert positive("12") == 12
    with pytest.raises(Exception, match="give a whole number of 1 or more"):
        positive(text)


def test_an_old_script_says_in_one_sentence_what_replaces_it():
    sys.path.insert(0, str(SCRIPTS))
    try:
        from moved import NOW
    finally:
        sys.path.remove(str(SCRIPTS))
    assert {path.stem for path in SCRIPTS.glob("*.py")} == {*NOW, "train", "moved", "space"}
    for now in NOW.values():
        kind, _, what = now.rpartition(" ")
        assert what in COMMANDS if kind == "vaegen" else kind == "python" and (ROOT / what).is_file()
    done = subprocess.run([sys.executable, str(SCRIPTS / "fit_prior.py"), "--data", "x"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (2, b"scripts/fit_prior.py has moved: use `vaegen prior`.\n")


def test_scripts_are_few_lines_and_the_package_names_only_those_that_are_there():
    assert (
        sum(len(path.read_text(encoding="utf-8").splitlines()) for path in SCRIPTS.glob("*.py") if path.stem != "space")
        < 150
    )
    for path in [*(ROOT / "vaegen").rglob("*.py"), *(ROOT / "vaegen").rglob("*.js"), *(ROOT / "vaegen").rglob("*.json")]:
        for name in re.findall(r"scripts/[\w/]+\.py", path.read_text(encoding="utf-8")):
            assert name == "scripts/train.py" or name.startswith("scripts/measure/"), path
            assert Path(ROOT, name).is_file(), path
