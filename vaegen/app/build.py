"""The page around the tabs, and how it is served."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.middleware import Middleware

from vaegen.app.asking import ASK, ask_route
from vaegen.app.dial import dial_of
from vaegen.app.door import Door
from vaegen.app.endpoints import add_endpoints
from vaegen.app.lessons.offer import lessons_for
from vaegen.app.mcp_server import ToolServer
from vaegen.app.page import TEXTS, part, t
from vaegen.app.questions.checks import MAX_CHARACTERS
from vaegen.app.questions.points import start_of
from vaegen.app.questions.translate import TASK_EXAMPLES
from vaegen.app.scheduler import MAX_IN_HAND, MAX_WAITING
from vaegen.app.service import Question, Service
from vaegen.app.static import WEB, address, lesson_addresses, map_addresses, plotly_address, routes
from vaegen.app.tabs import attention, inside, interpolate, lessons, map, sample, translate
from vaegen.app.theme import theme
from vaegen.config import BETA_MAX, BETA_MIN, SAMPLING_BETA
from vaegen.errors import VaegenError
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
# Events that Gradio runs at once, each in a thread that mostly waits: more than the service lets wait, so that it is asked
# and can say how many come first.
MAX_EVENTS = 2 * (MAX_WAITING + MAX_IN_HAND)
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
    demo.max_threads = MAX_EVENTS
    demo.queue(max_size=MAX_EVENTS, api_open=False)  # closed: `/run/...` would skip the queue, and go on without its client
    _watch(demo._queue, service)
    return demo


def _watch(queue: Any, service: Service) -> None:
    """Has Gradio's queue tell the service who has gone, and saves it work that nobody looks at."""
    queue.sleep_when_free = POLL
    queue.ANAYLTICS_CACHE_FREQUENCY = 10**9  # (sic) else a table of all events is summed up after each one
    clean = queue.clean_events

    async def clean_events(*, session_hash: str | None = None, event_id: str | None = None) -> None:
        if session_hash:
            service.drop(session_hash)
        await clean(session_hash=session_hash, event_id=event_id)

    queue.clean_events = clean_events


def launch(
    service: Service,
    port: int | None = None,
    share: bool = False,
    block: bool = True,
    host: str | None = None,
    open_page: bool = False,
    lessons: str | Path | None = None,
    mcp: bool = False,
    root_path: str | None = None,
    auth: Sequence[tuple[str, str]] = (),
    frames: Sequence[str] = (),
) -> str:
    """Serves the app and returns its address; with `block` only after it was stopped.

    Host, port and root path come from GRADIO_SERVER_NAME, GRADIO_SERVER_PORT and GRADIO_ROOT_PATH where they are not given,
    as on a Space.

    Args:
        service: What answers.
        port: To listen on.
        share: Whether to open a public link through gradio's servers.
        block: Whether to wait until it is stopped.
        host: Address to listen on.
        open_page: Whether to open the page in the browser.
        lessons: A folder of lessons besides ours.
        mcp: Whether to serve the tools for language models (`vaegen.app.mcp_server`), too.
        root_path: Path at which a proxy, which takes it off, shows the app, as in "/lab/vaegen".
        auth: Names and passwords; who opens the page has to log in with one of them; none: nobody has to.
        frames: Other sites that may show the page in a frame, as in "https://lab.example.org".

    Raises:
        VaegenError: If it is to serve tools without the package for them, or with a log-in, or a lesson cannot be read.
    """
    if mcp and auth:
        raise VaegenError("The tools for language models know no log-in; leave out --mcp or --auth.")
    root_path = root_path or os.environ.get("GRADIO_ROOT_PATH") or None
    logging.getLogger("httpx").setLevel(logging.WARNING)
    demo = build_app(service)
    settings = _settings(service, demo, lessons, mcp, root_path or "", frames)
    _, url, _ = demo.launch(
        server_name=host,
        server_port=port,
        share=share,
        inbrowser=open_page,
        prevent_thread_lock=not block,
        max_threads=MAX_EVENTS,
        root_path=root_path,
        auth=list(auth) or None,
        **settings,
    )
    return url


def mount(parent: FastAPI, service: Service, path: str, lessons: str | Path | None = None, mcp: bool = False) -> FastAPI:
    """Puts the app below a path of another FastAPI app, as in "/lab/vaegen", and returns that app.

    `lessons` and `mcp` are as in `launch`.
    """
    demo = build_app(service)
    return gr.mount_gradio_app(parent, demo, path, **_settings(service, demo, lessons, mcp))


def _settings(
    service: Service,
    demo: gr.Blocks,
    folder: str | Path | None,
    mcp: bool = False,
    root_path: str = "",
    frames: Sequence[str] = (),
) -> dict[str, Any]:
    """How the page is served, wherever it is."""
    lessons = lessons_for(service, folder)
    tools = ToolServer(service) if mcp else None
    more: dict[str, Any] = {"lifespan": tools.lifespan} if tools else {}
    where = root_path.rstrip("/") + "/" if root_path else ""  # else relative to the page
    return {
        "run_history": False,
        "show_error": False,
        "max_file_size": "1kb",  # the door takes no uploads; this is for whoever opens it
        "theme": theme(),
        # What is shared comes last.
        "css_paths": sorted(WEB.rglob("*.css"), key=lambda file: (file.parent.name == "core", file)),
        "head": _head(service, lesson_addresses(lessons), where),
        "i18n": t,
        "footer_links": ["api"],
        "app_kwargs": {
            "routes": [ask_route(service), *routes(service, lessons), *(tools.routes if tools else ())],
            "middleware": [Middleware(Door, demo=demo, frames=frames)],
            **more,
        },
    }


def _head(service: Service, lessons: dict[str, str], where: str) -> str:
    """The page's one script, and what Python tells it. All modules are named beforehand: they come at once, not in turn.

    `where` stands before all addresses.
    """
    told = {**_page(service, where), "lessons": {language: where + url for language, url in lessons.items()}}
    data = json.dumps(told, ensure_ascii=False).replace("<", "\u003c")
    modules = sorted(file.relative_to(WEB).as_posix() for file in WEB.rglob("*.js"))
    links = [f'<link rel="modulepreload" href="{where}{address(module)}">' for module in modules]
    script = f'<script type="module" id="vaegen" src="{where}{address("main.js")}"></script>'
    return "\n".join([f'<script type="application/json" id="vaegen-page">{data}</script>', *links, script])


def _page(service: Service, where: str = "") -> dict[str, Any]:
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
        "maps": {name: where + url for name, url in map_addresses(service).items()},
        "plotly": where + plotly_address(),
        "ask": where + ASK,
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
