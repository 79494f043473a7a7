"""What the files of a checkpoint may hold at most: they may come from anybody, and are looked at before they are believed.

The limits are far above any model that a laptop runs, and far below what would fill its memory or its afternoon.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import fields
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from vaegen.errors import VaegenError

# Largest values of `ModelConfig`.
MODEL_LIMITS = {
    "vocab_size": 1_000_000,
    "width": 16_384,
    "ffn_width": 65_536,
    "n_heads": 256,
    "n_encoder_layers": 64,
    "n_decoder_layers": 64,
    "n_latent_layers": 64,
    "n_slots": 1024,
    "latent_dim": 4096,
    "max_length": 16_384,
    "lstm_width": 16_384,
    "gat_window": 1024,
    "gat_neighbours": 1024,
    "lsh_chunk": 4096,
}
MOST_POSITIONS = 2**26  # elements of the table of positions: max_length x width
MOST_LANGUAGES = 1000
MOST_JSON = 64_000_000  # bytes
MOST_UNPACKED = 400_000_000  # bytes of the arrays in one file


def check_fields(config: Any, limits: dict[str, int] = MODEL_LIMITS) -> None:
    """Checks that each field of a config is of its declared type, and no larger than its limit.

    Raises:
        VaegenError: If one is not.
    """
    kinds: dict[str, tuple[type, str]] = {
        "int": (Integral, "a whole number"),
        "float": (Real, "a number"),
        "bool": (bool, "true or false"),
        "str": (str, "a text"),
    }
    for field in fields(config):
        value = getattr(config, field.name)
        kind, said = kinds.get(str(field.type), (object, ""))
        if not isinstance(value, kind) or (isinstance(value, bool) and kind in (Integral, Real)):
            raise VaegenError("{name}={given}: give {kind}.", name=field.name, given=f"{value!r:.60}", kind=said)
        if field.name in limits and value > limits[field.name]:
            raise VaegenError(
                "{name}={given}: at most {most} is possible.",
                name=field.name,
                given=f"{value:.6g}" if value > 1e15 else value,
                most=limits[field.name],
            )
    languages = config.languages
    if (
        not isinstance(languages, (tuple, list))
        or len(languages) > MOST_LANGUAGES
        or not all(isinstance(one, str) and 0 < len(one) <= 40 for one in languages)
    ):
        raise VaegenError("languages={languages}: give codes of languages, as in en.", languages=f"{languages!r:.60}")
    if config.max_length * config.width > MOST_POSITIONS:
        said = "max_length={max_length} with width={width}: their product may be at most {most}."
        raise VaegenError(said, max_length=config.max_length, width=config.width, most=MOST_POSITIONS)


def read_json(path: Path, most: int = MOST_JSON) -> dict[str, Any]:
    """Returns the object in a JSON file.

    Raises:
        VaegenError: If it is too large, is no JSON, or holds something else.
    """
    if path.stat().st_size > most:
        raise VaegenError("{path} has over {most} bytes; no file of a checkpoint has.", path=path, most=most)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # broken JSON, broken UTF-8, brackets without end
        raise VaegenError("{path} is not valid JSON: {reason}", path=path, reason=error) from error
    if not isinstance(values, dict):
        raise VaegenError("{path} holds no JSON object.", path=path)
    return values


def read_metrics(path: Path) -> dict[str, Any]:
    """Returns the content of a `metrics.json`; {} where there is none.

    Raises:
        VaegenError: If it is damaged, or one of its parts is of another type than ours.
    """
    if not path.is_file():
        return {}
    values = read_json(path)
    texts = dict.fromkeys(("corpora", "command", "note"), (str, "a text"))
    objects = dict.fromkeys(("training", "evaluation", "started_from"), (dict, "an object"))
    for name, (kind, said) in {**texts, **objects}.items():
        if not isinstance(values.get(name), (kind, type(None))):
            given = f"{values[name]!r:.60}"
            raise VaegenError(
                "In {path} {name} is {given}; it must be {kind}.", path=path, name=name, given=given, kind=said
            )
    for name, part in (("training", "config"), ("evaluation", "latent"), ("evaluation", "translation")):
        inner = (values.get(name) or {}).get(part)
        if not isinstance(inner, (dict, list, type(None))) or (part == "config" and isinstance(inner, list)):
            given = f"{inner!r:.60}"
            raise VaegenError(
                "In {path} {name} is {given}; it must be {kind}.", path=path, name=part, given=given, kind="an object"
            )
    return values


def check_archive(path: Path, most: int = MOST_UNPACKED) -> None:
    """Checks that the arrays of an `.npz` file unpack to a bounded size, before one of them is unpacked.

    Raises:
        VaegenError: If they do not, or the file is none.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(max(entry.file_size, entry.compress_size) for entry in archive.infolist())
    except zipfile.BadZipFile as error:
        raise VaegenError("{path} is no archive of arrays.", path=path) from error
    if size > most:
        raise VaegenError("{path} unpacks to {size} bytes; at most {most} are possible.", path=path, size=size, most=most)
