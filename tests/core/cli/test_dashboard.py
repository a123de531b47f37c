"""The command that opens the dashboard: on a file, on a store, and what it says of neither."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from core.cli.dashboard import FIRST, HOST, destination, free_port
from core.errors import DataError, SaelectError, StoreError
from core.system.files import PROJECT
from tests.factories import KEY, alpaca, tiny_store


@pytest.fixture
def store(tmp_path: Path, monkeypatch) -> Path:
    """A store in a cache of its own."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tiny_store(tmp_path / "cache", alpaca(3), [[1]] * 3, key=KEY)


def test_where_it_leads(store: Path, tmp_path: Path, monkeypatch) -> None:
    for named in (KEY, str(store)):
        assert destination(named) == (f"?store={KEY}", store.parent)
    monkeypatch.chdir(tmp_path)
    Path("my data.jsonl").write_text("{}")
    page, cache = destination("my data.jsonl")
    assert page.startswith("data?data=%2F") and page.endswith("my+data.jsonl") and cache is None


@pytest.mark.parametrize("name", ["none.jsonl", "0123456789abcdee", "none.duckdb"])
def test_what_is_not_there_is_said(store: Path, name: str) -> None:
    with pytest.raises(DataError, match=f"neither a file nor a store '{name}'"):
        destination(name)


def test_a_file_that_is_no_store_is_said(tmp_path: Path) -> None:
    (tmp_path / "no.duckdb").write_text("no")
    with pytest.raises(StoreError, match=r"no\.duckdb"):
        destination(str(tmp_path / "no.duckdb"))


def test_ports_in_use_are_passed_over(monkeypatch) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr("core.cli.dashboard.FIRST", port)
        assert free_port() != port
        monkeypatch.setattr("core.cli.dashboard.TRIED", 1)
        with pytest.raises(SaelectError, match=f"No port from {port} to {port} is free"):
            free_port()
    assert free_port() == port and FIRST == 8501


@pytest.mark.slow
def test_it_answers_until_it_is_stopped(store: Path) -> None:
    command = [sys.executable, "-m", "core", "open", KEY, "--no-browser", "--port", "0"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=dict(os.environ)) as process:  # fmt: skip
        address = process.stdout.readline().strip()
        assert address.startswith(f"http://{HOST}:") and address.endswith(f"/?store={KEY}"), process.stderr.read()
        with urllib.request.urlopen(address) as answer:
            assert answer.status == 200
        process.terminate()
        assert process.wait(30) == 0
        assert "The dashboard is stopped." in process.stderr.read()
    with pytest.raises(OSError, match=r".*"):
        urllib.request.urlopen(address, timeout=2)
