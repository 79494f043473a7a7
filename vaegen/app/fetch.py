"""A checkpoint from the Hugging Face Hub for a visitor: its config first, its sizes next, and only then its files.

It comes outside the model thread, one at a time, and no longer than `MOST_SECONDS`: nobody else waits for it.
"""

from __future__ import annotations

import json
import threading
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from vaegen.config import ModelConfig
from vaegen.errors import VaegenError
from vaegen.model.companions import PARTS

MOST_BYTES, MOST_CONFIG, MOST_FILES = 500_000_000, 1_000_000, 500
MOST_SECONDS, ANSWER_SECONDS = 300.0, 4.0  # for all; for the first word of the Hub
_ONE = threading.Lock()


def fetch(repo_id: str, most_seconds: float = MOST_SECONDS) -> Path:
    """Returns the folder of a repository's checkpoint, once it has come.

    Raises:
        VaegenError: If it is no checkpoint, is too large, takes too long, or another one is just coming.
    """
    if not _ONE.acquire(blocking=False):
        raise VaegenError("Another checkpoint is just coming from the Hub; try again in a minute.")
    done: list[Any] = []

    def work() -> None:
        try:
            done.append(_fetch(repo_id))
        except BaseException as error:
            done.append(error)
        finally:
            _ONE.release()

    thread = threading.Thread(target=work, name="hub", daemon=True)
    thread.start()  # a download cannot be stopped: after the time it goes on, and nobody may begin another before its end
    thread.join(most_seconds)
    if not done:
        raise VaegenError(
            "{repo_id} did not come from the Hub within {n} s; try again later.", repo_id=repo_id, n=int(most_seconds)
        )
    if isinstance(done[0], BaseException):
        raise done[0]
    return done[0]


def _fetch(repo_id: str) -> Path:
    from huggingface_hub import HfApi, snapshot_download

    try:
        info = HfApi().model_info(repo_id, files_metadata=True, timeout=ANSWER_SECONDS)
        sizes = {
            file.rfilename: file.size for file in info.siblings or [] if any(fnmatch(file.rfilename, one) for one in PARTS)
        }
        _check_sizes(repo_id, sizes)
        _check_config(repo_id, info.sha)
        return Path(snapshot_download(repo_id, revision=info.sha, allow_patterns=sorted(sizes), max_workers=2))
    except VaegenError:
        raise
    except Exception as error:  # no network, no such repository, no access: each library layer has its own class
        said = "There is no checkpoint {repo_id} on the Hugging Face Hub, or it cannot be reached ({kind}); check the name."
        raise VaegenError(said, repo_id=repo_id, kind=type(error).__name__) from error


def _check_sizes(repo_id: str, sizes: dict[str, int | None]) -> None:
    if "config.json" not in sizes or not any(name.endswith(".safetensors") for name in sizes):
        said = "{repo_id} is no checkpoint of vaegen: it has no {name}. Give the id of one."
        raise VaegenError(said, repo_id=repo_id, name="config.json" if "config.json" not in sizes else "model.safetensors")
    size = sum(one or 0 for one in sizes.values())
    if None in sizes.values() or size > MOST_BYTES or len(sizes) > MOST_FILES or (sizes["config.json"] or 0) > MOST_CONFIG:
        said = "{repo_id} has {size} MB; this app opens checkpoints of up to {most} MB."
        raise VaegenError(said, repo_id=repo_id, size=size // 1_000_000, most=MOST_BYTES // 1_000_000)


def _config_file(repo_id: str, revision: str | None) -> Path:
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(repo_id, "config.json", revision=revision, etag_timeout=ANSWER_SECONDS))


def _check_config(repo_id: str, revision: str | None) -> None:
    path = _config_file(repo_id, revision)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        ModelConfig.from_dict(values["model"])
    except VaegenError as error:
        raise VaegenError("{repo_id} is no checkpoint of vaegen: {reason}", repo_id=repo_id, reason=error) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        said = "{repo_id} is no checkpoint of vaegen: its config.json describes another kind of model."
        raise VaegenError(said, repo_id=repo_id) from error
