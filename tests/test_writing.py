"""Files are written whole or not at all, by one process at a time; a full disk or a lock is one sentence."""

import json
import os
import resource
import signal
import subprocess
import sys

import pytest

from vaegen.errors import VaegenError
from vaegen.writing import Growing, disk_error, locked, memory_error, replacing, write_json, write_text


def test_a_file_is_replaced_or_left_alone(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"é": 1})
    assert path.read_text(encoding="utf-8") == '{"é":1}\n'
    with pytest.raises(KeyboardInterrupt), replacing(path) as beside:
        beside.write_text("half")
        raise KeyboardInterrupt
    assert json.loads(path.read_text()) == {"é": 1} and [p.name for p in tmp_path.iterdir()] == ["a.json"]
    with pytest.raises(VaegenError, match="cannot be written"):
        write_text(tmp_path / "no" / "a", "text")


def limited(code, tmp_path, limit, kind=resource.RLIMIT_FSIZE):
    def fewer():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(kind, (limit, limit))

    return subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, preexec_fn=fewer, capture_output=True, text=True, timeout=120,
        check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


@pytest.mark.parametrize(
    "write",
    [
        "open(beside, 'wb').write(bytes(100_000))",
        "import torch; torch.save(torch.zeros(100_000), beside)",
        "import torch; from safetensors.torch import save_file; save_file({'a': torch.zeros(100_000)}, beside)",
        "import numpy as np; np.savez(open(beside, 'wb'), a=np.zeros(100_000))",
    ],
)
def test_a_disk_that_is_full_is_a_sentence_and_the_old_file_stays(tmp_path, write):
    (tmp_path / "a").write_text("old")
    code = f"from vaegen.writing import replacing\nwith replacing('a') as beside:\n    {write}"
    done = limited(code, tmp_path, 50_000)
    assert "vaegen.errors.VaegenError: a cannot be written" in done.stderr and "is unchanged" in done.stderr
    assert (tmp_path / "a").read_text() == "old" and [path.name for path in tmp_path.iterdir()] == ["a"]


def test_two_at_once_are_told_and_a_killed_one_leaves_nothing(tmp_path):
    (tmp_path / "run").mkdir()
    code = "from vaegen.writing import locked\nwith locked('run'):\n    print('has', flush=True)\n    input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    other = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment, **pipes)
    assert other.stdout.readline() == "has\n"
    with pytest.raises(VaegenError, match="Another process is writing into"), locked(tmp_path / "run"):
        pass
    (tmp_path / "run" / ".state.pt.123.part").write_text("half")
    other.kill()
    other.wait()
    other.stdout.close()
    other.stdin.close()
    with locked(tmp_path / "run"), locked(tmp_path / "run"):  # its own lock keeps no process out
        assert not list((tmp_path / "run").iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_what_a_fault_is_of():
    assert disk_error(OSError(28, "No space left on device")) == "No space left on device"
    assert disk_error(RuntimeError("[enforce fail at inline_container.cc] PytorchStreamWriter failed writing")) is not None
    assert disk_error(RuntimeError("shape mismatch")) is None and disk_error(ValueError()) is None
    assert memory_error(MemoryError()) and memory_error(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    assert not memory_error(RuntimeError("shape mismatch"))


def test_pieces_that_were_not_whole_are_taken_back(tmp_path):
    about = {"seed": (1, 2)}
    first = Growing(tmp_path / "out", ("a", "b"), about)
    first.add((b"12", b"3456"), 1)
    with first.files[0].open("ab") as file:
        file.write(b"half")
    again = Growing(tmp_path / "out", ("a", "b"), about)
    assert again.done == 1 and again.files[0].read_bytes() == b"12"
    assert Growing(tmp_path / "out", ("a", "b"), {"seed": 2}).done == 0 and again.files[1].read_bytes() == b""
