"""The page around the tabs, and how it is served."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import gradio as gr
from fastapi import FastAPI

from vaegen.app.dial import dial_of
from vaegen.app.endpoints import add_endpoints
from vaegen.app.page import TEXTS, part, t
from vaegen.app.questions.checks import MAX_CHARACTERS
from vaegen.app.questions.points import start_of
from vaegen.app.questions.translate import TASK_EXAMPLES
from vaegen.app.service import Question, Service
from vaegen.app.static import WEB, address, map_addresses, plotly_address, routes
from vaegen.app.tabs import attention, inside, interpolate, lessons, map, sample, translate
from vaegen.app.theme import theme
from vaegen.config import BETA_MAX, BETA_MIN, SAMPLING_BETA
from vaegen.latent.codes import MAX_CODE
from vaegen.text.tags import CAPTION_LANGUAGES, LANGUAGE_NAMES, TASK_NAMES, kind_of, languages_of

HEADER = """
<header class="vg-header">
  <h1>vaegen</h1>
  <p>One sentence, one latent, four languages. A variational Transformer that you can look inside.</p>
</header>
"""
TABS = {
    "translate": translate.build,
    "interpolate": interpolate.build,
    "sample": sample.build,
    "map": map.build,
    "attention": attention.build,
    "inside": inside.build,
    "lessons": lessons.build,
}
# What each view asks at first; `vaegen examples` answers it beforehand.
VIEWS: dict[str, Callable[[dict[str, Any]], Question[Any]]] = {
    "translate": translate.question,
    "interpolate": interpolate.question,
    "sample": sample.question,
    "map": map.question,
    "attention": attention.question,
    "inside": inside.question,
}
# What each view can be set to, with its defaults.
SETTINGS = {
    "translate": translate.SETTINGS,
    "file": translate.FILE_SETTINGS,
    "interpolate": interpolate.SETTINGS,
    "sample": sample.SETTINGS,
    "map": map.SETTINGS,
    "attention": attention.SETTINGS,
    "inside": inside.SETTINGS,
}
MAX_WAITING = 64  # requests in the queue before a visitor is told to come back
POLL = 0.005  # seconds between looks at the queue: at a thousandth, as gradio has it, an idle app takes 5 % of a core


def build_app(service: Service) -> gr.Blocks:
    """Returns the app for a service; it may still be loading its model."""
    with gr.Blocks(title="vaegen", analytics_enabled=False, fill_width=False) as demo:
        gr.HTML(HEADER, js_on_load=None)
        part("current", {})
        part("lessons", {})
        with gr.Tabs(elem_id="views"):
            for name, build in TABS.items():
                with gr.Tab(t(name.capitalize()), id=name, elem_id=f"tab-{name}"):
                    build(service)
        add_endpoints(service)
    demo.queue(max_size=MAX_WAITING)
    demo._queue.sleep_when_free = POLL
    return demo


def launch(
    service: Service,
    port: int | None = None,
    share: bool = False,
    block: bool = True,
    host: str | None = None,
    open_page: bool = False,
) -> str:
    """Serves the app and returns its address; with `block` only after it was stopped.

    Host and port come from GRADIO_SERVER_NAME and GRADIO_SERVER_PORT where they are not given, as on a Space.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)
    demo = build_app(service)
    _, url, _ = demo.launch(
        server_name=host,
        server_port=port,
        share=share,
        inbrowser=open_page,
        prevent_thread_lock=not block,
        **_settings(service),
    )
    return url


def mount(parent: FastAPI, service: Service, path: str) -> FastAPI:
    """Puts the app below a path of another FastAPI app, as in "/lab/vaegen", and returns that app."""
    demo = build_app(service)
    return gr.mount_gradio_app(parent, demo, path, **_settings(service))


def _settings(service: Service) -> dict[str, Any]:
    """How the page is served, wherever it is."""
    return {
        "run_history": False,
        "show_error": False,
        "max_file_size": "1mb",
        "theme": theme(),
        # What is shared comes last.
        "css_paths": sorted(WEB.rglob("*.css"), key=lambda file: (file.parent.name == "core", file)),
        "head": _head(service),
        "i18n": t,
        "footer_links": ["api"],
        "app_kwargs": {"routes": routes(service)},
    }


def _head(service: Service) -> str:
    """The page's one script, and what Python tells it. All modules are named beforehand: they come at once, not in turn."""
    data = json.dumps(_page(service), ensure_ascii=False).replace("<", "\\u003c")
    modules = sorted(file.relative_to(WEB).as_posix() for file in WEB.rglob("*.js"))
    links = [f'<link rel="modulepreload" href="{address(module)}">' for module in modules]
    script = f'<script type="module" id="vaegen" src="{address("main.js")}"></script>'
    return "\n".join([f'<script type="application/json" id="vaegen-page">{data}</script>', *links, script])


def _page(service: Service) -> dict[str, Any]:
    """What the modules are told; `web/core/page.js` says what each part is."""
    return {
        "locales": sorted(TEXTS),
        "names": LANGUAGE_NAMES,
        "tasks": TASK_NAMES,
        "start": [asdict(point) for point in start_of(service.domains())],
        "most": {"text": MAX_CHARACTERS, "z": MAX_CODE},
        "dial": {"low": BETA_MIN, "high": BETA_MAX, "sampling": SAMPLING_BETA},
        "settings": SETTINGS,
        "examples": TASK_EXAMPLES,
        "checkpoints": service.checkpoints,
        "tags": {"": service.tags() or CAPTION_LANGUAGES} | {name: service.tags(name) for name in service.checkpoints},
        "about": {name: _about(service, name) for name in ("", *service.checkpoints)},
        "maps": map_addresses(service),
        "plotly": plotly_address(),
    }


def _about(service: Service, checkpoint: str) -> dict[str, Any]:
    """What the page says of a checkpoint: what it is for, what its texts are about, whether it is hardly worth its name.

    And its dial, if it has one.
    """
    metrics, tags = service.metrics(checkpoint), service.tags(checkpoint)
    kind = kind_of(tags)
    weak = kind == "reply" and _loses(metrics)
    found = {"kind": kind, "languages": len(languages_of(tags)), "domains": service.domains(checkpoint), "weak": weak}
    return {**found, "dial": dial_of(service, checkpoint)}


def _loses(metrics: dict[str, Any]) -> bool:
    """Whether a stock reply scores better than the model in its own evaluation; rows of the model are in `code`."""
    tables = metrics.get("evaluation", {}).get("tasks") or [{}]
    rows = tables[0].get("rows", [])
    own, stock = ([row[1] for row in rows if str(row[0]).startswith("`") == is_own] for is_own in (True, False))
    return max(stock, default=0.0) > max(own, default=0.0)
