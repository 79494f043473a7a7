"""Checkpoints of the Hub are judged by their sizes and config before they come; a small server is the Hub here."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from serving import StubPipeline

from vaegen.app import fetch as fetching
from vaegen.app.service import Service
from vaegen.commands import app
from vaegen.errors import VaegenError


@pytest.fixture
def hub(monkeypatch):
    """The files of "owner/name" by name, as (size, content); `asked` lists the addresses."""
    files, asked = {}, []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if "/api/models/" in self.path:
                siblings = [{"rfilename": name, "size": size} for name, (size, _) in files.items()]
                body = json.dumps({"id": "owner/name", "sha": "a" * 40, "siblings": siblings}).encode()
            else:
                body = files[self.path.rsplit("/", 1)[1]][1]
            self.send_response(200)
            for name, value in (("Content-Length", len(body)), ("ETag", '"e"'), ("X-Repo-Commit", "a" * 40)):
                self.send_header(name, str(value))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr("huggingface_hub.hf_api.ENDPOINT", f"http://127.0.0.1:{server.server_port}", raising=False)
    template = f"http://127.0.0.1:{server.server_port}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.file_download.HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)
    yield files, asked
    server.shutdown()


def test_twenty_gigabytes_are_refused_by_their_sizes(hub):
    files, asked = hub
    files.update({"config.json": (100, b"{}"), "model.safetensors": (20_000_000_000, b"")})
    begin = time.perf_counter()
    with pytest.raises(VaegenError, match=r"owner/name has 20,?000 MB; this app opens checkpoints of up to 500 MB"):
        fetching.fetch("owner/name")
    assert time.perf_counter() - begin < 20  # five on a machine of its own; importing is in it
    assert sum("/api/models/" in path for path in asked) == 1 and not any("resolve" in path for path in asked)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "it has no config.json"),
        (b'{"model_type": "bert"}', "describes another kind of model"),
        (b"5", "describes another kind of model"),
        (b'{"format": 1, "model": {"vocab_size": 300, "max_length": 10000000}}', "max_length=10,000,000: at most 16,384"),
    ],
)
def test_the_config_comes_before_the_weights(hub, tmp_path, monkeypatch, content, said):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(fetching, "_config_file", lambda *_: tmp_path / "config.json")
    files, asked = hub
    files["model.safetensors"] = (1000, b"x" * 1000)
    if content is not None:
        files["config.json"] = (len(content), content)
        (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(VaegenError, match=said):
        fetching.fetch("owner/name")
    assert not any("model.safetensors" in path for path in asked)


def test_one_at_a_time_and_not_for_ever(monkeypatch):
    go = threading.Event()
    monkeypatch.setattr(fetching, "_fetch", lambda repo_id: go.wait(20))
    with pytest.raises(VaegenError, match="did not come from the Hub"):
        fetching.fetch("owner/slow", most_seconds=0.1)
    with pytest.raises(VaegenError, match="Another checkpoint is just coming"):
        fetching.fetch("owner/other")
    go.set()
    for _ in range(100):
        if not fetching._ONE.locked():
            break
        time.sleep(0.02)
    monkeypatch.setattr(fetching, "_fetch", lambda repo_id: repo_id)
    assert fetching.fetch("owner/other") == "owner/other"


def test_a_public_host_opens_none_unless_its_owner_says_so(tmp_path):
    service = Service("stub", folder=tmp_path, load=StubPipeline, allow_hub=False)
    with pytest.raises(VaegenError, match="opens no checkpoints from the Hub"):
        service.add("owner/name")
    service.close()


@pytest.mark.parametrize(
    ("options", "settings", "allowed"),
    [
        ([], {}, True),
        (["--share"], {}, False),
        (["--host", "0.0.0.0"], {}, False),
        ([], {"SPACE_ID": "a/b"}, False),
        ([], {"GRADIO_SERVER_NAME": "0.0.0.0"}, False),
        (["--share", "--allow-hub"], {}, True),
        ([], {"SPACE_ID": "a/b", "VAEGEN_ALLOW_HUB": "1"}, True),
    ],
)
def test_who_turns_it_on(options, settings, allowed, monkeypatch):
    for name in ("SPACE_ID", "GRADIO_SERVER_NAME", "VAEGEN_ALLOW_HUB"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    served = []
    monkeypatch.setattr("vaegen.app.build.launch", lambda service, **_: served.append(service))
    monkeypatch.setattr(Service, "start", lambda self, first=None: None)
    assert app.main(options) == 0 and served[0]._allow_hub is allowed
    served[0].close()
