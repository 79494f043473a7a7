"""Assembles the folder of a Hugging Face Space: the app with its checkpoints, without history, tests and the like.

    python scripts/space.py ../space                           # with the default checkpoint
    python scripts/space.py ../space --checkpoints everyday multi30k

The block at the top of its README.md is that of this repository, checked against the keys that a Space knows. To upload it:
`hf upload owner/name ../space . --repo-type space`.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from vaegen.config import DEFAULT_CHECKPOINT
from vaegen.errors import VaegenError
from vaegen.model.companions import parts_of

FILES = ("app.py", "requirements.txt", "LICENSE")
COLORS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
HARDWARE = "cpu-basic cpu-upgrade cpu-xl zero-a10g t4-small t4-medium l4x1 l4x4 l40sx1 a10g-small a10g-large a100-large h200"
# What huggingface.co/docs/hub/spaces-config-reference lists: the values that a key may have, or the type.
KEYS: dict[str, Any] = {
    "title": str, "emoji": str, "colorFrom": COLORS, "colorTo": COLORS, "sdk": ("gradio", "docker", "static"),
    "python_version": str, "sdk_version": str, "suggested_hardware": tuple(HARDWARE.split()), "suggested_storage": str,
    "app_file": str, "app_build_command": str, "app_port": int, "base_path": str, "fullWidth": bool,
    "header": ("mini", "default"), "short_description": str, "models": list, "datasets": list, "tags": list,
    "thumbnail": str, "pinned": bool, "hf_oauth": bool, "hf_oauth_scopes": list, "hf_oauth_expiration_minutes": int,
    "disable_embedding": bool, "startup_duration_timeout": str, "custom_headers": dict, "preload_from_hub": list,
    "license": str, "license_name": str, "license_link": str,
}  # fmt: skip
NEEDED = ("title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "app_file", "license")
MOST_DESCRIPTION = 60  # characters of `short_description`


def assemble(out: Path, checkpoints: list[str], root: Path = ROOT) -> list[Path]:
    """Writes the folder and returns its files.

    Raises:
        VaegenError: If it is not empty, there is no such checkpoint, or the block of README.md is wrong.
    """
    if out.exists() and any(out.iterdir()):
        raise VaegenError("{out} is not empty; give a new folder.", out=out)
    readme = (root / "README.md").read_text(encoding="utf-8")
    check(front_matter(readme), root)
    for name in checkpoints:
        if not (root / "checkpoints" / name / "config.json").is_file():
            raise VaegenError("There is no checkpoint {name} in checkpoints/.", name=name)
    out.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(root / name, out / name)
    shutil.copytree(root / "vaegen", out / "vaegen", ignore=shutil.ignore_patterns("__pycache__"))
    for name in checkpoints:
        for part in parts_of(root / "checkpoints" / name):
            (out / "checkpoints" / name / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / "checkpoints" / name / part, out / "checkpoints" / name / part)
    about = "\n".join(f"- [{name}](checkpoints/{name}/README.md)" for name in checkpoints)
    intro = readme.split("\n![", 1)[0].rstrip()
    text = f"{intro}\n\nThe code is MIT; each checkpoint is under the terms of the text that it was trained on:\n\n{about}\n"
    (out / "README.md").write_text(text, encoding="utf-8")
    return sorted(path for path in out.rglob("*") if path.is_file())


def front_matter(readme: str) -> dict[str, Any]:
    """Returns the block at the top of a README.

    Raises:
        VaegenError: If there is none.
    """
    import yaml  # of huggingface_hub

    match = re.match(r"---\n(.*?)\n---\n", readme, re.DOTALL)
    if match is None:
        raise VaegenError("README.md does not begin with a block between two lines of ---.")
    return dict(yaml.safe_load(match[1]))


def check(block: dict[str, Any], root: Path = ROOT) -> None:
    """Checks the block of a Space.

    Raises:
        VaegenError: If a key is unknown or missing, has a value that it cannot have, or does not fit this repository.
    """
    for key in NEEDED:
        if key not in block:
            raise VaegenError("README.md lacks the key {key}, which a Space needs.", key=key)
    for key, value in block.items():
        allowed = KEYS.get(key)
        if allowed is None:
            raise VaegenError("README.md has the key {key}, which no Space knows.", key=key)
        if not (value in allowed if isinstance(allowed, tuple) else isinstance(value, allowed)):
            told = " or ".join(allowed) if isinstance(allowed, tuple) else allowed.__name__
            raise VaegenError("{key} is {value} in README.md; it has to be {told}.", key=key, value=repr(value), told=told)
    if len(description := block.get("short_description", "")) > MOST_DESCRIPTION:
        raise VaegenError("short_description has {n} characters; {most} fit.", n=len(description), most=MOST_DESCRIPTION)
    if not (root / block["app_file"]).is_file():
        raise VaegenError("app_file is {file}, which is not there.", file=block["app_file"])
    pinned = re.search(r"^gradio==(.+)$", (root / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    if pinned is None or pinned[1] != str(block["sdk_version"]):
        said = "sdk_version is {version}, but requirements.txt pins gradio {pinned}."
        raise VaegenError(said, version=block["sdk_version"], pinned=pinned[1] if pinned else "nowhere")


def main(arguments: list[str] | None = None) -> int:
    """Runs the script and returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder to make")
    parser.add_argument("--checkpoints", nargs="+", default=[DEFAULT_CHECKPOINT], metavar="NAME", help="of checkpoints/")
    options = parser.parse_args(arguments)
    try:
        files = assemble(options.out, options.checkpoints)
    except VaegenError as error:
        print(f"space: {error}", file=sys.stderr)
        return 2
    print(f"{options.out}: {len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
