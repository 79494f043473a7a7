"""The public API: text in, text out, and the latent in between.

    pipeline = vaegen.load("checkpoints/multi30k")
    pipeline.translate(["A dog runs.", "Two men sing."], "de")
    pipeline.interpolate("A dog runs.", "Two men sing.", steps=5, language="fr")
    pipeline.sample(3, "cs", seed=1)

Every method that writes takes the fields of `DecodingOptions` as keyword arguments (num_beams, temperature, ...) and
`avoid`: a `WordList` whose words are not written, True (at least the short lists that vaegen ships) or False; by default
what the pipeline was loaded with.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import torch
from torch import Tensor

from vaegen.errors import VaegenError
from vaegen.latent import paths
from vaegen.latent.priors import Prior, load_priors
from vaegen.model.checkpoint import load_checkpoint
from vaegen.model.posterior import DiagonalGaussian
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.batching import Inference, Progress, batches, listed, make_generator
from vaegen.pipeline.outputs import Attention, Translation
from vaegen.text.sensitive import WordList
from vaegen.text.tags import languages_of
from vaegen.text.tokenizer import Tokenizer, detect_language


def load(path_or_hub_id: str | Path, device: str | None = None, avoid: WordList | bool | None = None) -> Pipeline:
    """Returns the pipeline of a checkpoint; see `vaegen.load`."""
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        checkpoint = load_checkpoint(path_or_hub_id, torch.device(device))
    except (AssertionError, RuntimeError) as error:  # an unknown device, or one that this machine or this torch lacks
        raise VaegenError(f"device={device!r} cannot be used: {str(error).splitlines()[0]} Try 'cpu'.") from error
    return Pipeline(checkpoint.model, checkpoint.tokenizer, checkpoint.metadata, checkpoint.name, checkpoint.path, avoid)


class Pipeline:
    """A model with its tokenizer. Between calls it keeps no state but a count; several threads may share it.

    Attributes:
        model: The model, in evaluation mode.
        tokenizer: Its tokenizer.
        metadata: Where the weights come from and what was measured on them.
        name: Name of the checkpoint.
        folder: Where it was read from, with whatever else lies there; None if it was not.
    """

    def __init__(
        self,
        model: VAETransformer,
        tokenizer: Tokenizer,
        metadata: dict[str, Any] | None = None,
        name: str = "",
        folder: Path | None = None,
        avoid: WordList | bool | None = None,
    ) -> None:
        self.model, self.tokenizer, self.metadata, self.name = model.eval(), tokenizer, metadata or {}, name
        self.folder = folder
        self._inference = Inference(self.model, tokenizer, avoid)
        self._priors: dict[str, Prior] | None = None

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the model reads."""
        return languages_of(self.tags)

    @property
    def tags(self) -> tuple[str, ...]:
        """What the model can be asked to write: its languages, and tasks such as "en.short" (`vaegen.text.tags`)."""
        return self.model.config.languages

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self._inference.device

    @property
    def n_avoided(self) -> int:
        """Sentences that were led around a word to avoid so far."""
        return self._inference.n_avoided

    def detect_language(self, text: str) -> str:
        """Returns the most likely of the model's languages for a text."""
        return detect_language(text, self.languages)

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
        context: str = "source",
        num_beams: int = 5,
        length_penalty: float = 1.0,
        batch_size: int = 32,
        progress: Progress | None = None,
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
            batch_size: Most texts in one batch; texts of similar length go together, the order of the result is yours.
            progress: Called with (texts done, texts in all) after each batch.
            **options: Other fields of `DecodingOptions`, and `seed` and `n_draws` as in `generate`.

        Raises:
            VaegenError: If a language, the context or an option is unknown, or a text is longer than the model can read.
        """
        options |= {"num_beams": num_beams, "length_penalty": length_penalty, "context": context}
        options |= {"batch_size": batch_size, "progress": progress}
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
        context: str = "source",
        n_draws: int = 0,
        seed: int = 0,
        batch_size: int = 32,
        progress: Progress | None = None,
        **options: Any,
    ) -> list[list[Translation]]:
        """Returns for each text its translations with probabilities; as many as `n_best`, for each draw of z.

        Args:
            texts: As in `translate`, like everything that is not here.
            target_language: A code such as "de", or one code for each text: different languages share a batch.
            source_language: Reported as given; detected for each text where it is not.
            context: `source` or `latent`.
            n_draws: Latents drawn from the posterior of each text ("other ways to say it"); 0 decodes its mode.
            seed: Of draws and sampling. Text i gets the same numbers whatever the others and the batch size are.
            batch_size: Most texts in one batch.
            progress: Called with (texts done, texts in all).
            **options: Fields of `DecodingOptions`: method, num_beams, n_best, temperature, n_alternatives, ...

        Raises:
            VaegenError: As `translate`.
        """
        options |= {"context": context, "n_draws": n_draws, "seed": seed, "batch_size": batch_size, "progress": progress}
        several, languages = self._check(texts, target_language, source_language, options)
        found = self._inference.hypotheses(several, languages, **options)
        results = []
        for text, language, hypotheses in zip(several, languages, found, strict=True):
            if not hypotheses:
                results.append([Translation("", language, (), (), None, 0.0, 0.0, source_language or "", context)])
                continue
            source = source_language or self.detect_language(text)
            avoid = options.get("avoid")
            results.append([self._inference.translation(h, language, source, context, avoid) for h in hypotheses])
        return results

    @torch.no_grad()
    def encode(self, texts: str | Sequence[str], batch_size: int = 64, progress: Progress | None = None) -> DiagonalGaussian:
        """Returns the posteriors of the texts, in their order: `.mode`, `.sample(generator)`, `.kl()`, (B, M, Z).

        Raises:
            VaegenError: If the model has no latent, or a text is blank or too long.
        """
        self._check_latent()
        several = listed(texts)
        sources = self._inference.ids(several)
        blank = [i for i, ids in enumerate(sources) if not ids]
        if blank or not sources:
            raise VaegenError(f"Text {blank[0] + 1 if blank else 1} is empty and has no latent; give a sentence.")
        shape = (len(sources), self.model.config.n_slots, self.model.config.latent_dim)
        mu, logvar = torch.empty(shape, device=self.device), torch.empty(shape, device=self.device)
        for batch, done in batches(sources, batch_size, 1):
            posterior = self._inference.encode([sources[i] for i in batch]).posterior
            assert posterior is not None
            mu[batch], logvar[batch] = posterior.mu, posterior.logvar
            if progress is not None:
                progress(done, len(sources))
        return DiagonalGaussian(mu, logvar)

    def exact(
        self, texts: str | Sequence[str], languages: str | Sequence[str] | None = None, batch_size: int = 32
    ) -> tuple[np.ndarray, list[bool]]:
        """Returns latents that greedy decoding reads back word by word, (B, M, Z), and for which texts that was reached.

        They start at the posterior's mode and move only as far as it takes; see `vaegen.latent.refinement`.

        Args:
            texts: As in `encode`.
            languages: Code of the language of the texts, or one code for each; detected where it is not given.
            batch_size: Most texts in one batch.

        Raises:
            VaegenError: As `encode`, or if a language is unknown.
        """
        several = listed(texts)
        posterior = self.encode(several)
        codes = [self.detect_language(text) for text in several] if languages is None else languages
        tags = [self.tokenizer.language_id(code) for code in self._languages(codes, len(several), "texts")]
        z, reached = self._inference.exact(posterior, self._inference.ids(several, as_targets=True), tags, batch_size)
        return z.numpy(), reached

    def decode(
        self, z: Tensor | np.ndarray, language: str | Sequence[str], *, seed: int = 0, batch_size: int = 32, **options: Any
    ) -> list[str]:
        """Returns the sentences that latents z (B, M, Z) stand for, through the latent alone.

        Args:
            z: Latents; one of shape (M, Z) counts as a batch of one.
            language: A code such as "de", or one code for each latent.
            seed: Of sampling, where `method="sample"`.
            batch_size: Most latents in one batch.
            **options: Fields of `DecodingOptions`, and `avoid_loops`: a latent between sentences can send the decoder round
                in circles, "a man and a man and a man"; with True it is led out of them.

        Raises:
            VaegenError: If the model has no latent, or z is not of its shape.
        """
        self._check_latent()
        shape = (self.model.config.n_slots, self.model.config.latent_dim)
        try:
            z = torch.as_tensor(z, dtype=torch.float32, device=self.device)
        except (TypeError, ValueError) as error:
            raise VaegenError(f"z={z!r:.80} is no array of numbers; give latents as `encode` and `draw` do.") from error
        z = z[None] if z.dim() == 2 else z
        if z.dim() != 3 or tuple(z.shape[1:]) != shape:
            raise VaegenError(f"z is of shape {tuple(z.shape)}; this model's latents are (B, {shape[0]}, {shape[1]}).")
        if not z.isfinite().all():
            raise VaegenError("z holds values that are not finite numbers.")
        languages = self._languages(language, len(z), "latents")
        return self._inference.decode_latents(z, languages, seed, batch_size, **options)

    def path(self, a: Tensor | np.ndarray, b: Tensor | np.ndarray, steps: int, method: str = "slerp") -> np.ndarray:
        """Returns the latents on the way from a to b (M, Z), both included, (steps, M, Z); see `vaegen.latent.path`."""
        ends = [torch.as_tensor(end, dtype=torch.float32).cpu() for end in (a, b)]
        return paths.path(ends[0], ends[1], steps, method).numpy()

    def interpolate(self, a: str, b: str, steps: int, language: str, method: str = "slerp", **options: Any) -> list[str]:
        """Returns `steps` sentences on the way from text a to text b; the first and the last decode a's and b's own modes.

        Args:
            a: A text in any of the model's languages.
            b: Another.
            steps: At least 2, both ends included.
            language: Of the result.
            method: `slerp` (arc) or `lerp` (straight line); see `vaegen.latent`.
            **options: As in `decode`, but `avoid_loops` is True unless told otherwise.
        """
        ends = self.encode([a, b]).mode
        return self.decode(paths.path(ends[0], ends[1], steps, method), language, **{"avoid_loops": True, **options})

    @property
    def priors(self) -> tuple[str, ...]:
        """Names of the priors that latents can be drawn from, "normal" first; see `vaegen.latent.priors`."""
        return tuple(self._all_priors())

    def draw(
        self, n: int, seed: int = 0, prior: str = "normal", prior_scale: float = 1.0, n_slots: int | None = None
    ) -> np.ndarray:
        """Returns n latents drawn from a prior, (n, M, Z).

        Args:
            n: How many.
            seed: Of the draws.
            prior: One of `priors`.
            prior_scale: Multiplies the prior's noise; below 1 gives commoner sentences.
            n_slots: Only the first n_slots slots speak, the others are 0; None: all.

        Raises:
            VaegenError: If the model has no latent or no such prior, or a number is out of range.
        """
        self._check_latent()
        most = self.model.config.n_slots
        if not isinstance(n, (int, np.integer)) or n < 0 or not 0.0 <= prior_scale < float("inf"):
            raise VaegenError(f"n={n!r}, prior_scale={prior_scale}: give a whole number, and nothing negative.")
        if n_slots is not None and not 1 <= n_slots <= most:
            raise VaegenError(f"n_slots={n_slots}: give 1 to {most}; this model has {most} slots.")
        known = self._all_priors()
        if prior not in known:
            hint = " `vaegen prior` fits more." if len(known) == 1 else ""
            raise VaegenError(f"There is no prior {prior!r}; this checkpoint has {', '.join(known)}.{hint}")
        z = known[prior].sample(n, make_generator(seed, 0), prior_scale)
        return paths.first_slots(z, most if n_slots is None else n_slots).numpy()

    def sample(
        self,
        n: int,
        language: str,
        seed: int = 0,
        prior_scale: float = 1.0,
        *,
        prior: str = "normal",
        n_slots: int | None = None,
        **options: Any,
    ) -> list[str]:
        """Returns n sentences that nobody wrote: latents drawn from a prior, decoded.

        Args:
            n: How many.
            language: Of the result. The same seed gives the same latents in every language.
            seed: Of the latents, and of the tokens where `method="sample"`.
            prior_scale: See `draw`.
            prior: See `draw`.
            n_slots: See `draw`.
            **options: As in `decode`, such as `method="sample", temperature=0.7`, but `avoid_loops` is True.
        """
        z = self.draw(n, seed, prior, prior_scale, n_slots)
        return self.decode(z, language, seed=seed, **{"avoid_loops": True, **options})

    def score(
        self,
        texts: str | Sequence[str],
        targets: str | Sequence[str],
        language: str,
        context: str = "source",
        batch_size: int = 32,
    ) -> list[list[float]]:
        """Returns log p(target | text) token by token, the end included, in nats, at the mode of the posterior."""
        texts, targets = listed(texts), listed(targets)
        if len(texts) != len(targets):
            raise VaegenError(f"{len(texts)} texts and {len(targets)} targets: give one target for each text.")
        tag = self.tokenizer.language_id(self._check_language(language))
        return self._inference.score(texts, targets, tag, context, batch_size)

    @torch.inference_mode()
    def attention(
        self, text: str, target_language: str, context: str = "source", target_text: str | None = None, **options: Any
    ) -> Attention:
        """Returns where the model looks while it translates a text, or while it reads a translation that is given."""
        tag, run = self.tokenizer.language_id(self._check_language(target_language)), self._inference
        source = run.ids([text])[0] or [run.source_tokenizer.eos_id]
        if target_text is not None:
            target = run.ids([target_text], as_targets=True)[0][:-1]
        else:
            target = next((h.ids for h in run.hypotheses([text], [target_language], context=context, **options)[0]), [])
        src, mask = run.pad([source])
        maps = self.model.attention_maps(src, mask, torch.tensor([[tag, *target]], device=self.device), context)
        pieces = (run.source_tokenizer.pieces(source[:-1]), self.tokenizer.pieces(target))
        return Attention(maps, (*pieces[0], "</s>"), (*pieces[1], "</s>"))

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

    def _languages(self, language: str | Sequence[str], n: int, what: str) -> list[str]:
        """A language for each of n things, once all of them are known to be there."""
        languages = [language] * n if isinstance(language, str) else list(language)
        if len(languages) != n:
            raise VaegenError(f"{n} {what} and {len(languages)} languages: give one, or one for each.")
        for code in {*languages, *listed(language)}:
            self._check_language(code)
        return languages

    def _check_language(self, language: str) -> str:
        if language not in self.tags:
            raise VaegenError(f"There is no language {language!r}; this model has {', '.join(self.tags)}.")
        return language

    def _all_priors(self) -> dict[str, Prior]:
        if self._priors is None:  # read when first asked for: most visitors only translate
            config = self.model.config
            self._priors = load_priors(self.folder, config.n_slots, config.latent_dim)
        return self._priors

    def _check_latent(self) -> None:
        if not self.model.config.n_slots:
            raise VaegenError("This model has no latent (n_slots=0): it can only translate, in context 'source'.")
