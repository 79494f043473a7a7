"""The files that the page fetches from the app's own host: our modules and texts, the lessons, the maps, and plotly.js.

They lie under addresses relative to the page, so that the app works behind a path prefix, and a file's address names its
version, never a folder of the machine: what a browser keeps is never stale.
"""

from __future__ import annotations

import functools
import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from vaegen.app.service import Service
from vaegen.latent.atlas import PICTURE, load_picture

WEB = Path(__file__).parent / "web"
API = "gradio_api"
PREFIX = f"{API}/vaegen"  # below Gradio's own prefix, which a page rendered on a server leaves to Python, too
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


def address(path: str = "") -> str:
    """Returns where the page finds a file of `web/`."""
    return f"{PREFIX}/{_web_version()}/{path}"


def plotly_address() -> str:
    """Returns where the page finds plotly.js."""
    return f"{PREFIX}/plotly/{_version(_plotly())}.js"


def map_addresses(service: Service) -> dict[str, str]:
    """Returns where the page finds the checkpoints' maps by name, "" for the starting one's."""
    return {name: f"{PREFIX}/map/{_version(path)}.json" for name, path in _maps(service).items()}


def lesson_addresses(lessons: dict[str, list[dict[str, Any]]]) -> dict[str, str]:
    """Returns where the page finds the lessons by language."""
    return {code: f"{PREFIX}/lessons/{_digest(_json(part))}.json" for code, part in lessons.items()}


def routes(service: Service, lessons: dict[str, list[dict[str, Any]]]) -> list[BaseRoute]:
    """Returns the routes of all these files, for the server that serves the page."""
    parts = {_digest(data): data for data in map(_json, lessons.values())}
    maps = {_version(path): path for path in _maps(service).values()}

    def plotly(_: Request) -> Response:
        return FileResponse(_plotly(), headers=HEADERS, media_type="text/javascript")

    def map_of(request: Request) -> Response:
        path = maps.get(request.path_params["version"])
        return FileResponse(path, headers=HEADERS, media_type="application/json") if path else Response(status_code=404)

    def lessons_of(request: Request) -> Response:
        data = parts.get(request.path_params["version"])
        return Response(data, headers=HEADERS, media_type="application/json") if data else Response(status_code=404)

    return [
        Route(f"/{PREFIX}/lessons/{{version}}.json", lessons_of),
        Route(f"/{PREFIX}/plotly/{{version}}.js", plotly),
        Route(f"/{PREFIX}/map/{{version}}.json", map_of),
        Mount("/" + address().rstrip("/"), _Web(directory=WEB)),
    ]


class _Web(StaticFiles):
    """Files that never change at their address."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response


@functools.cache
def _web_version() -> str:
    return _version(*sorted(file for file in WEB.rglob("*") if file.is_file()))


def _json(data: Any) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _version(*paths: Path) -> str:
    """A few letters that change with the content of files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _maps(service: Service) -> dict[str, Path]:
    folders = {name: service.folder(name) for name in service.checkpoints}
    # One that is of other weights is none.
    maps = {name: f.resolve() / PICTURE for name, f in folders.items() if f and service.beside(load_picture, name)}
    first = maps.get(next(iter(service.checkpoints), ""))
    return maps | ({"": first} if first else {})


def _plotly() -> Path:
    """plotly.js as its wheel ships it: the page asks no other host for it. Found without importing plotly (0.5 s)."""
    package = find_spec("plotly")
    assert package is not None and package.origin is not None
    return Path(package.origin).parent / "package_data" / "plotly.min.js"
