"""The corpora that are known by name, each with its own way to read it; any other folder is read by `files.read_folder`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from vaegen.data.files import FilePath, Group, read_aligned, read_folder, read_lines, read_pairs
from vaegen.errors import VaegenError
from vaegen.text.tags import summary_task

SPLITS = ("train", "val", "test")
DOCUMENTS = (30, 16, 8, 4, 2, 1)  # sentences in a text of `multi30k_documents`: up to about 512 tokens


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
