"""How a view stands on the page: a module that draws and asks, a question that answers, and nothing else.

The module (`web/<tab>/<tab>.js`) keeps its own controls and makes a view, see `web/core/view.js`. What it asks arrives here
as plain data, becomes a question (`vaegen.app.questions`), and goes back as plain data that the module draws with
`textContent`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from vaegen.app.logs import FAILED, report
from vaegen.app.scheduler import Dropped
from vaegen.app.service import Question, Service
from vaegen.app.static import WEB
from vaegen.errors import VaegenError
from vaegen.model.companions import companion

# The interface's words by language and by their English form; our modules read the same.
TEXTS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((WEB / "texts").glob("*.json"))}
t = gr.I18n(**TEXTS)
EXAMPLES_FILE = "examples.json"
# Events that run the model all reach the service, which knows whose turn it is and how many may wait.
MODEL: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": None}
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
        more: Events besides "halt" that its module may send.
    """
    shown = example(service, name)
    view = part(name, {"phase": "example", "answer": shown} if shown else {"phase": "empty"}, ("halt", *more))
    service.views[name] = runner = Runner(service, name, question)
    view.halt(runner.stop, None, None, concurrency_limit=None, **PRIVATE)
    return view


class Runner:
    """Streams a view's answers to its visitors, and stops an answer when its visitor says so.

    Not through Gradio's queue: that takes longer than the answer to the move of a slider (see docs/architecture.md). The
    service's limits hold here as well.
    """

    def __init__(self, service: Service, name: str, question: Callable[[dict[str, Any]], Question[Any]]) -> None:
        self._service, self._name, self._question = service, name, question
        self._running: dict[str, threading.Event] = {}  # by visitor

    async def run(self, visitor: str, data: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Yields what the widget shows: {"phase": "working", "done", "stopped" or "error", "message", "answer", "asked"}.

        The page says the message of an error in its own language, with "values" filled in.
        """
        stopped, echo = threading.Event(), {"asked": data.get("asked")}
        self._running[visitor] = stopped
        try:
            async with aclosing(self._service.answers(self._question(data), visitor, self._name)) as answers:
                async for answer in answers:
                    phase = "done" if getattr(answer, "is_complete", True) else "stopped" if stopped.is_set() else "working"
                    yield {"phase": phase, "answer": asdict(answer), **echo}
                    if phase != "working":
                        return
        except VaegenError as error:
            yield {"phase": "error", "message": error.text, "values": error.values, **echo}
        except Dropped:
            yield {"phase": "stopped", **echo}
        except Exception as error:
            report("A question failed", error)
            yield {"phase": "error", "message": FAILED, **echo}
        finally:
            if self._running.get(visitor) is stopped:
                del self._running[visitor]

    def stop(self, event: gr.EventData) -> None:
        """Asks the visitor's answer to stop after the part at hand."""
        data = event._data if isinstance(event._data, dict) else {}
        if running := self._running.get(str(data.get("visitor"))):
            running.set()
