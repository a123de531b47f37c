"""A real demo store (SmolLM2, the shipped SAE, real conversations) and a browser looking at it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import PROJECT, chromium, dashboard

SAMPLES = 120


@pytest.fixture(scope="session")
def demo_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds the demo's store, extracted by the command that `make demo` runs.

    The converted model is kept in the project's own cache, where the demo looks for it too.
    """
    cache = tmp_path_factory.mktemp("cache")
    models = PROJECT / "cache" / "models"
    models.mkdir(parents=True, exist_ok=True)
    (cache / "models").symlink_to(models, target_is_directory=True)
    command = [sys.executable, "-m", "core", "demo", "--samples", str(SAMPLES)]
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, "SAELECT_CACHE": str(cache)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return cache


@pytest.fixture
def cache(demo_cache: Path, tmp_path: Path) -> Path:
    """The demo's store with no decisions taken yet."""
    for item in demo_cache.iterdir():
        if item.is_file() and item.suffix == ".duckdb":
            shutil.copy(item, tmp_path / item.name)
    return tmp_path


@pytest.fixture
def address(cache: Path) -> Iterator[str]:
    """The dashboard's address."""
    with dashboard(cache) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page; a test fails if the page asks for anything outside this machine."""
    context = browser.new_context(viewport={"width": 1440, "height": 1100}, accept_downloads=True)
    requests: list[str] = []
    found = context.new_page()
    found.on("request", lambda request: requests.append(request.url))
    yield found
    context.close()
    outside = [url for url in requests if not url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))]
    assert not outside, outside
