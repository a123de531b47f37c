"""Start the dashboard and headless Chromium; shared by the tests and by the script that takes screenshots."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, sync_playwright

import app

PROJECT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


def executable() -> str:
    """The system's Chromium."""
    found = next(filter(None, map(shutil.which, NAMES)), None) or next((m for m in MAC if Path(m).exists()), None)
    if not found:
        raise RuntimeError("Chromium is not installed: run `sh tests/browser/chromium.sh`.")
    return found


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def dashboard(cache: Path, before: str = "") -> Iterator[str]:
    """The dashboard over the stores in `cache`; yields its address. before: Python that its process runs first."""
    port, log = free_port(), cache / "streamlit.log"
    serve = f"{before}\nimport sys; from streamlit.web.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", serve, "run", "app.py", "--server.port", str(port)]
    with log.open("w") as out:
        process = subprocess.Popen(
            command, cwd=PROJECT, stdout=out, stderr=out, env={**os.environ, "SAELECT_CACHE": str(cache)}
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)  # what it computes beside a page ends first


def wait_for(address: str, log: Path, seconds: float = 90) -> None:
    """Wait until the address answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"The dashboard did not start:\n{log.read_text()[-2000:]}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Headless Chromium that can reach nothing but this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def open_page(page: Page, address: str) -> None:
    """Go to a page and wait until Streamlit has drawn all of it."""
    page.goto(address)
    settle(page)


QUIET = """() => {
    if (!window.lastChange) {
        window.lastChange = performance.now();
        new MutationObserver(() => { window.lastChange = performance.now(); })
            .observe(document, {childList: true, subtree: true, characterData: true});
        const send = WebSocket.prototype.send;
        WebSocket.prototype.send = function (data) {
            if (!this.heard) this.addEventListener('message', () => { window.asked = 0; });
            this.heard = true;
            window.asked = performance.now();
            return send.call(this, data);
        };
    }
    const waits = window.asked && performance.now() - window.asked < 10000;  // a busy server has not begun yet
    const computed = !document.querySelector('[data-testid="stCaptionContainer"] [aria-label="hourglass_top icon"]')
        || document.querySelector('[role="dialog"]');  // which what comes meanwhile does not close
    return !waits && computed && document.querySelector('[data-test-script-state="notRunning"]')
        && !document.querySelector('[data-stale="true"]') && !document.querySelector('[data-testid="stSkeleton"]')
        && performance.now() - window.lastChange > 250;
}"""


def settle(page: Page) -> None:
    """Wait until what was asked has been answered, the script run has ended, what is computed beside the page is there,
    nothing is stale and nothing has changed for a quarter of a second."""
    page.get_by_test_id("stHeading").first.wait_for(timeout=90_000)
    page.wait_for_function(QUIET, timeout=90_000)


def link_to(page: Page, title: str) -> Locator:
    """The link to a page in its menu of the navigation, which is opened."""
    section = next(name for name, pages in app.SECTIONS.items() if any(title == of for _, of, _ in pages))
    page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
    return page.get_by_test_id("stTopNavDropdownLink").filter(has_text=re.compile(f"{title}$"))
