"""A local Hugging Face hub that takes data sets: as much of its HTTP as an upload of small files needs."""

from __future__ import annotations

import base64
import json
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.endpoint import running

TOKEN = "hf_good"


class FakeHub(ThreadingHTTPServer):
    """repos: the files of each data set by path; private: those made so; refuse: a status for every commit."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.repos: dict[str, dict[str, bytes]] = {}
        self.private: set[str] = set()
        self.refuse = 0

    def answer(self, path: str, token: str, body: bytes) -> tuple[int, Any]:
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if token != f"Bearer {TOKEN}":
            return 401, {"error": "Invalid username or password."}
        if path == "/api/repos/create":
            return self.create(json.loads(body))
        _, _, _, owner, name, what, *_ = path.split("/")
        return self.take(f"{owner}/{name}", what, body)

    def create(self, asked: dict) -> tuple[int, Any]:
        name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else f"me/{asked['name']}"
        if not name.startswith("me/"):
            return 403, {"error": "You have no right to make a data set there."}
        if name in self.repos:
            return 409, {"error": "There is one.", "url": f"{self.url}/datasets/{name}"}
        self.repos[name] = {}
        self.private |= {name} if asked.get("private") or asked.get("visibility") == "private" else set()
        return 200, {"url": f"{self.url}/datasets/{name}"}

    def take(self, repo: str, what: str, body: bytes) -> tuple[int, Any]:
        if self.refuse:
            return self.refuse, {"error": "Not today."}
        if what == "preupload":
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in json.loads(body)["files"]
            ]
            return 200, {"files": files}
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                self.repos[repo][line["value"]["path"]] = base64.b64decode(line["value"]["content"])
        return 200, {"commitUrl": f"{self.url}/datasets/{repo}/commit/0", "commitOid": "0"}


class Handler(BaseHTTPRequestHandler):
    server: FakeHub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.say(*self.server.answer(self.path.split("?")[0], self.headers.get("Authorization", ""), body))

    def do_GET(self) -> None:
        self.say(404, {"error": "There is no such thing."})

    def say(self, status: int, content: Any) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass


def fake_hub() -> AbstractContextManager[FakeHub]:
    """The hub, for a block."""
    return running(FakeHub())


def point_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `url` the hub; huggingface_hub reads the variables once, when it is imported."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_ENDPOINT", url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
