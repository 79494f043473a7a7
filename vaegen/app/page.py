"""How a view stands on the page: a script that draws and asks, a question that answers, and nothing else.

The script (`<view>.js`) keeps its own controls and says `vg.view(...)`, see `shared.js`. What it asks arrives here as plain
data, becomes a question (`vaegen.app.questions`), and goes back as plain data that the script draws with `textContent`.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from vaegen.app.service import Question, Service
from vaegen.errors import VaegenError
from vaegen.model.companions import companion

HERE = Path(__file__).parent
LOG = logging.getLogger(__name__)
# The interface's words by language and by their English form; our scripts read the same (`vg.t`).
TEXTS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((HERE / "texts").glob("*.json"))}
t = gr.I18n(**TEXTS)
EXAMPLES_FILE = "examples.json"
FAILED = "This could not be answered; the app's log says why."
# Events that run the model share a limit: one computes, one prepares its answer.
MODEL: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 2}
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def widget(script: str, value: dict[str, Any], events: tuple[str, ...] = ()) -> gr.HTML:
    """Returns a component whose value is plain data, shown by its script with `textContent`, never as HTML.

    A subclass would be the usual way, but Gradio writes a stub file beside each one.
    """
    return gr.HTML(
        value,
        html_template=f'<div class="vg-{script}"></div>',  # static: the script draws
        # Gradio lets only those events be used that it finds in quotes in the script.
        js_on_load=_script(script) + f"\n// {events}",
        elem_id=script,
    )


def _script(name: str) -> str:
    """The script of a widget; a long one has parts, `<name>-<part>.js`, which come first."""
    return "\n".join(path.read_text(encoding="utf-8") for path in [*sorted(HERE.glob(f"{name}-*.js")), HERE / f"{name}.js"])


def example(service: Service, name: str) -> Any:
    """Returns the precomputed answer of a view's first question; None if the checkpoint has none.

    It lies beside the weights (`vaegen examples`), so that the first page need not wait for the model.
    """
    return (service.beside(load_examples) or {}).get(name)


def load_examples(folder: Path | None) -> dict[str, Any] | None:
    """Returns the precomputed answers by view that lie in a checkpoint's folder; None where there are none.

    Raises:
        VaegenError: If the file is damaged or of other weights.
    """

    def read(path: Path) -> tuple[dict[str, Any], str]:
        answers = json.loads(path.read_text(encoding="utf-8"))
        return answers, answers.pop("weights", "")

    return companion(folder, EXAMPLES_FILE, read, "`vaegen examples`")


def add_view(service: Service, name: str, question: Callable[[dict[str, Any]], Question[Any]]) -> gr.HTML:
    """Puts a view's widget on the page that is being built and returns it.

    Args:
        service: Answers the questions.
        name: Of the view and of its script.
        question: Makes a question of what the script asks: {"a": point, "b": point or None, "checkpoint": name, **params}.
            It may raise VaegenError; what is missing or of a wrong type must come out as one.
    """
    shown = example(service, name)
    view = widget(name, {"phase": "example", "answer": shown} if shown else {"phase": "empty"}, ("ask", "halt"))
    runner = Runner(service, question)
    view.ask(runner.run, None, view, trigger_mode="multiple", **MODEL, **PRIVATE)  # shared.js sends one at a time
    view.halt(runner.stop, None, None, queue=False, **PRIVATE)
    return view


class Runner:
    """Streams a view's answers to its visitors, and stops an answer when its visitor says so.

    Gradio's own `cancels` leaves an `always_last` event waiting for ever and drops what is done.
    """

    def __init__(self, service: Service, question: Callable[[dict[str, Any]], Question[Any]]) -> None:
        self._service, self._question = service, question
        self._running: dict[str, threading.Event] = {}  # by visitor

    def run(self, event: gr.EventData, request: gr.Request) -> Iterator[dict[str, Any]]:
        """Yields what the widget shows: {"phase": "working", "done", "stopped" or "error", "message", "answer", "asked"}.

        The page says the message of an error in its own language, with "values" filled in.
        """
        data = event._data if isinstance(event._data, dict) else {}
        yield from self.stream(str(request.session_hash), lambda: self._question(data), {"asked": data.get("asked")})

    def stream(self, visitor: str, make: Callable[[], Question[Any]], echo: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yields the values for one visitor's question."""
        stopped = threading.Event()
        self._running[visitor] = stopped
        try:
            for answer in self._service.stream(make()):
                phase = "done" if getattr(answer, "is_complete", True) else "stopped" if stopped.is_set() else "working"
                yield {"phase": phase, "answer": asdict(answer), **echo}
                if phase != "working":
                    return
        except VaegenError as error:
            yield {"phase": "error", "message": error.text, "values": error.values, **echo}
        except Exception:
            LOG.exception("A question failed")
            yield {"phase": "error", "message": FAILED, **echo}
        finally:
            if self._running.get(visitor) is stopped:
                del self._running[visitor]

    def stop(self, request: gr.Request) -> None:
        """Asks the visitor's answer to stop after the part at hand."""
        if event := self._running.get(str(request.session_hash)):
            event.set()
