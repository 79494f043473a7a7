"""The wheel holds all that an install needs: its commands run away from the clone."""

import shutil
import subprocess
import sys
from zipfile import ZipFile

import pytest
import torch

from vaegen.commands.arguments import ROOT
from vaegen.config import ModelConfig, preset
from vaegen.model.checkpoint import save_checkpoint
from vaegen.model.vae_transformer import VAETransformer


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The unpacked wheel of the files as they are."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT / "vaegen", folder / "source" / "vaegen", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(folder / "source")], check=True, capture_output=True, timeout=300)
    with ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def away(site, *arguments, **settings):
    environment = {"PYTHONPATH": str(site), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "vaegen", *arguments]
    return subprocess.run(command, cwd=site.parent, env=environment, capture_output=True, check=False, **settings)


def test_it_holds_every_file_of_the_package(site):
    files = [path for path in (ROOT / "vaegen").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    missing = [path for path in files if not (site / path.relative_to(ROOT)).is_file()]
    assert files and missing == []


def test_it_has_the_command(site):
    (points,) = site.glob("vaegen-*.dist-info/entry_points.txt")
    assert "vaegen = vaegen.commands.__main__:main" in points.read_text()


def test_its_commands_work_away_from_the_clone(site, tokenizer, tmp_path):
    torch.manual_seed(0)
    model = VAETransformer(ModelConfig(tokenizer.vocab_size, tokenizer.languages, **preset("tiny")[0]))
    save_checkpoint(tmp_path / "tiny", model, tokenizer)
    options = ["--target-language", "de", "--num-beams", "1", "--avoid"]  # the word lists are there, too
    done = away(site, "translate", "--checkpoint", str(tmp_path / "tiny"), *options, input=b"a dog runs\n\n")
    assert done.returncode == 0 and done.stdout.count(b"\n") == 2 and done.stderr == b""
    for command, said in ((["translate", *options], b"--checkpoint owner/name"), (["app"], b"--checkpoint owner/name")):
        done = away(site, *command, input=b"a\n")
        assert done.returncode == 2 and said in done.stderr and done.stderr.count(b"\n") == 1, done.stderr
