"""A checkpoint with a dial, made of the committed captions model; its functions are set by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch
from serving import GOLDEN

from vaegen.latent.atlas import load_atlas, load_picture, save_atlas
from vaegen.model.checkpoint import save_checkpoint
from vaegen.model.companions import weights_hash
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline import load
from vaegen.pipeline.unsure import SIGNALS, Unsure

RATES = [{"beta": 0.01, "kl": 90.0, "recon": 15.0}, {"beta": 0.1, "kl": 50.0, "recon": 25.0}]


def save_turned(folder: Path, threshold: float | None = None) -> Path:
    """Writes a checkpoint whose posterior is drawn towards the prior as beta grows, and returns its folder.

    With a `threshold`, answers have a probability of being wrong, the higher the less probable their words are, and a map
    lies beside the weights.
    """
    start = load(GOLDEN)
    model = VAETransformer(replace(start.model.config, rate_dial=True))
    model.load_state_dict(start.model.state_dict(), strict=False)
    assert model.dial is not None
    torch.nn.init.ones_(model.dial.hidden.weight)
    torch.nn.init.zeros_(model.dial.hidden.bias)
    torch.nn.init.constant_(model.dial.to_scale.weight, -0.03)
    save_checkpoint(folder, model, start.tokenizer)
    weights = weights_hash(folder)
    (folder / "latent.json").write_text(json.dumps({"weights": weights, "rates": {"rows": RATES}}), encoding="utf-8")
    if threshold is not None:
        _add_doubt(folder, threshold, start.latent_shape, start.tokenizer.vocab_size)
    return folder


def _add_doubt(folder: Path, threshold: float, shape: tuple[int, int], vocab_size: int) -> None:
    import base64

    import numpy as np

    n, size, weights = len(SIGNALS), shape[0] * shape[1], weights_hash(folder)
    rare = base64.b64encode(np.packbits(np.zeros(vocab_size, bool)).tobytes()).decode()
    plain, flat = (0.0,) * (n - 1), (1.0,) * n
    unsure = Unsure((-4.0, *plain), -3.0, (0.0,) * n, flat, rare, (0.0,) * size, (1.0,) * size, threshold)
    replace(unsure, about={"weights": weights}).save(folder)
    atlas, picture = load_atlas(GOLDEN), load_picture(GOLDEN)
    assert picture is not None
    save_atlas(folder, replace(atlas, about={**atlas.about, "weights": weights}))
    picture["about"]["weights"] = weights
    (folder / "map.json").write_text(json.dumps(picture), encoding="utf-8")
