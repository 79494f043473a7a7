"""The Gradio app. `build_app(service)` makes the page, one module per tab; nothing here touches a tensor."""

from vaegen.app.build import build_app, launch, mount

__all__ = ["build_app", "launch", "mount"]
