"""scripts/measure/compare.py from end to end on a corpus of its own: rows, what they need, going on, table and plot."""

import importlib.util
import json
import re
from importlib import import_module
from pathlib import Path

import pytest

from vaegen.errors import VaegenError
from vaegen.evaluation.reports.variants import gain, save_plot, variants

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts" / "measure"
NOUNS = {"en": ("dog", "cat", "man", "girl", "bird"), "de": ("Hund", "Katze", "Mann", "Frau", "Vogel")}
FIRST = {"en": "a {} runs {}", "de": "ein {} rennt {}"}


@pytest.fixture
def compare(tmp_path, tokenizer, monkeypatch):
    """The script with a tiny budget, its corpus and five rows: two to train, two made of those, one that fails."""
    folder = tmp_path / "data" / "own"
    folder.mkdir(parents=True)
    for split, count in (("train", 60), ("test", 4)):
        for language, nouns in NOUNS.items():
            lines = [FIRST[language].format(nouns[i % 5], f"{split} {i}") for i in range(count)]
            (folder / f"{split}.{language}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    tokenizer.save(tmp_path / "tokenizer.json")
    spec = importlib.util.spec_from_file_location("compare_script", SCRIPTS / "compare.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, "compare_script", module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    row = module.Row
    rows = (row("base", "baseline", beam=True),
            row("other", "objective", "--seed 2", start="base", against=("base",), by_length=True),
            row("both", "ensemble", members=("base", "other"), against=("base", "other"), beam=True),
            row("wrong", "objective", "--n-heads 7"), row("mean", "ensemble", mean_of="base"))  # fmt: skip
    shared = f"--preset tiny --steps 4 --eval-every 2 --keep-last 2 --bleu-pairs= --tokenizer {tmp_path / 'tokenizer.json'}"
    for name, value in {"ROWS": rows, "SHARED": shared, "STEPS": 4, "CORPUS": "own", "RUNS": tmp_path / "runs"}.items():
        monkeypatch.setattr(module, name, value)
    return module


@pytest.fixture
def in_this_process(compare, monkeypatch):
    """Has the script run commands here, without the seconds that each process takes to begin."""

    def run(name, arguments):
        if import_module(f"vaegen.commands.{name}").main(arguments):
            raise VaegenError("{name} failed", name=name)

    monkeypatch.setattr(compare, "command", run)


def test_a_command_has_a_process_of_its_own_and_its_failure_is_one_here(compare, capfd):
    compare.command("curves", ["--help"])
    assert "usage: vaegen curves" in capfd.readouterr().out
    with pytest.raises(VaegenError, match="vaegen nothing ended with status 2"):
        compare.command("nothing", [])


def test_every_row_is_trained_once_measured_and_told(compare, in_this_process, tmp_path, capsys):
    out = tmp_path / "variants.json"
    command = ["--data", str(tmp_path / "data"), "--out", str(out)]
    assert compare.main([*command, "--only", "base,both"]) == 0
    assert (tmp_path / "runs" / "other" / "checkpoint").is_dir()  # needed, but not asked for
    assert list(compare.rows_of(out)) == ["base", "both"]
    state = (tmp_path / "runs" / "other" / "state.pt").stat().st_mtime_ns
    before = out.read_text()
    assert compare.main(command) == 1  # one failed, and stopped no other
    assert (tmp_path / "runs" / "other" / "state.pt").stat().st_mtime_ns == state
    rows = compare.rows_of(out)
    assert list(rows) == ["base", "other", "both", "mean"]
    assert [rows["base"], rows["both"]] == json.loads(before)["rows"]
    assert rows["both"]["parameters"] == 2 * rows["base"]["parameters"] and rows["both"]["units"] == 64
    assert rows["other"]["steps_before"] == rows["other"]["steps"] == 4 and "speed" not in rows["base"]
    assert compare.main([*command, "--speed"]) == 0
    assert list(compare.rows_of(out)) == list(rows)
    rows = compare.rows_of(out)
    assert rows["base"]["speed"] == 1.0 and rows["other"]["speed"] > 0 and rows["base"]["tokens_per_second"] > 0
    assert "speed" not in rows["both"] and "speed" not in rows["mean"] and rows["other"]["scores"]
    assert str(tmp_path / "data") not in out.read_text()
    text = "\n".join(variants(json.loads(out.read_text())))
    assert re.search(r"\| objective \| other \| `--seed 2`, from the checkpoint of base \| 4 \+ 4 \|", text)
    assert re.search(r"\| ensemble \| both \| base \+ other \| .* \| source [+-]\d", text)
    assert rows["both"]["beam"].keys() == {"source", "latent"} and "beam" not in rows["other"]
    assert re.search(r"beam of 5 .*\n.*\n.*\n\| base \| [\d.]+ \| [\d.]+ \|  \|\n\| both \| .* \| source [+-]\d", text)
    assert [(part["sentences"], part["texts"]) for part in rows["other"]["by_length"]] == [(1, 4), (2, 2), (4, 1)]
    assert re.search(r"\| variant \| 1 \(\d+ tokens\) \| 2 \(\d+ tokens\) .*\n.*\n\| other \| [\d.]+ \| [\d.]+ \|", text)
    assert (tmp_path / "variants.svg").is_file()
    capsys.readouterr()
    assert compare.main(["--list", "--out", str(out)]) == 0
    assert capsys.readouterr().out.count("done") == 4


def test_other_options_make_another_row(compare, tmp_path, monkeypatch, capsys):
    command = ["--data", "DATA", "--out", str(tmp_path / "variants.json"), "--dry-run", "--only", "base"]
    figures = {"name": "base", "group": "baseline", "plan": compare.plan(compare.ROWS[0]), "scores": {"source": 1.0}}
    compare.write(tmp_path / "variants.json", {"base": figures})
    assert compare.main(command) == 0 and "# base: done" in capsys.readouterr().out
    monkeypatch.setattr(compare, "SHARED", compare.SHARED + " --seed 5")
    assert compare.main(command) == 0 and "--seed 5" in capsys.readouterr().out
    assert compare.main(["--data", "x", "--only", "nothing"]) == 2
    assert "there is no row nothing" in capsys.readouterr().err


def test_a_run_that_was_stopped_is_no_row(compare, tmp_path, monkeypatch):
    def stopped(script, arguments):
        folder = tmp_path / "runs" / "base"
        assert ("--resume" in arguments) == (folder / "state.pt").is_file()
        (folder / "state.pt").touch()
        (folder / "checkpoint").mkdir(exist_ok=True)
        step = next(steps)
        (folder / "checkpoint" / "metrics.json").write_text(json.dumps({"training": {"step": step, "config": {"steps": 4}}}))

    steps = iter([2, 4])
    monkeypatch.setattr(compare, "command", stopped)
    options = type("Options", (), {"data": "DATA"})
    with pytest.raises(VaegenError, match="the same command goes on"):
        compare.trained(compare.ROWS[0], options)
    assert compare.trained(compare.ROWS[0], options) == tmp_path / "runs" / "base" / "checkpoint"
    assert compare.trained(compare.ROWS[0], options)  # there already: the script would run out of steps


def test_equal_time_means_fewer_of_the_slower_steps(compare, monkeypatch):
    slow = compare.Row("slow", "optimiser", "--optimizer adamw", same_time=True)
    paces = {"base": (900.0, 0.5), "slow": (225.0, 2.0)}
    asked = []
    monkeypatch.setattr(compare, "probe", lambda name, arguments, data: (asked.append(name), paces[name])[1])
    options = type("Options", (), {"data": "DATA"})
    assert compare.steps_in_time(slow, [], options) == 1  # 4 steps of 0.5 s in the time of one of 2 s
    assert compare.steps_in_time(slow, [], options) == 1 and asked.count("base") == 1  # the baseline is measured once


def test_the_real_rows_have_what_they_need():
    spec = importlib.util.spec_from_file_location("compare_rows", SCRIPTS / "compare.py")
    module = importlib.util.module_from_spec(spec)
    __import__("sys").modules["compare_rows"] = module
    spec.loader.exec_module(module)
    names = [row.name for row in module.ROWS]
    assert len(set(names)) == len(names)
    for i, row in enumerate(module.ROWS):
        assert set(row.needs) <= set(names[:i]) and set(row.against) <= set(names) - {row.name}
        assert module.plan(row) and "/root" not in str(module.plan(row))


def test_a_gain_is_counted_on_the_best_of_the_peers():
    scores = {"a": {"source": 10.0, "latent": 8.0}, "b": {"source": 11.0, "latent": 7.0}}
    row = {"scores": {"source": 11.75, "latent": 7.5}, "against": ["a", "b", "not there yet"]}
    assert gain(row, scores) == "source +0.75 on b, latent -0.50 on a"


def test_the_plot_is_written_the_same_again(tmp_path):
    row = {"name": "a", "group": "baseline", "scores": {"source": 10.0, "latent": 8.0}}
    figures = {"budget": {"direction": "en-de"}, "rows": [row, {**row, "name": "b", "scores": {"source": 11.5}}]}
    save_plot(figures, tmp_path / "a.svg")
    save_plot(figures, tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_text() == (tmp_path / "b.svg").read_text() != ""
