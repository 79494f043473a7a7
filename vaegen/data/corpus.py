"""Readers of parallel and monolingual text, from files and from the Hugging Face Hub.

All give *groups*: one meaning in one or more languages, a dict of language -> sentence. Files are UTF-8,
plain or gzipped by their ending; an error names file and line.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vaegen.errors import VaegenError
from vaegen.text.tags import summary_task

Group = dict[str, str]
FilePath = str | Path

SPLITS = ("train", "val", "test")
DOCUMENTS = (30, 16, 8, 4, 2, 1)  # sentences in a text of `multi30k_documents`: up to about 512 tokens
TAG = r"[a-z]{2,3}(?:\.[a-z]+)?"  # in the names of files: a language, or a language and a task (`vaegen.text.tags`)
HUB_FORMATS = ("parquet", "jsonl", "json", "csv", "tsv")


def read_aligned(paths: Mapping[str, FilePath]) -> list[Group]:
    """Returns one group for each line of some line-aligned files, given as language -> path.

    Raises:
        VaegenError: If the files have different numbers of lines, or one cannot be read.
    """
    columns = {language: list(_lines(path)) for language, path in paths.items()}
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
    for number, line in enumerate(_lines(path), start=1):
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
    return [{language: line} for line in _lines(path)]


def read_words(path: FilePath) -> frozenset[str]:
    """Returns the words of a list such as stop words, one to a line; lines that start with # do not count."""
    words = (line.strip() for line in _lines(path))
    return frozenset(word for word in words if word and not word.startswith("#"))


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


def multi30k(data: FilePath, split: str) -> list[Group]:
    """Returns Multi30k: captions in four languages."""
    stem = "test_2016_flickr" if split == "test" else split
    return read_aligned(
        {language: Path(data, "multi30k", f"{stem}.{language}.gz") for language in ("en", "de", "fr", "cs")}
    )


def multi30k_captions(data: FilePath, split: str) -> list[Group]:
    """Returns captions written independently in English and German, five of each an image, one to a group.

    They have no test set of their own: it is that of Multi30k, which shows the same images.
    """
    if split == "test":
        return [{language: text} for group in multi30k(data, split) for language, text in group.items()]
    files = [(language, f"{split}.{i}.{language}.gz") for language in ("en", "de") for i in range(1, 6)]
    return [
        group
        for language, name in files
        for group in read_lines(Path(data, "multi30k-captions", name), language)
    ]


def multi30k_documents(data: FilePath, split: str) -> list[Group]:
    """Returns Multi30k with several captions in a row as one text: a sixth of them 30 at a time, the next 16, and so on."""
    groups = multi30k(data, split)
    size = len(groups) // len(DOCUMENTS)
    return [text for i, n in enumerate(DOCUMENTS) for text in in_a_row(groups[i * size : (i + 1) * size], n)]


def in_a_row(groups: Sequence[Group], n: int) -> list[Group]:
    """Returns every n groups in a row as one, with a space between their sentences; what is left over is left out."""
    parts = [groups[i : i + n] for i in range(0, len(groups) - n + 1, n)]
    return [{language: " ".join(group[language] for group in part) for language in part[0]} for part in parts]


def tatoeba(data: FilePath, split: str) -> list[Group]:
    """Returns everyday sentences, English with German, French, Czech or several of them."""
    pairs: list[Group] = []
    for language in ("de", "fr", "cs"):
        pairs += read_pairs(Path(data, "tatoeba", f"en-{language}.{split}.tsv.gz"), ("en", language))
    return join(pairs, "en")


def tatoeba_cs(data: FilePath, split: str) -> list[Group]:
    """Returns the groups of `tatoeba` that have Czech, to be drawn more often: there are few."""
    return [group for group in tatoeba(data, split) if "cs" in group]


def tatoeba_zh(data: FilePath, split: str) -> list[Group]:
    """Returns everyday sentences in English and Chinese; simplified and traditional characters as they were written."""
    return read_pairs(Path(data, "tatoeba", f"en-zh.{split}.tsv.gz"), ("en", "zh"))


def flickr8k_zh(data: FilePath, split: str) -> list[Group]:
    """Returns image captions in English and Chinese: train and val translated by machine, test by people."""
    groups = read_pairs(Path(data, "flickr8k-zh", f"en-zh.{split}.tsv.gz"), ("en", "zh"))
    # The English side is tokenised: "A dog runs ." goes back to what people write.
    return [{"en": re.sub(r" ([.,;:!?])", r"\1", group["en"]), "zh": group["zh"]} for group in groups]


def captions_short(data: FilePath, split: str) -> list[Group]:
    """Returns each image's longest caption with shorter ones of the same image, in English and in German: summaries.

    The five caption files are ordered by length, the English ones from the longest, the German ones from the shortest. The
    shortest caption comes first; of the others, one is taken for each other task of `text.tags.SUMMARIES` that its length
    fits. val is every other image of the validation files, test the rest; no caption of Multi30k's test set is in any of
    them.
    """
    stem, (start, step) = "train" if split == "train" else "val", {"train": (0, 1), "val": (0, 2), "test": (1, 2)}[split]
    tested = {text for group in multi30k(data, "test") for text in group.values()}
    groups = []
    for language, order in (("en", (1, 5, 4, 3, 2)), ("de", (5, 1, 2, 3, 4))):
        files = {str(i): Path(data, "multi30k-captions", f"{stem}.{i}.{language}.gz") for i in order}
        for image in read_aligned(files)[start::step]:
            source, *shorter = (image[str(i)] for i in order)
            group = {language: source}
            for text in shorter:
                if task := summary_task(len(text.split()), len(source.split())):
                    group.setdefault(f"{language}.{task}", text)
            if len(group) > 1 and tested.isdisjoint(group.values()):
                groups.append(group)
    return groups


def dailydialogpp(data: FilePath, split: str) -> list[Group]:
    """Returns one or two turns, joined by " | ", with a reply; every context comes with several replies, one to a group."""
    return read_pairs(Path(data, "dialogue", f"dailydialogpp.{split}.tsv.gz"), ("en", "en.reply"))


def dialogue(data: FilePath, split: str) -> list[Group]:
    """Returns `dailydialogpp` and informal chats: up to two turns, joined by " | ", with the reply."""
    turns = read_pairs(Path(data, "dialogue", f"chitchat.{split}.tsv.gz"), ("en", "en.reply"))
    chats, before = [], {"en": "", "en.reply": ""}
    for turn in turns:
        goes_on = turn["en"] == before["en.reply"]
        chats.append({**turn, "en": f"{before['en']} | {turn['en']}"} if goes_on else turn)
        before = turn
    return chats + dailydialogpp(data, split)


def join(pairs: Sequence[Group], pivot: str) -> list[Group]:
    """Returns pairs with the same `pivot` sentence as one group, if no language translates it twice.

    Otherwise the pairs stay as they are: which translations go together is not known.
    """
    together: dict[str, list[Group]] = {}
    for pair in dict.fromkeys(tuple(pair.items()) for pair in pairs):  # without repetitions
        together.setdefault(dict(pair)[pivot], []).append(dict(pair))
    groups = []
    for same in together.values():
        joined = {language: text for pair in same for language, text in pair.items()}
        groups += [joined] if len(joined) == 1 + len(same) else same
    return groups


CORPORA: dict[str, Callable[[FilePath, str], list[Group]]] = {
    "multi30k": multi30k,
    "multi30k-captions": multi30k_captions,
    "multi30k-documents": multi30k_documents,
    "tatoeba": tatoeba,
    "tatoeba-cs": tatoeba_cs,
    "tatoeba-zh": tatoeba_zh,
    "flickr8k-zh": flickr8k_zh,
    "captions-short": captions_short,
    "dailydialogpp": dailydialogpp,
    "dialogue": dialogue,
}

# What the sentences of a corpus are about: all that a model of it knows.
DOMAINS = {
    "multi30k": "captions",
    "multi30k-captions": "captions",
    "multi30k-documents": "captions",
    "flickr8k-zh": "captions",
    "captions-short": "captions",
    "tatoeba": "phrases",
    "tatoeba-cs": "phrases",
    "tatoeba-zh": "phrases",
    "orders": "phrases",
    "restaurants": "phrases",
    "news-speech": "phrases",
    "dailydialogpp": "chat",
    "dialogue": "chat",
}


def load_corpus(name: str, data: FilePath, split: str) -> list[Group]:
    """Returns the groups of one split of a corpus.

    Args:
        name: A name in `CORPORA`, or of any other folder in `data`, read by `read_folder`.
        data: The folder that holds the corpora.
        split: train, val or test.

    Raises:
        VaegenError: If there is no such corpus or split, or a file cannot be read.
    """
    if split not in SPLITS:
        raise VaegenError("There is no split {split}; choose one of {splits}.", split=repr(split), splits=", ".join(SPLITS))
    if name in CORPORA:
        return CORPORA[name](data, split)
    if not Path(data, name).is_dir():
        raise VaegenError(
            "There is no corpus {name}; choose one of {corpora}, or a folder in {data}.",
            name=repr(name),
            corpora=", ".join(CORPORA),
            data=data,
        )
    return read_folder(Path(data, name), split)


def _lines(path: FilePath) -> Iterator[str]:
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
            (line + "\n" for line in _lines(path)), delimiter="," if kind == "csv" else "\t"
        )
    else:
        rows = (
            _json(line, f"{path}:{number}")
            for number, line in enumerate(_lines(path), start=1)
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
