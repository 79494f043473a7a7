"""The first tab: one sentence in, all languages out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import gradio as gr

from vaegen.app.page import MODEL, PRIVATE, Runner, add_view, example, t, widget
from vaegen.errors import VaegenError
from vaegen.service import Service
from vaegen.tags import LANGUAGE_NAMES, kind_of, languages_of
from vaegen.views.checks import MAX_SEED
from vaegen.views.lines import Lines
from vaegen.views.translation import EXAMPLES, MAX_BEAMS, TASK_EXAMPLES, OtherWays, Request

AVOID_HELP = t(
    "No word of the lists is written, however it is spelled: the model is led around it, and the card says so. "
    "Lists know spellings, not meanings. What you type stays as it is. In the other views this is always on."
)
CONTEXTS = [(t("Source + latent"), "source"), (t("Latent only"), "latent")]
CONTEXT_HELP = t(
    "Source + latent: the decoder sees the latent and every word of the sentence. "
    "Latent only: all it knows has passed through the latent."
)
METHODS = [(t("Beam search"), "beam"), (t("Sampling"), "sample")]
KINDS = {
    "translate": t("Translate"),
    "summarise": t("Summarise"),
    "reply": t("Reply"),
    "chinese": t("English and Chinese"),
}
VERBS = {"summarise": KINDS["summarise"], "reply": KINDS["reply"]}
TASK_HELP = t("Each task has a checkpoint of its own. A dialogue may have two turns: put | between them.")
DONE, STOPPED = "{n} of {total} languages done", "stopped after {n} of {total} languages"
LOADING = {"phase": "loading", "message": "The model is loading."}
NOTHING = {"phase": "error", "message": "Translate a sentence first."}
NAMES = {code: t(name) for code, name in LANGUAGE_NAMES.items()}


def build(service: Service) -> None:
    """Puts the tab on the page that is being built."""
    with gr.Row(elem_classes="vg-columns"):  # placed by style.css; on a phone the answer precedes the options
        with gr.Column(min_width=0, elem_classes="vg-input"):
            task = _task(service)
            text, source, go, examples = _sentence(service)
        with gr.Column(min_width=0, elem_classes="vg-output"):
            shown = example(service, "translate")
            results = widget("results", {"phase": "done", "message": "", "answer": shown} if shown else LOADING)
        with gr.Column(min_width=0, elem_classes="vg-options"):
            context, method, beams, sampling, again = _decoding()
            avoid = gr.Checkbox(True, label=t("Avoid sensitive words"), info=AVOID_HELP, elem_id="avoid")
            names = service.checkpoints
            checkpoint = gr.Dropdown(
                list(names),
                value=names[0] if names else None,
                label=t("Checkpoint"),
                visible=len(names) > 1,
                filterable=False,
                elem_id="checkpoint",
            )

    with gr.Accordion(t("Translate a file"), open=False, elem_id="file-box"):
        add_view(service, "file", _file)

    temperature, top_k, top_p, seed, group = sampling
    inputs = [text, checkpoint, source, context, method, beams, temperature, top_k, top_p, seed, avoid]
    runner = Runner(service, lambda data: Request(**data))
    run: dict[str, Any] = {"fn": _streamed(runner), "inputs": inputs, "outputs": results, **PRIVATE}
    changes = [control.input for control in (source, checkpoint, context, method, beams, temperature, top_k, top_p, avoid)]
    gr.on([go.click, text.submit, seed.submit, *changes], trigger_mode="always_last", **run, **MODEL)
    for control in (checkpoint, task):
        control.input(None, control, None, js="(name) => { vg.choose(name); }", **PRIVATE)
    suited: dict[str, Any] = {"fn": _suited(service), "outputs": [task, examples, go], "queue": False, **PRIVATE}
    checkpoint.input(inputs=checkpoint, **suited)
    begin: dict[str, Any] = {"fn": _begin(service), "inputs": [task, text], "outputs": [checkpoint, text, source], **PRIVATE}
    task.input(**begin, queue=False).then(inputs=task, **suited).then(**run, **MODEL)
    again.click(service.new_seed, None, seed, queue=False, **PRIVATE).then(**run, **MODEL)
    examples.pick(_picked, examples, [text, source], queue=False, **PRIVATE).then(**run, **MODEL)
    method.input(_show_options, method, [beams, group], queue=False, **PRIVATE)
    results.halt(runner.stop, None, None, queue=False, **PRIVATE)
    results.more(_other_ways(service), results, results, **MODEL, **PRIVATE)
    results.back(_back(service), results, results, **MODEL, **PRIVATE)
    followed: dict[str, Any] = {"fn": _followed(service), "inputs": None, "outputs": [text, source, checkpoint], **PRIVATE}
    results.follow(**followed, queue=False).then(inputs=checkpoint, **suited).then(**run, **MODEL)
    # The first answer waits for the model outside the shared limit: nobody's request has to stand behind it.
    results.first(**followed, queue=False).then(inputs=checkpoint, **suited).then(**run, concurrency_limit=None)


def _task(service: Service) -> Any:
    """The choice of a task, which is the choice of the first checkpoint that is for it."""
    tasks: dict[str, str] = {}
    for name in service.checkpoints:
        tasks.setdefault(kind_of(service.tags(name)), name)
    choices = [(label, tasks[kind]) for kind, label in KINDS.items() if kind in tasks]
    first = next(iter(service.checkpoints), None)
    return gr.Radio(choices, value=first, label=t("Task"), info=TASK_HELP, visible=len(choices) > 1, elem_id="task")


def _sentence(service: Service) -> tuple[Any, ...]:
    codes = dict.fromkeys([*NAMES, *(code for name in service.checkpoints for code in languages_of(service.tags(name)))])
    text = gr.Textbox(
        EXAMPLES[0][1],
        label=t("Sentence"),
        info=t("Enter sends, Shift+Enter starts a new line."),
        placeholder=t("Type a sentence"),
        lines=1,  # with more, Enter would not translate
        max_lines=8,
        elem_id="sentence",
    )
    with gr.Row(elem_classes="vg-actions"):
        source = gr.Dropdown(
            [(t("Detect language"), ""), *((NAMES.get(code, code), code) for code in codes)],
            value="",
            label=t("Language of the sentence"),
            show_label=False,
            container=False,
            filterable=False,
            scale=3,
            min_width=150,
            elem_id="source",
        )
        go = gr.Button(t("Translate"), variant="primary", min_width=110, scale=2, elem_id="translate")
    examples = widget("examples", _examples("translate", service.tags()))
    return text, source, go, examples


def _examples(kind: str, tags: Sequence[str]) -> dict[str, Any]:
    """The examples that a checkpoint with these tags reads; all if it reads none of them, or if its tags are not known."""
    examples = [{"language": code, "text": sentence} for code, sentence in TASK_EXAMPLES[kind]]
    return {"sentences": [one for one in examples if one["language"] in tags] or examples}


def _decoding() -> tuple[Any, ...]:
    context = gr.Radio(CONTEXTS, value="source", label=t("What the decoder sees"), info=CONTEXT_HELP, elem_id="context")
    method = gr.Radio(METHODS, value="beam", label=t("Decoding"), elem_id="method")
    beams = gr.Slider(1, MAX_BEAMS, 5, step=1, label=t("Beam width (1 is greedy)"), elem_id="beams")
    with gr.Column(visible=False, elem_classes="vg-sampling") as group:
        temperature = gr.Slider(0.1, 2.0, 1.0, step=0.05, label=t("Temperature"), elem_id="temperature")
        top_k = gr.Slider(0, 100, 0, step=1, label=t("Top-k (0 keeps all)"), elem_id="top-k")
        top_p = gr.Slider(0.05, 1.0, 1.0, step=0.05, label=t("Top-p"), elem_id="top-p")
        with gr.Row(elem_classes="vg-seed"):
            seed = gr.Number(1, label=t("Seed"), precision=0, minimum=0, maximum=MAX_SEED, min_width=120, elem_id="seed")
            again = gr.Button(t("Again, new seed"), min_width=130, elem_id="again")
    return context, method, beams, (temperature, top_k, top_p, seed, group), again


def _streamed(runner: Runner) -> Callable[..., Iterator[dict[str, Any]]]:
    def run(request: gr.Request, text: str, checkpoint: str | None, *options: Any) -> Iterator[dict[str, Any]]:
        """Yields the value of the cards."""
        question = Request(text, checkpoint or "", *options)
        for value in runner.stream(str(request.session_hash), lambda: question, {}):
            answer = value.get("answer")
            if answer is not None and value["phase"] != "done":
                value["values"] = {"n": len(answer["cards"]), "total": len(answer["languages"])}
                value["message"] = DONE if value["phase"] == "working" else STOPPED
            yield {"message": "", **value}

    return run


def _other_ways(service: Service) -> Callable[[dict[str, Any], gr.EventData], dict[str, Any]]:
    def more(shown: dict[str, Any], event: gr.EventData) -> dict[str, Any]:
        # Both come from the page, so they may be anything; the question checks every value again.
        language = str(event._data.get("language")) if isinstance(event._data, dict) else ""
        try:
            request = Request(**shown["answer"]["request"])
            draws = service.ask(OtherWays(request, language)).variants
            # One wording only: what the latent alone leaves open shows as soon as words are sampled too.
            freer = replace(request, context="latent", method="sample", temperature=1.0, top_p=0.9)
            sampled = service.ask(OtherWays(freer, language)).variants if len(draws) == 1 else ()
        except VaegenError as error:
            return {**shown, "phase": "error", "message": error.text, "values": error.values}
        except (KeyError, TypeError):
            return NOTHING
        found = {"draws": list(map(asdict, draws)), "sampled": list(map(asdict, sampled))}
        return {**shown, "variants": {**shown.get("variants", {}), language: found}}

    return more


def _back(service: Service) -> Callable[[dict[str, Any], gr.EventData], dict[str, Any]]:
    def back(shown: dict[str, Any], event: gr.EventData) -> dict[str, Any]:
        """Translates one of the cards back into the language of the sentence."""
        language = str(event._data.get("language")) if isinstance(event._data, dict) else ""
        try:
            answer, request = shown["answer"], Request(**shown["answer"]["request"])
            text = next(card["text"] for card in answer["cards"] if card["language"] == language)
            there = service.ask(replace(request, text=text, source_language=language))
        except VaegenError as error:
            return {**shown, "phase": "error", "message": error.text, "values": error.values}
        except (KeyError, TypeError, StopIteration):
            return NOTHING
        found = next((card.text for card in there.cards if card.language == answer["source_language"]), "")
        return {**shown, "backs": {**shown.get("backs", {}), language: found}}

    return back


def _file(data: dict[str, Any]) -> Lines:
    lines = data.get("lines")
    if not isinstance(lines, list):
        raise VaegenError("There is no file yet; choose a .txt or .csv file first.")
    context = str(data.get("context", "source"))
    return Lines(tuple(map(str, lines)), str(data.get("language")), context, checkpoint=str(data.get("checkpoint") or ""))


def _followed(service: Service) -> Callable[[gr.EventData], tuple[Any, Any, Any]]:
    def followed(event: gr.EventData) -> tuple[Any, Any, Any]:
        """Takes over the sentence that another view has made the current one."""
        data = event._data if isinstance(event._data, dict) else {}
        name = data.get("checkpoint")
        return str(data.get("text", "")), "", name if name in service.checkpoints else gr.skip()

    return followed


def _begin(service: Service) -> Callable[[str, str], tuple[Any, Any, Any]]:
    def begin(checkpoint: str, text: str) -> tuple[Any, Any, Any]:
        """Takes the checkpoint of a task, and its first example in place of another task's."""
        kind = kind_of(service.tags(checkpoint))
        is_example = any(text == sentence for examples in TASK_EXAMPLES.values() for _, sentence in examples)
        return checkpoint, TASK_EXAMPLES[kind][0][1] if is_example else gr.skip(), ""

    return begin


def _suited(service: Service) -> Callable[[str | None], tuple[Any, Any, Any]]:
    def suited(checkpoint: str | None) -> tuple[Any, Any, Any]:
        """Shows what suits a checkpoint: the task (the first checkpoint of a kind stands for it), examples, the button."""
        kinds = {name: kind_of(service.tags(name)) for name in service.checkpoints}
        kind = kinds.get(checkpoint or "", "translate")
        task = next((name for name in kinds if kinds[name] == kind), gr.skip())
        return task, _examples(kind, service.tags(checkpoint or "")), gr.update(value=VERBS.get(kind, KINDS["translate"]))

    return suited


def _picked(shown: dict[str, Any], event: gr.EventData) -> tuple[str, str]:
    index = event._data.get("index") if isinstance(event._data, dict) else None
    sentences = shown.get("sentences") if isinstance(shown, dict) else None
    if not isinstance(sentences, list) or not isinstance(index, int) or not 0 <= index < len(sentences):
        raise gr.Error("There is no such example.", print_exception=False)
    return str(sentences[index].get("text")), ""


def _show_options(method: str) -> tuple[Any, Any]:
    return gr.update(visible=method == "beam"), gr.update(visible=method == "sample")
