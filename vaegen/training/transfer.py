"""Starting a model from another one with other sub-words, other languages or another number of slots."""

from __future__ import annotations

import torch
from torch import Tensor

from vaegen.config import ModelConfig
from vaegen.errors import VaegenError
from vaegen.model.vae_transformer import VAETransformer
from vaegen.text.tokenizer import Tokenizer

OF_LATENT = ("n_slots", "latent_dim", "rate_dial")  # what may differ: its weights are few and soon learned anew
LATENT_WEIGHTS = ("slot_queries", "slot_embedding", "to_posterior.", "from_latent.", "dial.")


def transfer(
    old: VAETransformer, old_tokenizer: Tokenizer, config: ModelConfig, tokenizer: Tokenizer
) -> tuple[VAETransformer, list[str]]:
    """Returns a model of the new config that begins as the old one, and the names of the weights that begin anew.

    Sub-words of both vocabularies keep their vector, others start as the mean of their old sub-words (see
    `transfer_embedding`). Of slots with the same dimensions the first ones are kept; where their number or their dimensions
    change otherwise, what reads and writes z starts anew. A dial starts without effect.

    Raises:
        VaegenError: If the two tokenizers share no language, or weights outside the embedding and the latent would not fit.

    Source: Gee et al. 2022, "Fast Vocabulary Transfer for Language Model Compression", arXiv 2402.09977, section 3.
    """
    if not set(old_tokenizer.languages) & set(tokenizer.languages):
        raise VaegenError(
            "The tokenizer has {new}, the checkpoint to start from {old}: with no language of both nothing is transferred. "
            "Give a tokenizer that shares one, or start anew.",
            new=", ".join(tokenizer.languages),
            old=", ".join(old_tokenizer.languages),
        )
    model = VAETransformer(config)
    state, new = old.state_dict(), []
    state["embedding.weight"] = transfer_embedding(state["embedding.weight"], old_tokenizer, tokenizer)
    for name, value in model.state_dict().items():
        has = state.get(name)
        if has is not None and has.shape == value.shape:
            continue
        if not name.startswith(LATENT_WEIGHTS):
            told = "missing" if has is None else f"{tuple(has.shape)}"
            raise VaegenError(
                "{name} is {told} there and {shape} here: only vocabulary and latent may.",
                name=name,
                told=told,
                shape=tuple(value.shape),
            )
        if has is not None and name.startswith("slot_") and len(has) > len(value):
            state[name] = has[: len(value)]
        else:
            state[name] = value
            new.append(name)
    model.load_state_dict({name: state[name] for name in model.state_dict()})
    return model, new


def transfer_embedding(weight: Tensor, old: Tokenizer, new: Tokenizer) -> Tensor:
    """Returns the embedding (V', D) of a new vocabulary made from that of an old one, (V, D)."""
    known = old.vocabulary
    mean = weight.mean(0)
    rows = []
    for piece in new.vocabulary:
        if piece in known:
            rows.append(weight[known[piece]])
        else:
            parts = old.encode_piece(piece)
            rows.append(weight[parts].mean(0) if parts else mean)
    return torch.stack(rows)
