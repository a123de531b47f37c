"""How long each page takes to stand over 52,000 samples: python -m benchmarks.pages STORE.duckdb [PAGE …]

The store's samples are taken again and again until there are 52,000, and looked at through topics where it has some.
In headless Chromium, on a dashboard that has the store open: from the click on the page's name until its script has
ended and its charts are drawn, for the first time and again, without what it computes later; then its tabs. Of the map
also how long a new colouring takes: from the click on its name until the points are drawn in it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Page
from rich.console import Console
from rich.table import Table

from app import PAGES
from benchmarks.repeated import repeated
from core.store.reader import open_store
from core.system.files import cache_dir
from tests.browser.chromium import chromium, dashboard, link_to, open_page

N = 52_000
PLACE = """() => [...document.querySelectorAll('h1, [role="tab"][aria-selected="true"]')]
    .map(e => e.textContent).join()"""  # innerText would have the browser lay out the page at every look
DRAWN = """() => document.querySelector('[data-test-script-state="notRunning"]')
    && !document.querySelector('[data-stale="true"]') && !document.querySelector('[data-testid="stSkeleton"]')
    && [...document.querySelectorAll('[data-testid="stPlotlyChart"]')].every(c => c.querySelector('.main-svg'))
    && [...document.querySelectorAll('.sample-map')].every(map => map.dataset.drawn)
    && [...document.querySelectorAll('[role="tabpanel"]')].filter(p => p.checkVisibility())
        .every(p => p.querySelector('[data-testid="stElementContainer"]'))"""
WHOLE = """() => ![...document.querySelectorAll('[data-testid="stCaptionContainer"]')]
    .some(caption => caption.textContent.startsWith('hourglass_top'))"""

COLOURINGS = ("Length of the response", "Order of the picks", "Kept or left out")


def seconds(page: Page, act: Callable[[], None]) -> float:
    """From the act until another headline or tab is there and everything is drawn."""
    old = page.evaluate(PLACE)
    began = time.perf_counter()
    act()
    page.wait_for_function(f"old => ![old, ''].includes(({PLACE})())", arg=old, polling=5, timeout=120_000)
    page.wait_for_function(DRAWN, polling=5, timeout=120_000)
    took = time.perf_counter() - began
    page.wait_for_function(f"() => ({WHOLE})() && ({DRAWN})()", timeout=120_000)  # what comes later is not counted
    return took


def visits(page: Page, name: str) -> Iterator[tuple[str, float, float]]:
    """(page or tab of it, seconds for the first time, seconds again)."""
    times: dict[str, list[float]] = {}
    for _ in range(2):
        times.setdefault(name, []).append(seconds(page, link_to(page, name).click))
        for tab in page.get_by_role("tab").all()[1:]:
            times.setdefault(f"{name}: {tab.inner_text()}", []).append(seconds(page, tab.click))
        seconds(page, link_to(page, "Overview").click)
    yield from ((place, *both) for place, both in times.items())


def recolourings(page: Page) -> Iterator[tuple[str, float, float]]:
    """(colouring of the map, seconds for the first time, seconds again)."""
    seconds(page, link_to(page, "Map").click)
    times: dict[str, list[float]] = {title: [] for title in COLOURINGS}
    for title in (*COLOURINGS, *COLOURINGS):
        page.get_by_role("combobox", name="Colour by").click()
        began = time.perf_counter()
        page.get_by_role("option", name=title, exact=True).click()
        page.locator(f'.sample-map[data-drawn="{title}"]').wait_for(timeout=120_000)
        times[title].append(time.perf_counter() - began)
        page.wait_for_function(DRAWN, polling=5, timeout=120_000)
    yield from ((f"Map: {title}", *both) for title, both in times.items())


def main(path: Path, names: list[str]) -> None:
    """Visit the pages and print the table."""
    store = open_store(path)
    big = repeated(store, N, cache_dir("benchmarks") / f"{store.key}.duckdb")
    table = Table("page", "first visit", "again", title=f"seconds, {open_store(big).n_samples:,} samples")
    with dashboard(big.parent) as address, chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 1100})
        open_page(page, address)
        for name in names or (title for _, title, _ in PAGES if title != "Overview"):
            for place, first, again in (*visits(page, name), *(recolourings(page) if name == "Map" else ())):
                table.add_row(place, f"{first:.2f}", f"{again:.2f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
