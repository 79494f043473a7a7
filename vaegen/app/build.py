"""The page around the tabs, and how it is served."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from vaegen.app import attention, inside, interpolate, lessons, map, sample, translate
from vaegen.app.endpoints import add_endpoints
from vaegen.app.page import TEXTS, t, widget
from vaegen.app.questions.points import START
from vaegen.app.service import Question, Service
from vaegen.app.theme import theme
from vaegen.data.corpus import DOMAINS
from vaegen.latent.atlas import PICTURE, load_picture
from vaegen.text.tags import CAPTION_LANGUAGES, LANGUAGE_NAMES, TASK_NAMES, kind_of, languages_of

HERE = Path(__file__).parent
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
    "interpolate": interpolate.question,
    "sample": sample.question,
    "map": map.question,
    "attention": attention.question,
    "inside": inside.question,
}
MAX_WAITING = 64  # requests in the queue before a visitor is told to come back


def build_app(service: Service) -> gr.Blocks:
    """Returns the app for a service; it may still be loading its model."""
    with gr.Blocks(title="vaegen", analytics_enabled=False, fill_width=False) as demo:
        gr.HTML(HEADER, js_on_load=None)
        widget("current", {})
        widget("lessons", {"checkpoints": list(service.checkpoints)})
        with gr.Tabs(elem_id="views"):
            for name, build in TABS.items():
                with gr.Tab(t(name.capitalize()), id=name, elem_id=f"tab-{name}"):
                    build(service)
        add_endpoints(service)
    return demo.queue(max_size=MAX_WAITING)


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
        run_history=False,
        show_error=False,
        max_file_size="1mb",
        theme=theme(),
        css_paths=sorted(HERE.glob("*.css")),
        head=_head(service),
        i18n=t,
        footer_links=["api"],
    )
    return url


def _head(service: Service) -> str:
    """The scripts that all views share; they run before any view's own."""
    plotly, maps = _plotly(), _maps(service)
    gr.set_static_paths([plotly, *maps.values()])
    values = {"Texts": TEXTS, "Plotly": _address(plotly), "Start": [asdict(point) for point in START]}
    values["Names"], values["Tasks"] = LANGUAGE_NAMES, TASK_NAMES
    values["Tags"] = {"": service.tags() or CAPTION_LANGUAGES} | {name: service.tags(name) for name in service.checkpoints}
    values["About"] = {name: _about(service, name) for name in ("", *service.checkpoints)}
    values["Maps"] = {name: _address(path) for name, path in maps.items()}
    given = "".join(f"window.vg{name} = {json.dumps(value)};\n" for name, value in values.items())
    first = ("shared.js", "tags.js", "words.js", "glossary.js")
    shared = "\n".join((HERE / name).read_text(encoding="utf-8") for name in first)
    return f"<script>{given}{shared}</script>"


def _about(service: Service, checkpoint: str) -> dict[str, Any]:
    """What the page says of a checkpoint: what it is for, what its texts are about, whether it is hardly worth its name."""
    metrics, tags = service.metrics(checkpoint), service.tags(checkpoint)
    kind = kind_of(tags)
    names = [part.partition(":")[0] for part in str(metrics.get("corpora", "")).split(",")]
    domains = sorted({DOMAINS.get(name, "") for name in names})
    weak = kind == "reply" and _loses(metrics)
    return {"kind": kind, "languages": len(languages_of(tags)), "domains": domains if all(domains) else [], "weak": weak}


def _loses(metrics: dict[str, Any]) -> bool:
    """Whether a stock reply scores better than the model in its own evaluation; rows of the model are in `code`."""
    tables = metrics.get("evaluation", {}).get("tasks") or [{}]
    rows = tables[0].get("rows", [])
    own, stock = ([row[1] for row in rows if str(row[0]).startswith("`") == is_own] for is_own in (True, False))
    return max(stock, default=0.0) > max(own, default=0.0)


def _address(path: Path) -> str:
    """Where the page finds a file that `gr.set_static_paths` has been told of; another version has another address."""
    return f"/gradio_api/file={path}?{path.stat().st_mtime_ns}"


def _maps(service: Service) -> dict[str, Path]:
    """The pictures of the checkpoints' maps by name, "" for the starting one's."""
    folders = {name: service.folder(name) for name in service.checkpoints}
    maps = {name: f.resolve() / PICTURE for name, f in folders.items() if f and service.beside(load_picture, name)}
    first = maps.get(next(iter(service.checkpoints), ""))
    return maps | ({"": first} if first else {})


def _plotly() -> Path:
    """plotly.js as its wheel ships it: the page asks no other host for it. Found without importing plotly (0.5 s)."""
    from importlib.util import find_spec

    package = find_spec("plotly")
    assert package is not None and package.origin is not None
    return Path(package.origin).parent / "package_data" / "plotly.min.js"

