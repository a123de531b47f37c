"""A store of a million samples on one machine: python -m benchmarks.million STORE.duckdb [--samples N] [PAGE …]

Made of the store's samples again and again, each with about 70 of its strongest token entries, drawn anew for each
copy, and its topics. Then, in headless Chromium: from the first request to the first figures, every page and its tabs
for the first time and again (as python -m benchmarks.pages), a step of the budget, and ten tabs opened at once; the
largest memory of the server; and the command that exports 100,000 records. Prints each figure beside its goal.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError
from rich.console import Console
from rich.table import Table

from app import PAGES
from benchmarks.pages import visits
from benchmarks.repeated import repeated
from core.store.reader import open_store
from core.system.files import cache_dir
from tests.browser.chromium import chromium, dashboard, settle

ENTRIES, EXPORTED = 70, 100_000  # token entries of a sample; records exported
TABS = ("", "budget", "coverage", "map", "search", "features", "why", "decisions", "compare", "export")
STEPS = 5  # of the budget
FIRST, AGAIN = 2.0, 1.0  # goals of a page, in seconds
FIGURE = "document.querySelectorAll('[data-testid=stMetricValue]')[0]?.innerText"

Row = tuple[str, float, float]  # what was measured, the goal, the figure; in seconds or GB


def opening(page: Page, address: str) -> float:
    """Seconds until a new server shows its first figures."""
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_function(f"() => {FIGURE}", timeout=600_000)
    took = time.perf_counter() - began
    settle(page)
    return took


def step(page: Page, address: str) -> float:
    """Seconds from a press on the budget's + until a figure has changed: the slowest of some."""
    page.goto(f"{address}/budget")
    settle(page)
    times = []
    for _ in range(STEPS):
        old = page.evaluate(FIGURE)
        began = time.perf_counter()
        page.get_by_test_id("stNumberInputStepUp").first.click()
        page.wait_for_function(f"old => {FIGURE} !== old", arg=old, polling=5, timeout=120_000)
        times.append(time.perf_counter() - began)
        settle(page)
    return max(times)


def at_once(browser: Browser, address: str) -> tuple[float, int]:
    """Seconds until ten tabs that are opened at once stand, and how many of them do not, or show an error."""
    tabs = [browser.new_context().new_page() for _ in TABS]
    began, errors = time.perf_counter(), 0
    for tab, name in zip(tabs, TABS, strict=True):
        tab.evaluate("address => { location.href = address }", f"{address}/{name}")  # waits for nobody
    for tab, name in zip(tabs, TABS, strict=True):
        try:
            tab.wait_for_function("() => document.querySelector('h1')", timeout=120_000)
            settle(tab)
            errors += tab.get_by_test_id("stException").count() > 0
        except PlaywrightError as error:
            print(f"tab {name}: {str(error).splitlines()[0]}", file=sys.stderr)
            errors += 1
    took = time.perf_counter() - began
    for tab in tabs:
        tab.context.close()
    return took, errors


def looked_at(folder: Path, names: list[str]) -> Iterator[Row]:
    """What a browser sees of the store in a folder."""
    with chromium() as browser:
        with dashboard(folder) as address:
            page = browser.new_page(viewport={"width": 1440, "height": 1100})
            page.set_default_timeout(120_000)
            yield "opening to the first figures", 10, opening(page, address)
            for name in names or [title for _, title, _ in PAGES if title != "Overview"]:
                yield from tried(name, lambda name=name: visits(page, name))
            yield "step of the budget", 0.5, step(page, address)
            took, errors = at_once(browser, address)
            yield f"ten tabs at once, which stand after {took:.1f} s: errors", 0, errors
        yield "largest memory of the server, GB", 6, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6


def tried(name: str, visit: Callable[[], Iterator[tuple[str, float, float]]]) -> Iterator[Row]:
    """The times of a page and its tabs; of one that does not stand in time, that it does not."""
    try:
        for place, first, again in visit():
            yield f"{place}, first", FIRST, first
            yield f"{place}, again", AGAIN, again
    except PlaywrightError as error:  # whatever a browser says, the other pages are measured
        print(f"{name}: {str(error).splitlines()[0]}", file=sys.stderr)
        yield f"{name}, first", FIRST, float("inf")


def exported(store: Path) -> float:
    """Seconds that the command takes which exports EXPORTED records by topics, and not why each other is left out."""
    out = store.parent / "exported.jsonl"
    command = [sys.executable, "-m", "core", "export", "--store", str(store), "--budget", str(EXPORTED), "--no-rejects"]
    began = time.perf_counter()
    subprocess.run(
        [*command, "--out", str(out), "--force"], check=True, env={**os.environ, "SAELECT_CACHE": str(store.parent)}
    )
    return time.perf_counter() - began


def main() -> None:
    """Make the store, look at it, print the table."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("store", type=Path)
    asked.add_argument("pages", nargs="*")
    asked.add_argument("--samples", type=int, default=1_000_000)
    given = asked.parse_args()
    store = open_store(given.store)
    began, path = time.perf_counter(), cache_dir("million") / f"{store.key}.duckdb"
    new = not path.exists()
    repeated(store, given.samples, path, ENTRIES)
    rows: list[Row] = [("making the store", 600, time.perf_counter() - began)] if new else []
    for row in looked_at(path.parent, given.pages):
        rows.append(row)
        print(f"{row[0]}: {row[2]:.2f}", file=sys.stderr, flush=True)  # what is measured is not lost with the rest
    rows.append((f"export of {EXPORTED:,} records", 20, exported(path)))
    table = Table("", "goal", "figure", "", title=f"seconds, {open_store(path).n_samples:,} samples")
    for what, goal, figure in rows:
        table.add_row(what, f"≤ {goal:g}", f"{figure:.2f}", "met" if figure <= goal else "not met")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
