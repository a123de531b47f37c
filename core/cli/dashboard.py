"""The command that opens the dashboard on a data file or a store."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import webbrowser
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from core.cli.console import tell
from core.errors import DataError, SaelectError
from core.system.files import PROJECT, store_at

HOST, FIRST, TRIED = "127.0.0.1", 8501, 100  # ports
PATIENCE = 120.0  # seconds that a dashboard may take to answer
LEAVING = 10.0  # and to end


def open(
    source: Annotated[str, typer.Argument(metavar="FILE_OR_STORE", help="A data file, or a store: its path or key.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Default: the first free one from 8501.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the address in a browser.")] = True,
) -> None:
    """Start the dashboard on a data file, to make a store of it, or on a store. Ctrl-C stops it; jobs go on.

    Example: python -m core open my.jsonl
    """
    page, cache = destination(source)
    signal.signal(signal.SIGTERM, interrupted)  # else the dashboard would outlive a command that is terminated
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.address", HOST, "--server.port", str(port)]
    environment = {**os.environ, "SAELECT_CACHE": str(cache)} if cache else None
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(process, port)
        address = f"http://{HOST}:{port}/{page}"
        print(address, flush=True)
        tell("The dashboard runs as long as this command: Ctrl-C stops it.")
        if browser:
            webbrowser.open(address)
        process.wait()
    except KeyboardInterrupt:
        tell("The dashboard is stopped.")
    finally:
        process.terminate()
        process.wait(LEAVING)


def interrupted(*_: object) -> None:
    """To be terminated is to be stopped."""
    raise KeyboardInterrupt


def destination(source: str) -> tuple[str, Path | None]:
    """The page for a file or a store, and the cache folder if it is that of a store elsewhere; raises SaelectError."""
    from core.store.reader import open_store

    store = store_at(source)
    if store.is_file() and (store.suffix == ".duckdb" or store.name != Path(source).name):
        open_store(store).close()
        return f"?{urlencode({'store': store.stem})}", store.parent.resolve()
    if not Path(source).exists():
        raise DataError(f"There is neither a file nor a store {source!r}: name one that is there.")
    return f"data?{urlencode({'data': Path(source).resolve()})}", None


def free_port() -> int:
    """The first port from 8501 up that nothing listens on; raises SaelectError if none of a hundred is free."""
    for port in range(FIRST, FIRST + TRIED):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)):
                return port
    raise SaelectError(f"No port from {FIRST} to {FIRST + TRIED - 1} is free: name one with --port.")


def wait_for(process: subprocess.Popen, port: int) -> None:
    """Wait until the dashboard answers; raises SaelectError if it does not."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://{HOST}:{port}/_stcore/health", timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SaelectError(f"The dashboard did not start on port {port}: another program may use it, choose with --port.")
