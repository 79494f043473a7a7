"""A Hub on this machine: the endpoints that `huggingface_hub` calls to make, fill and read a model repository."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

TOKEN = "hf_of_its_owner"


class LocalHub:
    """Repositories by id; each is a list of commits, and a commit is its files by path.

    Attributes:
        repos: The commits, (hash, files) each.
        private: Ids that only the owner's token reads.
        uploaded: Bytes of large files by SHA-256.
        asked: What was asked for, as "METHOD path".
    """

    def __init__(self) -> None:
        self.repos: dict[str, list[tuple[str, dict[str, bytes]]]] = {}
        self.private: set[str] = set()
        self.uploaded: dict[str, bytes] = {}
        self.asked: list[str] = []

    def commit(self, repo: str, files: dict[str, bytes]) -> str:
        commits = self.repos.setdefault(repo, [])
        commits.append((hashlib.sha1(f"{repo}{len(commits)}".encode()).hexdigest(), files))
        return commits[-1][0]

    def at(self, repo: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        commits = self.repos[repo]
        if revision == "main":
            return commits[-1]
        return next((commit for commit in commits if commit[0] == revision), None)


@contextmanager
def running():
    """Serves a Hub; gives it and its address."""
    hub = LocalHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: LocalHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        self._route("POST")

    def do_PUT(self) -> None:
        self._route("PUT")

    def do_GET(self) -> None:
        self._route("GET")

    def do_HEAD(self) -> None:
        self._route("HEAD")

    def _route(self, method: str) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(f"{method} {path}")
        self.body = self._read()
        for wanted, pattern, answer in ROUTES:
            if wanted == method.replace("HEAD", "GET") and (match := re.fullmatch(pattern, path)):
                if (repo := match.groupdict().get("repo")) and not self._may(repo):
                    return self._send(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
                return answer(self, *match.groups())
        self._send(404, {"error": f"no endpoint {method} {path}"})

    def _may(self, repo: str) -> bool:
        owner = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        return repo in self.hub.repos and (owner or repo not in self.hub.private)

    def _read(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def create(self) -> None:
        asked = json.loads(self.body)
        repo = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else asked["name"]
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._send(401, {"error": "Invalid username or password."})
        if repo in self.hub.repos:
            return self._send(409, {"error": "You already created this model repo", "url": self._url(repo)})
        self.hub.commit(repo, {".gitattributes": b"*.safetensors filter=lfs\n"})
        if asked.get("private") or asked.get("visibility") == "private":
            self.hub.private.add(repo)
        self._send(200, {"url": self._url(repo), "name": repo, "id": repo})

    def preupload(self, repo: str, _: str) -> None:
        files = json.loads(self.body)["files"]
        large = (".safetensors", ".npz")
        modes = [{"path": f["path"], "uploadMode": "lfs" if f["path"].endswith(large) else "regular"} for f in files]
        self._send(200, {"files": [{**mode, "shouldIgnore": False} for mode in modes]})

    def lfs_batch(self, repo: str) -> None:
        host = self.headers["Host"]
        objects = [
            {"oid": one["oid"], "size": one["size"], "actions": {"upload": {"href": f"http://{host}/lfs/{one['oid']}"}}}
            for one in json.loads(self.body)["objects"]
        ]
        self._send(200, {"transfer": "basic", "objects": objects}, {"Content-Type": "application/vnd.git-lfs+json"})

    def lfs_put(self, oid: str) -> None:
        assert hashlib.sha256(self.body).hexdigest() == oid
        self.hub.uploaded[oid] = self.body
        self._send(200, {})

    def commit(self, repo: str, revision: str) -> None:
        files = dict(self.hub.repos[repo][-1][1])
        for line in map(json.loads, self.body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.uploaded[value["oid"]]
        sha = self.hub.commit(repo, files)
        self._send(200, {"success": True, "commitOid": sha, "commitUrl": f"{self._url(repo)}/commit/{sha}"})

    def info(self, repo: str, revision: str = "main") -> None:
        if (found := self.hub.at(repo, revision)) is None:
            return self._send(404, {"error": "Invalid rev id"}, {"X-Error-Code": "RevisionNotFound"})
        siblings = [{"rfilename": name} for name in found[1]]
        self._send(200, {"id": repo, "sha": found[0], "private": repo in self.hub.private, "siblings": siblings, "tags": []})

    def tree(self, repo: str, revision: str) -> None:
        found = self.hub.at(repo, revision)
        assert found is not None
        files = [{"type": "file", "path": name, "size": len(data), "oid": _etag(data)} for name, data in found[1].items()]
        self._send(200, files)

    def resolve(self, repo: str, revision: str, path: str) -> None:
        found = self.hub.at(repo, revision)
        if found is None or path not in found[1]:
            return self._send(404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"})
        data = found[1][path]
        headers = {"ETag": f'"{_etag(data)}"', "X-Repo-Commit": found[0], "Content-Type": "application/octet-stream"}
        self._send(200, data, headers)

    def yaml(self) -> None:
        self._send(200, {"errors": [], "warnings": []})

    def _url(self, repo: str) -> str:
        return f"http://{self.headers['Host']}/{repo}"


def _etag(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


REPO = r"(?P<repo>[\w.-]+/[\w.-]+)"
ROUTES = [
    ("POST", "/api/repos/create", _Handler.create),
    ("POST", "/api/validate-yaml", _Handler.yaml),
    ("POST", f"/api/models/{REPO}/preupload/([^/]+)", _Handler.preupload),
    ("POST", rf"/{REPO}\.git/info/lfs/objects/batch", _Handler.lfs_batch),
    ("PUT", "/lfs/([0-9a-f]{64})", _Handler.lfs_put),
    ("POST", f"/api/models/{REPO}/commit/([^/]+)", _Handler.commit),
    ("GET", f"/api/models/{REPO}/revision/(.+)", _Handler.info),
    ("GET", f"/api/models/{REPO}/tree/([^/]+)", _Handler.tree),
    ("GET", f"/api/models/{REPO}", _Handler.info),
    ("GET", f"/{REPO}/resolve/([^/]+)/(.+)", _Handler.resolve),
]
