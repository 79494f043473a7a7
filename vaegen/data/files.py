"""Readers of parallel and monolingual text files, which are UTF-8, plain or gzipped by their ending.

All give *groups*: one meaning in one or more languages, a dict of language -> sentence. An error names file and line.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vaegen.errors import VaegenError

Group = dict[str, str]
FilePath = str | Path

TAG = r"[a-z]{2,3}(?:\.[a-z]+)?"  # in the names of files: a language, or a language and a task (`vaegen.text.tags`)


def read_aligned(paths: Mapping[str, FilePath]) -> list[Group]:
    """Returns one group for each line of some line-aligned files, given as language -> path.

    Raises:
        VaegenError: If the files have different numbers of lines, or one cannot be read.
    """
    columns = {language: list(lines_of(path)) for language, path in paths.items()}
    if len({len(column) for column in columns.values()}) > 1:
        told = ", ".join(f"{len(column):,} ({paths[language]})" for language, column in columns.items())
        raise VaegenError("Line-aligned files need the same number of lines, but these have {told}.", told=told)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def read_pairs(path: FilePath, languages: Sequence[str]) -> list[Group]:
    """Returns one group for each line of a tab-separated file whose columns are these languages.

    Raises:
        VaegenError: If a line has another number of columns, or the file cannot be read.
    """
    groups = []
    for number, line in enumerate(lines_of(path), start=1):
        columns = line.split("\t")
        if len(columns) != len(languages):
            raise VaegenError(
                "{path}:{number} has {n} tab-separated columns, but {n_languages} are needed: {languages}.",
                path=path,
                number=number,
                n=len(columns),
                n_languages=len(languages),
                languages=", ".join(languages),
            )
        groups.append(dict(zip(languages, columns, strict=True)))
    return groups


def read_lines(path: FilePath, language: str) -> list[Group]:
    """Returns one group of one sentence for each line of a file."""
    return [{language: line} for line in lines_of(path)]


def read_words(path: FilePath) -> frozenset[str]:
    """Returns the words of a list such as stop words, one to a line; lines that start with # do not count."""
    words = (line.strip() for line in lines_of(path))
    return frozenset(word for word in words if word and not word.startswith("#"))


def read_folder(path: FilePath, split: str) -> list[Group]:
    """Returns the split of a folder of one's own; val and test may be missing, then they are empty.

    Three kinds of files are read, each plain or .gz: `train.en` and `train.de` are line-aligned, `en-de.train.tsv` holds
    pairs, `en.train.txt` holds monolingual text. Where "de" stands, a task can: `train.en.short`, `en-en.reply.train.tsv`.

    Raises:
        VaegenError: If there is no training text, or a file of the split is named otherwise.
    """
    aligned: dict[str, FilePath] = {}
    groups: list[Group] = []
    for file in sorted(Path(path).iterdir()):
        name = file.name.removesuffix(".gz")
        if match := re.fullmatch(rf"{split}\.(?!txt$|tsv$|csv$)({TAG})", name):
            aligned[match[1]] = file
        elif (match := re.fullmatch(rf"({TAG})-({TAG})\.{split}\.tsv", name)) and match[1] != match[2]:
            groups += read_pairs(file, match.groups())
        elif match := re.fullmatch(rf"([a-z]{{2,3}})\.{split}\.txt", name):
            groups += read_lines(file, match[1])
        elif split in name.split("."):
            raise VaegenError(
                "{file} is not named as text is: {split}.en and {split}.de, en-de.{split}.tsv, en.{split}.txt, with codes "
                "of two or three small letters, or with a task, {split}.en.short, en-en.reply.{split}.tsv; rename it.",
                file=file,
                split=split,
            )
    groups += read_aligned(aligned)
    if split == "train" and not groups:
        raise VaegenError(
            "{path} has no training text; it needs files such as train.en, en-de.train.tsv or en.train.txt.", path=path
        )
    return groups


def lines_of(path: FilePath) -> Iterator[str]:
    r"""Yields the lines of a UTF-8 file without their ends; only \n and \r\n end one."""
    number = 1
    try:
        with _open(Path(path)) as file:
            for number, line in enumerate(file, start=1):
                yield (
                    line.decode("utf-8-sig" if number == 1 else "utf-8").removesuffix("\n").removesuffix("\r")
                )
    except UnicodeDecodeError as error:
        raise VaegenError(
            "{path}:{number} is not UTF-8 ({reason}); convert the file to UTF-8 first.",
            path=path,
            number=number,
            reason=error.reason,
        ) from error
    except FileNotFoundError as error:
        raise VaegenError("There is no file {path}; check the folder given.", path=path) from error
    except (OSError, EOFError) as error:
        raise VaegenError("{path} cannot be read ({reason}); check the file.", path=path, reason=error) from error


def _open(path: Path) -> Any:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")
