"""vaegen: translate, interpolate and sample sentences through the latent of a VAE-Transformer.

>>> import vaegen
>>> pipeline = vaegen.load("checkpoints/everyday")
>>> pipeline.translate("A dog runs through the snow.", "de")

Where transformers is used too, its Auto classes know our checkpoints; see `vaegen.pipeline.auto`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from os import PathLike
from types import ModuleType
from typing import TYPE_CHECKING, Any

from vaegen.errors import VaegenError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vaegen.pipeline.pipeline import Pipeline
    from vaegen.text.sensitive import WordList

__version__ = "0.2.0"
__all__ = ["Pipeline", "VaegenError", "__version__", "load"]

# Where the modules of version 0.1 are now, by package: all of them lay in this folder.
_MOVED = {
    "app": "service",
    "commands": "commandline=arguments",
    "data": "corpus probe=probe_sentences",
    "decoding": "avoidance options",
    "evaluation": "disentanglement language_model latent_evaluation=latent_space samples=generated_text"
    " task_evaluation=tasks",
    "evaluation.reports": "latent_report=latent_space report=cards variants",
    "latent": "priors projection refinement",
    "model": "checkpoint graph layers posterior precision pretrained recurrent sparse_attention",
    "pipeline": "ensemble inference=batching outputs",
    "text": "chinese cleaning sensitive spelling tags words",
    "training": "embeddings objective optimization run_folder validation",
}
_NOW = {
    f"vaegen.{name.partition('=')[0]}": f"vaegen.{package}.{name.rpartition('=')[2]}"
    for package, names in _MOVED.items()
    for name in names.split()
}
_NOW["vaegen.views"] = "vaegen.app.questions; maps, directions and codes are in vaegen.latent, attention in vaegen.pipeline"


def load(
    path_or_hub_id: str | Path | Sequence[str | Path],
    device: str | None = None,
    avoid: WordList | bool | None = None,
    engine: str | None = None,
) -> Pipeline:
    """Returns the `Pipeline` of a checkpoint folder or of a Hugging Face Hub id ("owner/name"); see `vaegen.pipeline`.

    Args:
        path_or_hub_id: Where the checkpoint is; of several, a list: they decode together (`vaegen.pipeline.ensemble`).
        device: "cpu", "cuda" or "cuda:N"; by default the GPU if there is one.
        avoid: Words that are never written: a `vaegen.text.WordList`, or True for the short lists that vaegen ships.
        engine: What encodes and decodes on a CPU: "onnx" (onnxruntime: the text of torch, in less than half the time),
            "onnx-int8" (faster still; weights are rounded, and now and then a word is another one) or "torch". None: "onnx"
            where the model is a plain Transformer, else torch, as always on a GPU and for several checkpoints.

    Raises:
        VaegenError: If there is no such checkpoint or it is damaged.
    """
    # torch takes a second to import: only when it is needed
    if isinstance(path_or_hub_id, (str, PathLike)):
        from vaegen.pipeline.pipeline import load as load_pipeline

        return load_pipeline(path_or_hub_id, device, avoid, engine)
    from vaegen.pipeline.ensemble import load as load_ensemble

    return load_ensemble(path_or_hub_id, device, avoid, engine)


def lazily(package: str, **names: str) -> Callable[[str], Any]:
    """Returns the `__getattr__` of a package: it imports a module when one of its names is asked for, and not before.

    So `from vaegen.pipeline import Pipeline` works, and `import vaegen.latent.codes` does not bring torch along.

    Args:
        package: Its `__name__`.
        names: For each of its modules, the names that the package offers.
    """
    homes = {name: module for module, listed in names.items() for name in listed.split()}

    def getattr_of_package(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return getattr_of_package


__getattr__ = lazily(__name__, **{"pipeline.pipeline": "Pipeline"})

# Modules of transformers that have to be told about our checkpoints, and what tells them.
_TOLD = {
    "transformers.models.auto.configuration_auto": "vaegen.pipeline.auto.config",
    "transformers.models.auto.modeling_auto": "vaegen.pipeline.auto.model",
    "transformers.pipelines": "vaegen.pipeline.auto.translation",
}


class _Telling:
    """A finder that tells modules of transformers about our checkpoints, once they are imported and not before."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in _TOLD else None
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return None
        spec.loader = _TellingLoader(spec.loader.name, spec.loader.path)
        return spec


class _TellingLoader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        _tell(module.__name__)


def _tell(name: str) -> None:
    import_module(_TOLD[name]).register()


sys.meta_path.insert(0, _Telling)  # type: ignore[arg-type]
for _name in _TOLD:
    if _name in sys.modules:  # transformers was there before us
        _tell(_name)


class _Moved:
    """A finder of modules that only says what replaces those of version 0.1."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name in _NOW:
            # Without `name=`: `from vaegen import posterior` would take it for a missing attribute and drop the sentence.
            raise ModuleNotFoundError(f"{name} has moved: import {_NOW[name]}.")


sys.meta_path.insert(0, _Moved)  # type: ignore[arg-type]  # before one that would find them in another copy of vaegen
