"""vaegen: translate, interpolate and sample sentences through the latent of a VAE-Transformer.

>>> import vaegen
>>> pipeline = vaegen.load("checkpoints/multi30k")
>>> pipeline.translate("A dog runs through the snow.", "de")
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from vaegen.errors import VaegenError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vaegen.pipeline import Pipeline
    from vaegen.sensitive import WordList

__version__ = "0.1.0"
__all__ = ["VaegenError", "__version__", "load"]


def load(
    path_or_hub_id: str | Path | Sequence[str | Path], device: str | None = None, avoid: WordList | bool | None = None
) -> Pipeline:
    """Returns the `Pipeline` of a checkpoint folder or of a Hugging Face Hub id ("owner/name"); see `vaegen.pipeline`.

    Args:
        path_or_hub_id: Where the checkpoint is; of several, a list: they decode together (`vaegen.ensemble`).
        device: "cpu", "cuda" or "cuda:N"; by default the GPU if there is one.
        avoid: Words that are never written: a `vaegen.sensitive.WordList`, or True for the short lists that vaegen ships.

    Raises:
        VaegenError: If there is no such checkpoint or it is damaged.
    """
    # torch takes a second to import: only when it is needed
    if isinstance(path_or_hub_id, (str, PathLike)):
        from vaegen.pipeline import load as load_pipeline

        return load_pipeline(path_or_hub_id, device, avoid)
    from vaegen.ensemble import load as load_ensemble

    return load_ensemble(path_or_hub_id, device, avoid)
