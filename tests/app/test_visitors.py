"""Who asks over the network: through the queue only, and for as long as somebody listens."""

import contextlib
import json
import threading
import uuid

import httpx
import pytest
from serving import StubPipeline, served_stub

from vaegen.app.asking import MAX_BODY
from vaegen.app.scheduler import Asking


def endpoints(url):
    return {one["api_name"]: one["id"] for one in httpx.get(f"{url}/config", timeout=30).json()["dependencies"]}


def until(condition):
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("It did not happen.")


def join(url, session, text):
    values = [text, "en", "source", "beam", 1, 1.0, 0, 1.0, 0, "", True, None]
    body = {"data": values, "fn_index": endpoints(url)["translate"], "session_hash": session}
    httpx.post(f"{url}/gradio_api/queue/join", json=body, timeout=30).raise_for_status()
    return httpx.stream("GET", f"{url}/gradio_api/queue/data", params={"session_hash": session}, timeout=30)


def test_nobody_skips_the_queue():
    url = served_stub()[0].rstrip("/")
    told = httpx.get(f"{url}/gradio_api/info", timeout=30).json()["named_endpoints"]
    for name in ("translate", "sample", "place"):
        rest = [one.get("parameter_default") for one in told[f"/{name}"]["parameters"][1:]]
        answer = httpx.post(f"{url}/gradio_api/run/{name}", json={"data": ["A way around.", *rest]}, timeout=30)
        assert answer.status_code == 404 and "queue" in answer.json()["detail"]
    assert all(call["text"] != "A way around." for call in StubPipeline.calls)


def test_what_waits_for_a_client_that_has_gone_does_not_run():
    address, service = served_stub()
    url = address.rstrip("/")
    gate, begun = threading.Event(), threading.Event()
    service._scheduler.submit(Asking("holder"), lambda: (begun.set(), gate.wait(30)))
    assert begun.wait(30)
    try:
        with join(url, uuid.uuid4().hex, "Nobody reads this.") as stream:
            until(lambda: len(service._scheduler._waiting) == 1)
            assert next(stream.iter_lines())
        until(lambda: not service._scheduler._waiting)
    finally:
        gate.set()
    with join(url, uuid.uuid4().hex, "Somebody reads this.") as stream:
        messages = (json.loads(line[5:]) for line in stream.iter_lines() if line.startswith("data:"))
        assert next(one for one in messages if one["msg"] == "process_completed")["success"]
    said = [call["text"] for call in StubPipeline.calls]
    assert "Somebody reads this." in said and "Nobody reads this." not in said


def test_a_view_asks_beside_the_queue_and_its_work_ends_with_its_client():
    address, service = served_stub()
    url = f"{address.rstrip('/')}/gradio_api/vaegen/ask"
    question = {"visitor": "me", "asked": 1, "a": {"text": "A view asks."}, "num_beams": 1}
    lines = httpx.post(f"{url}/translate", json=question, timeout=30).text.splitlines()
    last = json.loads(lines[-1])
    assert last["phase"] == "done" and last["asked"] == 1 and "A view asks." in last["answer"]["cards"][0]["text"]
    refused = httpx.post(f"{url}/translate", json={"a": {"text": ""}}, timeout=30).text
    assert json.loads(refused)["phase"] == "error"
    gate, begun = threading.Event(), threading.Event()
    service._scheduler.submit(Asking("holder"), lambda: (begun.set(), gate.wait(30)))
    assert begun.wait(30)
    try:
        gone = question | {"a": {"text": "The view has gone."}}
        with contextlib.suppress(httpx.TimeoutException):
            httpx.post(f"{url}/translate", json=gone, timeout=1)
        until(lambda: not service._scheduler._waiting)
    finally:
        gate.set()
    assert all(call["text"] != "The view has gone." for call in StubPipeline.calls)


@pytest.mark.parametrize(
    ("view", "given", "status"),
    [
        ("nowhere", {"json": {}}, 404),
        ("translate", {"content": "{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ("translate", {"content": "{", "headers": {"Content-Type": "application/json"}}, 400),
        ("translate", {"json": [1, 2]}, 413),
        ("translate", {"json": {"a": "x" * (MAX_BODY + 1)}}, 413),
    ],
)
def test_what_is_no_question_is_refused(view, given, status):
    url = served_stub()[0].rstrip("/")
    assert httpx.post(f"{url}/gradio_api/vaegen/ask/{view}", timeout=30, **given).status_code == status
