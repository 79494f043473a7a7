"""The first tab: one sentence in, all languages out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import gradio as gr

from vaegen.app.page import MODEL, PRIVATE, add_view, t
from vaegen.app.questions.translate import MAX_BEAMS, OtherWays, Request
from vaegen.app.questions.translate_file import Lines
from vaegen.app.service import Service
from vaegen.app.settings import choice, flag, number, tag, whole
from vaegen.errors import VaegenError

NOTHING = {"phase": "error", "message": "Translate a sentence first."}
SETTINGS = {
    "source_language": tag(Request, "source_language"),
    "context": choice(Request, "context", ("source", "latent")),
    "method": choice(Request, "method", ("beam", "sample")),
    "num_beams": whole(Request, "num_beams", 1, MAX_BEAMS),
    "temperature": number(Request, "temperature", 0.1, 2.0),
    "top_k": whole(Request, "top_k", 0, 100),
    "top_p": number(Request, "top_p", 0.05, 1.0),
    "seed": {**whole(Request, "seed", 0), "default": 1},
    "avoid": flag(Request, "avoid"),
}
FILE_SETTINGS = {
    "language": tag(Lines, default="de"),
    "context": choice(Lines, "context", ("source", "latent")),
}


def build(service: Service) -> None:
    """Puts the tab on the page that is being built."""
    view = add_view(service, "translate", question, ("more", "back"))
    view.more(_other_ways(service), view, view, **MODEL, **PRIVATE)
    view.back(_back(service), view, view, **MODEL, **PRIVATE)
    with gr.Accordion(t("Translate a file"), open=False, elem_id="file-box"):
        add_view(service, "file", _file)


def question(data: dict[str, Any]) -> Request:
    """Returns what the page asks."""
    a = data.get("a")
    text = a.get("text") if isinstance(a, dict) else getattr(a, "text", "")
    how = {name: data[name] for name in SETTINGS if name in data}
    return Request(str(text or ""), str(data.get("checkpoint") or ""), **how, beta=data.get("beta"))


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
    context = str(data.get("context", Lines.context))
    checkpoint, beta = str(data.get("checkpoint") or ""), data.get("beta")
    return Lines(tuple(map(str, lines)), str(data.get("language")), context, checkpoint=checkpoint, beta=beta)
