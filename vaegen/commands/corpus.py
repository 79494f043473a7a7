"""Makes a corpus folder for training out of a data set of the Hugging Face Hub.

    vaegen corpus owner/name --fields en=translation.en,fr=translation.fr --out DATA/name
    vaegen train --data DATA --corpora name --out runs/name

Writes line-aligned `train.en.gz`, `train.fr.gz` and so on. Mind the licence of the data set: it binds what is
trained on it.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

from vaegen.commands.arguments import main_of
from vaegen.data.corpus import SPLITS
from vaegen.data.hub import read_hub
from vaegen.errors import VaegenError
from vaegen.writing import replacing


def run(options: argparse.Namespace) -> None:
    """Fetches and writes."""
    fields, splits = table("--fields", options.fields), table("--splits", options.splits)
    if unknown := set(splits) - set(SPLITS):
        raise VaegenError(
            "--splits names {unknown}; on the left can stand {splits}.",
            unknown=", ".join(sorted(unknown)),
            splits=", ".join(SPLITS),
        )
    for split, name in splits.items():
        groups = read_hub(options.dataset, name, fields, options.cache_dir)
        Path(options.out).mkdir(parents=True, exist_ok=True)
        for language in fields:
            with (
                replacing(Path(options.out, f"{split}.{language}.gz")) as beside,
                gzip.open(beside, "wt", encoding="utf-8", newline="\n") as file,
            ):
                file.writelines(" ".join(group[language].split()) + "\n" for group in groups)
        print(f"{options.out}: {split} with {len(groups):,} lines in {', '.join(fields)}")


def table(option: str, text: str) -> dict[str, str]:
    """Returns `a=b,c=d` as a dict."""
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(key and value for key, _, value in pairs):
        raise VaegenError("{option} is {text}; write it as name=name,name=name.", option=option, text=repr(text))
    return {key: value for key, _, value in pairs}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("dataset", help="owner/name on the Hub, or a local folder laid out like one")
    parser.add_argument("--fields", required=True, help="language=column, with a dot for a nested column")
    parser.add_argument("--splits", default="train=train,val=validation,test=test", help="our name = the data set's name")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="folder to write")
    parser.add_argument(
        "--cache-dir", metavar="FOLDER", help="where fetched files are kept (default: the Hub's usual cache)"
    )


main = main_of(__name__)
