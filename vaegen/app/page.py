"""How a view stands on the page: a module that draws and asks, a question that answers, and nothing else.

The module (`web/<tab>/<tab>.js`) keeps its own controls and makes a view, see `web/core/view.js`. What it asks arrives here
as plain data, becomes a question (`vaegen.app.questions`), and goes back as plain data that the module draws with
`textContent`.
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
from vaegen.app.static import WEB
from vaegen.errors import VaegenError
from vaegen.model.companions import companion

LOG = logging.getLogger(__name__)
# The interface's words by language and by their English form; our modules read the same.
TEXTS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((WEB / "texts").glob("*.json"))}
t = gr.I18n(**TEXTS)
EXAMPLES_FILE = "examples.json"
FAILED = "This could not be answered; the app's log says why."
# Events that run the model share a limit: one computes, one prepares its answer.
MODEL: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 2}
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


# All that a component's own script does: it hands the component over to the modules, which may be there already or not yet.
# No import here: a dynamic one has been reported to hang a hosted page.
HANDOVER = (
    "const root = element.querySelector('[data-part]'); root.vaegen = { props, trigger, watch };"
    " document.dispatchEvent(new CustomEvent('vaegen', { detail: root }));"
)


def part(name: str, value: dict[str, Any], events: tuple[str, ...] = ()) -> gr.HTML:
    """Returns a component whose value is plain data, shown by the module that `web/main.js` names for it.

    A subclass would be the usual way, but Gradio writes a stub file beside each one.
    """
    return gr.HTML(
        value,
        html_template=f'<div class="vg-{name}" data-part="{name}"></div>',  # static: the module draws
        js_on_load=f"{HANDOVER}  // {events}",  # Gradio lets only those events be used that it finds in quotes in the script
        elem_id=f"part-{name}",
    )


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


def add_view(
    service: Service, name: str, question: Callable[[dict[str, Any]], Question[Any]], more: tuple[str, ...] = ()
) -> gr.HTML:
    """Puts a view's widget on the page that is being built and returns it.

    Args:
        service: Answers the questions.
        name: Of the view and of its module.
        question: Makes a question of what the script asks: {"a": point, "b": point or None, "checkpoint": name, **params}.
            It may raise VaegenError; what is missing or of a wrong type must come out as one.
        more: Events besides "ask" and "halt" that its module may send.
    """
    shown = example(service, name)
    view = part(name, {"phase": "example", "answer": shown} if shown else {"phase": "empty"}, ("ask", "halt", *more))
    runner = Runner(service, question)
    view.ask(runner.run, None, view, trigger_mode="multiple", **MODEL, **PRIVATE)  # view.js sends one at a time
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
