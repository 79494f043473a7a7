"""What a latent space is worth, in figures: rate and distortion, samples of every prior, paths, languages, factors.

Each function returns one part of the report as plain JSON values; `vaegen evaluate --latent` runs them and
`vaegen.evaluation.reports.latent_space` writes them down. Shares are 0 to 1, nats are per sentence with its end token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import torch

from vaegen.data.probe_sentences import probe_set
from vaegen.decoding.loops import Words, loops, words
from vaegen.evaluation import generated_text
from vaegen.evaluation.bounds import reconstruction_nats
from vaegen.evaluation.disentanglement import (
    dci,
    mutual_information_gap,
    ngram_features,
    ngram_probe_accuracy,
    probe_accuracy,
    retrieval,
    separated_attribute_predictability,
)
from vaegen.evaluation.language_model import sentence_nats
from vaegen.evaluation.translation import translation_scores
from vaegen.latent.paths import first_slots
from vaegen.model.posterior import DiagonalGaussian
from vaegen.pipeline.pipeline import Pipeline

Say = Callable[[str], None]
NEIGHBOURS = 4  # of the margin by which translations are found


def as_ids(pipeline: Pipeline, texts: Sequence[str], language: str) -> list[list[int]]:
    """Returns texts as a language model reads them: language tag, sub-words, end."""
    tokenizer = pipeline.tokenizer
    return [[tokenizer.language_id(language), *ids, tokenizer.eos_id] for ids in tokenizer.encode_batch(list(texts))]


def rates(
    pipeline: Pipeline,
    judge: Any,
    texts: Sequence[str],
    sources: Sequence[str],
    references: Sequence[str],
    target: str,
    say: Say,
) -> dict[str, Any]:
    """Returns rate and distortion by the number of slots in use, and the language model's nats as the limit.

    Args:
        pipeline: The model.
        judge: Language model of the size of the VAE.
        texts: English sentences for the bound; the mean of 4 draws of z.
        sources: English sentences to translate through the slots.
        references: Their translations.
        target: The language of those.
        say: Gets a line for each number of slots.
    """
    generator = torch.Generator().manual_seed(0)
    posterior = pipeline.encode(texts)
    modes = pipeline.encode(sources).mode
    n_slots, rows, n = pipeline.model.config.n_slots, [], 1
    numbers = []
    while n < n_slots:
        numbers.append(n)
        n *= 2
    for n in [*numbers, n_slots]:
        draws = [first_slots(posterior.sample(generator), n) for _ in range(4)]
        recon = float(np.mean([float(reconstruction_nats(pipeline, texts, z, "en").mean()) for z in draws]))
        kl = float(posterior.kl_per_dim()[:, :n].sum((1, 2)).mean())
        written = pipeline.decode(first_slots(modes, n), target, num_beams=1, batch_size=64)
        bleu = translation_scores(written, references, None, target)["bleu"]
        row = {"slots": n, "kl": kl, "recon": recon, "neg_elbo": kl + recon, "bleu": bleu}
        rows.append(row)
        say(f"{n} slots: {row}")
    limit = float(sentence_nats(judge, as_ids(pipeline, texts, "en")).mean())
    best = min(rows, key=lambda row: row["neg_elbo"])
    ratio = best["neg_elbo"] / limit
    return {"n": len(texts), "target": target, "rows": rows, "language_model_nats": limit, "best_over_limit": ratio}


def prior_samples(
    pipeline: Pipeline,
    judge: Any,
    held_out: Sequence[str],
    real: Sequence[str],
    training: Sequence[str],
    n: int,
    seeds: Sequence[int],
    say: Say,
    settings: Sequence[tuple[str, float, int | None]] = (),
) -> dict[str, Any]:
    """Returns the figures of English samples from every prior, with those of real training sentences beside them.

    Args:
        pipeline: The model.
        judge: Language model for the forward perplexity.
        held_out: Real captions that nothing was trained on: the reference of MAUVE and of the reverse perplexity.
        real: Real captions for the first row.
        training: All English training text, for what is memorised.
        n: Samples for each seed.
        seeds: Of the draws; the report gives mean and standard deviation over them.
        say: Gets a line for each row and seed.
        settings: (prior, scale, slots in use) for each row; by default all priors at scale 1 with all slots.
    """
    rows = [("real", 1.0, None), *(settings or [(name, 1.0, None) for name in pipeline.priors])]
    reference = generated_text.features(held_out)
    known = [words(text) for text in training]
    reverse_ids = as_ids(pipeline, held_out, "en")
    band = usual_nats(nats_per_token(judge, reverse_ids))
    table = []
    for name, scale, slots in rows:
        figures: list[dict[str, float]] = []
        for seed in seeds:
            if name == "real":
                texts = [real[i] for i in np.random.default_rng(seed).choice(len(real), n, replace=False)]
            else:
                z = pipeline.draw(n, seed, name, scale, slots)
                texts = pipeline.decode(z, "en", num_beams=1, batch_size=128, beta=pipeline.rate_of(name))
            figures.append(_sample_figures(pipeline, judge, texts, reference, known, reverse_ids, band, seed))
            if name == "real":  # its own sentences are in the training text
                figures[-1] |= {"memorised_4_grams": float("nan"), "memorised_sentences": float("nan")}
            say(f"{name} x {scale} {slots or 'all'} slots, seed {seed}: {figures[-1]} {texts[:2]}")
        mean = {key: float(np.mean([f[key] for f in figures])) for key in figures[0]}
        spread = {key: float(np.std([f[key] for f in figures], ddof=1)) if len(figures) > 1 else 0.0 for key in figures[0]}
        table.append({"prior": name, "scale": scale, "slots": slots, "mean": mean, "spread": spread})
    return {"n": n, "seeds": list(seeds), "held_out": len(held_out), "rows": _plain(table)}


def _sample_figures(
    pipeline: Pipeline,
    judge: Any,
    texts: Sequence[str],
    reference: np.ndarray,
    known: Sequence[Words],
    reverse_ids: Sequence[Sequence[int]],
    band: tuple[float, float],
    seed: int,
) -> dict[str, float]:
    found = [words(text) for text in texts]
    written = [text for text in texts if text.strip()]
    grams, whole = generated_text.memorised(found, known)
    ids = as_ids(pipeline, written, "en")
    usual = [band[0] <= nats <= band[1] for nats in nats_per_token(judge, ids)]
    return {
        "plausible": sum(usual) / len(texts),
        "mauve": generated_text.mauve(reference, generated_text.features(texts), seed),
        "forward_perplexity": _perplexity(judge, ids),
        "reverse_perplexity": generated_text.trigram_perplexity(ids, reverse_ids, pipeline.tokenizer.vocab_size),
        **{f"distinct_{k}": generated_text.distinct(found, k) for k in (1, 2, 3)},
        "self_bleu": generated_text.self_bleu(found),
        "memorised_4_grams": grams,
        "memorised_sentences": whole,
        "loops": float(np.mean([loops(sentence) for sentence in found])),
        "words": float(np.mean([len(sentence) for sentence in found])),
    }


def nats_per_token(judge: Any, ids: Sequence[Sequence[int]]) -> np.ndarray:
    """Returns what a language model spends on each sentence, (N,), in nats per token, the end included."""
    return sentence_nats(judge, ids) / np.array([len(row) - 1 for row in ids])


def usual_nats(nats: np.ndarray) -> tuple[float, float]:
    """Returns the central 95 % of real sentences: outside it a sample is nonsense, or a phrase that says nothing."""
    low, high = np.quantile(nats, [0.025, 0.975])
    return float(low), float(high)


def _perplexity(judge: Any, ids: Sequence[Sequence[int]]) -> float:
    nats = sentence_nats(judge, ids).sum()
    return float(np.exp(nats / sum(len(sentence) - 1 for sentence in ids)))


def interpolation(pipeline: Pipeline, judge: Any, texts: Sequence[str], n_steps: int, say: Say) -> dict[str, Any]:
    """Returns figures of walks between neighbours in a list of English sentences, `n_steps` latents each, along arcs.

    The ends are refined so that they read back. Smoothness is given with two distances: of sentence features, and the
    word mover's; perplexities are those of the language model, on the inner steps and on the ends.
    """
    z, exact = pipeline.exact(texts, ["en"] * len(texts))
    before = pipeline.decode(pipeline.encode(texts).mode, "en", num_beams=1)
    ends, paths = [], []
    for i in range(0, len(texts) - 1, 2):
        paths.append(pipeline.path(z[i], z[i + 1], n_steps))
        ends.append((texts[i], texts[i + 1]))
    stacked = np.concatenate(paths)
    written = pipeline.decode(stacked, "en", num_beams=1, batch_size=128, avoid_loops=True)
    alone = pipeline.decode(stacked, "en", num_beams=1, batch_size=128)
    walks = [written[i * n_steps : (i + 1) * n_steps] for i in range(len(paths))]
    matches = [walk[0] == a and walk[-1] == b for walk, (a, b) in zip(walks, ends, strict=True)]
    by_features, by_words = [], []
    for walk in walks:
        vectors = generated_text.features(walk)
        steps = np.linalg.norm(np.diff(vectors, axis=0), axis=1)
        by_features.append(generated_text.smoothness(steps, float(np.linalg.norm(vectors[0] - vectors[-1]))))
        moves = [generated_text.word_distance(a, b) for a, b in pairwise(walk)]
        by_words.append(generated_text.smoothness(moves, generated_text.word_distance(walk[0], walk[-1])))
    inner = [text for walk in walks for text in walk[1:-1] if text.strip()]
    figures = {
        "walks": len(walks),
        "steps": n_steps,
        "smoothness_word_movers": float(np.mean(by_words)),
        "smoothness_features": float(np.mean(by_features)),
        "perplexity_inner": _perplexity(judge, as_ids(pipeline, inner, "en")),
        "perplexity_ends": _perplexity(judge, as_ids(pipeline, [text for pair in ends for text in pair], "en")),
        "loops": float(np.mean([loops(words(text)) for text in written])),
        "loops_alone": float(np.mean([loops(words(text)) for text in alone])),
        "ends_exact_unrefined": float(np.mean([a == b for a, b in zip(before, texts, strict=True)])),
        "ends_exact": float(np.mean(exact)),
        "walks_with_both_ends_exact": float(np.mean(matches)),
        "different_sentences": float(np.mean([len(set(walk)) for walk in walks])),
    }
    say(f"interpolation: {figures}")
    return figures


def across_languages(
    pipeline: Pipeline, train: Mapping[str, Sequence[str]], test: Mapping[str, Sequence[str]], say: Say
) -> dict[str, Any]:
    """Returns R@1 of translations by mu, and how well a linear probe names the language, on parallel text.

    Beside the R@1 of mu stands that of n-grams: names, numbers and words that the languages share find some without a model.
    """
    codes = list(test)
    fitted, held = ({code: pipeline.encode(texts[code]) for code in codes} for texts in (train, test))
    mu = {code: held[code].mu.flatten(1).numpy() for code in codes}
    by_cosine, by_margin = (
        {f"{a}-{b}": retrieval(mu[a], mu[b], k) for a, b in permutations(codes, 2)} for k in (0, NEIGHBOURS)
    )
    features = ngram_features([text for code in codes for text in train[code]], *test.values())
    spelled = dict(zip(codes, features, strict=True))
    of_ngrams = {f"{a}-{b}": retrieval(spelled[a], spelled[b], NEIGHBOURS) for a, b in permutations(codes, 2)}
    generator = torch.Generator().manual_seed(0)
    named = {}
    for kind in ("z", "mu"):

        def rows(posteriors: Mapping[str, DiagonalGaussian], kind: str = kind) -> tuple[np.ndarray, list[str]]:
            parts = [posteriors[c].sample(generator) if kind == "z" else posteriors[c].mu for c in codes]
            return torch.cat(parts).flatten(1).numpy(), [c for c, part in zip(codes, parts, strict=True) for _ in part]

        named[kind] = probe_accuracy(*rows(fitted), {"test": rows(held)})["test"]
    figures = {
        "n": len(next(iter(test.values()))),
        "retrieval": by_cosine,
        "retrieval_by_margin": by_margin,
        "retrieval_of_ngrams": of_ngrams,
        "neighbours": NEIGHBOURS,
        "language_from": named,
        "chance": 1.0 / len(codes),
    }
    say(f"across languages: {figures}")
    return figures


def factors(pipeline: Pipeline, say: Say, n: int = 600) -> dict[str, Any]:
    """Returns MIG, SAP and DCI of mu on the probe set, in English, and by chance: where the factors are permuted."""
    probes = probe_set(n)
    latents = pipeline.encode([probe.sentences["en"] for probe in probes]).mode.flatten(1).numpy()
    names = [f for f in probes[0].factors if len({probe.factors[f] for probe in probes}) > 1]
    labels = {f: [str(probe.factors[f]) for probe in probes] for f in names}
    rng = np.random.default_rng(0)
    permuted = {f: [values[i] for i in rng.permutation(len(values))] for f, values in labels.items()}
    figures = {"n": len(probes), "factors": names, **_factor_scores(latents, labels)}
    figures["chance"] = _factor_scores(latents, permuted)
    say(f"factors: {figures}")
    return figures


def _factor_scores(latents: np.ndarray, labels: Mapping[str, Sequence[str]]) -> dict[str, float]:
    return {
        "mig": mutual_information_gap(latents, labels),
        "sap": separated_attribute_predictability(latents, labels),
        **dci(latents, labels),
    }


def silver_probes(
    pipeline: Pipeline,
    train: tuple[Sequence[str], Mapping[str, Sequence[str]]],
    test: tuple[Mapping[str, Sequence[str]], Mapping[str, Sequence[str]]],
    say: Say,
) -> dict[str, Any]:
    """Returns the accuracy of linear probes for each label, trained on English mu and tested on every language.

    Beside them stands what needs no model (`ngrams`): the same probe on the n-grams of the English sentences.

    Args:
        pipeline: The model.
        train: English sentences, and the values of each label.
        test: Sentences by language, and the values of each label.
        say: Gets a line for each label.
    """
    encoded = pipeline.encode(train[0], batch_size=256).mode.flatten(1).numpy()
    held = {code: pipeline.encode(texts).mode.flatten(1).numpy() for code, texts in test[0].items()}
    rows = []
    for label, values in train[1].items():
        wanted = test[1][label]
        scores = probe_accuracy(encoded, values, {code: (x, wanted) for code, x in held.items()})
        scores["ngrams"] = ngram_probe_accuracy(train[0], values, test[0]["en"], wanted)
        commonest = max(set(values), key=list(values).count)
        rows.append({"label": label, "majority": float(np.mean([w == commonest for w in wanted])), **scores})
        say(f"probe {rows[-1]}")
    return {"n_train": len(train[0]), "rows": rows}


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with None for what is not a number, which JSON does not know."""
    for row in rows:
        for part in ("mean", "spread"):
            row[part] = {key: None if np.isnan(value) else value for key, value in row[part].items()}
    return rows
