"""What one checkpoint is at every rate: reconstruction, KL and translation as the dial turns from all to nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sacrebleu

from vaegen.errors import VaegenError
from vaegen.evaluation.bounds import latent_figures
from vaegen.model.vae_transformer import CONTEXTS
from vaegen.pipeline.pipeline import Pipeline
from vaegen.training.validation import bleu_tokenizer

CLOSE = 3.0  # BLEU: where the latent context is this much behind the source context, z keeps what translating needs


def rate_curve(
    pipeline: Pipeline,
    texts: Sequence[str],
    pairs: Mapping[tuple[str, str], tuple[Sequence[str], Sequence[str]]],
    *,
    language: str = "en",
    language_model_nats: float | None = None,
    n_draws: int = 4,
    seed: int = 0,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Returns a row for each of `pipeline.rates`, and what the rows say together.

    A row has `beta`, `recon`, `kl`, `neg_elbo` (nats per sentence, own language, mean of `n_draws` draws of z),
    `active_units`, `exact` (share of texts that greedy decoding from the mode reads back to the character), and
    `bleu_en-de_latent`, `bleu_en-de_source` and so on (greedy, sacreBLEU).

    Args:
        pipeline: Of a checkpoint with a dial.
        texts: Held-out sentences, for the bound and for reading back.
        pairs: (source, target) language -> sources and references, for BLEU.
        language: Of the texts.
        language_model_nats: What a language model spends on them, where one was trained: the limit of the bound at beta 1.
        n_draws: Draws of z for each text.
        seed: Of the draws.
        say: Gets a line for each row.

    Raises:
        VaegenError: If the checkpoint has one rate only.
    """
    if not pipeline.rates:
        raise VaegenError("This checkpoint has one rate only: there is no curve to measure. Choose one with a dial.")
    rows = []
    for beta in pipeline.rates:
        figures = latent_figures(pipeline, texts, language, n_draws, seed, beta=beta)
        row: dict[str, Any] = {"beta": beta, **{key: figures[key] for key in ("recon", "kl", "neg_elbo", "active_units")}}
        back = pipeline.decode(pipeline.encode(texts, beta=beta).mode, language, num_beams=1, beta=beta)
        row["exact"] = round(sum(a == b for a, b in zip(back, texts, strict=True)) / len(texts), 4)
        for (source, target), (sources, references) in pairs.items():
            for context in CONTEXTS:
                written = pipeline.translate(sources, target, context=context, num_beams=1, beta=beta)
                score = sacrebleu.corpus_bleu(written, [list(references)], tokenize=bleu_tokenizer(target)).score
                row[f"bleu_{source}-{target}_{context}"] = round(score, 2)
        rows.append(row)
        say(" | ".join(f"{key} {value}" for key, value in row.items()))
    found: dict[str, Any] = {"n": len(texts), "n_draws": n_draws, "language": language, "rows": rows}
    for source, target in pairs:
        name = f"{source}-{target}"
        close = [r for r in rows if r[f"bleu_{name}_source"] - r[f"bleu_{name}_latent"] <= CLOSE]
        found[f"kl_where_latent_is_close_{name}"] = min((r["kl"] for r in close), default=None)
    if language_model_nats:
        found["language_model_nats"] = round(language_model_nats, 2)
        found["best_over_limit"] = round(min(r["neg_elbo"] for r in rows) / language_model_nats, 3)
    return found
