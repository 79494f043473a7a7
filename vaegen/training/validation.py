"""What the training loop looks at between steps: is it learning, is z used, and what does it say?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sacrebleu
import torch
from torch import Tensor

from vaegen.data.batches import Item, TokenGroup, collate
from vaegen.decoding.search import greedy
from vaegen.latent.paths import first_slots
from vaegen.model.likelihood import token_log_probs
from vaegen.model.posterior import DiagonalGaussian
from vaegen.model.vae_transformer import VAETransformer
from vaegen.text.chinese import simplified
from vaegen.text.tags import language_of, languages_of
from vaegen.text.tokenizer import Tokenizer

ACTIVE_THRESHOLD = 0.01  # Var(mu) over the data; Burda et al. 2016, arXiv 1509.00519, section 5.2
MAX_LENGTH = 80  # tokens; an untrained model does not stop by itself


def bleu_tokenizer(tag: str) -> str:
    """Returns how sacreBLEU is to split text of this tag: Chinese by characters, the rest by 13a."""
    return "zh" if language_of(tag) == "zh" else "13a"


class Validation:
    """Scores a model on held-out groups: small, the same at every evaluation.

    Args:
        groups: Held-out groups as ids; pairs of languages are scored in both directions in turn.
        texts: The same groups as text, for BLEU and the fixed sample translations.
        tokenizer: Made the ids.
        bleu_pairs: Directions ("en-de") whose greedy BLEU is reported.
        n_bleu: Sentences in those.
        batch_size: Sources in one batch.
        excluded: Pairs that are not trained; they are not part of the likelihoods.
    """

    def __init__(
        self,
        groups: Sequence[TokenGroup],
        texts: Sequence[Mapping[str, str]],
        tokenizer: Tokenizer,
        bleu_pairs: Sequence[str] = ("en-de", "de-en"),
        n_bleu: int = 100,
        batch_size: int = 64,
        excluded: Sequence[str] = (),
    ) -> None:
        self.tokenizer, self.batch_size, self.n_bleu = tokenizer, batch_size, n_bleu
        languages = tokenizer.languages
        self.banned = [tokenizer.pad_id, tokenizer.mask_id, *tokenizer.language_ids.values()]
        skip = {frozenset(pair.split("-")) for pair in excluded}
        self.items = []
        for i, group in enumerate(groups):
            have = [language for language in languages if language in group]
            readable = languages_of(have)
            if not readable:  # its source was too long
                continue
            source = readable[i % len(readable)]
            targets = tuple(t for t in have if t != source and frozenset((source, t)) not in skip) or (source,)
            self.items.append(Item(group, source, targets))
        self.items.sort(key=lambda item: item.length)
        self.pairs = {}
        for pair in bleu_pairs:
            source, target = pair.split("-")
            both = [(g, t) for g, t in zip(groups, texts, strict=True) if source in g and target in g][:n_bleu]
            if both:
                self.pairs[pair] = both

    @torch.inference_mode()
    def run(self, model: VAETransformer) -> tuple[dict[str, float], list[str]]:
        """Returns the figures and a few sample translations.

        Figures, per target sentence: `loss` (recon in the richest context, nats), `recon_latent` and `recon_source` at
        z = the posterior's mode, `gap` (recon with the next sentence's z minus recon with the right one), `kl`,
        `recon_first_slot` and `kl_first_slot` (all slots but
        the first at 0), `active_units`, and greedy BLEU per direction and context, in per cent.
        """
        was_training = model.training
        model.eval()
        figures = self._likelihoods(model)
        samples = []
        for pair in self.pairs:
            for context in ("latent", "source") if model.config.n_slots else ("source",):
                hypotheses, references, sources = self._translate(model, pair, context)
                tokenize = bleu_tokenizer(pair.split("-")[1])
                bleu = sacrebleu.corpus_bleu(hypotheses, [references], force=True, tokenize=tokenize)
                figures[f"bleu_{pair}_{context}"] = bleu.score
                samples.append(f"{pair} {context}: {sources[0]} -> {hypotheses[0]}")
        model.train(was_training)
        return figures, samples

    def _likelihoods(self, model: VAETransformer) -> dict[str, float]:
        sums: dict[str, float] = {}
        n = 0
        posteriors = []
        for start in range(0, len(self.items), self.batch_size):
            items = self.items[start : start + self.batch_size]
            batch = collate(items, self.tokenizer, model.source_tokenizer).to(model.positions.device)
            encoding = model.encode(batch.src, batch.src_mask)
            variants: dict[str, tuple[Tensor | None, str]] = {"recon_source": (None, "source")}
            if encoding.posterior is not None:
                posteriors.append(encoding.posterior)
                z = encoding.posterior.mode
                variants = {
                    "recon_source": (z, "source"),
                    "recon_latent": (z, "latent"),
                    "recon_shuffled": (z.roll(1, 0), "latent"),
                    "recon_first_slot": (first_slots(z, 1), "latent"),
                }
            for name, (latent, context) in variants.items():
                logits = model.decode_logits(batch.tgt_in, model.memory(latent, encoding, context), batch.rows)
                nats = -(token_log_probs(logits, batch.tgt_out) * batch.tgt_mask).sum()
                sums[name] = sums.get(name, 0.0) + float(nats)
            n += len(batch.rows)
        figures = {name: total / n for name, total in sums.items()}
        if posteriors:
            mu = torch.cat([p.mu for p in posteriors])
            whole = DiagonalGaussian(mu, torch.cat([p.logvar for p in posteriors]))
            figures["gap"] = figures.pop("recon_shuffled") - figures["recon_latent"]
            figures["kl"] = float(whole.kl().mean())
            figures["kl_first_slot"] = float(whole.kl_per_dim()[:, 0].sum(-1).mean())
            figures["active_units"] = float((mu.var(0) > ACTIVE_THRESHOLD).sum())
        return {"loss": figures["recon_source"], **figures}

    def _translate(self, model: VAETransformer, pair: str, context: str) -> tuple[list[str], list[str], list[str]]:
        source, target = pair.split("-")
        hypotheses: list[str] = []
        both = self.pairs[pair]
        for start in range(0, len(both), self.batch_size):
            items = [Item(group, source, (target,)) for group, _ in both[start : start + self.batch_size]]
            batch = collate(items, self.tokenizer, model.source_tokenizer).to(model.positions.device)
            encoding = model.encode(batch.src, batch.src_mask)
            z = encoding.posterior.mode if encoding.posterior is not None else None
            ids = greedy(
                model,
                model.memory(z, encoding, context),
                batch.tgt_in[:, 0],
                self.tokenizer.eos_id,
                MAX_LENGTH,
                self.banned,
            )
            hypotheses += self.tokenizer.decode_batch(ids)
        references = [simplified(text[target]) if target == "zh" else text[target] for _, text in both]
        return hypotheses, references, [text[source] for _, text in both]
