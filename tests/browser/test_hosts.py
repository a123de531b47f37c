"""Whom the dashboard answers, asked with raw sockets: a browser would not send these headers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pages.parts.hosts import hostname
from tests.browser.chromium import PROJECT, free_port

pytestmark = pytest.mark.browser
SOCKET = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
PATHS = (
    "/",
    "/budget?store=x",
    "/_stcore/health",
    "/_stcore/host-config",
    "/static/index.html",
    "/nothing",
    "/overview",
)


@contextmanager
def server(cache: Path, **environment: str) -> Iterator[int]:
    """The dashboard, started as the Makefile does; gives its port as soon as something listens there."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    process = subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "SAELECT_CACHE": str(cache), **environment},
    )  # fmt: skip
    try:
        wait_for_port(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def wait_for_port(port: int, process: subprocess.Popen) -> None:
    """Wait until something listens, without a request: the first one is to be a test's."""
    while process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    pytest.fail("the dashboard did not start")


def ask(port: int, path: str, *headers: str, upgrade: bool = False) -> tuple[int, str]:
    """Status and the rest of the answer to a request with these headers."""
    lines = "".join(f"{line}\r\n" for line in headers) + (SOCKET if upgrade else "Connection: close\r\n")
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
            if upgrade and answer.startswith(b"HTTP/1.1 101"):
                break
    return int(answer.split()[1]), answer.decode(errors="replace")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server without a store, which names one more host."""
    with server(tmp_path_factory.mktemp("cache"), SAELECT_HOSTS="lab.example, Other.Example") as found:
        yield found


def test_the_first_request_of_a_foreign_host_is_refused(tmp_path: Path) -> None:
    with server(tmp_path) as port:
        status, answer = ask(port, "/", f"Host: evil.example:{port}")
        assert status == 403
        assert answer.endswith("start it with that name in SAELECT_HOSTS.")
        assert ask(port, "/_stcore/stream", f"Host: lab.example:{port}", upgrade=True)[0] == 403
        assert ask(port, "/", f"Host: 127.0.0.1:{port}")[0] == 200


@pytest.mark.parametrize("path", PATHS)
def test_no_address_is_answered_to_a_foreign_host(port: int, path: str) -> None:
    hosts = ("evil.example", "127.0.0.1.evil.example", "evil.example:127", "localhost@evil.example", "192.168.0.1", "")
    for host in hosts:
        assert ask(port, path, f"Host: {host}")[0] == 403, host
    assert ask(port, path, "Host: 127.0.0.1", "X-Forwarded-Host: evil.example")[0] != 403


def test_a_request_with_two_hosts_is_refused(port: int) -> None:
    for pair in (("127.0.0.1", "evil.example"), ("evil.example", "127.0.0.1")):
        assert ask(port, "/", *(f"Host: {host}" for host in pair))[0] in (400, 403)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "lab.example", "other.example"])
def test_known_hosts_are_answered_with_and_without_a_port(port: int, host: str) -> None:
    for name in (host, f"{host}:{port}", f"{host}:80"):
        assert ask(port, "/", f"Host: {name}")[0] == 200
        found = ask(port, "/_stcore/stream", f"Host: {name}", f"Origin: http://{name}", upgrade=True)
        assert found[0] == 101


def test_a_websocket_of_a_foreign_host_is_refused_though_its_origin_is_the_same(port: int) -> None:
    headers = f"Host: evil.example:{port}", f"Origin: http://evil.example:{port}"
    status, answer = ask(port, "/_stcore/stream", *headers, upgrade=True)
    assert status == 403
    assert "SAELECT_HOSTS" in answer
    assert ask(port, "/_stcore/stream", headers[0], upgrade=True)[0] == 403, "nor without an Origin"


def test_a_websocket_of_a_foreign_origin_is_refused(port: int) -> None:
    headers = f"Host: 127.0.0.1:{port}", "Origin: http://evil.example"
    assert ask(port, "/_stcore/stream", *headers, upgrade=True)[0] == 403


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:8501", "localhost"), ("[::1]:8501", "[::1]"), ("[::1]", "[::1]"), ("Lab.Example", "lab.example"),
        ("127.0.0.1:evil", "127.0.0.1:evil"), ("127.0.0.1:²", "127.0.0.1:²"), ("", ""), ("a:1:2", "a:1"),
    ],
)  # fmt: skip
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    assert hostname(host) == name
