"""Twenty browsers at once over 52,000 samples: python -m benchmarks.soak STORE.duckdb [--browsers N] [--minutes M]

For ten minutes each goes to pages, moves the budget, bans samples and takes bans back, at random by a seed. After every
round no page may show an exception, and one of them, opened anew by its address, must show the figures that
`python -m core select` gives for it. Prints what was done, what went wrong, and the server's memory over time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import numpy as np
import psutil
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

from app import PAGES
from benchmarks.pages import N
from benchmarks.repeated import repeated
from core.store.reader import open_store
from core.system.files import cache_dir
from tests.browser.chromium import chromium, dashboard, link_to, open_page, settle
from tests.browser.steps import metric

TITLES = [title for _, title, _ in PAGES if title != "Data"]
METHODS = ("sae-greedy", "sae-gain", "sae-simscale", "longest-response", "random")
PATIENCE = 20_000  # ms for a button: what another browser has banned already has none
LENSES, BUDGETS, SHARED = ("topics", "tokens"), (200, 5200), ("method", "lens", "theta", "unit")
FIGURES = (("Picks", "samples"), ("covered", "covered"), ("Tokens", "tokens"))  # on the page Budget; of the command


def visit(page: Page, rng: np.random.Generator) -> None:
    """Follow a link of the navigation."""
    link_to(page, str(rng.choice(TITLES))).click()


def move_budget(page: Page, rng: np.random.Generator) -> None:
    """Type another budget."""
    field = page.get_by_role("spinbutton", name=re.compile("^Budget")).first
    field.fill(str(rng.integers(*BUDGETS)))
    field.press("Enter")


def ban(page: Page, rng: np.random.Generator) -> None:
    """Ban the sample that the page Why shows."""
    link_to(page, "Why").click()
    settle(page)
    page.get_by_role("button", name="Ban", exact=True).first.click()


def undo(page: Page, rng: np.random.Generator) -> None:
    """Take back the latest decision, of whichever browser, where there is one."""
    button = page.get_by_role("button", name="Undo").first
    if button.is_enabled():
        button.click()


ACTS = {visit: 0.5, move_budget: 0.3, ban: 0.1, undo: 0.1}


def opened(browser: Browser, address: str, i: int) -> Page:
    """A page in a context of its own, on a method and a lens."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(PATIENCE)
    open_page(page, f"{address}/budget?method={METHODS[i % len(METHODS)]}&lens={LENSES[i % 2]}&budget={1000 + i}")
    return page


def in_round(pages: list[Page], rng: np.random.Generator, done: Counter[str]) -> None:
    """One act of each page, all of them before the first is waited for."""
    for page in pages:
        act = rng.choice(list(ACTS), p=list(ACTS.values()))
        try:
            act(page, rng)
            done[act.__name__] += 1
        except PlaywrightError as error:  # the others go on, and it is counted
            done[f"failed: {act.__name__}: {str(error).splitlines()[0]}"] += 1
    for page in pages:
        try:
            settle(page)
        except PlaywrightError:
            done[f"did not stand in time: {urlparse(page.url).path}"] += 1


def exceptions(pages: list[Page]) -> list[str]:
    """What pages show as exceptions."""
    return [text for page in pages for text in page.get_by_test_id("stException").all_inner_texts()]


def by_command(folder: Path, address: str) -> dict[str, float]:
    """What the command says of the selection that an address names; without a lens a page looks through topics."""
    query = {"lens": LENSES[0]} | {name: values[0] for name, values in parse_qs(urlparse(address).query).items()}
    asked = [word for name in SHARED if name in query for word in (f"--{name}", query[name])]
    command = ["select", "--store", query["store"], "--budget", query["budget"], *asked, "--json"]
    ran = subprocess.run(
        [sys.executable, "-m", "core", *command],
        env={**os.environ, "SAELECT_CACHE": str(folder)}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(ran.stdout)


def differs(page: Page, folder: Path) -> list[str]:
    """Figures of the page Budget, opened anew by its address, that the command does not give."""
    parts = urlparse(page.url)
    open_page(page, parts._replace(path="/budget").geturl())
    told = by_command(folder, page.url)
    shown = {name: int(metric(page, title).replace(",", "")) for title, name in FIGURES}
    return [f"{page.url}: {n} {shown[n]}, by command {told[n]}" for n in shown if shown[n] != told[n]]


def server() -> psutil.Process:
    """The dashboard's process."""
    return next(p for p in psutil.Process().children() if "run" in p.cmdline() and "app.py" in p.cmdline())


def main() -> None:
    """Go on for so many minutes, then print what came of it."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("store", type=Path)
    asked.add_argument("--browsers", type=int, default=20)
    asked.add_argument("--minutes", type=float, default=10)
    asked.add_argument("--samples", type=int, default=N)
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    store, rng, done = open_store(given.store), np.random.default_rng(given.seed), Counter[str]()
    folder = repeated(store, given.samples, cache_dir("soak") / f"{store.key}.duckdb").parent
    wrong: list[str] = []
    with dashboard(folder) as address, chromium() as browser:
        pages = [opened(browser, address, i) for i in range(given.browsers)]
        began, process = time.monotonic(), server()
        while (now := (time.monotonic() - began) / 60) < given.minutes:
            in_round(pages, rng, done)
            found = exceptions(pages) + differs(pages[rng.integers(len(pages))], folder)
            wrong += found
            done["compared with the command"] += 1
            print(f"{now:5.1f} min  {process.memory_info().rss / 1e9:.2f} GB  {len(found)} wrong", flush=True)
    print(", ".join(f"{name} {n}" for name, n in done.items()))
    print("\n".join(wrong) or "nothing went wrong")


if __name__ == "__main__":
    main()
