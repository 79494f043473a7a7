"""`AutoModel` and `AutoModelForSeq2SeqLM` for our checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers.modeling_utils import PreTrainedModel
from transformers.utils import ModelOutput

from vaegen.data.batches import pad
from vaegen.decoding.options import CONTEXT, DecodingOptions
from vaegen.engine.engine import TORCH
from vaegen.errors import VaegenError
from vaegen.pipeline.auto.config import VaegenConfig
from vaegen.pipeline.pipeline import Pipeline


@dataclass
class VaegenOutput(ModelOutput):  # type: ignore[misc, unused-ignore]
    """What a pass gives.

    Attributes:
        last_hidden_state: The encoder's states of the words, (B, S, D).
        mu: Mean of q(z|x), (B, M, Z); None without a latent, as `logvar`.
        logvar: Its log variance.
        logits: For each position of `decoder_input_ids`, (B, T, V); None where none were given.
    """

    last_hidden_state: Tensor | None = None
    mu: Tensor | None = None
    logvar: Tensor | None = None
    logits: Tensor | None = None


class VaegenModel(PreTrainedModel):  # type: ignore[misc, unused-ignore]
    """A pipeline as a model of transformers.

    Attributes:
        pipeline: What it wraps: `translate`, `sample` and so on.
        model: Its `VAETransformer`.
    """

    config_class = VaegenConfig
    main_input_name = "input_ids"

    def __init__(self, config: VaegenConfig, pipeline: Pipeline) -> None:
        super().__init__(config)
        self.pipeline, self.model = pipeline, pipeline.model

    @classmethod
    def from_pretrained(  # type: ignore[override, unused-ignore]
        cls,
        path_or_hub_id: str | Path,
        *_: Any,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        engine: str | None = TORCH,
        **__: Any,
    ) -> VaegenModel:
        """Returns the model of a checkpoint, as `Pipeline.from_pretrained` does; other options mean nothing here."""
        where = {"revision": revision, "token": token, "cache_dir": cache_dir}
        pipeline = Pipeline.from_pretrained(path_or_hub_id, **where, device="cpu", engine=engine)  # type: ignore[arg-type]
        return cls(VaegenConfig(model=pipeline.model.config.to_dict()), pipeline).eval()

    def save_pretrained(self, save_directory: str | Path, *_: Any, **__: Any) -> None:
        """Writes the checkpoint, as `Pipeline.save_pretrained` does."""
        self.pipeline.save_pretrained(save_directory)

    def push_to_hub(self, repo_id: str, *_: Any, **options: Any) -> str:  # type: ignore[override, unused-ignore]
        """Uploads the checkpoint, as `Pipeline.push_to_hub` does."""
        return self.pipeline.push_to_hub(repo_id, **options)

    def can_generate(self) -> bool:  # type: ignore[override, unused-ignore]
        """No: not by the search of transformers, whose settings mean nothing here."""
        return False

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        context: str = CONTEXT,
        **_: Any,
    ) -> VaegenOutput:
        """Returns encoder states, posterior, and with `decoder_input_ids` (a language's tag first) the logits at its mode.

        Args:
            input_ids: (B, S), each with the end token, as our `AutoTokenizer` gives them.
            attention_mask: 1 = a real token; None: all but padding.
            decoder_input_ids: (B, T).
            context: `source` or `latent`.
        """
        mask = input_ids != self.config.pad_token_id if attention_mask is None else attention_mask.bool()
        encoding = self.model.encode(input_ids, mask)
        posterior = encoding.posterior
        z = None if posterior is None else posterior.mode
        logits = None
        if decoder_input_ids is not None:
            logits = self.model.decode_logits(decoder_input_ids, self.model.memory(z, encoding, context))
        mu, logvar = (None, None) if posterior is None else (posterior.mu, posterior.logvar)
        return VaegenOutput(encoding.hidden, mu, logvar, logits)

    @torch.inference_mode()
    def generate(  # type: ignore[override, unused-ignore]
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        *,
        tgt_lang: str | Sequence[str] | None = None,
        num_beams: int = DecodingOptions.num_beams,
        **options: Any,
    ) -> Tensor:
        """Returns the ids of the best answers, padded: those of `Pipeline.generate`, whose options it takes.

        Args:
            input_ids: (B, S), from our `AutoTokenizer`.
            attention_mask: Not needed: what is special is no text.
            tgt_lang: A code of the checkpoint, such as "de", or one for each text.
            num_beams: Width of the beam.
            **options: `context`, `beta`, `temperature`, ... of `Pipeline.generate`.

        Raises:
            VaegenError: If there is no `tgt_lang`, or an option is unknown.
        """
        tokenizer = self.pipeline.tokenizer
        texts = tokenizer.decode_batch(input_ids.tolist())
        found = self.pipeline.generate(texts, target(self.pipeline, tgt_lang), num_beams=num_beams, **options)
        answers = [[*tokenizer.encode(one[0].text), tokenizer.eos_id] for one in found]
        return pad(answers, tokenizer.pad_id)[0].to(input_ids.device)


def target(pipeline: Pipeline, language: str | Sequence[str] | None) -> str | Sequence[str]:
    """Returns what to write, which has no default: it is asked for.

    Raises:
        VaegenError: If nothing is given.
    """
    if not language:
        said = "tgt_lang is not given; choose one of {tags}, as in tgt_lang='{first}'."
        raise VaegenError(said, tags=", ".join(pipeline.tags), first=pipeline.tags[-1])
    return language


def register() -> None:
    """Tells `AutoModel` and `AutoModelForSeq2SeqLM`."""
    from transformers.models.auto.modeling_auto import AutoModel, AutoModelForSeq2SeqLM

    for auto in (AutoModel, AutoModelForSeq2SeqLM):
        auto.register(VaegenConfig, VaegenModel, exist_ok=True)
