"""The weights of a checkpoint: compared with its config by the headers of their files, before memory is taken for either."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from vaegen.errors import VaegenError
from vaegen.limits import read_json

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
KINDS = ("F16", "BF16", "F32", "F64")
MOST_FILES = 10_000

Shapes = dict[str, tuple[int, ...]]


def shapes_of(build: Callable[[], nn.Module]) -> Shapes:
    """Returns the shapes of a model's weights by name, without making one: `build` runs on torch's meta device."""
    with torch.device("meta"), _Shapes():
        return {name: tuple(value.shape) for name, value in build().state_dict().items()}


class _Shapes(TorchFunctionMode):
    """Fills no weight: on the meta device, that would import torch's compiler (3 s)."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        if name.endswith("_") and not name.endswith("__"):
            return args[0] if args else (kwargs or {}).get("tensor")
        return func(*args, **(kwargs or {}))


def check_weights(folder: Path, wanted: Shapes, config: str) -> None:
    """Checks by the headers alone that the files in a folder hold the weights of these shapes.

    Raises:
        VaegenError: If they do not, or one is damaged or missing.
    """
    from safetensors import safe_open

    found: dict[str, dict[int, tuple[int, ...]]] = {}
    for path in weight_files(folder):
        with _damage(path), safe_open(path, "pt") as file:
            for key in file.keys():  # noqa: SIM118  (it is no dict)
                part = file.get_slice(key)
                if part.get_dtype() not in KINDS:
                    said = "{path} is damaged or cut short: {reason}"
                    raise VaegenError(said, path=path, reason=f"{key:.60} is of type {part.get_dtype()}")
                name, number = _part(key)
                found.setdefault(name, {})[number] = tuple(part.get_shape())
    stored = {name: _joined(parts) for name, parts in found.items()}
    missing, unknown = sorted(wanted.keys() - stored.keys()), sorted(stored.keys() - wanted.keys())
    wrong = sorted(name for name in wanted.keys() & stored.keys() if wanted[name] != stored[name])
    if missing or unknown or wrong:
        parts = {"missing": missing, "unknown": unknown, "of another shape": wrong}
        told = "; ".join(f"{len(names)} {what} ({names[0]:.80})" for what, names in parts.items() if names)
        raise VaegenError(
            "The weights in {folder} do not fit its {config}: {told}.", folder=folder, config=config, told=told
        )


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Returns all weights in float32.

    Raises:
        VaegenError: If a file is damaged or missing, or a weight is no finite number.
    """
    from safetensors.torch import load_file

    state: dict[str, Tensor] = {}
    for path in weight_files(folder):
        with _damage(path):
            state.update(load_file(path))
    whole = {name: value.float() for name, value in _whole(state).items()}
    if bad := [name for name, value in whole.items() if not value.isfinite().all()]:
        raise VaegenError(
            "The weights in {folder} are damaged: {n} hold values that are no finite numbers ({name}). Fetch them again.",
            folder=folder,
            n=len(bad),
            name=bad[0],
        )
    return whole


def weight_files(folder: Path) -> list[Path]:
    """Returns the files that hold the weights.

    Raises:
        VaegenError: If one is missing, or their list is damaged.
    """
    names = [WEIGHTS]
    if (folder / INDEX).is_file():
        shards = read_json(folder / INDEX).get("weight_map")
        if not isinstance(shards, dict) or not all(isinstance(name, str) for name in shards.values()):
            raise VaegenError("{path} is damaged: its weight_map must name a file for every weight.", path=folder / INDEX)
        names = sorted(set(shards.values()))[:MOST_FILES]
    for name in names:
        # A name is a name: an index from a stranger must not point out of the folder.
        if Path(name).name != name or "\0" in name or not (folder / name).is_file():
            raise lacks(folder, f"{name:.80}")
    return [folder / name for name in names]


def lacks(folder: Path, name: str) -> VaegenError:
    """Returns what is said of a file that is not in a folder."""
    there = ", ".join(sorted(path.name for path in folder.iterdir())[:50]) or "no files"
    return VaegenError("{folder} has no {name}; it has {there}.", folder=folder, name=name, there=there)


class _damage:
    """Says of a file that it is damaged, whatever its library says."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        from safetensors import SafetensorError

        if isinstance(error, (SafetensorError, OSError, RuntimeError)) and not isinstance(error, VaegenError):
            raise VaegenError("{path} is damaged or cut short: {reason}", path=self._path, reason=error) from error


def _part(key: str) -> tuple[str, int]:
    name, _, number = key.partition("#")
    return name, int(number) if number.isdecimal() and len(number) < 9 else 0


def _joined(parts: dict[int, tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of parts that lie one behind the other along their first axis; () if they cannot."""
    shapes = [parts[i] for i in sorted(parts)]
    if len(shapes) == 1:
        return shapes[0]
    same = all(shape[1:] == shapes[0][1:] and shape for shape in shapes)
    return (sum(shape[0] for shape in shapes), *shapes[0][1:]) if same else (-1,)


def _whole(parts: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights with those put together that were stored in parts."""
    lists: dict[str, dict[int, Tensor]] = {}
    for key, value in parts.items():
        name, number = _part(key)
        lists.setdefault(name, {})[number] = value
    return {name: v[0] if len(v) == 1 else torch.cat([v[i] for i in sorted(v)]) for name, v in lists.items()}
