"""Self-describing checkpoint folders.

    config.json         {"format": 1, "model_type": "vaegen", "model": the fields of ModelConfig}
    tokenizer*.json     the tokenizer, and what `transformers` has to know to read it
    model*.safetensors  weights in half precision, in shards of up to 8 MB with an index
    metrics.json        where the weights come from and what was measured on them
    pretrained/         config and tokenizer of a pre-trained encoder; its weights are among ours

What else may lie there is in `companions.PARTS`.
Weights are safetensors only: nothing in a checkpoint is ever run.
"""

from __future__ import annotations

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
from vaegen.limits import read_json, read_metrics
from vaegen.model.companions import parts_of
from vaegen.model.companions import weights_hash as weights_hash  # where files beside the weights are made
from vaegen.model.hub import HUB_ID, Repository, download
from vaegen.model.pretrained import FOLDER as PRETRAINED
from vaegen.model.vae_transformer import VAETransformer
from vaegen.model.weights import INDEX, check_weights, lacks, read_weights, shapes_of
from vaegen.text.tokenizer import EOS, MASK, PAD, Tokenizer
from vaegen.writing import disk_error, flush, locked, write_json

FORMAT, MODEL_TYPE = 1, "vaegen"  # the type is what the Auto classes of `transformers` know a checkpoint by
MOST_CONFIG = 1_000_000  # bytes
CONFIG, TOKENIZER, METRICS = "config.json", "tokenizer.json", "metrics.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
# A file over 9 MB is more than some hosts of repositories take without large-file storage. A tensor beyond (the 30,000
# words of a pre-trained encoder) is stored in parts "name#0", "name#1", ...
SHARD_SIZE, MOST_BYTES = "8MB", 8_000_000


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
    folder: str | Path,
    model: VAETransformer,
    tokenizer: Tokenizer,
    metadata: Mapping[str, Any] | None = None,
    loaded_from: Path | None = None,
) -> None:
    """Writes a checkpoint folder; whoever is killed on the way leaves the old one whole.

    Everything is written into a folder beside, which then takes the place of the old one. Files of the old one that are
    none of ours (a model card, a map) are kept.

    Args:
        folder: Where to.
        model: The model.
        tokenizer: Its tokenizer.
        metadata: Goes into `metrics.json`.
        loaded_from: The checkpoint that the model comes from. While its weights are still the model's, all of its parts
            come along: priors, map, card and so on.

    Raises:
        VaegenError: If a weight is not finite or too large for half precision, or the folder cannot be written.
    """
    folder = Path(os.path.abspath(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        try:
            _save(folder, model, tokenizer, metadata or {}, loaded_from)
        except Exception as error:  # each library has its own class for a full disk
            if (reason := disk_error(error)) is None:
                raise
            shutil.rmtree(_beside(folder, "new"), ignore_errors=True)
            raise VaegenError(
                "The checkpoint {folder} cannot be written ({reason}); what was there is unchanged. Make room, or choose "
                "another place.",
                folder=folder,
                reason=reason,
            ) from error


def _save(
    folder: Path,
    model: VAETransformer,
    tokenizer: Tokenizer,
    metadata: Mapping[str, Any],
    loaded_from: Path | None,
) -> None:
    from huggingface_hub import save_torch_state_dict

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
    if loaded_from is not None and _holds(loaded_from, model):
        for part in parts_of(loaded_from):
            (new / part).parent.mkdir(exist_ok=True)
            shutil.copyfile(loaded_from / part, new / part)
    else:
        save_torch_state_dict(_in_parts(_halved(model)), new, max_shard_size=SHARD_SIZE)
    _write_json(new / CONFIG, {"format": FORMAT, "model_type": MODEL_TYPE, "model": config.to_dict()})
    _write_json(new / METRICS, dict(metadata))
    tokenizer.save(new / TOKENIZER)
    _write_json(new / TOKENIZER_CONFIG, tokenizer_config(config))
    if folder.exists():
        _copy_others(folder, new)
    for path in (*new.rglob("*"), new):
        flush(path)
    if folder.exists():
        os.replace(folder, old)
    os.replace(new, folder)
    flush(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def tokenizer_config(config: ModelConfig) -> dict[str, Any]:
    """Returns what `transformers` has to know to use our `tokenizer.json`: padding, the end, the longest text.

    And that special tokens which a person has typed are text.
    """
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": PAD,
        "eos_token": EOS,
        "mask_token": MASK,
        "split_special_tokens": True,
        "clean_up_tokenization_spaces": False,
        "model_max_length": config.max_length,
    }


def load_checkpoint(
    path_or_hub_id: str | Path,
    device: str | torch.device = "cpu",
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
) -> Checkpoint:
    """Returns a checkpoint from a folder, or from the Hugging Face Hub ("owner/name", downloaded once, then cached).

    Args:
        path_or_hub_id: Where it is.
        device: Where the model goes.
        revision: Of a repository: a branch, a tag or a commit.
        token: For a private repository; None: the one that `hf auth login` has stored.
        cache_dir: Where what is downloaded is kept; the Hub's usual cache if None.

    Raises:
        VaegenError: If it is not there, incomplete or damaged; the message says what is missing and what there is.
    """
    folder = _find(path_or_hub_id, revision, token, cache_dir)
    try:
        return _load(folder, device, path_or_hub_id)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise VaegenError("{folder} cannot be read: {reason}.", folder=folder, reason=reason) from error


def _load(folder: Path, device: str | torch.device, path_or_hub_id: str | Path) -> Checkpoint:
    config = _read_config(folder)
    if not (folder / TOKENIZER).is_file():
        raise lacks(folder, TOKENIZER)
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
        raise lacks(folder, PRETRAINED)
    try:
        wanted = shapes_of(lambda: VAETransformer(config))
        check_weights(folder, wanted, CONFIG)  # first: a config may ask for any memory, a file holds what it holds
        model = VAETransformer(config)
    except VaegenError:
        raise
    except Exception as error:  # a size that fits no memory, or what no layer can be made with
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise VaegenError(
            "{path} does not describe a model that can be built: {reason}", path=folder / CONFIG, reason=reason
        ) from error
    state = read_weights(folder)
    model.load_state_dict(state)
    model.to(device).eval()
    metadata = read_metrics(folder / METRICS)
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


def _find(
    path_or_hub_id: str | Path, revision: str | None, token: str | bool | None, cache_dir: str | Path | None
) -> Path:
    path, text = Path(path_or_hub_id).expanduser(), str(path_or_hub_id)
    if path.is_dir():
        return path
    if _beside(path, "old").is_dir():  # somebody is saving, or was killed while doing so
        return _beside(path, "old")
    if path.exists():
        raise VaegenError("{path} is a file; give the checkpoint's folder.", path=path)
    # "checkpoints/de" looks like a hub id too: where there is such a parent folder, it is a wrong path.
    if HUB_ID.fullmatch(text) and not path.parent.is_dir():
        return download(Repository(text, revision, token), cache_dir)
    there = find_checkpoints(path.parent)
    known = f"{path.parent} has {', '.join(there) if there else 'none'}"
    raise VaegenError(
        "There is no checkpoint {text}; {known}. Give a folder that holds a {config}, or a hub id such as 'owner/name'.",
        text=text,
        known=known,
        config=CONFIG,
    )


def _read_config(folder: Path) -> ModelConfig:
    if not (folder / CONFIG).is_file():
        there = ", ".join(find_checkpoints(folder))
        if there:
            said = "{folder} has no {name}. It holds the checkpoints {there}: choose one of them."
            raise VaegenError(said, folder=folder, name=CONFIG, there=there)
        raise lacks(folder, CONFIG)
    values = read_json(folder / CONFIG, MOST_CONFIG)
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
    except (VaegenError, TypeError, ValueError) as error:
        raise VaegenError(
            "{path} does not describe a model that can be built: {reason}", path=folder / CONFIG, reason=error
        ) from error


def _holds(folder: Path, model: VAETransformer) -> bool:
    """Whether a folder has the weights of a model, in half precision."""
    try:
        stored = read_weights(folder)
    except VaegenError:
        return False
    own = _halved(model)
    return own.keys() == stored.keys() and all(torch.equal(own[name].float(), stored[name]) for name in own)


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


def _copy_others(folder: Path, new: Path) -> None:
    """Copies what is not part of the weights' own files, so that replacing the folder loses nothing."""
    for path in folder.iterdir():
        is_weights = re.fullmatch(r"model(-\d+-of-\d+)?\.safetensors", path.name)
        if path.name == PRETRAINED or (new / path.name).exists():
            continue
        if path.is_dir():
            shutil.copytree(path, new / path.name)
        elif not is_weights and path.name not in (CONFIG, TOKENIZER, TOKENIZER_CONFIG, METRICS, INDEX):
            shutil.copy2(path, new / path.name)


def _beside(folder: Path, kind: str) -> Path:
    return folder.parent / f".{folder.name}.{kind}"


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    write_json(path, values, indent=2)
