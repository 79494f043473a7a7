"""The reader of data sets of the Hugging Face Hub, and of local folders laid out like them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vaegen.data.files import FilePath, Group, lines_of
from vaegen.errors import VaegenError

HUB_FORMATS = ("parquet", "jsonl", "json", "csv", "tsv")


def read_hub(
    dataset: str, split: str, fields: Mapping[str, str], cache_dir: FilePath | None = None
) -> list[Group]:
    """Returns the groups of a data set of the Hugging Face Hub, or of a local folder laid out like one.

    Every parquet, JSON-lines, CSV or TSV file (.gz too, except parquet) is read whose path has the split's
    name in it, as in `data/train-00000-of-00001.parquet` or `train/part.jsonl`. Files are fetched once and
    then taken from the cache.

    Args:
        dataset: "owner/name" on the Hub, or a folder.
        split: As the data set calls it, e.g. "train" or "validation".
        fields: Language -> column; a dot goes into a nested column, as in {"en": "translation.en"}.
        cache_dir: Where fetched files are kept; the Hub's usual cache if None.

    Raises:
        VaegenError: If the data set, the split or a column does not exist, or a file cannot be read.
    """
    folder = Path(dataset) if Path(dataset).is_dir() else _fetch(dataset, split, cache_dir)
    names = sorted(path for path in folder.rglob("*") if path.is_file() and _format(path) in HUB_FORMATS)
    word = re.compile(rf"(?<![A-Za-z0-9]){re.escape(split)}(?![A-Za-z0-9])")
    files = [path for path in names if word.search(str(path.relative_to(folder)))]
    if not files:
        found = ", ".join(str(path.relative_to(folder)) for path in names[:8]) or "no data file"
        raise VaegenError(
            "{dataset} has no file of the split {split}; it has {found}.", dataset=dataset, split=repr(split), found=found
        )
    return [
        {language: _field(record, column, where) for language, column in fields.items()}
        for path in files
        for where, record in _records(path)
    ]


def _fetch(dataset: str, split: str, cache_dir: FilePath | None) -> Path:
    """Returns the local snapshot of a Hub data set; the files of one split are fetched unless cached."""
    import huggingface_hub  # here, because reading local files does not need it

    patterns = [f"*{split}*.{suffix}{packed}" for suffix in HUB_FORMATS for packed in ("", ".gz")]
    try:
        return Path(
            huggingface_hub.snapshot_download(
                dataset, repo_type="dataset", allow_patterns=patterns, cache_dir=cache_dir
            )
        )
    except Exception as error:  # names, rights, network: the library has a dozen classes for them
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise VaegenError(
            "The data set {dataset} is neither a folder here nor could it be fetched from the Hub ({reason}); check its "
            "name and the network.",
            dataset=repr(dataset),
            reason=reason,
        ) from error


def _format(path: Path) -> str:
    return path.name.removesuffix(".gz").rpartition(".")[2]


def _records(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields the records of a data file, each with its place for messages."""
    kind = _format(path)
    if kind == "parquet":
        try:
            import pyarrow.parquet
        except ImportError:
            raise VaegenError("{name} is a parquet file; `pip install pyarrow` to read it.", name=path.name) from None
        try:
            rows: Iterator[Any] = iter(pyarrow.parquet.read_table(path).to_pylist())
        except (pyarrow.ArrowException, OSError) as error:
            raise VaegenError("{path} cannot be read ({reason}); fetch the file again.", path=path, reason=error) from error
    elif kind in ("csv", "tsv"):
        rows = csv.DictReader(
            (line + "\n" for line in lines_of(path)), delimiter="," if kind == "csv" else "\t"
        )
    else:
        rows = (
            _json(line, f"{path}:{number}")
            for number, line in enumerate(lines_of(path), start=1)
            if line.strip()
        )
    for number, row in enumerate(rows, start=1):
        yield f"{path}, record {number}", row


def _json(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise VaegenError("{where} is not a JSON object on one line ({msg}).", where=where, msg=error.msg) from error


def _field(record: Any, column: str, where: str) -> str:
    """Returns the text of a column, "" if there is none for this record; a dot goes into a nested column."""
    value = record
    for key in column.split("."):
        if not isinstance(value, Mapping) or key not in value:
            known = ", ".join(value) if isinstance(value, Mapping) else type(value).__name__
            raise VaegenError(
                "{where} has no column {column}; it has {known}.", where=where, column=repr(column), known=known
            )
        value = value[key]
    if not isinstance(value, str | None):
        raise VaegenError(
            "{where}: column {column} holds {kind}, but text is needed.",
            where=where,
            column=repr(column),
            kind=type(value).__name__,
        )
    return (value or "").encode("utf-8", "replace").decode()  # JSON can spell half a character, which no file can hold
