#!/usr/bin/env python
"""Speed against peers of the same shape, measured in one run, paired, on one CPU thread.

    python scripts/measure/model_speed.py            # the table of docs/results.md (about six minutes)
    python scripts/measure/model_speed.py --quick    # a smoke test of every row

Training: forward, backward and AdamW step, bfloat16 autocast where the processor has it, label smoothing 0.1, on batches of
at most 4,096 padded target tokens whose lengths are those of image captions; another batch in each round, the same one for
every row.
Decoding: random weights that never end a sentence, 20 tokens. Every round runs each row once, in an order that changes;
the median of the rounds is reported, and ratios are taken within a round, so that a busy machine slows all rows alike.

Shape of every row: vocabulary 8,000 tied, width 256, feed-forward 1,024, 4 heads, 4 + 4 layers, dropout 0.1.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from vaegen.config import ModelConfig, TrainConfig
from vaegen.data.batches import Batch
from vaegen.decoding.options import DecodingOptions
from vaegen.decoding.search import decode
from vaegen.model.precision import fast_autocast, has_fast_bf16
from vaegen.model.vae_transformer import VAETransformer
from vaegen.training.trainer import TrainingObjective
from vaegen.writing import write_json

VOCABULARY, WIDTH, FFN, HEADS, LAYERS, DROPOUT = 8000, 256, 1024, 4, 4, 0.1
FIRST_WORD, EOS, PAD, LANGUAGE = 300, 1, 0, 3
SMOOTHING = 0.1
N_TOKENS = 20  # decoded
N_CAPTIONS = 29_000  # sentences of an epoch
PRECISION = torch.bfloat16 if has_fast_bf16("cpu") else torch.float32  # of training
Step = Callable[[int], object]  # takes the number of the round


def caption_batches(n: int, tokens: int, seed: int = 0) -> list[Batch]:
    """Returns batches of one target per source, sentences of equal length together, as a bucketing loader gives them.

    Lengths are 5 + Gamma(shape 2.2, scale 4.5) tokens, 60 at most: mean 15, as captions have. The batches are drawn from
    an epoch of 29,000 sentences, so that short and long ones come as often as in training.

    Args:
        tokens: Most target tokens in a batch, padding included.
    """
    rng = np.random.default_rng(seed)
    lengths = np.sort(np.clip(np.rint(5 + rng.gamma(2.2, 4.5, size=N_CAPTIONS)), 5, 60).astype(int))
    buckets = []
    while len(lengths):  # the longest first: they decide how many fit
        count = max(1, tokens // int(lengths[-1]))
        buckets.append(lengths[-count:])
        lengths = lengths[:-count]
    return [_batch(rng, buckets[i]) for i in rng.permutation(len(buckets))[:n]]


def _batch(rng: np.random.Generator, lengths: np.ndarray) -> Batch:
    """Returns a batch with targets of these lengths and sources that are up to two tokens shorter or longer."""
    src, src_mask = _ids(rng, np.clip(lengths + rng.integers(-2, 3, size=len(lengths)), 4, None))
    tgt_out, tgt_mask = _ids(rng, lengths)
    tgt_in = torch.cat([torch.full((len(lengths), 1), LANGUAGE), tgt_out[:, :-1]], dim=1)
    rows = torch.arange(len(lengths))
    return Batch(src, src_mask, tgt_in, tgt_out, tgt_mask, rows, torch.zeros(len(lengths), dtype=torch.bool))


def _ids(rng: np.random.Generator, lengths: np.ndarray) -> tuple[Tensor, Tensor]:
    mask = torch.from_numpy(np.arange(lengths.max()) < lengths[:, None])
    ids = torch.from_numpy(rng.integers(FIRST_WORD, VOCABULARY, size=mask.shape))
    return ids.masked_fill(~mask, PAD), mask


class TorchTransformer(nn.Module):
    """The tutorial's model: `torch.nn.Transformer` between a tied embedding and its transpose."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Embedding(512, WIDTH)
        self.transformer = nn.Transformer(
            WIDTH, HEADS, LAYERS, LAYERS, FFN, DROPOUT, "relu", batch_first=True, norm_first=False
        )

    def forward(self, src: Tensor, src_mask: Tensor, tgt_in: Tensor) -> Tensor:
        causal = nn.Transformer.generate_square_subsequent_mask(tgt_in.shape[1], dtype=torch.bool)
        hidden = self.transformer(
            self._embed(src), self._embed(tgt_in), tgt_mask=causal, tgt_is_causal=True,
            src_key_padding_mask=~src_mask, memory_key_padding_mask=~src_mask,
        )  # fmt: skip
        return hidden @ self.embedding.weight.T

    def _embed(self, ids: Tensor) -> Tensor:
        return self.embedding(ids) * WIDTH**0.5 + self.positions.weight[: ids.shape[1]]


def marian() -> nn.Module:
    """Returns a `MarianMTModel` of the shape."""
    from transformers import MarianConfig, MarianMTModel

    config = MarianConfig(
        vocab_size=VOCABULARY, d_model=WIDTH, encoder_ffn_dim=FFN, decoder_ffn_dim=FFN, encoder_layers=LAYERS,
        decoder_layers=LAYERS, encoder_attention_heads=HEADS, decoder_attention_heads=HEADS, dropout=DROPOUT,
        attention_dropout=0.0, activation_function="relu", pad_token_id=PAD, eos_token_id=EOS, forced_eos_token_id=None,
        decoder_start_token_id=LANGUAGE, max_position_embeddings=512,
    )  # fmt: skip
    return MarianMTModel(config)


def ours(n_slots: int) -> VAETransformer:
    """Returns this project's model of the shape."""
    return VAETransformer(
        ModelConfig(
            VOCABULARY,
            width=WIDTH,
            ffn_width=FFN,
            n_heads=HEADS,
            n_encoder_layers=LAYERS,
            n_decoder_layers=LAYERS,
            n_latent_layers=0,
            n_slots=n_slots,
            encoder_dropout=DROPOUT,
            decoder_dropout=DROPOUT,
        )
    )


def training_rows() -> dict[str, Callable[[Batch], None]]:
    """Returns, for every row, the function that takes one optimizer step on a batch."""
    rows: dict[str, Callable[[Batch], None]] = {}
    config = TrainConfig(label_smoothing=SMOOTHING, source_context_rate=1.0)
    for name, n_slots in (("vaegen, no latent", 0), ("vaegen, 16 slots x 32", 16)):
        objective = TrainingObjective(ours(n_slots), config, mask_id=2)
        rows[name] = _stepper(objective, lambda batch, objective=objective: objective(batch, 0.03).loss)
    torch_model = TorchTransformer()
    rows["torch.nn.Transformer"] = _stepper(
        torch_model, lambda b: _cross_entropy(torch_model(b.src, b.src_mask, b.tgt_in), b)
    )
    peer = marian()

    def marian_loss(b: Batch) -> Tensor:
        out = peer(input_ids=b.src, attention_mask=b.src_mask.long(), decoder_input_ids=b.tgt_in, use_cache=False)
        return _cross_entropy(out.logits, b)

    rows["transformers MarianMT"] = _stepper(peer, marian_loss)
    return rows


def _cross_entropy(logits: Tensor, batch: Batch) -> Tensor:
    target = batch.tgt_out.masked_fill(~batch.tgt_mask, -100).flatten()
    return nn.functional.cross_entropy(logits.flatten(0, 1), target, ignore_index=-100, label_smoothing=SMOOTHING)


def _stepper(model: nn.Module, loss: Callable[[Batch], Tensor]) -> Callable[[Batch], None]:
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)

    def step(batch: Batch) -> None:
        with fast_autocast("cpu"):
            value = loss(batch)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def decoding_rows(n_sentences: int, num_beams: int) -> dict[str, Step]:
    """Returns, for every row, the function that decodes 20 tokens of each sentence; nothing ever ends early."""
    src, src_mask = _ids(np.random.default_rng(1), np.full(n_sentences, 16))
    languages = torch.full((n_sentences,), LANGUAGE)
    method = "beam" if num_beams > 1 else "greedy"
    options = DecodingOptions(method, num_beams=num_beams, max_length=N_TOKENS)
    rows: dict[str, Step] = {}
    for name, n_slots in (("vaegen, no latent", 0), ("vaegen, 16 slots x 32", 16)):
        model = ours(n_slots).eval()

        def run(_: int, model: VAETransformer = model) -> object:
            with torch.inference_mode():
                encoding = model.encode(src, src_mask)
                z = encoding.posterior.mode if encoding.posterior is not None else None
                # The end is forbidden, so that every row decodes as many tokens.
                return decode(model, model.memory(z, encoding), languages, VOCABULARY - 1, options, banned_ids=[EOS])

        rows[name] = run
    peer = marian().eval()

    def generate(_: int) -> object:
        with torch.inference_mode():
            return peer.generate(
                input_ids=src, attention_mask=src_mask.long(), num_beams=num_beams, do_sample=False,
                min_new_tokens=N_TOKENS, max_new_tokens=N_TOKENS, suppress_tokens=[EOS],
            )  # fmt: skip

    rows["transformers MarianMT"] = generate
    return rows


def matrix_products(batches: list[Batch]) -> Step:
    """Returns the linear layers of a training step alone, without a latent: no model of this shape can be faster."""
    longest = max(max(batch.src.numel(), batch.tgt_out.numel()) for batch in batches)
    inputs = {width: torch.randn(longest, width, dtype=PRECISION) for width in (WIDTH, FFN)}

    def run(i: int) -> None:
        n_source, n_target = batches[i].src.numel(), batches[i].tgt_out.numel()
        encoder = [(n_source, WIDTH, 4 * WIDTH), (n_source, WIDTH, FFN), (n_source, FFN, WIDTH)]
        decoder = [
            (n_target, WIDTH, 6 * WIDTH), (n_source, WIDTH, 2 * WIDTH), (n_target, WIDTH, FFN), (n_target, FFN, WIDTH)
        ]  # fmt: skip
        vocabulary = (int(batches[i].tgt_mask.sum()), WIDTH, VOCABULARY)
        for n, n_in, n_out in [*(encoder + decoder) * LAYERS, vocabulary]:
            x, weight = inputs[n_in][:n], weights[n_in, n_out]
            y = x @ weight.T
            y @ weight  # gradient of the input
            y.T @ x  # gradient of the weight

    outputs = [(WIDTH, 4 * WIDTH), (WIDTH, 6 * WIDTH), (WIDTH, 2 * WIDTH), (WIDTH, FFN), (FFN, WIDTH), (WIDTH, VOCABULARY)]
    weights = {(n_in, n_out): torch.randn(n_out, n_in, dtype=PRECISION) for n_in, n_out in outputs}
    return run


def measure(rows: dict[str, Step], rounds: int, label: str) -> dict[str, list[float]]:
    """Returns the seconds of each row in each round; the rows take turns, in an order that changes."""
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    names = list(rows)
    for step in rows.values():
        step(0)  # warm up
    for i in tqdm(range(rounds), desc=label, disable=not sys.stderr.isatty()):
        for name in names[i % len(names) :] + names[: i % len(names)]:
            start = time.perf_counter()
            rows[name](i)
            seconds[name].append(time.perf_counter() - start)
    return seconds


def table(
    title: str, seconds: dict[str, list[float]], amounts: list[int], unit: str, peers: list[str]
) -> tuple[str, dict]:
    """Returns a Markdown table with medians and ratios to the best peer of the same round, and the same as data.

    Args:
        amounts: What each round worked through, in the unit; not used for milliseconds.
    """
    best = [min(times) for times in zip(*(seconds[peer] for peer in peers), strict=True)]
    lines = [f"| {title} | {unit} | against the best peer |", "|---|---|---|"]
    data = {}
    for name, values in seconds.items():
        rates = [n / v if unit.endswith("/s") else 1e3 * v for n, v in zip(amounts, values, strict=True)]
        rate, ratio = statistics.median(rates), statistics.median(b / v for b, v in zip(best, values, strict=True))
        data[name] = {unit: round(rate, 1), "ratio": round(ratio, 3)}
        lines.append(f"| {name} | {rate:,.0f} | {ratio:.2f} x |")
    return "\n".join(lines), data


def main(arguments: list[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=["train", "decode"])
    parser.add_argument("--out", help="write the figures to this JSON file")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    rounds, tokens = (1, 256) if options.quick else (options.rounds, 4096)
    figures: dict[str, dict] = {"torch": torch.__version__, "threads": options.threads, "rounds": rounds}
    figures["training in"] = str(PRECISION).removeprefix("torch.")
    if options.only != "decode":
        batches = caption_batches(rounds, tokens)
        rows: dict[str, Step] = {name: (lambda i, s=step: s(batches[i])) for name, step in training_rows().items()}
        rows["matrix products alone"] = matrix_products(batches)
        n_tokens = [int(batch.tgt_mask.sum()) for batch in batches]
        peers = ["torch.nn.Transformer", "transformers MarianMT"]
        text, figures["train"] = table("Training", measure(rows, rounds, "train"), n_tokens, "target tokens/s", peers)
        print(text + "\n")
    if options.only != "train":
        for n, beams in ((1, 1), (1, 5), (32, 1)):
            title = f"{n} sentence{'s' * (n > 1)}, {'greedy' if beams == 1 else f'beam {beams}'}"
            seconds = measure(decoding_rows(n, beams), rounds, title)
            unit = "ms" if n == 1 else "sentences/s"
            text, figures[title] = table(title, seconds, [n] * rounds, unit, ["transformers MarianMT"])
            print(text + "\n")
    if options.out:
        write_json(options.out, figures, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
