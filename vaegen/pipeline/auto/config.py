"""`AutoConfig` for our checkpoints."""

from __future__ import annotations

from typing import Any

from transformers.configuration_utils import PretrainedConfig

from vaegen.config import ModelConfig
from vaegen.text.tokenizer import Tokenizer

MODEL_TYPE = "vaegen"


class VaegenConfig(PretrainedConfig):  # type: ignore[misc, unused-ignore]
    """What `config.json` says: `model` has the fields of `ModelConfig`."""

    model_type = MODEL_TYPE

    def __init__(self, model: dict[str, Any] | None = None, format: int = 1, **options: Any) -> None:
        self.model, self.format = dict(model or {}), format
        options = {"pad_token_id": Tokenizer.pad_id, "eos_token_id": Tokenizer.eos_id, "is_encoder_decoder": True} | options
        super().__init__(**options)

    @property
    def shape(self) -> ModelConfig:
        """The shape of the model, checked."""
        return ModelConfig.from_dict(self.model)


def register() -> None:
    """Tells `AutoConfig`."""
    from transformers.models.auto.configuration_auto import AutoConfig

    AutoConfig.register(MODEL_TYPE, VaegenConfig, exist_ok=True)
