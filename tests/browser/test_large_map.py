"""The map of more samples than a browser is sent: some as points, all in the shade, a lasso over all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.session.lasso import lasso_of
from core.session.sample_map import map_of
from core.session.session import open_session
from core.store.meta import list_stores
from tests.browser.chromium import dashboard, open_page, settle
from tests.browser.conftest import SAMPLES
from tests.browser.steps import drawn_map, lasso_map

pytestmark = pytest.mark.browser

FEW = "import core.session.map_view as view; view.ALL, view.SENT = 60, 40"
MAP = "document.querySelector('.sample-map').map"
SENT = f"() => [...{MAP}.scatter.rows]"
CLOSER = f"() => {MAP}.points.extent[1] - {MAP}.points.extent[0] < 1.5"
POINT = f"""() => {{ const {{ scatter }} = {MAP}, {{ width, height }} = scatter.box.getBoundingClientRect();
    const at = i => scatter.plot.getScreenPosition(i);
    const seen = i => at(i)[0] > 20 && at(i)[0] < width - 20 && at(i)[1] > 20 && at(i)[1] < height - 20;
    const i = [...scatter.rows.keys()].find(i => at(i) && seen(i));
    return i === undefined ? null : [scatter.rows[i], ...at(i)]; }}"""


def look_closer(page: Page, row: int) -> None:
    """Turn the wheel over the point of a row until a quarter of the map is in view."""
    x, y = page.evaluate(f"row => {MAP}.scatter.plot.getScreenPosition({MAP}.scatter.rows.indexOf(row))", row)
    box = page.locator(".sample-map .plot").bounding_box()
    page.mouse.move(box["x"] + x, box["y"] + y)
    for _ in range(40):
        if page.evaluate(f"() => {MAP}.scatter.view()[1] - {MAP}.scatter.view()[0] < 0.8"):
            return
        page.mouse.wheel(0, -100)
        page.wait_for_timeout(50)


@pytest.fixture(scope="module")
def address(cache: Path) -> Iterator[str]:
    """A dashboard that holds SAMPLES to be many."""
    with dashboard(cache, FEW) as found:
        yield found


def test_some_are_points_and_a_lasso_holds_all(page: Page, address: str, cache: Path) -> None:
    open_page(page, f"{address}/map")
    drawn_map(page, "Kept or left out")
    expect(page.locator(".sample-map .note")).to_contain_text(f"40 of {SAMPLES} samples")
    assert len(page.evaluate(SENT)) == 40
    told = lasso_map(page)
    session = open_session(list_stores(cache)[0])
    lasso = re.search(r"lasso=([-\d._]+)", page.url)[1]
    inside = map_of(session, session.store.lenses[0]).rows_in(lasso)
    assert len(lasso_of(lasso)) and int(told.split()[0]) == len(inside) > 20
    assert not set(inside.tolist()) <= set(page.evaluate(SENT))  # some in it are no points


def test_a_closer_look_brings_more_of_them_and_a_click_opens_one(page: Page, address: str, cache: Path) -> None:
    open_page(page, f"{address}/map")
    drawn_map(page, "Kept or left out")
    far = page.evaluate(SENT)
    session = open_session(list_stores(cache)[0])
    place = map_of(session, session.store.lenses[0]).place
    unsent = np.setdiff1d(np.arange(SAMPLES), far)
    near = [(np.abs(place[unsent] - place[row]).max(axis=1) < 0.2).sum() for row in far]
    look_closer(page, far[int(np.argmax(near))])
    page.wait_for_function(CLOSER, timeout=30_000)
    page.wait_for_function(f"far => [...{MAP}.scatter.rows].some(row => !far.includes(row))", arg=far, timeout=30_000)
    settle(page)
    row, x, y = page.wait_for_function(POINT, timeout=30_000).json_value()
    box = page.locator(".sample-map .plot").bounding_box()
    page.mouse.move(box["x"] + x - 30, box["y"] + y)
    page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
    card = page.locator(".sample-map .card")
    expect(card).to_contain_text(f"row {row} ·", timeout=30_000)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(re.compile(rf"[?&]row={row}\b"), timeout=30_000)
