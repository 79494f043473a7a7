"""The latent space of a pipeline: into it, out of it, and about in it."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vaegen.config import SAMPLING_BETA
from vaegen.data.probe_sentences import probe_set
from vaegen.errors import VaegenError, whole
from vaegen.latent import paths
from vaegen.latent.atlas import FILE as MAP_FILE
from vaegen.latent.atlas import Atlas, fit_atlas, load_atlas
from vaegen.latent.directions import FILE as DIRECTIONS_FILE
from vaegen.latent.directions import NONE, Directions, load_directions
from vaegen.latent.priors import FILE as PRIORS_FILE
from vaegen.latent.priors import MAKER, Normal, Prior, load_priors
from vaegen.latent.projection import MIN_DIST, N_NEIGHBORS
from vaegen.model.posterior import DiagonalGaussian
from vaegen.pipeline.base import PipelineBase
from vaegen.pipeline.batches import batches, listed, make_generator
from vaegen.pipeline.bounds import SentenceBounds, log_likelihood_of, sentence_bounds
from vaegen.pipeline.map import Map
from vaegen.pipeline.outputs import ProgressCallback
from vaegen.text.tags import CAPTION_LANGUAGES

N_PROBES = 300  # captions of the probe set that show which dimensions are active
MOST_RATES = 32  # at which that is remembered
NO_PRIOR = "There is no prior {prior}; this checkpoint has {known}."
NO_FITTED_PRIOR = "There is no prior {prior}; this checkpoint has {known}. {maker} fits more."


class LatentSpace(PipelineBase):
    """The half of `Pipeline` that is about latents; attributes as in `Pipeline`."""

    @torch.no_grad()
    def encode(
        self,
        texts: str | Sequence[str],
        batch_size: int = 64,
        progress: ProgressCallback | None = None,
        beta: float | None = None,
    ) -> DiagonalGaussian:
        """Returns the posteriors of the texts, in their order: `.mode`, `.sample(generator)`, `.kl()`, (B, M, Z).

        Args:
            texts: One text or several.
            batch_size: Most texts in one batch.
            progress: Called with (texts done, texts in all).
            beta: As in `translate`.

        Raises:
            VaegenError: If the model has no latent, or a text is blank or too long.
        """
        self._check_latent()
        several = listed(texts)
        sources = self._inference.ids(several)
        blank = [i for i, ids in enumerate(sources) if not ids]
        if blank or not sources:
            raise VaegenError(
                "Text {number} is empty and has no latent; give a sentence.", number=blank[0] + 1 if blank else 1
            )
        shape = (len(sources), self.model.config.n_slots, self.model.config.latent_dim)
        mu, logvar = torch.empty(shape, device=self.device), torch.empty(shape, device=self.device)
        for batch, done in batches(sources, batch_size, 1):
            posterior = self._inference.encode([sources[i] for i in batch], beta).posterior
            assert posterior is not None
            mu[batch], logvar[batch] = posterior.mu, posterior.logvar
            if progress is not None:
                progress(done, len(sources))
        return DiagonalGaussian(mu, logvar)

    def exact(
        self,
        texts: str | Sequence[str],
        languages: str | Sequence[str] | None = None,
        batch_size: int = 32,
        beta: float | None = None,
    ) -> tuple[np.ndarray, list[bool]]:
        """Returns latents that greedy decoding reads back word by word, (B, M, Z), and for which texts that was reached.

        They start at the posterior's mode and move only as far as it takes; see `vaegen.latent.refinement`.

        Args:
            texts: As in `encode`.
            languages: Code of the language of the texts, or one code for each; detected where it is not given.
            batch_size: Most texts in one batch.
            beta: As in `translate`.

        Raises:
            VaegenError: As `encode`, or if a language is unknown.
        """
        several = listed(texts)
        posterior = self.encode(several, beta=beta)
        codes = [self.detect_language(text) for text in several] if languages is None else languages
        tags = [self.tokenizer.language_id(code) for code in self._languages(codes, len(several), "texts")]
        ids = self._inference.ids(several, as_targets=True)
        z, reached = self._inference.exact(posterior, ids, tags, batch_size, beta)
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
            **options: Fields of `DecodingOptions`, `beta` as in `translate`, and `avoid_loops`: a latent between sentences
                can send the decoder round in circles, "a man and a man and a man"; with True it is led out of them.

        Raises:
            VaegenError: If the model has no latent, or z is not of its shape.
        """
        z = self._latents(z)
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
        ends = self.encode([a, b], beta=options.get("beta")).mode
        return self.decode(paths.path(ends[0], ends[1], steps, method), language, **{"avoid_loops": True, **options})

    def mode_variances(self, beta: float | None = None) -> np.ndarray:
        """Returns Var(mu) of every dimension, (M * Z,), over captions of the probe set in the model's languages."""
        if beta not in self._variances:
            codes = [code for code in CAPTION_LANGUAGES if code in self.languages]
            texts = [probe.sentences[codes[i % len(codes)]] for i, probe in enumerate(probe_set(N_PROBES))]
            found = self.encode(texts, beta=beta).mu.flatten(1).var(0).cpu().numpy()
            if len(self._variances) >= MOST_RATES:
                self._variances.clear()
            self._variances[beta] = found
        return self._variances[beta]

    def map(
        self,
        texts: Sequence[str] | None = None,
        n_neighbors: int = N_NEIGHBORS,
        min_dist: float = MIN_DIST,
        beta: float | None = None,
    ) -> Map:
        """Returns the map that lies beside the weights, or one that is fitted to some sentences alone.

        Args:
            texts: Ten sentences or more for a map of their own, which takes half a minute; None: the checkpoint's map.
            n_neighbors: Of UMAP: how many neighbours a sentence is kept close to; few show detail, many the whole.
            min_dist: Of UMAP: how close points may come.
            beta: As in `translate`, for the sentences; the checkpoint's map is of the recommended rate.

        Raises:
            VaegenError: If there is no map, it is damaged or of other weights, or UMAP cannot be fitted.
        """
        if texts is None:
            return self._beside(MAP_FILE, lambda: Map(self, load_atlas(self.folder, math.prod(self._shape))))
        z = self.encode(texts, beta=beta).mode.flatten(1).cpu().numpy()
        for step in fit_atlas(z, n_neighbors, min_dist):
            if isinstance(step, Atlas):
                return Map(self, step, texts)
            time.sleep(0.1)  # the fit runs in another process
        raise AssertionError("fit_atlas ends with an atlas")

    @property
    def directions(self) -> Directions:
        """The named directions and components beside the weights: `names`, `entry` with measured effects, `apply`.

        Raises:
            VaegenError: If their file is damaged or of other weights.
        """
        return self._beside(DIRECTIONS_FILE, lambda: load_directions(self.folder, self._shape)) or NONE

    @property
    def priors(self) -> tuple[str, ...]:
        """Names of the priors that latents can be drawn from, "normal" first; see `vaegen.latent.priors`.

        Those of other weights are none of them; the log says so, and `draw` says why.
        """
        try:
            return tuple(self._all_priors())
        except VaegenError:
            return ("normal",)

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
        n = whole("n", n, 0)
        if isinstance(prior_scale, (bool, str)) or not 0.0 <= prior_scale < float("inf"):
            raise VaegenError("prior_scale={prior_scale}: give a number, 0 or more.", prior_scale=repr(prior_scale))
        if n_slots is not None and not 1 <= n_slots <= most:
            raise VaegenError(
                "n_slots={n_slots}: give 1 to {most}; this model has {most} slots.", n_slots=n_slots, most=most
            )
        known = {"normal": Normal(*self.latent_shape)} if prior == "normal" else self._all_priors()
        if prior not in known:
            said = NO_PRIOR if len(known) > 1 else NO_FITTED_PRIOR
            raise VaegenError(said, prior=repr(prior), known=", ".join(known), maker=MAKER)
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
            **options: As in `decode`, such as `method="sample", temperature=0.7`, but `avoid_loops` is True and `beta` is
                `rate_of(prior)`.
        """
        z = self.draw(n, seed, prior, prior_scale, n_slots)
        return self.decode(z, language, seed=seed, **{"avoid_loops": True, "beta": self.rate_of(prior), **options})

    def elbo(
        self,
        texts: str | Sequence[str],
        language: str | None = None,
        *,
        n_draws: int = 20,
        seed: int = 0,
        beta: float | None = None,
        batch_size: int = 32,
        progress: ProgressCallback | None = None,
    ) -> SentenceBounds:
        """Returns reconstruction, KL, -ELBO and importance-weighted NLL of each text in its own language, in nats.

        Args:
            texts: One text or several, all in one language.
            language: Theirs; None: that of the first, detected.
            n_draws: Draws of z for each text.
            seed: Of the draws.
            beta: As in `translate`; the bound itself is the true one at every beta.
            batch_size: Most texts in one batch.
            progress: Called with (draws done, draws in all).

        Raises:
            VaegenError: If the model has no latent, a text is blank or too long, or a number is out of range.
        """
        self._check_latent()
        texts = listed(texts)
        if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
            raise VaegenError("A bound is of sentences; give at least one, and none that is blank.")
        language = self._check_language(language or self.detect_language(texts[0]))
        posterior = self.encode(texts, beta=beta)
        posterior = DiagonalGaussian(posterior.mu.cpu(), posterior.logvar.cpu())
        likelihood = log_likelihood_of(self, texts, language, batch_size, beta)
        generator = torch.Generator().manual_seed(whole("seed", seed))
        return sentence_bounds(posterior, likelihood, whole("n_draws", n_draws, 1), generator, progress)

    def rate_of(self, prior: str) -> float | None:
        """Returns the beta at which draws from a prior are decoded; None is the recommended one.

        Fitted priors are of latents at the recommended rate. There sentences lie in few places of the cloud N(0, I), and
        what is between them reads as nonsense; at a lower rate, `vaegen.config.SAMPLING_BETA`, they fill it.
        """
        return SAMPLING_BETA if prior == "normal" and self.rates else None

    @property
    def _shape(self) -> tuple[int, int]:
        """As `latent_shape`, without refusing a model that has none."""
        return self.model.config.n_slots, self.model.config.latent_dim

    def _all_priors(self) -> dict[str, Prior]:
        config = self.model.config
        return self._beside(PRIORS_FILE, lambda: load_priors(self.folder, config.n_slots, config.latent_dim))
