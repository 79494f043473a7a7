"""A plain language model: the limit for the bound of a VAE, and the judge of what it writes.

It is a small Llama of `transformers`, of about the size of the VAE-Transformer, over the same sub-words, so that its nats
per sentence (end token included) and theirs are the same unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vaegen.data.batches import pad
from vaegen.errors import VaegenError
from vaegen.model.precision import fast_autocast
from vaegen.model.randomness import own_randomness
from vaegen.training.linear_cross_entropy import linear_cross_entropy
from vaegen.training.optimization import take_step

BATCH_TOKENS = 4096


def new_language_model(vocab_size: int, width: int = 192, n_layers: int = 7, n_heads: int = 4, seed: int = 0) -> Any:
    """Returns an untrained `LlamaForCausalLM`; with the defaults and 8,000 sub-words it has 5.7 million parameters."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=vocab_size, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=n_layers,
        num_attention_heads=n_heads, max_position_embeddings=512, tie_word_embeddings=True, attention_dropout=0.1,
        bos_token_id=None, eos_token_id=None, pad_token_id=None,
    )  # fmt: skip
    with own_randomness(seed):
        return LlamaForCausalLM(config)


def train_language_model(
    model: Any,
    sentences: Sequence[Sequence[int]],
    n_steps: int,
    lr: float = 2e-3,
    seed: int = 0,
    progress: Callable[[int, float], None] | None = None,
) -> Any:
    """Trains in place, with one learning-rate cycle and batches of similar length, and returns the model.

    Muon takes the matrices of the layers and AdamW the rest, as in the training of the VAE: the two are to differ in what
    they are, not in how they were trained.

    Args:
        model: From `new_language_model`.
        sentences: Ids with their start and end tokens.
        n_steps: Optimizer steps of about 4,096 tokens.
        lr: Peak learning rate of AdamW; that of Muon is five times as large.
        seed: Of order and dropout.
        progress: Called with (step, loss in nats per token).

    Raises:
        VaegenError: If there is nothing to train on, or there are fewer than 3 steps: the cycle needs as many.
    """
    if n_steps < 3:
        raise VaegenError("A language model cannot be trained in {n_steps} steps; take 3 or more.", n_steps=n_steps)
    if not sentences:
        raise VaegenError("There is no sentence to train a language model on.")
    rng = np.random.default_rng(seed)
    optimizers = _optimizers(model, lr)
    warmup = max(0.1, 2.5 / n_steps)
    schedules = [
        torch.optim.lr_scheduler.OneCycleLR(one, one.param_groups[0]["lr"], n_steps, pct_start=warmup, cycle_momentum=False)
        for one in optimizers
    ]
    epochs = (_batches(sentences, rng) for _ in count())
    model.train()
    with own_randomness(seed):
        for step, batch in enumerate(islice(chain.from_iterable(epochs), n_steps), start=1):
            with fast_autocast("cpu"):
                loss = _loss(model, batch)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            take_step(optimizers, "cpu")
            for schedule in schedules:
                schedule.step()
            if progress is not None:
                progress(step, loss.item())
    return model.eval()


@torch.inference_mode()
def sentence_nats(model: Any, sentences: Sequence[Sequence[int]], batch_size: int = 128) -> np.ndarray:
    """Returns -log p of each sentence in nats, (N,): all tokens after the first, the end token included."""
    result = np.zeros(len(sentences))
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        ids, mask = pad([sentences[i] for i in rows], 0)
        logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1].float()
        nats = nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
        result[rows] = (nats * mask[:, 1:]).sum(1).numpy()
    return result


def save_language_model(folder: Path, model: Any) -> None:
    """Writes the model in half precision, in shards that any host of repositories takes."""
    import copy

    copy.deepcopy(model).half().save_pretrained(folder, max_shard_size="8MB")


def load_language_model(folder: Path) -> Any:
    """Returns the model that lies in a folder, in float32.

    Raises:
        VaegenError: If there is none.
    """
    from transformers import LlamaForCausalLM

    if not (folder / "config.json").is_file():
        raise VaegenError("{folder} holds no language model; `vaegen lm` makes one.", folder=folder)
    return LlamaForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()


def _optimizers(model: Any, lr: float) -> list[torch.optim.Optimizer]:
    matrices = [p for p in model.model.layers.parameters() if p.ndim == 2]
    rest = [p for p in model.parameters() if all(p is not matrix for matrix in matrices)]
    adamw = torch.optim.AdamW(rest, lr=lr, weight_decay=0.1, betas=(0.9, 0.98))
    return [adamw, torch.optim.Muon(matrices, lr=5 * lr, weight_decay=0.1)]


def _loss(model: Any, batch: Sequence[Sequence[int]]) -> Tensor:
    """The mean over the tokens that follow another; padding, which comes last, is seen by no real token."""
    ids, mask = pad(batch, 0)
    follows = mask[:, 1:]
    hidden = model.model(input_ids=ids[:, :-1]).last_hidden_state[follows]
    loss, _ = linear_cross_entropy(hidden, model.lm_head.weight, ids[:, 1:][follows])
    return loss / len(hidden)


def _batches(sentences: Sequence[Sequence[int]], rng: np.random.Generator) -> list[list[Sequence[int]]]:
    noise = rng.uniform(0.0, 2.0, len(sentences))
    order = np.argsort([len(s) + x for s, x in zip(sentences, noise, strict=True)])
    batches: list[list[Sequence[int]]] = [[]]
    for i in order:
        if len(batches[-1]) * len(sentences[i]) > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(sentences[i])
    return [batches[i] for i in rng.permutation(len(batches))]
