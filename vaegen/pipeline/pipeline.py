"""The public API: text in, text out, and the latent in between.

    pipeline = vaegen.load("checkpoints/everyday")
    pipeline.translate(["A dog runs.", "Two men sing."], "de")
    pipeline.interpolate("A dog runs.", "Two men sing.", steps=5, language="fr")
    pipeline.sample(3, "cs", seed=1)

Every method that writes takes the fields of `DecodingOptions` as keyword arguments (num_beams, temperature, ...) and
`avoid`: a `WordList` whose words are not written, True (at least the short lists that vaegen ships) or False; by default
what the pipeline was loaded with.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

import numpy as np
import torch
from torch import Tensor

from vaegen.decoding.options import CONTEXT, DecodingOptions
from vaegen.engine.engine import check_engine
from vaegen.errors import VaegenError
from vaegen.model.checkpoint import load_checkpoint, save_checkpoint
from vaegen.model.hub import Repository, upload
from vaegen.pipeline.batches import listed
from vaegen.pipeline.latents import LatentSpace
from vaegen.pipeline.occlusion import N_BEAMS, Without, occlude
from vaegen.pipeline.outputs import Attention, ProgressCallback, Translation
from vaegen.pipeline.replies import ranked_replies
from vaegen.pipeline.unsure import FILE as UNSURE_FILE
from vaegen.pipeline.unsure import Unsure, load_unsure
from vaegen.text.sensitive import WordList


def load(
    path_or_hub_id: str | Path,
    device: str | None = None,
    avoid: WordList | bool | None = None,
    engine: str | None = None,
    **hub: Any,
) -> Pipeline:
    """Returns the pipeline of a checkpoint; see `vaegen.load`, and for `hub` `Pipeline.from_pretrained`."""
    check_engine(engine)
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        checkpoint = load_checkpoint(path_or_hub_id, torch.device(device), **hub)
    except (AssertionError, RuntimeError) as error:  # an unknown device, or one that this machine or this torch lacks
        raise VaegenError(
            "device={device} cannot be used: {reason} Try 'cpu'.", device=repr(device), reason=str(error).splitlines()[0]
        ) from error
    about = (checkpoint.metadata, checkpoint.name, checkpoint.path)
    return Pipeline(checkpoint.model, checkpoint.tokenizer, *about, avoid, engine)


class Pipeline(LatentSpace):
    """A model with its tokenizer. Between calls it keeps no state but a count; several threads may share it.

    Attributes:
        model: The model, in evaluation mode.
        tokenizer: Its tokenizer.
        metadata: Where the weights come from and what was measured on them.
        name: Name of the checkpoint.
        folder: Where it was read from, with whatever else lies there; None if it was not.
    """

    @classmethod
    def from_pretrained(
        cls,
        path_or_hub_id: str | Path,
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        device: str | None = None,
        avoid: WordList | bool | None = None,
        engine: str | None = None,
    ) -> Pipeline:
        """Returns the pipeline of a checkpoint folder, or of a repository of the Hugging Face Hub with all its parts.

        Args:
            path_or_hub_id: The folder, or "owner/name".
            revision: Of a repository: a branch, a tag or a commit.
            token: For a private repository; None: the one that `hf auth login` has stored.
            cache_dir: Where what is downloaded is kept; the Hub's usual cache if None.
            device: As in `vaegen.load`.
            avoid: As in `vaegen.load`.
            engine: As in `vaegen.load`.

        Raises:
            VaegenError: If there is no such checkpoint, or it cannot be had.
        """
        return load(path_or_hub_id, device, avoid, engine, revision=revision, token=token, cache_dir=cache_dir)

    def save_pretrained(self, folder: str | Path) -> None:
        """Writes the checkpoint into a folder: the model with its tokenizer, and all that it was loaded with.

        Priors, map, directions and the like belong to the weights: a model that was trained on leaves them behind.

        Raises:
            VaegenError: If it cannot be written there.
        """
        try:
            save_checkpoint(folder, self.model, self.tokenizer, self.metadata, self.folder)
        except OSError as error:
            reason = error.strerror or str(error)
            raise VaegenError("{folder} cannot be written ({reason}).", folder=folder, reason=reason) from error

    def push_to_hub(
        self,
        repo_id: str,
        *,
        token: str | bool | None = None,
        private: bool | None = None,
        revision: str | None = None,
        commit_message: str | None = None,
    ) -> str:
        """Puts what `save_pretrained` writes into a repository of the Hugging Face Hub; returns the address of the commit.

        Args:
            repo_id: "owner/name"; it is made if there is none.
            token: With the right to write; None: the one that `hf auth login` has stored.
            private: Whether a new repository is private; None: as its owner has set it.
            revision: The branch; None: the main one.
            commit_message: What the commit says.

        Raises:
            VaegenError: If the Hub refuses, or cannot be reached.
        """
        with tempfile.TemporaryDirectory() as folder:
            self.save_pretrained(Path(folder, "checkpoint"))
            return upload(Path(folder, "checkpoint"), Repository(repo_id, revision, token), private, commit_message)

    @overload
    def translate(self, texts: str, target_language: str, **options: Any) -> str: ...
    @overload
    def translate(self, texts: Sequence[str], target_language: str, **options: Any) -> list[str]: ...

    def translate(
        self,
        texts: str | Sequence[str],
        target_language: str,
        *,
        source_language: str | None = None,
        context: str = CONTEXT,
        num_beams: int = DecodingOptions.num_beams,
        length_penalty: float = DecodingOptions.length_penalty,
        beta: float | None = None,
        batch_size: int = 32,
        progress: ProgressCallback | None = None,
        **options: Any,
    ) -> str | list[str]:
        """Returns the translations: a string for a string, a list for a list; blank texts give "".

        Args:
            texts: One text or several, each in any of the model's languages.
            target_language: A code such as "de", or a tag such as "en.short" where the model has one (`tags`).
            source_language: Only checked: the model reads all its languages alike.
            context: `source` (the decoder sees the latent and the encoder states) or `latent` (the latent alone).
            num_beams: Width of the beam; 1 is greedy.
            length_penalty: See `DecodingOptions`.
            beta: The rate, for a checkpoint with a dial (`rates`): 0.003 keeps everything in z, 1 nothing.
            batch_size: Most texts in one batch; texts of similar length go together, the order of the result is yours.
            progress: Called with (texts done, texts in all) after each batch.
            **options: Other fields of `DecodingOptions`, and `seed` and `n_draws` as in `generate`.

        Raises:
            VaegenError: If a language, the context or an option is unknown, or a text is longer than the model can read.
        """
        options |= {"num_beams": num_beams, "length_penalty": length_penalty, "context": context}
        options |= {"batch_size": batch_size, "progress": progress, "beta": beta}
        several, languages = self._check(texts, target_language, source_language, options)
        found = self._inference.hypotheses(several, languages, **options)
        ids = [hypotheses[0].ids if hypotheses else [] for hypotheses in found]
        results = self._inference.texts(ids, languages, options.get("avoid"))
        return results[0] if isinstance(texts, str) else results

    def generate(
        self,
        texts: Sequence[str],
        target_language: str | Sequence[str],
        *,
        source_language: str | None = None,
        context: str | Sequence[str] = CONTEXT,
        n_draws: int = 0,
        seed: int = 0,
        beta: float | None = None,
        batch_size: int = 32,
        progress: ProgressCallback | None = None,
        **options: Any,
    ) -> list[list[Translation]]:
        """Returns for each text its translations with probabilities; as many as `n_best`, for each draw of z.

        Args:
            texts: As in `translate`, like everything that is not here.
            target_language: A code such as "de", or one code for each text: different languages share a batch. A text that
                is there several times is encoded once: [text] * 3, ["de", "fr", "cs"] is one source with many targets.
            source_language: Reported as given; detected for each text where it is not.
            context: `source` or `latent`, or one for each text.
            n_draws: Latents drawn from the posterior of each text ("other ways to say it"); 0 decodes its mode.
            seed: Of draws and sampling. Text i gets the same numbers whatever the others and the batch size are.
            beta: As in `translate`.
            batch_size: Most texts in one batch.
            progress: Called with (texts done, texts in all).
            **options: Fields of `DecodingOptions`: method, num_beams, n_best, temperature, n_alternatives, ...

        Raises:
            VaegenError: As `translate`.
        """
        options |= {"context": context, "n_draws": n_draws, "seed": seed, "batch_size": batch_size, "progress": progress}
        options["beta"] = beta
        several, languages = self._check(texts, target_language, source_language, options)
        contexts = self._one_each(context, len(several), "texts", "contexts")
        found = self._inference.hypotheses(several, languages, **options)
        results = []
        for text, language, seen, hypotheses in zip(several, languages, contexts, found, strict=True):
            if not hypotheses:
                results.append([Translation("", language, (), (), None, 0.0, 0.0, source_language or "", seen)])
                continue
            source = source_language or self.detect_language(text)
            avoid = options.get("avoid")
            results.append([self._inference.translation(h, language, source, seen, avoid) for h in hypotheses])
        self._tell_unsure(several, results)
        return results

    def reply(
        self, turn: str, tag: str = "en.reply", *, n_best: int = 3, seed: int = 0, **options: Any
    ) -> list[Translation]:
        """Returns replies to one turn of a dialogue, the one that is most about it first; see `vaegen.pipeline.replies`.

        Args:
            turn: What was said; two turns stand with " | " between them.
            tag: What to write.
            n_best: Most replies; all are different.
            seed: Of the draws.
            **options: `context`, `beta`, `avoid`, `n_alternatives` and `source_language`, as in `generate`.

        Raises:
            VaegenError: As `translate`.
        """
        return ranked_replies(self, turn, tag, seed, **options)[:n_best]

    def _tell_unsure(self, texts: Sequence[str], results: list[list[Translation]]) -> None:
        """Puts into the first answer to each text how likely it is wrong, where the checkpoint has what it takes."""
        try:
            unsure = self.unsure
        except VaegenError:  # the log has said so; an answer is still an answer
            return
        answered = [i for i, found in enumerate(results) if found and found[0].token_log_probs]
        if unsure is None or not answered:
            return
        answers = [results[i][0] for i in answered]
        signals = self.signals(unsure, [texts[i] for i in answered], answers)
        for i, p in zip(answered, unsure.probability(signals), strict=True):
            results[i][0] = replace(results[i][0], unsure=float(p))

    @property
    def unsure(self) -> Unsure | None:
        """What lies beside the weights to tell wrong answers from right ones; None where nothing does.

        Raises:
            VaegenError: If its file is damaged or of other weights.
        """
        return self._beside(UNSURE_FILE, lambda: load_unsure(self.folder))

    def signals(self, unsure: Unsure, texts: Sequence[str], answers: Sequence[Translation]) -> np.ndarray:
        """Returns what `unsure` looks at in texts and their translations, (N, 6); see `vaegen.pipeline.unsure.SIGNALS`."""
        return unsure.signals(self._inference.ids(texts), self.encode(texts), answers)

    def score(
        self,
        texts: str | Sequence[str],
        targets: str | Sequence[str],
        language: str,
        context: str = CONTEXT,
        batch_size: int = 32,
        z: Tensor | np.ndarray | None = None,
        beta: float | None = None,
    ) -> list[list[float]]:
        """Returns log p(target | text) token by token, the end included, in nats.

        Args:
            texts: What the model reads.
            targets: What it would have to write, one for each text.
            language: Of the targets.
            context: `source` or `latent`.
            batch_size: Most pairs in one batch.
            z: Latents (B, M, Z) in place of the modes of the texts' posteriors. In context `latent` only they are read:
                -sum of log p(text | z) is what a sentence costs to reconstruct.
            beta: As in `translate`.
        """
        texts, targets = listed(texts), listed(targets)
        if len(texts) != len(targets):
            raise VaegenError(
                "{n} texts and {n_targets} targets: give one target for each text.", n=len(texts), n_targets=len(targets)
            )
        latents = None if z is None else self._latents(z)
        if latents is not None and len(latents) != len(texts):
            raise VaegenError(
                "{n} texts and {n_latents} latents: give one latent for each text.", n=len(texts), n_latents=len(latents)
            )
        tag = self.tokenizer.language_id(self._check_language(language))
        return self._inference.score(texts, targets, tag, context, batch_size, latents, beta)

    @torch.inference_mode()
    def attention(
        self,
        text: str,
        target_language: str,
        context: str = CONTEXT,
        target_text: str | None = None,
        beta: float | None = None,
        **options: Any,
    ) -> Attention:
        """Returns where the model looks while it translates a text, or while it reads a translation that is given.

        `.maps` are the weights of sub-words, `.by_word()` those of words.
        """
        tag, run = self.tokenizer.language_id(self._check_language(target_language)), self._inference
        source = run.ids([text])[0] or [run.source_tokenizer.eos_id]
        if target_text is not None:
            target = run.ids([target_text], as_targets=True)[0][:-1]
        else:
            found = run.hypotheses([text], [target_language], context=context, beta=beta, **options)[0]
            target = next((h.ids for h in found), [])
        src, mask = run.pad([source])
        tgt_in = torch.tensor([[tag, *target]], device=self.device)
        maps = self.model.attention_maps(src, mask, tgt_in, context, log_beta=run.rates(beta, 1))
        pieces = (run.source_tokenizer.pieces(source[:-1]), self.tokenizer.pieces(target))
        return Attention(maps, (*pieces[0], "</s>"), (*pieces[1], "</s>"))

    def occlude(
        self,
        text: str,
        word: int,
        target_language: str,
        context: str = CONTEXT,
        target_text: str | None = None,
        how: str = "drop",
        by_word: bool = True,
        avoid: WordList | bool | None = None,
        beta: float | None = None,
    ) -> Without:
        """Returns what changes in a translation when one word of the text is taken away.

        The model has never read the mask token in a source sentence while training: what it makes of one is out of
        distribution. Without the dropped word, a sentence is one that it might have read.

        Args:
            text: The sentence.
            word: Index of the word to take away, the first is 0.
            target_language: Of the translation.
            context: `source` or `latent`.
            target_text: The translation whose words are compared; None: the model's own.
            how: `drop` (leave the word out) or `mask` (the mask token in place of each of its sub-words).
            by_word: Whether `word` counts words, or with False sub-words.
            avoid: As everywhere: the translation of what is left is led around these words.
            beta: As in `translate`.

        Raises:
            VaegenError: If there is no such word, or nothing would be left.
        """
        self._check_language(target_language)
        if target_text is None:
            options: dict[str, Any] = {"context": context, "num_beams": N_BEAMS, "avoid": avoid, "beta": beta}
            target_text = self.translate(text, target_language, **options)
        return occlude(self._inference, text, word, target_language, context, target_text, how, by_word, avoid, beta)

    def _check(
        self, texts: str | Sequence[str], target: str | Sequence[str], source: str | None, options: dict[str, Any]
    ) -> tuple[list[str], list[str]]:
        """The texts and their target languages as lists, once languages and draws are known to be possible."""
        several = listed(texts)
        languages = self._languages(target, len(several), "texts")
        if source:
            self._check_language(source)
        if options.get("n_draws"):
            self._check_latent()
        return several, languages
