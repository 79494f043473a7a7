"""The first tab: one sentence in, all languages out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from vaegen.answers import EXAMPLES, MAX_BEAMS, MAX_SEED, Answer, Request
from vaegen.errors import VaegenError
from vaegen.service import Service
from vaegen.text import LANGUAGE_NAMES

HERE = Path(__file__).parent
LOG = logging.getLogger(__name__)
CONTEXTS = [("Source + latent", "source"), ("Latent only", "latent")]
CONTEXT_HELP = (
    "Source + latent: the decoder sees the latent and every word of the sentence. "
    "Latent only: all it knows has passed through the latent."
)
METHODS = [("Beam search", "beam"), ("Sampling", "sample")]
SOURCES = [("Detect language", ""), *((name, code) for code, name in LANGUAGE_NAMES.items())]
# Events that run the model share a limit: one computes, one prepares its answer.
MODEL: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 2}
HIDDEN = gr.update(visible=False)
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def widget(script: str, value: dict[str, Any]) -> gr.HTML:
    """Returns a component whose value is plain data, shown by its script with `textContent`, never as HTML.

    A subclass would be the usual way, but Gradio writes a stub file beside each one.
    """
    return gr.HTML(
        value,
        html_template=f'<div class="vg-{script}"></div>',  # static: the script draws
        js_on_load=(HERE / f"{script}.js").read_text(encoding="utf-8"),
        elem_id=script,
    )


def build(service: Service, demo: gr.Blocks) -> None:
    """Puts the tab on the page that is being built."""
    with gr.Row(elem_classes="vg-columns"):  # placed by style.css; on a phone the answer precedes the options
        with gr.Column(min_width=0, elem_classes="vg-input"):
            text, source, go, stop, examples = _sentence()
        with gr.Column(min_width=0, elem_classes="vg-output"):
            results = widget("results", payload("loading", "The model is loading."))
        with gr.Column(min_width=0, elem_classes="vg-options"):
            context, method, beams, sampling, again = _decoding()
            names = service.checkpoints
            checkpoint = gr.Dropdown(
                list(names),
                value=names[0] if names else None,
                label="Checkpoint",
                visible=len(names) > 1,
                filterable=False,
                elem_id="checkpoint",
            )

    temperature, top_k, top_p, seed, group = sampling
    inputs = [text, checkpoint, source, context, method, beams, temperature, top_k, top_p, seed]
    runner = _Runner(service)
    run: dict[str, Any] = {"fn": runner.run, "inputs": inputs, "outputs": [results, stop], **PRIVATE}
    changes = [control.input for control in (source, checkpoint, context, method, beams, temperature, top_k, top_p)]
    gr.on([go.click, text.submit, seed.submit, *changes], trigger_mode="always_last", **run, **MODEL)
    again.click(service.new_seed, None, seed, queue=False, **PRIVATE).then(**run, **MODEL)
    examples.pick(_picked, None, [text, source], queue=False, **PRIVATE).then(**run, **MODEL)
    method.input(_show_options, method, [beams, group], queue=False, **PRIVATE)
    stop.click(runner.stop, None, stop, queue=False, **PRIVATE)
    results.more(_other_ways(service), results, results, **MODEL, **PRIVATE)
    # The first answer waits for the model outside the shared limit: nobody's request has to stand behind it.
    demo.load(**run, concurrency_limit=None)


def payload(phase: str, message: str = "", answer: Answer | None = None) -> dict[str, Any]:
    """Returns what `results.js` shows; `phase` is "loading", "working", "done", "stopped" or "error"."""
    values: dict[str, Any] = {"phase": phase, "message": message, "names": LANGUAGE_NAMES}
    return values if answer is None else {**values, "answer": asdict(answer)}


def _sentence() -> tuple[Any, ...]:
    text = gr.Textbox(
        EXAMPLES[0][1],
        label="Sentence",
        info="Enter translates, Shift+Enter starts a new line.",
        placeholder="English, German, French or Czech",
        lines=1,  # with more, Enter would not translate
        max_lines=8,
        elem_id="sentence",
    )
    with gr.Row(elem_classes="vg-actions"):
        source = gr.Dropdown(
            SOURCES,
            value="",
            label="Language of the sentence",
            show_label=False,
            container=False,
            filterable=False,
            scale=3,
            min_width=150,
            elem_id="source",
        )
        go = gr.Button("Translate", variant="primary", min_width=110, scale=2, elem_id="translate")
        stop = gr.Button("Stop", min_width=80, visible=False, elem_id="stop")
    sentences = [{"language": code, "text": sentence} for code, sentence in EXAMPLES]
    examples = widget("examples", {"sentences": sentences})
    return text, source, go, stop, examples


def _decoding() -> tuple[Any, ...]:
    context = gr.Radio(CONTEXTS, value="source", label="What the decoder sees", info=CONTEXT_HELP, elem_id="context")
    method = gr.Radio(METHODS, value="beam", label="Decoding", elem_id="method")
    beams = gr.Slider(1, MAX_BEAMS, 5, step=1, label="Beam width (1 is greedy)", elem_id="beams")
    with gr.Column(visible=False, elem_classes="vg-sampling") as group:
        temperature = gr.Slider(0.1, 2.0, 1.0, step=0.05, label="Temperature", elem_id="temperature")
        top_k = gr.Slider(0, 100, 0, step=1, label="Top-k (0 keeps all)", elem_id="top-k")
        top_p = gr.Slider(0.05, 1.0, 1.0, step=0.05, label="Top-p", elem_id="top-p")
        with gr.Row(elem_classes="vg-seed"):
            seed = gr.Number(1, label="Seed", precision=0, minimum=0, maximum=MAX_SEED, min_width=120, elem_id="seed")
            again = gr.Button("Again, new seed", min_width=130, elem_id="again")
    return context, method, beams, (temperature, top_k, top_p, seed, group), again


class _Runner:
    """The event behind the page: streams an answer, stops it between two languages when its visitor says so.

    Gradio's own `cancels` leaves an `always_last` event waiting for ever and drops what is done.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._running: dict[str, threading.Event] = {}  # by visitor

    def run(self, request: gr.Request, text: str, checkpoint: str | None, *options: Any) -> Iterator[tuple[Any, Any]]:
        """Yields the value of the cards and of the Stop button."""
        visitor, stopped = str(request.session_hash), threading.Event()
        self._running[visitor] = stopped
        try:
            for answer in self._service.stream(Request(text, checkpoint or "", *options)):
                done = f"{len(answer.cards)} of {len(answer.languages)} languages"
                if answer.is_complete:
                    yield payload("done", answer=answer), HIDDEN
                elif stopped.is_set():
                    yield payload("stopped", f"stopped after {done}", answer), HIDDEN
                    return
                else:
                    yield (
                        payload("working", f"{done} done", answer),
                        gr.update(visible=True, interactive=True),
                    )
        except VaegenError as error:
            yield payload("error", str(error)), HIDDEN
        except Exception:
            LOG.exception("A request failed")
            yield payload("error", "This sentence could not be translated; the app's log says why."), HIDDEN
        finally:
            if self._running.get(visitor) is stopped:
                del self._running[visitor]

    def stop(self, request: gr.Request) -> Any:
        """Asks the visitor's answer to stop; returns the button while it does."""
        if event := self._running.get(str(request.session_hash)):
            event.set()
        return gr.update(interactive=False)


def _other_ways(service: Service) -> Callable[[dict[str, Any], gr.EventData], dict[str, Any]]:
    def more(shown: dict[str, Any], event: gr.EventData) -> dict[str, Any]:
        # Both come from the page, so they may be anything; the service checks every value again.
        language = str(event._data.get("language")) if isinstance(event._data, dict) else ""
        try:
            request = Request(**shown["answer"]["request"])
            variants = [asdict(variant) for variant in service.other_ways(request, language)]
        except VaegenError as error:
            return {**shown, "phase": "error", "message": str(error)}
        except (KeyError, TypeError):
            return payload("error", "Translate a sentence first.")
        return {**shown, "variants": {**shown.get("variants", {}), language: variants}}

    return more


def _picked(event: gr.EventData) -> tuple[str, str]:
    index = event._data.get("index") if isinstance(event._data, dict) else None
    if not isinstance(index, int) or not 0 <= index < len(EXAMPLES):
        raise gr.Error("There is no such example.", print_exception=False)
    return EXAMPLES[index][1], ""


def _show_options(method: str) -> tuple[Any, Any]:
    return gr.update(visible=method == "beam"), gr.update(visible=method == "sample")
