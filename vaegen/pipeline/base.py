"""What a pipeline stands on: a model with its tokenizer, checks of what is asked, and what lies beside the weights."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from vaegen.engine.engine import TORCH
from vaegen.errors import VaegenError
from vaegen.model.rate_dial import BETAS
from vaegen.model.vae_transformer import VAETransformer
from vaegen.pipeline.batches import listed
from vaegen.pipeline.batching import Inference
from vaegen.text.sensitive import WordList
from vaegen.text.tags import languages_of
from vaegen.text.tokenizer import Tokenizer, detect_language

LOG = logging.getLogger(__name__)
T = TypeVar("T")
NO_LATENT = "This model has no latent (n_slots=0): it can only translate, in context 'source'."
NO_LANGUAGE = "There is no language {language}; this model has {tags}."


class PipelineBase:
    """A model with its tokenizer, and what `LatentSpace` and `Pipeline` share; attributes as in `Pipeline`."""

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

    def __repr__(self) -> str:
        config, n = self.model.config, sum(parameter.numel() for parameter in self.model.parameters())
        latent = f"{config.n_slots} slots of {config.latent_dim}" if config.n_slots else "no latent"
        dial = ", dial" if self.rates else ""
        return f"<Pipeline {self.name!r}: {', '.join(self.tags)}; {latent}{dial}; {n:,} parameters on {self.device}>"

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

    @property
    def latent_shape(self) -> tuple[int, int]:
        """(M, Z): slots, and dimensions of each.

        Raises:
            VaegenError: If the model has no latent.
        """
        self._check_latent()
        return self.model.config.n_slots, self.model.config.latent_dim

    def _languages(self, language: str | Sequence[str], n: int, what: str) -> list[str]:
        """A language for each of n things, once all of them are known to be there."""
        if not isinstance(language, (str, Sequence)):
            self._check_language(language)
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
