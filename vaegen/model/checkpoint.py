"""Self-describing checkpoint folders.

    config.json         {"format": 1, "model": the fields of ModelConfig}
    tokenizer.json      the tokenizer, also readable by `transformers`
    model*.safetensors  weights in half precision, in shards of up to 8 MB with an index
    metrics.json        where the weights come from and what was measured on them
    pretrained/         config and tokenizer of a pre-trained encoder; its weights are among ours

Weights are safetensors only: nothing in a checkpoint is ever run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vaegen.config import ModelConfig
from vaegen.errors import VaegenError
from vaegen.model.companions import weights_hash as weights_hash  # where files beside the weights are made
from vaegen.model.pretrained import FOLDER as PRETRAINED
from vaegen.model.vae_transformer import VAETransformer
from vaegen.text.tokenizer import Tokenizer

FORMAT = 1
CONFIG, TOKENIZER, METRICS = "config.json", "tokenizer.json", "metrics.json"
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
# A file over 9 MB is more than some hosts of repositories take without large-file storage. A tensor beyond (the 30,000
# words of a pre-trained encoder) is stored in parts "name#0", "name#1", ...
SHARD_SIZE, MOST_BYTES = "8MB", 8_000_000
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint.

    Attributes:
        model: In evaluation mode, float32.
        tokenizer: Its tokenizer.
        metadata: The content of `metrics.json`; empty where there is none.
        name: Name of the folder or of the repository.
        path: The folder that was read.
    """

    model: VAETransformer
    tokenizer: Tokenizer
    metadata: dict[str, Any]
    name: str
    path: Path


def save_checkpoint(
    folder: str | Path, model: VAETransformer, tokenizer: Tokenizer, metadata: Mapping[str, Any] | None = None
) -> None:
    """Writes a checkpoint folder; whoever is killed on the way leaves the old one whole.

    Everything is written into a folder beside, which then takes the place of the old one. Files of the old one that are
    none of ours (a model card, a map) are kept.

    Raises:
        VaegenError: If a weight is not finite or too large for half precision.
    """
    from huggingface_hub import save_torch_state_dict

    folder = Path(os.path.abspath(folder))
    new, old = _beside(folder, "new"), _beside(folder, "old")
    if old.exists() and not folder.exists():  # killed between the two renames below
        os.replace(old, folder)
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    config = model.config
    if model.pretrained is not None:  # loaded from the checkpoint itself; where it was before is nobody's business
        config = replace(config, pretrained=PRETRAINED)
        model.pretrained.save(new / PRETRAINED)
    _write_json(new / CONFIG, {"format": FORMAT, "model": config.to_dict()})
    _write_json(new / METRICS, dict(metadata or {}))
    tokenizer.save(new / TOKENIZER)
    save_torch_state_dict(_in_parts(_halved(model)), new, max_shard_size=SHARD_SIZE)
    if folder.exists():
        _copy_others(folder, new)
        os.replace(folder, old)
    os.replace(new, folder)
    shutil.rmtree(old, ignore_errors=True)


def load_checkpoint(path_or_hub_id: str | Path, device: str | torch.device = "cpu") -> Checkpoint:
    """Returns a checkpoint from a folder, or from the Hugging Face Hub ("owner/name", downloaded once, then cached).

    Raises:
        VaegenError: If it is not there, incomplete or damaged; the message says what is missing and what there is.
    """
    folder = _find(path_or_hub_id)
    config = _read_config(folder)
    if not (folder / TOKENIZER).is_file():
        raise _lacks(folder, TOKENIZER)
    tokenizer = Tokenizer.load(folder / TOKENIZER)
    if tokenizer.vocab_size != config.vocab_size or tuple(tokenizer.languages) != config.languages:
        raise VaegenError(
            "In {folder} the tokenizer ({vocab_size} tokens, {languages}) is not the model's ({vocab_size_2} tokens, "
            "{languages_2}); restore the files that belong together.",
            folder=folder,
            vocab_size=tokenizer.vocab_size,
            languages=", ".join(tokenizer.languages),
            vocab_size_2=config.vocab_size,
            languages_2=", ".join(config.languages),
        )
    if config.pretrained and not Path(config.pretrained).is_dir():
        raise _lacks(folder, PRETRAINED)
    try:
        model = VAETransformer(config)
    except (TypeError, ValueError, RuntimeError) as error:  # a fraction as a size, or a size that fits no memory
        reason = str(error).splitlines()[0]
        raise VaegenError(
            "{path} does not describe a model that can be built: {reason}", path=folder / CONFIG, reason=reason
        ) from error
    state = _read_weights(folder)
    wanted = model.state_dict()
    missing, unknown = sorted(wanted.keys() - state.keys()), sorted(state.keys() - wanted.keys())
    wrong = [name for name in wanted.keys() & state.keys() if wanted[name].shape != state[name].shape]
    if missing or unknown or wrong:
        parts = {"missing": missing, "unknown": unknown, "of another shape": sorted(wrong)}
        told = "; ".join(f"{len(names)} {what} ({names[0]})" for what, names in parts.items() if names)
        raise VaegenError(
            "The weights in {folder} do not fit its {config}: {told}.", folder=folder, config=CONFIG, told=told
        )
    model.load_state_dict(state)
    model.to(device).eval()
    metadata = _read_json(folder / METRICS) if (folder / METRICS).is_file() else {}
    name = folder.resolve().name if Path(path_or_hub_id).is_dir() else Path(path_or_hub_id).name
    return Checkpoint(model, tokenizer, metadata, name, folder)


def keep_last(folder: Path, step: int, n: int) -> Path:
    """Returns where in `folder` the checkpoint of a step belongs, and removes all but the n - 1 before it."""
    path = folder / f"step-{step:08d}"
    others = sorted(other for other in folder.glob("step-*") if other != path)
    for old in others[: len(others) - n + 1]:
        shutil.rmtree(old)
    return path


def find_checkpoints(folder: str | Path) -> list[str]:
    """Returns the names of the checkpoint folders in a folder."""
    return sorted(path.parent.name for path in Path(folder).glob(f"[!.]*/{CONFIG}"))


def _find(path_or_hub_id: str | Path) -> Path:
    path, text = Path(path_or_hub_id).expanduser(), str(path_or_hub_id)
    if path.is_dir():
        return path
    if _beside(path, "old").is_dir():  # somebody is saving, or was killed while doing so
        return _beside(path, "old")
    if path.exists():
        raise VaegenError("{path} is a file; give the checkpoint's folder.", path=path)
    # "checkpoints/de" looks like a hub id too: where there is such a parent folder, it is a wrong path.
    if HUB_ID.fullmatch(text) and not path.parent.is_dir():
        return _download(text)
    there = find_checkpoints(path.parent)
    known = f"{path.parent} has {', '.join(there) if there else 'none'}"
    raise VaegenError(
        "There is no checkpoint {text}; {known}. Give a folder that holds a {config}, or a hub id such as 'owner/name'.",
        text=text,
        known=known,
        config=CONFIG,
    )


def _download(repo_id: str) -> Path:
    from huggingface_hub import snapshot_download

    patterns = [CONFIG, TOKENIZER, METRICS, INDEX, "model*.safetensors", "README.md", f"{PRETRAINED}/*.json"]
    try:
        return Path(snapshot_download(repo_id, allow_patterns=patterns))
    except Exception as error:  # no network, no such repository, no access: each library layer has its own class
        reason = str(error).strip().split("\n")[0]
        raise VaegenError(
            "There is no folder {repo_id}, and it could not be had from the Hugging Face Hub: {reason}",
            repo_id=repo_id,
            reason=reason,
        ) from error


def _read_config(folder: Path) -> ModelConfig:
    if not (folder / CONFIG).is_file():
        there = ", ".join(find_checkpoints(folder))
        if there:
            said = "{folder} has no {name}. It holds the checkpoints {there}: choose one of them."
            raise VaegenError(said, folder=folder, name=CONFIG, there=there)
        raise _lacks(folder, CONFIG)
    values = _read_json(folder / CONFIG)
    if values.get("format") != FORMAT or not isinstance(values.get("model"), dict):
        raise VaegenError(
            "{path} is no vaegen checkpoint of format {format} (it says {given}); if it is a newer one, update vaegen.",
            path=folder / CONFIG,
            format=FORMAT,
            given=repr(values.get("format")),
        )
    try:
        config = ModelConfig.from_dict(values["model"])
        return replace(config, pretrained=str(folder / PRETRAINED)) if config.pretrained else config
    except (VaegenError, TypeError) as error:
        raise VaegenError("{path} does not describe a model: {reason}", path=folder / CONFIG, reason=error) from error


def _read_weights(folder: Path) -> dict[str, Tensor]:
    """All weights in float32."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    names = [WEIGHTS]
    if (folder / INDEX).is_file():
        shards = _read_json(folder / INDEX).get("weight_map")
        if not isinstance(shards, dict) or not all(isinstance(name, str) for name in shards.values()):
            raise VaegenError("{path} is damaged: its weight_map must name a file for every weight.", path=folder / INDEX)
        names = sorted(set(shards.values()))
    state: dict[str, Tensor] = {}
    for name in names:
        # A name is a name: an index from a stranger must not point out of the folder.
        if Path(name).name != name or not (folder / name).is_file():
            raise _lacks(folder, name)
        try:
            state.update(load_file(folder / name))
        except (SafetensorError, OSError) as error:
            raise VaegenError("{path} is damaged or cut short: {reason}", path=folder / name, reason=error) from error
    return {name: value.float() for name, value in _whole(state).items()}


def _halved(model: VAETransformer) -> dict[str, Tensor]:
    state = {name: value.detach().to("cpu", torch.float16) for name, value in model.state_dict().items()}
    bad = [name for name, value in state.items() if not value.isfinite().all()]
    if bad:
        raise VaegenError(
            "Weights that are not finite in half precision: {bad}. This model was not saved.", bad=", ".join(bad)
        )
    return state


def _in_parts(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights with those over `MOST_BYTES` cut along their first axis."""
    parts: dict[str, Tensor] = {}
    for name, value in state.items():
        n = -(-value.nbytes // MOST_BYTES)
        pieces = [value] if n <= 1 else value.chunk(n)
        parts |= {name if n <= 1 else f"{name}#{i}": piece.clone() for i, piece in enumerate(pieces)}
    return parts


def _whole(parts: dict[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of `_in_parts`."""
    lists: dict[str, dict[int, Tensor]] = {}
    for key, value in parts.items():
        name, _, number = key.partition("#")
        lists.setdefault(name, {})[int(number) if number.isdecimal() else 0] = value
    return {name: v[0] if len(v) == 1 else torch.cat([v[i] for i in sorted(v)]) for name, v in lists.items()}


def _copy_others(folder: Path, new: Path) -> None:
    """Copies what is not part of the weights' own files, so that replacing the folder loses nothing."""
    for path in folder.iterdir():
        is_weights = re.fullmatch(r"model(-\d+-of-\d+)?\.safetensors", path.name)
        if path.name == PRETRAINED:
            continue
        if path.is_dir():
            shutil.copytree(path, new / path.name)
        elif not is_weights and path.name not in (CONFIG, TOKENIZER, METRICS, INDEX):
            shutil.copy2(path, new / path.name)


def _beside(folder: Path, kind: str) -> Path:
    return folder.parent / f".{folder.name}.{kind}"


def _lacks(folder: Path, name: str) -> VaegenError:
    there = ", ".join(sorted(path.name for path in folder.iterdir())) or "no files"
    return VaegenError("{folder} has no {name}; it has {there}.", folder=folder, name=name, there=there)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # broken JSON and broken UTF-8
        raise VaegenError("{path} is not valid JSON: {reason}", path=path, reason=error) from error
    if not isinstance(values, dict):
        raise VaegenError("{path} holds no JSON object.", path=path)
    return values


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
