"""What is no sane request gets a sentence before anything runs on it, and every answer carries the headers."""

import json
import logging

import httpx
import pytest
from serving import served_stub

from vaegen.app.door import MAX_BODY, Refused, check_size
from vaegen.app.endpoints.arguments import KINDS, check_kind
from vaegen.app.logs import PAUSE, report
from vaegen.errors import VaegenError


def post(path, body, **options):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    return httpx.post(f"{served_stub()[0]}gradio_api/{path}", content=content, headers=headers, timeout=30, **options)


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("call/translate", b"{", 422, "no JSON"),
        ("call/translate", b"[]", 422, "no JSON object"),
        ("call/translate", b'{"data": [NaN]}', 422, "no JSON"),
        ("call/translate", b'{"data": ["\\ud800"]}', 422, "half a character"),
        ("call/translate", b"[" * 100_000, 422, "no JSON"),
        ("call/translate", b'{"data": ' + b"[" * 50 + b"]" * 50 + b"}", 422, "nested"),
        ("call/translate", {"data": ["A dog."]}, 422, "a list of 12 values"),
        ("call/translate", {"data": [0] * 30_000}, 422, "20,000"),
        ("call/nothing", {"data": []}, 404, "There is no endpoint 'nothing'"),
        ("call/v2/nothing", {}, 404, "There is no endpoint 'nothing'"),
        ("call/v2/translate", {"x": 1}, 422, "There is no argument 'x'"),
        ("call/v2/translate", {}, 422, "The argument text is missing"),
        ("queue/join", {"data": [], "fn_index": 99_999, "session_hash": "a"}, 404, "There is no endpoint 99999"),
        ("queue/join", {"data": [], "fn_index": 0, "session_hash": 7}, 422, "session_hash"),
        ("call/translate", b'{"data": ["' + b"x" * MAX_BODY + b'"]}', 413, "4,000,000 bytes"),
        ("upload", b"x", 404, "no uploads"),
        ("component_server", {}, 404, "no uploads"),
    ],
)
def test_the_door_answers_in_a_sentence(path, body, status, said, capfd):
    answer = post(path, body)
    assert answer.status_code == status and said in answer.json()["error"]
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_body_that_says_no_length_is_bounded_too():
    parts = (b"x" * 100_000 for _ in range(60))
    assert httpx.post(f"{served_stub()[0]}gradio_api/call/translate", content=parts, timeout=30).status_code == 413


def test_no_file_of_the_machine_is_served_and_every_answer_carries_the_headers():
    url = served_stub()[0]
    for path in ("gradio_api/file=/etc/passwd", "gradio_api/file=readme.md", "gradio_api/proxy=http://localhost"):
        assert httpx.get(url + path).status_code == 404
    for path in ("", "config", "gradio_api/info", "gradio_api/upload", "nothing"):
        headers = httpx.get(url + path).headers
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        assert "https://huggingface.co" in headers["content-security-policy"]


def ask(name, values):
    event = post(f"call/{name}", {"data": values}).json()["event_id"]
    return httpx.get(f"{served_stub()[0]}gradio_api/call/{name}/{event}", timeout=30).text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([5], "text is 5; give a text."),
        ([None], "text is nothing; give a text."),
        ([["A dog."]], "text is a list; give a text."),
        (["A dog.", 7], "source_language is 7; give a text."),
        (["A dog.", "", "", "", "three"], "num_beams is three; give a whole number."),
        (["A dog.", "", "", "", 2.5], "num_beams is 2.5; give a whole number."),
        (["A dog.", "", "", "", True], "num_beams is True; give a whole number."),
        (["A" * 100_000], "text has 100,000 characters"),
        (["A dog."] + [None] * 9 + ["yes"], "avoid is yes; give true or false."),
        (["A dog."] + [None] * 10 + [{}], "beta is an object; give a number, or nothing."),
    ],
)
def test_arguments_of_wrong_types_are_refused_in_a_sentence(values, said, capfd):
    answer = ask("translate", values + [None] * (12 - len(values)))
    assert "event: error" in answer and said in answer
    assert "Traceback" not in "".join(capfd.readouterr())


def test_what_is_left_out_is_the_default():
    assert "event: complete" in ask("translate", ["A dog.", *[None] * 11])


def test_each_kind_takes_its_own_values_alone():
    right = {str: "a", int: 5.0, float: 0.5, bool: True, float | None: None, list[str]: ["a"]}
    wrong = {str: 5, int: True, float: float("inf"), bool: 1, float | None: "5", list[str]: ["a", 5]}
    for kind in KINDS:
        check_kind("x", right[kind], kind)
        with pytest.raises(VaegenError, match=r"^x is"):
            check_kind("x", wrong[kind], kind)
    with pytest.raises(VaegenError, match="2,000"):
        check_kind("x", ["a"] * 2001, list[str])


def test_size_is_looked_at_level_by_level():
    check_size({"a": [1, "é", {"b": None}]})
    deep = 1
    for _ in range(20):
        deep = [deep]
    for values in (deep, [[0] * 30_000], {"\ud800": 1}, ["a\udfff"]):
        with pytest.raises(Refused):
            check_size(values)


def test_the_log_says_where_it_failed_once_and_never_what_a_visitor_gave(caplog):
    def fail(text):
        raise RuntimeError(text)

    with caplog.at_level(logging.ERROR):
        for clock in (0.0, 1.0, PAUSE - 1, PAUSE):
            try:
                fail("sec" + "ret")
            except RuntimeError as error:
                report("A question failed", error, clock)
    assert len(caplog.records) == 2
    assert "secret" not in caplog.text and "RuntimeError" in caplog.text and "test_door.py" in caplog.text
