"""The page around the tabs, and how it is served."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import gradio as gr

from vaegen.app import translate
from vaegen.app.endpoints import add_endpoints
from vaegen.app.theme import theme
from vaegen.service import Service

HERE = Path(__file__).parent
HEADER = """
<header class="vg-header">
  <h1>vaegen</h1>
  <p>One sentence, one latent, four languages. A variational Transformer that you can look inside.</p>
</header>
"""
# Gradio takes these at launch, not when the page is built.
LOOK: dict[str, Any] = {"theme": theme(), "css_paths": [HERE / "style.css"], "footer_links": ["api"]}
MAX_WAITING = 64  # requests in the queue before a visitor is told to come back


def build_app(service: Service) -> gr.Blocks:
    """Returns the app for a service; it may still be loading its model."""
    with gr.Blocks(title="vaegen", analytics_enabled=False, fill_width=False) as demo:
        gr.HTML(HEADER, js_on_load=None)
        translate.build(service, demo)
        add_endpoints(service)
    return demo.queue(max_size=MAX_WAITING)


def launch(service: Service, port: int | None = None, share: bool = False, block: bool = True) -> str:
    """Serves the app and returns its address; with `block` only after it was stopped.

    Host and port come from GRADIO_SERVER_NAME and GRADIO_SERVER_PORT where they are not given, as on a Space.
    """
    logging.getLogger("httpx").setLevel(logging.WARNING)
    demo = build_app(service)
    _, url, _ = demo.launch(
        server_port=port,
        share=share,
        prevent_thread_lock=not block,
        run_history=False,
        show_error=False,
        max_file_size="1mb",
        **LOOK,
    )
    return url
