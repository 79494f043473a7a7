"""The Model Context Protocol: `vaegen.app.tools` for language models, by streamable HTTP, without sessions.

Gradio's own server shows every endpoint, its arguments cut at the first line, and answers with the `repr` of Python.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from vaegen import __version__
from vaegen.app.service import Service
from vaegen.app.static import API
from vaegen.app.tools import INSTRUCTIONS, tools_of
from vaegen.errors import VaegenError

PATH = f"/{API}/mcp"
MAX_BODY = 100_000  # bytes of a request
MAX_AT_ONCE = 8  # calls that may wait for the model; whoever comes later is told so


class ToolServer:
    """The tools of a service as an ASGI app, and the time in which it can be asked (`lifespan`)."""

    def __init__(self, service: Service) -> None:
        try:
            from mcp.server.lowlevel import Server
            from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
        except ImportError as error:
            raise VaegenError("--mcp needs the package mcp, version 1: pip install 'vaegen[mcp]'.") from error
        self._service, self._waiting = service, 0
        self._tools = {tool.name: tool for tool in tools_of(service)}
        self._server: Any = Server("vaegen", version=__version__, instructions=INSTRUCTIONS)
        self._server.list_tools()(self._listed)
        self._server.call_tool()(self._call)
        self._manage = partial(StreamableHTTPSessionManager, self._server, json_response=True, stateless=True)
        self._manager: Any = None

    @property
    def routes(self) -> list[BaseRoute]:
        """Where it is asked, with a slash at the end or without."""
        return [Route(PATH, endpoint=self), Route(PATH + "/", endpoint=self)]

    @asynccontextmanager
    async def lifespan(self, _: Any) -> AsyncIterator[None]:
        """Answers requests as long as it is entered; a manager can be run once, so each time has its own."""
        self._manager = self._manage()
        async with self._manager.run():
            yield
        self._manager = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        await self._manager.handle_request(scope, receive, send)

    async def _listed(self) -> list[Any]:
        from mcp import types

        return [
            types.Tool(name=tool.name, description=tool.description, inputSchema=tool.schema, outputSchema=tool.returns)
            for tool in self._tools.values()
        ]

    async def _call(self, name: str, given: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """What a tool says, as JSON and structured; a refusal is raised, and reaches the caller as its sentence."""
        from mcp import types

        if name not in self._tools:
            raise VaegenError("There is no tool {name}; choose one of {names}.", name=name, names=", ".join(self._tools))
        if self._waiting >= MAX_AT_ONCE:
            raise VaegenError("{n} calls are waiting for the model already; try again in a moment.", n=self._waiting)
        self._waiting += 1
        try:
            answer = await anyio.to_thread.run_sync(partial(self._tools[name].call, given))
        finally:
            self._waiting -= 1
        return [types.TextContent(type="text", text=json.dumps(answer, ensure_ascii=False))], answer
