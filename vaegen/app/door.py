"""What every request passes before anything runs on it, and what every answer carries.

Gradio parses a body of any size, runs an event with too few values into a traceback, takes uploads that nothing here reads
and serves files of the machine. The door lets in what the page and a client send, and answers the rest in a sentence:

- a body has at most `MAX_BODY` bytes and is JSON of bounded depth and size;
- an event is one of the app's, and has as many values as it takes;
- uploads, files, proxies and the tools of Gradio's own editor are closed;
- what fails behind it is reported (`vaegen.app.logs`) and answered without a word of the machine.

What the values are is checked next: types by `vaegen.app.endpoints.calls.add_endpoint`, ranges by each question's `checked`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vaegen.app.logs import FAILED, report
from vaegen.errors import VaegenError

MAX_BODY = 4_000_000  # bytes: 2,000 lines of 2,000 characters
MAX_DEPTH, MAX_ITEMS = 16, 20_000  # of JSON; an answer that the page sends back has some hundred
MAX_NAME = 100  # characters of a session or of an event's name
PREFIX = "/gradio_api/"
# The app needs none of these. (`file=` would serve what lies in Gradio's own folders.)
CLOSED = re.compile(
    r"(upload|upload_progress|stream|component_server|process_recording|vibe-[\w-]+|undo-vibe-[\w-]+|file|deep_link|"
    r"custom_component|dev|profiling|run-history|runs|reset)(/|$)|(proxy|file)="
)
EVENT = re.compile(r"(run|api|call|call/v2|queue/join)(/([^/]*))?/?")
FRAMES = ("'self'", "https://huggingface.co", "https://*.huggingface.co", "https://*.hf.space")  # of a Space
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # a link holds the visitor's sentence
}


class Refused(VaegenError):
    """What the door answers: a sentence and the status of HTTP."""

    def __init__(self, status: int, text: str, **values: Any) -> None:
        super().__init__(text, **values)
        self.status = status


class Door:
    """Wraps the app (ASGI).

    Args:
        app: What answers.
        demo: The `gr.Blocks` whose events are asked for.
        frames: Other sites that may show the page in a frame, besides itself and Hugging Face.
    """

    def __init__(self, app: ASGIApp, demo: Any, frames: Sequence[str] = ()) -> None:
        self._app, self._demo = app, demo
        self._headers = HEADERS | {"Content-Security-Policy": " ".join(["frame-ancestors", *FRAMES, *frames])}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        try:
            receive = await self._checked(scope, receive)
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            if not isinstance(error, Refused):
                report("A request failed", error)
            if begun:  # nothing can be said any more
                return
            status, said = (error.status, str(error)) if isinstance(error, Refused) else (500, FAILED)
            await JSONResponse({"error": said, "detail": said}, status)(scope, receive, send_with_headers)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        """Gives the body on as it came, whole, once it was looked at."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        inner = path.removeprefix(PREFIX).lstrip("/")
        if CLOSED.match(inner):
            raise Refused(
                404, "This app takes no uploads and serves no files; its endpoints are listed under /gradio_api/info."
            )
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return receive
        body = await _body(scope, receive)
        if event := EVENT.fullmatch(inner):
            self._check_event(event[1], event[3] or "", _object(body))
        return _once(body, receive)

    def _check_event(self, way: str, name: str, values: dict[str, Any]) -> None:
        """Refuses what Gradio would stumble over: an event that is none, a wrong number of values."""
        for key in ("session_hash", "event_id"):
            given = values.get(key)
            if given is not None and not (isinstance(given, str) and len(given) <= MAX_NAME):
                raise Refused(422, "{key} is no text of up to {most} characters.", key=key, most=MAX_NAME)
        function = self._function(way, name, values)
        if way == "call/v2":
            known = [name for name, *_ in _parameters(function)]
            if unknown := [key for key in values if key not in (*known, "session_hash", "oauth_token")]:
                said = "There is no argument {given}; give {known}."
                raise Refused(422, said, given=f"{unknown[0]!r:.80}", known=", ".join(known))
            needed = [name for name, has_default, *_ in _parameters(function) if not has_default]
            if missing := [name for name in needed if name not in values]:
                raise Refused(422, "The argument {name} is missing; give it.", name=missing[0])
            return
        data, wanted = values.get("data"), len(function.inputs)
        if not isinstance(data, list) or len(data) != wanted:
            said = "data must be a list of {n} values, one for each argument of the endpoint; see /gradio_api/info."
            raise Refused(422, said, n=wanted)

    def _function(self, way: str, name: str, values: dict[str, Any]) -> Any:
        """The event that is asked for, by name or by number."""
        functions, index = self._demo.fns, values.get("fn_index")
        if way != "queue/join" and not name.isdecimal():
            found = [one for one in functions.values() if one.api_name == name and one.api_visibility != "private"]
        else:
            index = int(name) if name.isdecimal() and len(name) < 9 else index
            found = (
                [functions[index]] if isinstance(index, int) and not isinstance(index, bool) and index in functions else []
            )
        if not found:
            raise Refused(404, "There is no endpoint {name}; see /gradio_api/info.", name=f"{name or index!r:.80}")
        return found[0]


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The whole body, if it is not too long. A body that says too long a length is not read at all."""
    said = dict(scope["headers"]).get(b"content-length", b"0")
    parts: list[bytes] = []
    size = int(said) if said.isdigit() and len(said) < 16 else 0
    while True:
        if size > MAX_BODY or sum(map(len, parts)) > MAX_BODY:
            raise Refused(413, "The request has over {most} bytes; send less at once.", most=MAX_BODY)
        message = await receive()
        if message["type"] != "http.request":  # the visitor has gone
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            size = 0
            if sum(map(len, parts)) <= MAX_BODY:
                return b"".join(parts)


def _once(body: bytes, receive: Receive) -> Receive:
    """Gives the body once; then whatever comes, which is that the visitor has gone."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body, of bounded depth and size."""
    try:
        values = json.loads(body, parse_constant=_no_constant)
        body.decode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Refused(422, "The request is no JSON in UTF-8; send a JSON object.") from error
    if not isinstance(values, dict):
        raise Refused(422, "The request is no JSON object; send one, as in {example}.", example='{"data": ["A dog."]}')
    check_size(values)
    return values


def check_size(values: Any) -> None:
    """Refuses JSON that is too deep or has too many values, and text that is none.

    Raises:
        Refused: If so.
    """
    level, n = [values], 0
    for _ in range(MAX_DEPTH):
        n += len(level)
        if n > MAX_ITEMS:
            raise Refused(422, "The request holds over {most} values; send fewer at once.", most=MAX_ITEMS)
        for one in level:
            texts = one if isinstance(one, dict) else (one,)
            if isinstance(one, dict) and ("path" in one or "meta" in one):  # as gradio writes a file; nothing here takes one
                raise Refused(422, "The request names a file; this app takes none.")
            if any(isinstance(text, str) and not text.isascii() and _SURROGATE.search(text) for text in texts):
                raise Refused(422, "The request holds half a character (a surrogate alone); send whole ones.")
        level = [part for one in level for part in _parts(one)]
        if not level:
            return
    raise Refused(422, "The request is nested deeper than {most}; send plainer values.", most=MAX_DEPTH)


_SURROGATE = re.compile("[\ud800-\udfff]")


def _parts(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _parameters(function: Any) -> list[Any]:
    from gradio.utils import get_function_params

    return get_function_params(function.fn)
