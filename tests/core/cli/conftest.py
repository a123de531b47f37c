"""Commands as a person runs them: in this process, and in one of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.cli.app import main
from core.system.files import PROJECT


def process(*arguments: str, cache: Path) -> subprocess.CompletedProcess:
    """`python -m core …` as a user runs it."""
    environment = {**os.environ, "SAELECT_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "core", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)


@dataclass(frozen=True)
class Done:
    """What a command left: status, what it printed, what it said beside it."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path: Path, monkeypatch, capsys) -> Callable[..., Done]:
    """A command in this process, over a cache of its own."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        status = main(list(arguments))
        return Done(status, *capsys.readouterr())

    return run


@pytest.fixture
def machine(run, tiny_store_path: Path) -> Callable[..., Any]:
    """What a command on the store of 12 samples says in JSON."""

    def machine(*arguments: str) -> Any:
        done = run(*arguments, "--store", str(tiny_store_path), "--json")
        assert done.status == 0, done.err
        return json.loads(done.out)

    return machine


@pytest.fixture(scope="module")
def tiny_store_path(tiny, tmp_path_factory) -> Path:
    """A store of 12 samples that the command line made, in a process of its own."""
    sources = ("--data", *tiny.config.data, "--model", tiny.config.model, "--sae", tiny.config.sae)
    done = process("extract", *sources, "--dtype", "float32", "--limit", "12", cache=tmp_path_factory.mktemp("store"))
    assert done.returncode == 0, done.stderr
    assert "12 samples, " in done.stderr and "Traceback" not in done.stderr
    return Path(done.stdout.strip())
