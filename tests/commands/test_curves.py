"""Curves from one run or several: in order, thinned, what was done twice once."""

import json

from vaegen.commands import curves


def run_folder(path, steps, repeated=()):
    path.mkdir()
    lines = [{"kind": "train", "step": s, "recon_per_token": float(s), "kl": 1.0, "beta": 0.0} for s in steps]
    lines += [{"kind": "train", "step": s, "recon_per_token": -1.0, "kl": 1.0, "beta": 0.0} for s in repeated]
    lines += [{"kind": "eval", "step": steps[-1], "kl": 9.0, "bleu_en-de_latent": 20.0}]
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_runs_follow_on_each_other_and_what_was_done_twice_counts_as_done_last(tmp_path):
    found = curves.series([run_folder(tmp_path / "a", [20, 40], [40]), run_folder(tmp_path / "b", [20])])
    assert found["recon_per_token"] == [(20, 20.0), (40, -1.0), (60, 20.0)]
    assert found["validation_kl"] == [(40, 9.0), (60, 9.0)] and found["bleu_en-de_latent"] == [(40, 20.0), (60, 20.0)]


def test_a_long_curve_is_thinned_to_means_of_its_neighbours():
    thin = curves.thinned([(step, float(step % 2)) for step in range(1000)])
    assert len(thin) == 200 and thin[-1][0] == 999
    assert all(0.3 < value < 0.7 for _, value in thin)


def test_the_command_writes_beside_the_weights_and_refuses_what_is_not_there(tmp_path, capsys):
    run = run_folder(tmp_path / "run", [20])
    assert curves.main([str(run), "--checkpoint", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "curves.json").read_text())["series"]["kl"] == [[20, 1.0]]
    more = run_folder(tmp_path / "more", [10])
    assert curves.main([str(more), "--checkpoint", str(tmp_path), "--append"]) == 0
    assert json.loads((tmp_path / "curves.json").read_text())["series"]["kl"] == [[20, 1.0], [30, 1.0]]
    assert curves.main([str(tmp_path / "none"), "--checkpoint", str(tmp_path)]) == 2
    assert "metrics.jsonl" in capsys.readouterr().err
