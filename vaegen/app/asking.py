"""How the page's views ask: one POST for a question, and a line of JSON for each part of its answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from vaegen.app.service import Service
from vaegen.app.static import PREFIX

ASK = f"{PREFIX}/ask"  # and the name of the view
MAX_BODY = 4_000_000  # bytes: the longest file of sentences that a view takes
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}


def ask_route(service: Service) -> Route:
    """Returns the route on which views ask. When its client goes, the work for it ends."""

    async def ask(request: Request) -> Response:
        runner = service.views.get(request.path_params["view"])
        if runner is None:
            return Response(status_code=404)
        # A page of another host could send plain text unasked, but JSON only where this one allows it.
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return Response("Send JSON.", status_code=415)
        try:
            body = json.loads(await _body(request))
        except ValueError:
            return Response("This is no JSON.", status_code=400)
        if body is None or not isinstance(body, dict):
            return Response(f"Send an object of at most {MAX_BODY:,} bytes.", status_code=413)
        visitor = str(body.get("visitor") or "")[:64]
        return StreamingResponse(_lines(runner.run(visitor, body)), media_type="application/x-ndjson", headers=HEADERS)

    return Route(f"/{ASK}/{{view}}", ask, methods=["POST"])


async def _body(request: Request) -> bytes:
    """What is sent; `null` for too much of it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return b"null"
    return bytes(body)


async def _lines(values: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    async for value in values:
        yield json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
