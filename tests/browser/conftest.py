"""A real demo store (SmolLM2, the shipped SAE, real conversations) and a browser looking at it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from core.session.session import open_session, workspace_of
from core.store.meta import list_stores
from core.workspace.log import Workspace
from tests.browser.chromium import PROJECT, chromium, dashboard
from tests.made_once import code, made_once

SAMPLES = 120


def extract_demo(cache: Path) -> None:
    """The command that `make demo` runs; the converted model is kept in the project's own cache."""
    models = PROJECT / "cache" / "models"
    models.mkdir(parents=True, exist_ok=True)
    (cache / "models").symlink_to(models, target_is_directory=True)
    command = [sys.executable, "-m", "core", "demo", "--samples", str(SAMPLES)]
    environment = {**os.environ, "SAELECT_CACHE": str(cache)}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def demo_store() -> Path:
    """The demo's store."""
    return list_stores(made_once("demo", extract_demo, [*code(), Path(__file__)]))[0]


@pytest.fixture(scope="module")
def cache(demo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache of this process and of its dashboard for a module's tests: the demo's store, no decisions yet."""
    folder = tmp_path_factory.mktemp("cache")
    shutil.copy(demo_store, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAELECT_CACHE", str(folder))
        yield folder


@pytest.fixture
def workspace(cache: Path) -> Workspace:
    """The decisions on the demo's store."""
    return workspace_of(open_session(list_stores(cache)[0]).store)


@pytest.fixture(scope="module")
def address(cache: Path) -> Iterator[str]:
    """The dashboard's address, the same for a module's tests: what a test decides it undoes."""
    with dashboard(cache) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """What a module's pages share: above all the dashboard's scripts, which are then read once."""
    found = browser.new_context(viewport={"width": 1440, "height": 1600}, accept_downloads=True)
    yield found
    found.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A fresh page; a test fails if the page asks for anything outside this machine."""
    requests: list[str] = []
    found = context.new_page()
    found.on("request", lambda request: requests.append(request.url))
    yield found
    found.close()
    outside = [url for url in requests if not url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))]
    assert not outside, outside
