"""The app's only door to the model: plain Python in, frozen dataclasses out. Owns model thread and caches.

Importing this module imports neither torch nor gradio: a page can be served while the model is still loading.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vaegen.answers import (
    EXAMPLES,
    MAX_DRAWS,
    MAX_SEED,
    Answer,
    Card,
    Request,
    Variant,
    check_language,
    check_request,
    check_whole,
)
from vaegen.errors import VaegenError
from vaegen.words import merge_words

CHECKPOINTS = Path(__file__).resolve().parent.parent / "checkpoints"
SHORT = 200  # up to this many characters all languages come at once; longer text one by one, to be stoppable
N_ALTERNATIVES = 5


@dataclass(frozen=True)
class State:
    """Where loading stands: `phase` is "loading", "ready" or "failed", `message` a sentence for people."""

    phase: str
    message: str


def find_checkpoints(folder: str | Path = CHECKPOINTS) -> dict[str, Path]:
    """Returns the checkpoint folders (those with a config.json) of a folder by name."""
    return {path.parent.name: path.parent for path in sorted(Path(folder).glob("[!.]*/config.json"))}


class Service:
    """Answers requests for many visitors with one model thread; public methods may be called from any thread.

    One thread runs the model: answers never mix, torch uses the processor once, waiting visitors take turns.
    """

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        folder: str | Path = CHECKPOINTS,
        load: Callable[[str], Any] | None = None,
        max_models: int = 2,
        max_answers: int = 256,
    ) -> None:
        """Prepares a service; `start` loads its model.

        Args:
            checkpoint: Name in `folder`, path or hub id to start with; None: multi30k, or else the first.
            folder: Where the checkpoints to choose from live.
            load: Gives a pipeline for a path; None is `vaegen.pipeline.load`.
            max_models: Models kept in memory.
            max_answers: Answers kept in memory.
        """
        found = {name: str(path) for name, path in find_checkpoints(folder).items()}
        self._folder, self._load = Path(folder), load or _load_pipeline
        self._paths = _with_first(found, str(checkpoint) if checkpoint else "multi30k" if "multi30k" in found else "")
        self._models: OrderedDict[str, Any] = OrderedDict()
        self._max_models = max_models
        self._answers, self._variants = _Cache(max_answers), _Cache(max_answers)
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

    def start(self) -> Future[None]:
        """Starts loading in the background, then answers the first example, which the first page shows."""
        return self._worker.submit(self._start)

    def close(self) -> None:
        """Stops the model thread after the work that it is doing."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def translate(self, request: Request) -> Answer:
        """Returns the sentence in all languages of the model.

        Raises:
            VaegenError: If the text or an option is refused, or the checkpoint cannot be loaded.
        """
        return list(self.stream(request))[-1]

    def stream(self, request: Request) -> Iterator[Answer]:
        """Yields the answer as it grows. Dropping the iterator stops the work after the language at hand.

        Short text arrives whole; longer text as an answer without cards, then one language at a time.

        Raises:
            VaegenError: As `translate`.
        """
        begin = time.perf_counter()
        request = check_request(request, self.checkpoints)
        answer = self._answers.get(request)
        if answer is None and len(request.text) <= SHORT:
            answer = self._run(request.checkpoint, lambda model: _answer(model, request))
        elif answer is None:
            answer = self._run(request.checkpoint, lambda model: _blank(model, request))
            for language in answer.languages:
                yield replace(answer, seconds=time.perf_counter() - begin)
                cards = self._run(request.checkpoint, _decoder(answer, (language,)))
                answer = replace(answer, cards=answer.cards + cards)
        self._answers.put(request, answer)
        yield replace(answer, seconds=time.perf_counter() - begin)

    def other_ways(self, request: Request, language: str, n_draws: int = 8, seed: int = 0) -> tuple[Variant, ...]:
        """Returns the wordings that draws from the sentence's posterior give in a language, commonest first.

        Draws are decoded as the request says, in its context; a reconstruction through the latent alone.

        Raises:
            VaegenError: As `translate`, or if the language, the number of draws or the seed is refused.
        """
        request = check_request(request, self.checkpoints)
        check_language(language)
        n_draws = check_whole("The number of draws", n_draws, 1, MAX_DRAWS)
        seed = check_whole("The seed", seed, 0, MAX_SEED)
        key = (request, language, n_draws, seed)
        found = self._variants.get(key)
        if found is None:
            found = self._run(request.checkpoint, lambda model: _draw(model, request, language, n_draws, seed))
            self._variants.put(key, found)
        return found

    def new_seed(self) -> int:
        """Returns a seed that nobody chose."""
        return random.SystemRandom().randint(0, 999_999)

    def _start(self) -> None:
        try:
            model = self._model(next(iter(self._paths), ""))
        except VaegenError as error:
            self._state = State("failed", str(error))
            return
        self._state = State("ready", "The model is ready.")
        request = check_request(Request(EXAMPLES[0][1]), self.checkpoints)
        self._answers.put(request, _answer(model, request))

    def _model(self, name: str) -> Any:
        """Returns a loaded pipeline; runs in the model thread only."""
        if not name:
            raise VaegenError(f"There is no checkpoint in the folder {self._folder.name}; train one or name one.")
        if name not in self._models:
            while len(self._models) >= self._max_models:
                self._models.popitem(last=False)
            try:
                self._models[name] = self._load(self._paths[name])
            except VaegenError as error:  # it names the folder; strangers read only the checkpoint's name
                raise VaegenError(str(error).replace(self._paths[name], name)) from error
            except Exception as error:  # a broken file may raise anything, and a visitor has to read why
                raise VaegenError(f"The checkpoint {name} could not be loaded: {error}") from error
        self._models.move_to_end(name)
        return self._models[name]

    def _run(self, checkpoint: str, job: Callable[[Any], Any]) -> Any:
        """Runs a job with a model in the model thread and waits for it."""
        return self._worker.submit(lambda: job(self._model(checkpoint))).result()


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


def _with_first(found: dict[str, str], first: str) -> dict[str, str]:
    """The checkpoints with the starting one first; a path or a hub id joins them under its last part."""
    if not first:
        return found
    name = first if first in found else Path(first).name or first
    return {name: found.get(first, first), **{key: path for key, path in found.items() if key != name}}


def _load_pipeline(path: str) -> Any:
    import torch  # here, not above: 1.5 s that the page need not wait for

    from vaegen.pipeline import load

    # One thread: steps this small gain little from a second, and where the processor is shared (a training run
    # or a Space) two threads waiting for each other made a sentence take 15 times as long.
    torch.set_num_threads(1)
    return load(path)


def _blank(model: Any, request: Request) -> Answer:
    source = request.source_language or model.detect_language(request.text)
    return Answer(request, source, not request.source_language, tuple(model.languages))


def _answer(model: Any, request: Request) -> Answer:
    blank = _blank(model, request)
    return replace(blank, cards=_decode(model, blank, blank.languages))


def _decoder(answer: Answer, languages: tuple[str, ...]) -> Callable[[Any], tuple[Card, ...]]:
    return lambda model: _decode(model, answer, languages)


def _options(request: Request, **more: Any) -> dict[str, Any]:
    shared = {
        "source_language": request.source_language or None,
        "method": request.method,
        "seed": request.seed,
    }
    if request.method == "beam":
        return {**shared, "num_beams": request.num_beams, **more}
    return {
        **shared,
        "temperature": request.temperature,
        "top_k": request.top_k,
        "top_p": request.top_p,
        **more,
    }


def _context(model: Any, request: Request, own: bool) -> str:
    """What the decoder sees; the model learns to repeat a sentence from its latent alone, if it has one."""
    return "latent" if own and model.model.config.n_slots else request.context


def _decode(model: Any, answer: Answer, languages: tuple[str, ...]) -> tuple[Card, ...]:
    """The cards of some languages, in order; languages of the same context are decoded in one batch."""
    request, cards = answer.request, {}
    contexts = {language: _context(model, request, language == answer.source_language) for language in languages}
    for context in dict.fromkeys(contexts.values()):
        group = [language for language in languages if contexts[language] == context]
        options = _options(request, context=context, n_alternatives=N_ALTERNATIVES + 1)
        for language, (result, *_) in zip(group, model.generate([request.text] * len(group), group, **options), strict=True):
            words = merge_words(result.tokens, result.token_log_probs, result.alternatives, N_ALTERNATIVES)
            own = language == answer.source_language
            cards[language] = Card(language, result.text, words, result.log_prob, context, own)
    return tuple(cards[language] for language in languages)


def _draw(model: Any, request: Request, language: str, n_draws: int, seed: int) -> tuple[Variant, ...]:
    context = _context(model, request, language == _blank(model, request).source_language)
    options = _options(request, context=context, n_draws=n_draws)
    results = model.generate([request.text], language, **{**options, "seed": seed})[0]
    counts = Counter(result.text for result in results)
    best = {result.text: max(r.log_prob for r in results if r.text == result.text) for result in results}
    order = sorted(counts, key=lambda text: (-counts[text], -best[text]))
    return tuple(Variant(text, counts[text], best[text]) for text in order)
