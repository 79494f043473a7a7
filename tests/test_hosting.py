"""The folder of a Space and the image of a container: what is in them is enough to serve the page, and nothing else is."""

import os
import re
import shlex
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from urllib.request import urlopen

import pytest

from vaegen.errors import VaegenError
from vaegen.model.companions import parts_of

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def space():
    """The script."""
    spec = spec_from_file_location("space", ROOT / "scripts" / "space.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_space_has_what_serves_the_page_and_serves_it(space, tmp_path, capsys, free_port):
    out = tmp_path / "space"
    assert space.main([str(out)]) == 0 and re.search(r"\d+ files, \d+\.\d MB", capsys.readouterr().out)
    assert {path.name for path in out.iterdir()} == {"README.md", *space.FILES, "vaegen", "checkpoints"}
    assert parts_of(out / "checkpoints" / "everyday") == parts_of(ROOT / "checkpoints" / "everyday")
    assert [path.name for path in (out / "checkpoints").iterdir()] == ["everyday"]
    assert not list(out.rglob("__pycache__")) and "terms of the text" in (out / "README.md").read_text()
    assert space.main([str(out)]) == 2 and "not empty" in capsys.readouterr().err
    variables = {"GRADIO_SERVER_PORT": str(free_port), "SPACE_ID": "owner/name", "PYTHONPATH": "", "HF_HUB_OFFLINE": "1"}
    running = subprocess.Popen(
        [sys.executable, "app.py"], cwd=out, env=os.environ | variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        page = ""
        for _ in range(240):
            time.sleep(0.5)
            assert running.poll() is None, "it ended"
            try:
                page = urlopen(f"http://127.0.0.1:{free_port}/", timeout=20).read().decode()
                break
            except OSError:
                continue
        plotly = re.search(r"gradio_api/vaegen/plotly/[0-9a-f]+\.js", page)
        assert plotly and "everyday" in page
        assert urlopen(f"http://127.0.0.1:{free_port}/{plotly[0]}").status == 200
    finally:
        running.terminate()
        running.wait(30)


def test_the_block_of_a_space_has_only_what_a_space_knows(space):
    block = space.front_matter((ROOT / "README.md").read_text(encoding="utf-8"))
    space.check(block)
    wrong = {
        "sdk": "streamlit", "colorFrom": "orange", "short_description": "x" * 61, "app_file": "main.py",
        "sdk_version": "1.0", "suggested_hardware": "big", "python_version": 3.11, "colour": "red",
    }  # fmt: skip
    for key, value in wrong.items():
        with pytest.raises(VaegenError, match=key):
            space.check(block | {key: value})
    for key in space.NEEDED:
        with pytest.raises(VaegenError, match=key):
            space.check({other: value for other, value in block.items() if other != key})


def instructions():
    lines = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()
    return [line.split(maxsplit=1) for line in lines if line and not line.startswith(("#", " "))]


def test_the_image_copies_what_is_there_and_what_the_app_needs():
    ignored = (ROOT / ".dockerignore").read_text().split()
    copied = set()
    for word, rest in instructions():
        if word == "COPY":
            *sources, _ = [part for part in shlex.split(rest) if not part.startswith("--")]
            copied |= set(sources)
    assert all((ROOT / name).exists() and f"!{name}" in ignored for name in copied)
    assert copied == {"app.py", "LICENSE", "README.md", "requirements.txt", "vaegen", "checkpoints"}
    words = [word for word, _ in instructions()]
    assert words[0] == "FROM" and words[-1] == "ENTRYPOINT" and words.index("USER") > max(
        i for i, word in enumerate(words) if word == "RUN"
    )  # fmt: skip


def test_the_steps_of_the_image_ask_for_the_pinned_torch_from_the_index_that_is_given():
    step = next(rest for word, rest in instructions() if word == "RUN" and "pip" in rest)
    pinned = next(line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith("torch=="))
    for index, asked in (("", f"install --no-cache-dir {pinned}"), ("I", f"install --no-cache-dir --index-url I {pinned}")):
        script = f'pip() {{ echo "$@"; }}\nTORCH_INDEX="{index}"\n{step}'
        done = subprocess.run(["sh", "-ec", script], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.splitlines() == [asked, "install --no-cache-dir -r requirements.txt mcp>=1.21,<2"]
