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
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
from playwright.sync_api import Page
from rich.console import Console
from rich.table import Table

from app import PAGES
from core.matrix.threshold import theta_table
from core.schema import FeatureMatrix
from core.store.reader import FeatureStore, open_store
from core.store.tables import SCHEMA_VERSION
from core.store.writer import StoreWriter
from core.system.files import cache_dir
from tests.browser.chromium import chromium, dashboard, link_to, open_page

N = 52_000
PLACE = """() => [...document.querySelectorAll('h1, [role="tab"][aria-selected="true"]')]
    .map(e => e.innerText).join()"""
DRAWN = """() => document.querySelector('[data-test-script-state="notRunning"]')
    && !document.querySelector('[data-stale="true"]') && !document.querySelector('[data-testid="stSkeleton"]')
    && [...document.querySelectorAll('[data-testid="stPlotlyChart"]')].every(c => c.querySelector('.main-svg'))
    && [...document.querySelectorAll('.sample-map')].every(map => map.dataset.drawn)
    && [...document.querySelectorAll('[role="tabpanel"]')].filter(p => p.checkVisibility())
        .every(p => p.querySelector('[data-testid="stElementContainer"]'))"""
WHOLE = """() => ![...document.querySelectorAll('[data-testid="stIconMaterial"]')]
    .some(icon => icon.innerText === 'hourglass_top')"""

COLOURINGS = ("Length of the response", "Order of the picks", "Kept or left out")


def repeated(store: FeatureStore, n: int) -> Path:
    """A store of `n` samples, those of `store` again and again; its path. Made once."""
    if store.version < SCHEMA_VERSION:
        raise SystemExit(f"{store.path.name} is of an earlier version: python -m core upgrade --store brings it up.")
    path, copies = cache_dir("benchmarks") / f"{store.key}.duckdb", -(-n // store.n_samples)
    if path.exists():
        return path
    writer = StoreWriter(path)
    for copy in range(writer.n_done // store.n_samples, copies if not writer.derived else 0):
        writer.append_store(store, f"copy {copy + 1}")
    for name in ("samples", "activations", "candidates") if not writer.derived else ():
        writer.db.execute(f"DELETE FROM {name} WHERE sample_id >= {n}")
    writer.derive()
    for name in ("directions", "logit_lens", "kinds"):
        writer.table(name, store.db.cursor().sql(f"FROM {name}").to_arrow_table())
    for lens in store.lenses:
        apart = np.random.default_rng(0).normal(0, 0.05, (2, n))  # the copies of a sample lie side by side
        place = zip("xy", store.projection(lens).values(), apart, strict=True)
        table = {axis: (np.tile(at, copies)[:n] + by).astype(np.float32) for axis, at, by in place}
        name = "topic_projection" if lens == "topics" else "projection"
        writer.table(name, pa.table({"sample_id": np.arange(n, dtype=np.int32), **table}))
    if "topics" in store.lenses:
        scopes, faces = store.meta["topics"]["thetas"], store.faces("topics")
        found = {scope: tiled(store.matrix(scope, lens="topics"), n) for scope in scopes}
        writer.write_topics(found, [faces.get(topic, "") for topic in range(store.size_of("topics"))])
    thetas = [asdict(row) for row in theta_table(tiled(store.matrix("all"), n))] if store.size_of("tokens") else None
    return writer.finish({**store.meta, "n_samples": n, "thetas": thetas})


def tiled(matrix: FeatureMatrix, n: int) -> FeatureMatrix:
    """The first `n` rows of a matrix repeated again and again."""
    copies = -(-n // matrix.n_samples)
    ends = np.concatenate([[0], np.cumsum(np.tile(matrix.counts, copies)[:n])])
    feature, value = (np.tile(column, copies)[: ends[-1]] for column in (matrix.feature, matrix.value))
    return FeatureMatrix(ends, feature, value, matrix.n_features)


def seconds(page: Page, act: Callable[[], None]) -> float:
    """From the act until another headline or tab is there and everything is drawn."""
    old = page.evaluate(PLACE)
    began = time.perf_counter()
    act()
    page.wait_for_function(f"old => ({PLACE})() !== old", arg=old, polling=5, timeout=120_000)
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
    big = repeated(open_store(path), N)
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
