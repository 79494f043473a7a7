"""`transformers.pipeline("translation")` for our checkpoints."""

from __future__ import annotations

from typing import Any

from transformers import pipelines

from vaegen.errors import VaegenError
from vaegen.pipeline.auto.model import VaegenModel, target

TASK, OWN_TASK = "translation", "vaegen-translation"


class VaegenTranslation(pipelines.Pipeline):  # type: ignore[misc, unused-ignore]
    """Text in, `[{"translation_text": ...}]` out; `tgt_lang` says the language, other options are `Pipeline.translate`'s."""

    _load_tokenizer = True
    _load_processor = _load_image_processor = _load_feature_extractor = _load_video_processor = False

    def __init__(self, model: Any, *given: Any, **options: Any) -> None:
        if not isinstance(model, VaegenModel):
            raise VaegenError(
                "This task is for checkpoints of vaegen, and {kind} is none: transformers itself translates no more.",
                kind=type(model).__name__,
            )
        super().__init__(model, *given, **options)

    def _sanitize_parameters(self, **options: Any) -> tuple[dict, dict, dict]:
        if source := options.pop("src_lang", None):
            options["source_language"] = source
        return {}, options, {}

    def preprocess(self, text: str) -> dict[str, Any]:
        return {"text": text}

    def _forward(self, inputs: dict[str, Any], tgt_lang: str | None = None, **options: Any) -> dict[str, Any]:
        texts = inputs["text"]
        found = self.model.pipeline.translate(texts, target(self.model.pipeline, tgt_lang), **options)
        return {"text": found}

    def postprocess(self, outputs: dict[str, Any]) -> list[dict[str, str]]:
        return [{"translation_text": outputs["text"]}]


def register() -> None:
    """Adds the task `vaegen-translation`, and `translation` where transformers has none of its own any more (since 5)."""
    from transformers.models.auto.modeling_auto import AutoModelForSeq2SeqLM

    registry = pipelines.PIPELINE_REGISTRY
    getattr(pipelines, "REMOVED_TASKS", {}).pop(TASK, None)
    for task in (TASK, OWN_TASK):
        if task not in registry.get_supported_tasks():
            registry.register_pipeline(task, VaegenTranslation, AutoModelForSeq2SeqLM)
