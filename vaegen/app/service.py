"""The app's only door to the model: plain Python in, frozen dataclasses out. Owns models and caches.

Importing this module imports neither torch nor gradio: a page can be served while the model is still loading.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from vaegen.app.answers import Cache, Parts
from vaegen.app.fetch import fetch
from vaegen.app.scheduler import Asking, Scheduler
from vaegen.config import DEFAULT_CHECKPOINT, SECOND_CHECKPOINT, ModelConfig
from vaegen.data.corpus import DOMAINS
from vaegen.errors import VaegenError
from vaegen.model.hub import HUB_ID
from vaegen.text.sensitive import WordList

NO_CHECKPOINT = "{given} is no checkpoint; give the id of one on the Hub, as in owner/name."
NO_CHECKPOINT_HERE = "{given} is no checkpoint; give the id of one on the Hub, as in owner/name, or a folder that is here."
NO_HUB = "This app opens no checkpoints from the Hub; run it yourself to open your own."
CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"
DEFAULT_BETA = ModelConfig.default_beta
LOG = logging.getLogger(__name__)
VISITOR: ContextVar[str] = ContextVar("visitor", default="")  # for whom a thread asks
A = TypeVar("A", covariant=True)
T = TypeVar("T")


class Question(Protocol[A]):
    """What a view asks. Hashable: equal questions have equal answers, which are frozen and have a field `seconds`.

    An answer with a field `avoided` is told how many of its sentences had to be led around a sensitive word. One that waits
    for more than the model may have a field `pause`: seconds in which the model serves others. One without a field
    `is_complete` comes whole. A question that takes seconds may have a field `is_long`: few of them are in hand at once.
    """

    @property
    def checkpoint(self) -> str:
        """Name of the checkpoint to ask; "" is the one that the service started with."""

    def checked(self, checkpoints: Sequence[str]) -> Question[A]:
        """Returns the question with clean values, or raises VaegenError."""

    def answers(self, model: Any) -> Iterator[A]:
        """Yields the answer as it grows; others come between two yields, and at the pauses of the work (`vaegen.turns`)."""


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
    """Answers questions for many visitors with one model; public methods may be called from any thread.

    One thread at a time holds the model, and visitors take turns: see `vaegen.app.scheduler`.
    """

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        folder: str | Path = CHECKPOINTS,
        load: Callable[[str], Any] | None = None,
        max_models: int = 2,
        max_answers: int = 512,
        allow_folders: bool = False,
        allow_hub: bool = True,
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
            allow_hub: Whether visitors may open checkpoints of the Hugging Face Hub.
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
        self._max_models, self._allow_folders, self._allow_hub = max_models, allow_folders, allow_hub
        self._fetch: Callable[[str], Any] = fetch if load is None else str
        self._added: dict[str, str] = {}  # visitors' own; not on offer to others, though nothing in them is secret
        self._told: set[str] = set()  # what is wrong with files beside the weights, and was said
        self._known = Cache(max_answers)
        self._scheduler, self._lock = Scheduler(), threading.Lock()
        self.views: dict[str, Any] = {}  # what answers the page, by view (`vaegen.app.page`)
        self._open: list[tuple[Asking, str]] = []  # questions on their way, and their lines
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
        if not is_folder and not self._allow_hub:
            raise VaegenError(NO_HUB)
        self._added[text] = str(Path(text).expanduser()) if is_folder else str(self._fetch(text))  # not in the model thread
        try:
            self._scheduler.submit(Asking(text), lambda: self._model(text), must=True).result()
        except VaegenError:
            del self._added[text]
            raise
        return text

    def start(self, first: Question[Any] | None = None) -> Future[None]:
        """Starts loading in the background, then answers a first question, the one that the first page shows."""
        return self._scheduler.submit(Asking(""), lambda: self._start(first), must=True)

    def close(self) -> None:
        """Stops the work, each piece at its next pause."""
        self._scheduler.close()

    def ask(self, question: Question[A]) -> A:
        """Returns the whole answer to a question.

        Raises:
            VaegenError: If the question is refused, the checkpoint cannot be loaded, or too many are asking.
            Dropped: If the visitor has gone.
        """
        return list(self.stream(question))[-1]

    def stream(self, question: Question[A], visitor: str = "", line: str = "") -> Iterator[A]:
        """Yields the answer as it grows. Dropping the iterator stops the work after the part at hand.

        Args:
            question: What is asked.
            visitor: Whose session it is: visitors take turns, and `drop` ends all that one has asked. By default that of the
                context (`VISITOR`); where there is none, the question is a visitor of its own.
            line: Where it is asked, as in the name of a view: the visitor's older questions there are dropped for it.

        Raises:
            VaegenError: As `ask`.
            Dropped: If the visitor has gone, or has asked something newer.
        """
        for step in self._steps(question, visitor, line):
            if isinstance(step, Future):
                wait([step])
            elif isinstance(step, float):
                time.sleep(step)
            else:
                yield step

    async def answers(self, question: Question[A], visitor: str = "", line: str = "") -> AsyncIterator[A]:
        """Yields what `stream` does; no thread waits meanwhile, and whoever stops listening ends the work."""
        with closing(self._steps(question, visitor, line)) as steps:
            for step in steps:
                if isinstance(step, Future):
                    await asyncio.wait([asyncio.wrap_future(step)])
                elif isinstance(step, float):
                    await asyncio.sleep(step)
                else:
                    yield step

    def _steps(self, question: Question[A], visitor: str, line: str) -> Iterator[A | Future[Any] | float]:
        """Yields parts of the answer, and what whoever walks along waits for: a future, or seconds."""
        begin = time.perf_counter()
        question = question.checked((*self._paths, *self._added))
        answer: Any = self._known.get(question)
        if answer is not None:
            yield _timed(answer, begin)
            return
        parts, n_avoided = Parts(self._model, question), 0
        with self._asked(visitor or VISITOR.get(), line, getattr(question, "is_long", False)) as asking:
            while True:
                done = self._scheduler.submit(asking, parts.next)
                yield done
                if (grown := done.result()) is None:
                    break
                n_avoided += grown[1]
                answer = replace(grown[0], avoided=n_avoided) if n_avoided and hasattr(grown[0], "avoided") else grown[0]
                is_whole = getattr(answer, "is_complete", True)
                if is_whole:
                    self._known.put(question, answer)
                yield _timed(answer, begin)
                if is_whole:
                    return
                yield float(getattr(answer, "pause", 0.0))  # while something else than the model works on it

    def drop(self, visitor: str) -> None:
        """Ends all that a visitor has asked: who has gone is not worked for."""
        with self._lock:
            gone = [asking for asking, _ in self._open if asking.visitor == visitor]
        for asking in gone:
            self._scheduler.drop(asking)

    @contextmanager
    def _asked(self, visitor: str, line: str, is_long: bool) -> Iterator[Asking]:
        """A question on its way, in place of an older one of the same line."""
        asking = Asking(visitor or uuid.uuid4().hex, is_long)
        with self._lock:
            older = [one for one, its_line in self._open if line and (one.visitor, its_line) == (visitor, line)]
            self._open.append((asking, line))
        for one in older:
            self._scheduler.drop(one)
        try:
            yield asking
        finally:
            self._scheduler.drop(asking)
            with self._lock:
                self._open.remove((asking, line))

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
            self._known.put(question, list(question.answers(model))[-1])

    def _path(self, name: str) -> str:
        if not self._paths and not name:
            raise VaegenError("There is no checkpoint here; start with `vaegen app --checkpoint FOLDER_OR_HUB_ID`.")
        if name not in self._paths and name not in self._added:
            raise VaegenError("There is no checkpoint in the folder {name}; train one or name one.", name=self._folder.name)
        return self._paths.get(name) or self._added[name]

    def _model(self, name: str) -> Any:
        """Returns a loaded pipeline; only for who holds the model."""
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
