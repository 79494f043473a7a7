"""`vaegen app`: its options reach the page, and a machine without a checkpoint is told what to give."""

from urllib.request import urlopen

import pytest

from vaegen.app import build, service
from vaegen.commands import app

GIVEN = "No checkpoint comes with an install; give a folder or a Hub id, as in --checkpoint owner/name."


@pytest.fixture
def launched(monkeypatch):
    """What the page was asked to be; nothing is loaded or served."""
    calls = []
    monkeypatch.setattr(build, "launch", lambda served, **options: calls.append((served, options)))
    monkeypatch.setattr(service.Service, "start", lambda self, first=None: None)
    return calls


def test_options_reach_the_page(launched, tmp_path):
    options = ["--port", "7999", "--host", "0.0.0.0", "--open", "--checkpoint", str(tmp_path / "mine")]
    assert app.main(options) == 0
    served, given = launched[0]
    assert given == {
        "port": 7999, "share": False, "host": "0.0.0.0", "open_page": True, "mcp": False, "root_path": None, "auth": (),
        "frames": [], "lessons": None,
    }  # fmt: skip
    assert served.checkpoints[0] == "mine" and served._allow_folders
    assert app.main(["--share"]) == 0
    assert launched[1][1]["share"] and not launched[1][0]._allow_folders  # strangers open no folders of this machine


def test_what_hosts_need_reaches_the_page(launched, tmp_path, capsys):
    (tmp_path / "people").write_text("ann:secret\nbob:two:parts\n")
    frames = ["https://a.org", "https://b.org"]
    hosts = ["--mcp", "--root-path", "/lab/vaegen", "--auth", str(tmp_path / "people"), "--frame-from", *frames]
    assert app.main(hosts) == 0
    given = launched[0][1]
    assert given["mcp"] and given["root_path"] == "/lab/vaegen" and given["frames"] == frames
    assert given["auth"] == [("ann", "secret"), ("bob", "two:parts")]
    (tmp_path / "people").write_text("ann\n")
    assert app.main(hosts) == 2 and "NAME:PASSWORD" in capsys.readouterr().err
    assert app.main(["--auth", str(tmp_path / "none")]) == 2 and "cannot be read" in capsys.readouterr().err


def test_without_a_checkpoint_it_says_what_to_give(launched, monkeypatch, capsys):
    monkeypatch.setattr(service.Service, "checkpoints", ())
    assert app.main([]) == 2
    assert capsys.readouterr().err == f"app: {GIVEN}\n" and launched == []


def test_a_service_without_a_checkpoint_serves_a_page_that_says_so(tmp_path, free_port):
    served = service.Service(folder=tmp_path)
    served.start().result()
    assert served.state.phase == "failed" and "vaegen app --checkpoint FOLDER_OR_HUB_ID" in served.state.message
    url = build.launch(served, port=free_port, block=False)
    try:
        with urlopen(url) as page:
            assert page.status == 200 and b"vaegen" in page.read()
    finally:
        served.close()
