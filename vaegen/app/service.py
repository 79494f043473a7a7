"""The app's only door to the model: plain Python in, frozen dataclasses out. Owns model thread and caches.

Importing this module imports neither torch nor gradio: a page can be served while the model is still loading.
"""

from __future__ import annotations

import json
import logging
import random
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from vaegen.config import DEFAULT_CHECKPOINT, SECOND_CHECKPOINT, ModelConfig
from vaegen.data.corpus import DOMAINS
from vaegen.errors import VaegenError
from vaegen.text.sensitive import WordList

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")  # not a path: no leading dot or slash, one slash
NO_CHECKPOINT = "{given} is no checkpoint; give the id of one on the Hub, as in owner/name."
NO_CHECKPOINT_HERE = "{given} is no checkpoint; give the id of one on the Hub, as in owner/name, or a folder that is here."
CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"
DEFAULT_BETA = ModelConfig.default_beta
LOG = logging.getLogger(__name__)
A = TypeVar("A", covariant=True)
T = TypeVar("T")


class Question(Protocol[A]):
    """What a view asks. Hashable: equal questions have equal answers, which are frozen and have a field `seconds`.

    An answer with a field `avoided` is told how many of its sentences had to be led around a sensitive word. One that waits
    for more than the model may have a field `pause`: seconds in which the model serves others.
    """

    @property
    def checkpoint(self) -> str:
        """Name of the checkpoint to ask; "" is the one that the service started with."""

    def checked(self, checkpoints: Sequence[str]) -> Question[A]:
        """Returns the question with clean values, or raises VaegenError."""

    def answers(self, model: Any) -> Iterator[A]:
        """Yields the answer as it grows; the work between two yields is not interrupted."""


@dataclass(frozen=True)
class State:
    """Where loading stands: `phase` is "loading", "ready" or "failed", `message` a sentence for people."""

    phase: str
    message: str


def find_checkpoints(folder: str | Path = CHECKPOINTS) -> dict[str, Path]:
    """Returns the checkpoint folders (those with a config.json) of a folder by name, in the order of the menu."""
    found = {path.parent.name: path.parent for path in sorted(Path(folder).glob("[!.]*/config.json"))}
    first = [name for name in (DEFAULT_CHECKPOINT, SECOND_CHECKPOINT) if name in found]
    return {name: found[name] for name in (*first, *found)}


class Service:
    """Answers questions for many visitors with one model thread; public methods may be called from any thread.

    One thread runs the model: answers never mix, torch uses the processor once, waiting visitors take turns.
    """

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        folder: str | Path = CHECKPOINTS,
        load: Callable[[str], Any] | None = None,
        max_models: int = 2,
        max_answers: int = 512,
        allow_folders: bool = False,
        word_lists: Sequence[str | Path] = (),
        engine: str | None = None,
    ) -> None:
        """Prepares a service; `start` loads its model.

        Args:
            checkpoint: Name in `folder`, path or hub id to start with; None: the first of the menu.
            folder: Where the checkpoints to choose from live.
            load: Gives a pipeline for a path; None is `vaegen.pipeline.load`, led around sensitive words.
            max_models: Models kept in memory.
            max_answers: Answers kept in memory.
            allow_folders: Whether visitors may open folders of this machine as checkpoints: only where they are its owner.
            word_lists: Sensitive words besides those that vaegen ships: files such as en.txt, or folders of them.
            engine: What decodes; see `vaegen.load`.

        Raises:
            VaegenError: If a word list cannot be read.
        """
        found = {name: str(path) for name, path in find_checkpoints(folder).items()}
        words = WordList.load(*word_lists)
        self._folder, self._load = Path(folder), load or (lambda path: _load_pipeline(path, words, engine))
        self._paths = _with_first(found, str(checkpoint or ""))
        self._models: OrderedDict[str, Any] = OrderedDict()
        self._max_models, self._allow_folders = max_models, allow_folders
        self._added: dict[str, str] = {}  # visitors' own; not on offer to others, though nothing in them is secret
        self._told: set[str] = set()  # what is wrong with files beside the weights, and was said
        self._answers = _Cache(max_answers)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._state = State("loading", "The model is loading.")

    @property
    def state(self) -> State:
        """Where loading of the first checkpoint stands."""
        return self._state

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """Names of the checkpoints to choose from, the starting one first."""
        return tuple(self._paths)

    def folder(self, checkpoint: str = "") -> Path | None:
        """Returns the folder of a checkpoint, for what lies beside its weights; None for one from the Hub.

        Raises:
            VaegenError: If there is no such checkpoint.
        """
        path = Path(self._path(checkpoint or next(iter(self._paths), "")))
        return path if path.is_dir() else None

    def beside(self, load: Callable[[Path | None], T], checkpoint: str = "") -> T | None:
        """Returns what `load` reads from a checkpoint's folder; None where it is not there or refused: the log says so once.

        Raises:
            VaegenError: If there is no such checkpoint.
        """
        folder = self.folder(checkpoint) if checkpoint or self._paths else None
        try:
            return load(folder)
        except VaegenError as error:
            if str(error) not in self._told:
                self._told.add(str(error))
                LOG.warning("%s", error)
            return None

    def tags(self, checkpoint: str = "") -> tuple[str, ...]:
        """Returns what a checkpoint can write, without loading it; () for one from the Hub that is not loaded yet.

        Raises:
            VaegenError: If there is no such checkpoint.
        """
        if not (name := checkpoint or next(iter(self._paths), "")):
            return ()  # there is no checkpoint at all; a visitor may still open one from the Hub
        if model := self._models.get(name):
            return tuple(model.tags)
        return tuple(map(str, self._config(name).get("languages", ())))

    def default_beta(self, checkpoint: str = "") -> float | None:
        """Returns the recommended rate of a checkpoint with a dial, without loading it; None for one without.

        Raises:
            VaegenError: If there is no such checkpoint.
        """
        if not (name := checkpoint or next(iter(self._paths), "")):
            return None
        if model := self._models.get(name):
            return float(model.model.config.default_beta) if model.rates else None
        values = self._config(name)
        return float(values.get("default_beta", DEFAULT_BETA)) if values.get("rate_dial") else None

    def _config(self, name: str) -> dict[str, Any]:
        """What a checkpoint's folder says of its model; {} where it cannot be read: whoever asks the model is told why."""
        path = Path(self._path(name))
        try:
            values = json.loads((path / "config.json").read_text(encoding="utf-8"))["model"]
            return values if isinstance(values, dict) else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def metrics(self, checkpoint: str = "") -> dict[str, Any]:
        """Returns what a checkpoint's folder says of its training and its quality; {} where it says nothing.

        Raises:
            VaegenError: If there is no such checkpoint.
        """
        try:
            path = Path(self._path(checkpoint or next(iter(self._paths), "")))
            values = json.loads((path / "metrics.json").read_text(encoding="utf-8"))
            return values if isinstance(values, dict) else {}
        except (OSError, ValueError):
            return {}

    def domains(self, checkpoint: str = "") -> list[str]:
        """Returns what a checkpoint's texts are about, of `vaegen.data.corpus.DOMAINS`; [] where that is not known.

        Raises:
            VaegenError: If there is no such checkpoint.
        """
        names = [part.partition(":")[0] for part in str(self.metrics(checkpoint).get("corpora", "")).split(",")]
        found = sorted({DOMAINS.get(name, "") for name in names})
        return found if all(found) else []

    def add(self, path_or_hub_id: str) -> str:
        """Loads a visitor's own checkpoint and returns the name to ask it by.

        Raises:
            VaegenError: If it is neither a Hub id nor a folder that may be opened, or cannot be loaded.
        """
        text = str(path_or_hub_id).strip()
        is_folder = self._allow_folders and Path(text).expanduser().is_dir()
        if text in self._paths or text in self._added:
            return text
        if not is_folder and not HUB_ID.fullmatch(text):
            said = NO_CHECKPOINT_HERE if self._allow_folders else NO_CHECKPOINT
            raise VaegenError(said, given=f"{text!r:.80}")
        self._added[text] = str(Path(text).expanduser()) if is_folder else text
        try:
            self._worker.submit(self._model, text).result()
        except VaegenError:
            del self._added[text]
            raise
        return text

    def start(self, first: Question[Any] | None = None) -> Future[None]:
        """Starts loading in the background, then answers a first question, the one that the first page shows."""
        return self._worker.submit(self._start, first)

    def close(self) -> None:
        """Stops the model thread after the work that it is doing."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def ask(self, question: Question[A]) -> A:
        """Returns the whole answer to a question.

        Raises:
            VaegenError: If the question is refused, or the checkpoint cannot be loaded.
        """
        return list(self.stream(question))[-1]

    def stream(self, question: Question[A]) -> Iterator[A]:
        """Yields the answer as it grows. Dropping the iterator stops the work after the part at hand.

        Raises:
            VaegenError: As `ask`.
        """
        begin = time.perf_counter()
        question = question.checked((*self._paths, *self._added))
        answer: Any = self._answers.get(question)
        if answer is not None:
            yield _timed(answer, begin)
            return
        model = self._worker.submit(self._model, question.checkpoint).result()
        parts, n_avoided = self._worker.submit(question.answers, model).result(), 0
        while (grown := self._worker.submit(_grown, parts, model).result()) is not None:
            n_avoided += grown[1]
            answer = replace(grown[0], avoided=n_avoided) if n_avoided and hasattr(grown[0], "avoided") else grown[0]
            yield _timed(answer, begin)
            time.sleep(getattr(answer, "pause", 0.0))  # while something else than the model works on it
        self._answers.put(question, answer)

    def new_seed(self) -> int:
        """Returns a seed that nobody chose."""
        return random.SystemRandom().randint(0, 999_999)

    def _start(self, first: Question[Any] | None) -> None:
        try:
            model = self._model(next(iter(self._paths), ""))
        except VaegenError as error:
            self._state = State("failed", str(error))
            return
        self._state = State("ready", "The model is ready.")
        if first is not None:
            question = first.checked(self.checkpoints)
            self._answers.put(question, list(question.answers(model))[-1])

    def _path(self, name: str) -> str:
        if not self._paths and not name:
            raise VaegenError("There is no checkpoint here; start with `vaegen app --checkpoint FOLDER_OR_HUB_ID`.")
        if name not in self._paths and name not in self._added:
            raise VaegenError("There is no checkpoint in the folder {name}; train one or name one.", name=self._folder.name)
        return self._paths.get(name) or self._added[name]

    def _model(self, name: str) -> Any:
        """Returns a loaded pipeline; runs in the model thread only."""
        path = self._path(name)
        if name not in self._models:
            while len(self._models) >= self._max_models:
                self._models.popitem(last=False)
            try:
                self._models[name] = self._load(path)
            except VaegenError as error:  # it names the folder; strangers read only the checkpoint's name
                values = {key: str(value).replace(path, name) for key, value in error.values.items()}
                raise VaegenError(error.text, **values) from error
            except Exception as error:  # a broken file may raise anything, and a visitor has to read why
                raise VaegenError("The checkpoint {name} could not be loaded: {reason}", name=name, reason=error) from error
        self._models.move_to_end(name)
        return self._models[name]


class _Cache:
    """The last values by key; safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._size, self._lock = size, threading.Lock()
        self._values: OrderedDict[Any, Any] = OrderedDict()

    def get(self, key: Any) -> Any:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Any, value: Any) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)


def _grown(parts: Iterator[Any], model: Any) -> tuple[Any, int] | None:
    """The next part of an answer, and how many sentences were led around a sensitive word in it."""
    before = getattr(model, "n_avoided", 0)
    part = next(parts, None)
    return None if part is None else (part, getattr(model, "n_avoided", 0) - before)


def _timed(answer: Any, begin: float) -> Any:
    """The answer with the seconds that its visitor waited."""
    return replace(answer, seconds=time.perf_counter() - begin)


def _with_first(found: dict[str, str], first: str) -> dict[str, str]:
    """The checkpoints with the starting one first; a path or a hub id joins them under its last part."""
    if not first:
        return found
    name = first if first in found else Path(first).name or first
    return {name: found.get(first, first), **{key: path for key, path in found.items() if key != name}}


def _load_pipeline(path: str, words: WordList, engine: str | None) -> Any:
    import torch  # here, not above: 1.5 s that the page need not wait for

    from vaegen.pipeline.pipeline import load

    # One thread: steps this small gain little from a second, and where the processor is shared (a training run
    # or a Space) two threads waiting for each other made a sentence take 15 times as long.
    torch.set_num_threads(1)
    return load(path, avoid=words, engine=engine)
