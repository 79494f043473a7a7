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

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np
import torch
from torch import Tensor

from vaegen.data.probe_sentences import probe_set
from vaegen.decoding.options import CONTEXT, DecodingOptions
from vaegen.engine.engine import TORCH, check_engine
from vaegen.errors import VaegenError
from vaegen.latent import paths
from vaegen.latent.atlas import FILE as MAP_FILE
from vaegen.latent.atlas import Atlas, fit_atlas, load_atlas
from vaegen.latent.directions import FILE as DIRECTIONS_FILE
from vaegen.latent.directions import NONE, Directions, load_directions
from vaegen.latent.priors import FILE as PRIORS_FILE
from vaegen.latent.priors import MAKER, Normal, Prior, load_priors
from vaegen.latent.projection import MIN_DIST, N_NEIGHBORS
from vaegen.model.checkpoint import load_checkpoint
from vaegen.model.posterior import DiagonalGaussian
from vaegen.model.rate_dial import BETAS
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.batching import Inference, batches, listed, make_generator
from vaegen.pipeline.map import Map
from vaegen.pipeline.occlusion import N_BEAMS, Without, occlude
from vaegen.pipeline.outputs import Attention, Progress, Translation
from vaegen.pipeline.unsure import FILE as UNSURE_FILE
from vaegen.pipeline.unsure import Unsure, load_unsure
from vaegen.text.sensitive import WordList
from vaegen.text.tags import CAPTION_LANGUAGES, languages_of
from vaegen.text.tokenizer import Tokenizer, detect_language

LOG = logging.getLogger(__name__)
N_PROBES = 300  # captions of the probe set that show which dimensions are active
MOST_RATES = 32  # at which that is remembered
T = TypeVar("T")
NO_PRIOR = "There is no prior {prior}; this checkpoint has {known}."
NO_FITTED_PRIOR = "There is no prior {prior}; this checkpoint has {known}. {maker} fits more."
NO_LATENT = "This model has no latent (n_slots=0): it can only translate, in context 'source'."
NO_LANGUAGE = "There is no language {language}; this model has {tags}."


def load(
    path_or_hub_id: str | Path,
    device: str | None = None,
    avoid: WordList | bool | None = None,
    engine: str | None = None,
) -> Pipeline:
    """Returns the pipeline of a checkpoint; see `vaegen.load`."""
    check_engine(engine)
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        checkpoint = load_checkpoint(path_or_hub_id, torch.device(device))
    except (AssertionError, RuntimeError) as error:  # an unknown device, or one that this machine or this torch lacks
        raise VaegenError(
            "device={device} cannot be used: {reason} Try 'cpu'.", device=repr(device), reason=str(error).splitlines()[0]
        ) from error
    about = (checkpoint.metadata, checkpoint.name, checkpoint.path)
    return Pipeline(checkpoint.model, checkpoint.tokenizer, *about, avoid, engine)


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
        engine: str | None = TORCH,
    ) -> None:
        self.model, self.tokenizer, self.metadata, self.name = model.eval(), tokenizer, metadata or {}, name
        self.folder = folder
        self._inference = Inference(self.model, tokenizer, avoid, engine)
        self._companions: dict[str, tuple[int, Any]] = {}  # what lies beside the weights, by file
        self._variances: dict[float | None, np.ndarray] = {}  # of the modes, by rate

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the model reads."""
        return languages_of(self.tags)

    @property
    def tags(self) -> tuple[str, ...]:
        """What the model can be asked to write: its languages, and tasks such as "en.short" (`vaegen.text.tags`)."""
        return self.model.config.languages

    @property
    def rates(self) -> tuple[float, ...]:
        """The values of beta to choose from, ten from "everything is kept" to "collapsed"; () for one rate only.

        `beta` of `encode`, `decode`, `translate` and so on may be any number between the ends; None is the recommended one,
        `model.config.default_beta`. Latents are decoded at the beta that they were made with.
        """
        return BETAS if self.model.dial is not None else ()

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
        context: str = CONTEXT,
        num_beams: int = DecodingOptions.num_beams,
        length_penalty: float = DecodingOptions.length_penalty,
        beta: float | None = None,
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
        progress: Progress | None = None,
        **options: Any,
    ) -> list[list[Translation]]:
        """Returns for each text its translations with probabilities; as many as `n_best`, for each draw of z.

        Args:
            texts: As in `translate`, like everything that is not here.
            target_language: A code such as "de", or one code for each text: different languages share a batch. A text that is
                there several times is encoded once: [text] * 3, ["de", "fr", "cs"] is one source with many targets.
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

    @torch.no_grad()
    def encode(
        self,
        texts: str | Sequence[str],
        batch_size: int = 64,
        progress: Progress | None = None,
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

    @property
    def latent_shape(self) -> tuple[int, int]:
        """(M, Z): slots, and dimensions of each.

        Raises:
            VaegenError: If the model has no latent.
        """
        self._check_latent()
        return self.model.config.n_slots, self.model.config.latent_dim

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
            return self._beside(MAP_FILE, lambda: Map(self, load_atlas(self.folder)))
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
        return self._beside(DIRECTIONS_FILE, lambda: load_directions(self.folder)) or NONE

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
        if not isinstance(n, (int, np.integer)) or n < 0 or not 0.0 <= prior_scale < float("inf"):
            raise VaegenError(
                "n={n}, prior_scale={prior_scale}: give a whole number, and nothing negative.",
                n=repr(n),
                prior_scale=prior_scale,
            )
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
            **options: As in `decode`, such as `method="sample", temperature=0.7`, but `avoid_loops` is True.
        """
        z = self.draw(n, seed, prior, prior_scale, n_slots)
        return self.decode(z, language, seed=seed, **{"avoid_loops": True, **options})

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

    def _languages(self, language: str | Sequence[str], n: int, what: str) -> list[str]:
        """A language for each of n things, once all of them are known to be there."""
        languages = self._one_each(language, n, what, "languages")
        for code in {*languages, *listed(language)}:
            self._check_language(code)
        return languages

    @staticmethod
    def _one_each(given: str | Sequence[str], n: int, what: str, name: str) -> list[str]:
        """What is given for n things, one for each or one for all, as a list."""
        each = [given] * n if isinstance(given, str) else list(given)
        if len(each) != n:
            said = "{n} {what} and {n_given} {name}: give one, or one for each."
            raise VaegenError(said, n=n, what=what, n_given=len(each), name=name)
        return each

    def _check_language(self, language: str) -> str:
        if language not in self.tags:
            raise VaegenError(NO_LANGUAGE, language=repr(language), tags=", ".join(self.tags))
        return language

    def _latents(self, z: Tensor | np.ndarray) -> Tensor:
        """Latents as a tensor (B, M, Z), once they are known to be of this model's shape."""
        shape = self.latent_shape
        try:
            z = torch.as_tensor(z, dtype=torch.float32, device=self.device)
        except (TypeError, ValueError) as error:
            raise VaegenError(
                "z={z} is no array of numbers; give latents as `encode` and `draw` do.", z=f"{z!r:.80}"
            ) from error
        z = z[None] if z.dim() == 2 else z
        if z.dim() != 3 or tuple(z.shape[1:]) != shape:
            raise VaegenError(
                "z is of shape {shape}; this model's latents are (B, {n_slots}, {latent_dim}).",
                shape=tuple(z.shape),
                n_slots=shape[0],
                latent_dim=shape[1],
            )
        if not z.isfinite().all():
            raise VaegenError("z holds values that are not finite numbers.")
        return z

    def _all_priors(self) -> dict[str, Prior]:
        config = self.model.config
        return self._beside(PRIORS_FILE, lambda: load_priors(self.folder, config.n_slots, config.latent_dim))

    def _beside(self, file: str, load: Callable[[], T]) -> T:
        """What is made of a file beside the weights: when it is first asked for, and again when the file has changed.

        A file that is refused is refused every time, and the log says so once.
        """
        path = Path(self.folder or "", file)
        changed = path.stat().st_mtime_ns if path.is_file() else 0
        if self._companions.get(file, (-1, None))[0] != changed:
            try:
                self._companions[file] = (changed, load())
            except VaegenError as error:
                LOG.warning("%s", error)
                self._companions[file] = (changed, VaegenError(error.text, **error.values))
        found = self._companions[file][1]
        if isinstance(found, VaegenError):
            raise VaegenError(found.text, **found.values)  # a new one: a raised one keeps what was on the stack
        return found

    def _check_latent(self) -> None:
        if not self.model.config.n_slots:
            raise VaegenError(NO_LATENT)
