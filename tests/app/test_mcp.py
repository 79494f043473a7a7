"""The tools for language models, asked by the client of the protocol's own package."""

import asyncio
import json
import statistics

import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from serving import GOLDEN, StubPipeline, free_port

from vaegen.app import launch
from vaegen.app.questions.translate import EXAMPLES, Request
from vaegen.app.service import Service
from vaegen.errors import VaegenError

CALLS = {
    "translate": {"text": "A dog runs through the snow."},
    "sample": {"language": "en", "n": 3, "seed": 1, "prior": "flow"},
    "interpolate": {"a": "A dog runs.", "b": "Two men sing.", "language": "de", "steps": 5},
    "neighbours": {"text": "A dog runs through the snow."},
    "explain": {"text": "A dog runs through the snow.", "language": "de", "without": "dog"},
}


def ask(url, *calls):
    """The tools that a server lists, and the results of calls, each (name, arguments)."""

    async def talk():
        where = f"{url}gradio_api/mcp"
        async with streamable_http_client(where) as (read, write, *_), ClientSession(read, write) as session:
            await session.initialize()
            listed = await session.list_tools()
            return listed, [await session.call_tool(name, given) for name, given in calls]

    return asyncio.run(asyncio.wait_for(talk(), 300))


@pytest.fixture(scope="module")
def url():
    """The app on a committed checkpoint, with its tools."""
    service = Service(GOLDEN)
    service.start(Request(EXAMPLES[0][1]))
    return launch(service, port=free_port(), block=False, mcp=True)


def test_the_five_tools_answer_a_real_client_shortly(url):
    listed, results = ask(url, *CALLS.items())
    assert [tool.name for tool in listed.tools] == list(CALLS)
    assert len(listed.model_dump_json(exclude_none=True)) < 6000
    assert not [result.content for result in results if result.isError]
    sizes = [len(result.content[0].text.encode()) for result in results]
    assert max(sizes) < 1500 and statistics.median(sizes) < 1000
    answers = {name: result.structuredContent for name, result in zip(CALLS, results, strict=True)}
    assert all(json.loads(result.content[0].text) == result.structuredContent for result in results)
    assert answers["translate"]["source_language"] == "en"
    assert answers["translate"]["translations"]["de"]["text"] == "Ein Hund rennt durch den Schnee."
    assert len(answers["sample"]["texts"]) == 3 and answers["sample"]["seed"] == 1
    assert len(answers["interpolate"]["texts"]) == 5 and answers["interpolate"]["texts"][0] == "Ein Hund rennt."
    cosines = [one["cosine"] for one in answers["neighbours"]["neighbours"]]
    assert len(cosines) == 5 and cosines == sorted(cosines, reverse=True)
    words = {one["word"].strip(): one["from"].strip() for one in answers["explain"]["words"]}
    assert words["Hund"] == "dog" and 0 <= answers["explain"]["on_latent"] <= 1
    left = answers["explain"]["without"]
    assert "dog" not in left["text"] and left["old_translation_less_probable_by"] > 0
    assert "  " not in left["translation"] and left["translation"] == left["translation"].strip() != ""


def test_schemas_name_languages_ranges_and_what_everything_is(url):
    tools = {tool.name: tool for tool in ask(url)[0].tools}
    for tool in tools.values():
        assert len(tool.description) > 80 and tool.outputSchema["properties"]
        for name, argument in tool.inputSchema["properties"].items():
            assert argument["description"].endswith("."), f"{tool.name}.{name}"
    assert tools["sample"].inputSchema["properties"]["language"]["enum"] == ["en", "de", "fr", "cs"]
    assert tools["interpolate"].inputSchema["properties"]["steps"]["maximum"] == 9


def test_what_cannot_be_done_is_said(url):
    calls = [
        ("translate", {"text": "A dog.", "languages": ["es"]}),
        ("sample", {"language": "en", "n": 500}),
        ("translate", {"text": "a" * 301}),
        ("explain", {"text": "A dog runs.", "language": "de", "without": "cat"}),
        ("delete", {}),
        ("translate", {"text": "   "}),
    ]
    results = ask(url, *calls)[1]
    assert all(result.isError for result in results)
    said = [result.content[0].text for result in results]
    assert "'es' is not one of" in said[0] and "500" in said[1] and "too long" in said[2]
    assert said[3] == "There is no word 'cat' in the text; it has A, dog, runs, .." and "There is no tool delete" in said[4]


def test_the_page_has_no_tools_unless_it_is_asked_to():
    import httpx

    service = Service("stub", folder="nowhere", load=StubPipeline)
    plain = launch(service, port=free_port(), block=False)
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"Accept": "application/json, text/event-stream"}
    assert httpx.post(f"{plain}gradio_api/mcp", json=call, headers=headers).status_code in (404, 405)
    with pytest.raises(VaegenError, match="know no log-in"):
        launch(service, mcp=True, auth=[("a", "b")])


def test_without_the_package_it_is_said_which_one_is_missing(monkeypatch):
    import sys

    for name in [name for name in sys.modules if name == "mcp" or name.startswith("mcp.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(VaegenError, match=r"pip install 'vaegen\[mcp\]'"):
        launch(Service("stub", folder="nowhere", load=StubPipeline), mcp=True)
