"""Readers of parallel and monolingual text: plain or .gz by the file's ending, errors with file and line.

All give *groups*: one meaning in one or more languages, a dict of language -> sentence.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from vaegen.errors import VaegenError

Group = dict[str, str]


def read_aligned(paths: Mapping[str, str | Path]) -> list[Group]:
    """Returns one group for each line of some line-aligned files, given as language -> path.

    Raises:
        VaegenError: If the files have different numbers of lines, or one cannot be read.
    """
    columns = {language: list(_lines(path)) for language, path in paths.items()}
    counts = {len(column) for column in columns.values()}
    if len(counts) > 1:
        told = ", ".join(f"{paths[language]}: {len(column):,}" for language, column in columns.items())
        raise VaegenError(f"Line-aligned files must have the same number of lines, but have {told}.")
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def read_pairs(path: str | Path, languages: Sequence[str]) -> list[Group]:
    """Returns one group for each line of a tab-separated file whose columns are these languages.

    Raises:
        VaegenError: If a line has another number of columns, or the file cannot be read.
    """
    groups = []
    for number, line in enumerate(_lines(path), start=1):
        columns = line.split("\t")
        if len(columns) != len(languages):
            raise VaegenError(
                f"{path}:{number} has {len(columns)} tab-separated columns; {len(languages)} are needed: {', '.join(languages)}."
            )
        groups.append(dict(zip(languages, columns, strict=True)))
    return groups


def read_lines(path: str | Path, language: str) -> list[Group]:
    """Returns one group of one sentence for each line of a file."""
    return [{language: line} for line in _lines(path)]


def _lines(path: str | Path) -> Iterator[str]:
    """Yields the lines of a UTF-8 file without their ends; only \\n and \\r\\n end a line."""
    path = Path(path)
    number = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield line.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise VaegenError(f"{path}:{number} is not UTF-8 ({error.reason}); convert the file first.") from error
    except (OSError, EOFError) as error:
        raise VaegenError(f"{path} cannot be read ({error}); check the path and the file.") from error


def multi30k(data: str | Path, split: str) -> list[Group]:
    """Returns Multi30k: captions in four languages; `split` is train, val or test."""
    stem = "test_2016_flickr" if split == "test" else split
    return read_aligned({language: Path(data, "multi30k", f"{stem}.{language}.gz") for language in ("en", "de", "fr", "cs")})


def multi30k_captions(data: str | Path, split: str) -> list[Group]:
    """Returns the captions written independently in English and German: five of each for an image, one to a group.

    They have no test set of their own; the test set of their images is that of Multi30k, which training must not see.
    """
    if split == "test":
        return [{language: text} for group in multi30k(data, split) for language, text in group.items()]
    files = [(language, f"{split}.{i}.{language}.gz") for language in ("en", "de") for i in range(1, 6)]
    return [group for language, name in files for group in read_lines(Path(data, "multi30k-captions", name), language)]


def tatoeba(data: str | Path, split: str) -> list[Group]:
    """Returns everyday sentences, English with German, French or Czech.

    The pairs of an English sentence are one group as long as it has one translation in each language.
    """
    groups: list[Group] = []
    for language in ("de", "fr", "cs"):
        groups += read_pairs(Path(data, "tatoeba", f"en-{language}.{split}.tsv.gz"), ("en", language))
    return join(groups, "en")


def join(pairs: Sequence[Group], pivot: str) -> list[Group]:
    """Returns the pairs with the same `pivot` sentence as one group, if it has one translation at most in each language.

    A pivot with several translations into one language stays as it is: which of them go together is not known.
    """
    together: dict[str, list[Group]] = {}
    for pair in pairs:
        together.setdefault(pair[pivot], []).append(pair)
    groups = []
    for same in together.values():
        joined = {language: text for pair in same for language, text in pair.items()}
        groups += [joined] if len(joined) == 1 + len(same) else same
    return groups


CORPORA: dict[str, Callable[[str | Path, str], list[Group]]] = {
    "multi30k": multi30k,
    "multi30k-captions": multi30k_captions,
    "tatoeba": tatoeba,
}


def load_corpus(name: str, data: str | Path, split: str) -> list[Group]:
    """Returns the groups of a corpus by its name; `data` is the folder that holds the corpora, `split` train, val or test."""
    if name not in CORPORA:
        raise VaegenError(f"There is no corpus {name!r}; choose one of {', '.join(CORPORA)}.")
    if split not in ("train", "val", "test"):
        raise VaegenError(f"There is no split {split!r}; choose train, val or test.")
    return CORPORA[name](data, split)
