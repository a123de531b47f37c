"""The map as a person uses it: colours, a lasso that an address carries, a click that opens a sample."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from core.workspace.log import Workspace
from tests.browser.chromium import open_page, settle
from tests.browser.steps import drawn_map, go, lasso_map, lasso_told, undo_by_name

pytestmark = pytest.mark.browser


def test_colour_lasso_and_its_link(page: Page, address: str, browser: Browser) -> None:
    open_page(page, f"{address}/map")
    drawn_map(page, "Kept or left out")
    page.get_by_role("combobox", name="Colour by").click()
    page.get_by_role("option", name="A topic").click()
    topic = page.locator(".sample-map .legend .title")
    expect(topic).not_to_have_text("Kept or left out")
    drawn_map(page, topic.inner_text())
    inside = lasso_map(page)
    assert int(inside.split()[0]) > 5
    expect(page.get_by_role("button", name=re.compile("Pin$")).first).to_be_visible()
    page.locator(".st-key-map-list tbody tr").first.click()
    expect(page.locator(".sample")).to_be_visible(timeout=30_000)
    settle(page)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("button", name="Previous")).to_be_enabled(timeout=30_000)
    settle(page)
    assert lasso_told(page) == inside and page.get_by_test_id("stException").count() == 0
    expect(topic).not_to_have_text("Kept or left out")  # the colours stay
    fresh = browser.new_context().new_page()
    open_page(fresh, page.url)
    assert lasso_told(fresh) == inside
    expect(fresh.locator(".sample-map .legend .title")).to_have_text(topic.inner_text())
    fresh.context.close()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("samples in the lasso")).to_have_count(0, timeout=30_000)


POINT = "() => { const map = document.querySelector('.sample-map').map; return map.scatter.plot.getScreenPosition(7); }"


def test_a_card_under_the_pointer_and_a_click_that_opens_the_sample(page: Page, address: str) -> None:
    open_page(page, f"{address}/map")
    drawn_map(page, "Kept or left out")
    box, (x, y) = page.locator(".sample-map .plot").bounding_box(), page.evaluate(POINT)
    page.mouse.move(box["x"] + x - 30, box["y"] + y)
    page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
    card = page.locator(".sample-map .card")
    expect(card).to_contain_text(re.compile(r"row \d+ ·.*tokens"), timeout=30_000)
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(re.compile(r"[?&]row=\d+"), timeout=30_000)
    settle(page)
    row = re.search(r"[?&]row=(\d+)", page.url)[1]
    expect(card).to_contain_text(f"row {row}")
    expect(page.locator(".sample")).to_have_attribute("data-row", row)


def test_by_keyboard_and_without_sight(page: Page, address: str) -> None:
    open_page(page, f"{address}/map")
    drawn_map(page, "Kept or left out")
    page.locator(".sample-map[data-named]").wait_for(timeout=60_000)
    expect(page.locator(".sample-map .told")).to_contain_text("120 samples on the map, coloured by Kept or left out.")
    page.locator(".sample-map .plot").focus()
    for key in ("+", "ArrowLeft"):
        page.keyboard.press(key)
    page.wait_for_function(
        "() => { const [x0, x1] = document.querySelector('.sample-map').map.scatter.view();"
        " return Math.abs(x1 - x0 - 4 / 3) < 0.01 && Math.abs((x0 + x1) / 2 + 0.2 * 4 / 3) < 0.01; }"
    )
    page.keyboard.press("Enter")
    assert int(lasso_told(page).split()[0]) < 120


def test_through_another_lens_a_map_leaves_nothing_of_itself(page: Page, address: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    open_page(page, f"{address}/map")
    drawn_map(page, "Kept or left out")
    canvases = page.locator(".sample-map canvas")
    expect(canvases).to_have_count(3)
    page.get_by_role("button", name="Lasso").click()
    page.locator(".st-key-bar").get_by_role("radio", name="tokens").click()
    page.wait_for_function("() => document.querySelector('.sample-map').map.key.endsWith(' tokens')", timeout=60_000)
    drawn_map(page, "Kept or left out")
    expect(canvases).to_have_count(3)
    expect(page.get_by_role("button", name="Move", exact=True)).to_have_attribute("aria-pressed", "true")
    page.locator(".sample-map .plot").focus()
    page.keyboard.press("+")
    page.wait_for_function(
        "() => { const [x0, x1] = document.querySelector('.sample-map').map.scatter.view(); return x1 - x0 < 1.5; }"
    )
    assert not errors


def test_a_map_still_takes_colours_after_a_line_above_it_has_gone(
    page: Page, address: str, workspace: Workspace
) -> None:
    open_page(page, f"{address}/search?find=python")
    page.keyboard.press("b")
    expect(page.locator(".st-key-latest-change-line")).to_be_visible(timeout=30_000)
    settle(page)
    go(page, "Map")
    drawn_map(page, "Kept or left out")
    box = page.locator(".sample-map .plot").bounding_box()
    lasso_map(page)
    map_before = page.evaluate_handle("document.querySelector('.sample-map').map")
    page.locator(".st-key-close-moved button").first.click()
    expect(page.locator(".st-key-latest-change-line")).to_have_count(0, timeout=30_000)
    settle(page)
    assert page.evaluate("map => map === document.querySelector('.sample-map').map", map_before)  # nothing is made anew
    expect(page.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "true")
    assert page.locator(".sample-map .plot").bounding_box()["width"] < box["width"]
    page.get_by_role("combobox", name="Colour by").click()
    page.get_by_role("option", name="Length of the response").click()
    drawn_map(page, "Length of the response")
    undo_by_name(page, workspace, workspace.state().next_undo)


def test_keys_open_the_first_sample_of_a_lasso(page: Page, address: str) -> None:
    open_page(page, f"{address}/map")
    drawn_map(page, "Kept or left out")
    lasso_map(page)
    expect(page.locator(".sample-map .card")).to_be_hidden()
    page.keyboard.press("j")
    first = page.locator(".st-key-map-list tbody tr").first
    expect(page.locator(".sample")).to_have_attribute(
        "data-row", first.locator("td").first.inner_text(), timeout=30_000
    )
    settle(page)
    page.keyboard.press("j")
    expect(page.get_by_role("button", name="Previous")).to_be_enabled(timeout=30_000)
