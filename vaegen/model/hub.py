"""Checkpoints from the Hugging Face Hub and to it; HF_ENDPOINT names another host, HF_TOKEN or `hf auth login` who asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from vaegen.errors import VaegenError
from vaegen.model.companions import PARTS, parts_of

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


@dataclass(frozen=True)
class Repository:
    """A model repository of the Hub.

    Attributes:
        id: As "owner/name".
        revision: A branch, a tag or a commit; None: the main branch.
        token: Who asks; None: the token that is stored on this machine, if any; False: nobody.
    """

    id: str
    revision: str | None = None
    token: str | bool | None = None


def download(repository: Repository, cache_dir: str | Path | None = None) -> Path:
    """Returns the folder that all parts of a checkpoint are in; what is in the cache already is not fetched again.

    Raises:
        VaegenError: If there is no such repository or revision, it is not open to this token, or there is no network.
    """
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                repository.id,
                revision=repository.revision,
                token=repository.token,
                cache_dir=cache_dir,
                allow_patterns=list(PARTS),
            )
        )
    except Exception as error:  # no network, no such repository, no access: each library layer has its own class
        raise VaegenError(
            "There is no folder {repo_id}, and it could not be had from the Hugging Face Hub: {reason}",
            repo_id=repository.id,
            reason=_reason(error, repository),
        ) from error


def upload(folder: Path, repository: Repository, private: bool | None = None, message: str | None = None) -> str:
    """Puts all parts of a checkpoint into a repository, which is made if there is none, in one commit; returns its address.

    Raises:
        VaegenError: If the repository's name is none, or the Hub refuses or cannot be reached.
    """
    from huggingface_hub import HfApi

    if not HUB_ID.fullmatch(repository.id):
        raise VaegenError("{repo_id} is no name of a repository; give 'owner/name'.", repo_id=repr(repository.id))
    api = HfApi(token=repository.token)
    parts = [part.as_posix() for part in parts_of(folder)]
    try:
        api.create_repo(repository.id, private=private, exist_ok=True)
        done = api.upload_folder(
            repo_id=repository.id,
            folder_path=folder,
            allow_patterns=parts,
            revision=repository.revision,
            commit_message=message or f"vaegen: {len(parts)} files of a checkpoint",
        )
    except Exception as error:  # as above
        reason = _reason(error, repository)
        raise VaegenError("{repo_id} could not be uploaded: {reason}", repo_id=repository.id, reason=reason) from error
    return str(done.commit_url)


def _reason(error: Exception, repository: Repository) -> str:
    """Why the Hub could not be used, and what to do, in a sentence."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return "who wants it has to accept its terms on its page, and to give a token of that account."
    if isinstance(error, errors.RepositoryNotFoundError):
        return "there is no such repository, or it is private: check the name, or give a token that may read it."
    if isinstance(error, errors.RevisionNotFoundError):
        return f"it has no revision {repository.revision!r}; give a branch, a tag or a commit."
    if isinstance(error, errors.LocalEntryNotFoundError | errors.OfflineModeIsEnabled):
        return "the Hub cannot be reached, and no download of it is in the cache: check the network."
    if isinstance(error, errors.HfHubHTTPError) and error.response is not None and error.response.status_code in (401, 403):
        return "this token may not do that: log in with `hf auth login`, or give a token with the right to write."
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
