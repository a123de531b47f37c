"""The map as a person uses it: colours, a lasso that an address carries, a click that opens a sample."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import open_page, settle


def drawn(page: Page, title: str) -> None:
    """Wait until the map is drawn in the colours of a title."""
    page.locator(f'.sample-map[data-drawn="{title}"]').wait_for(timeout=60_000)
    settle(page)


def lasso(page: Page) -> str:
    """Draw a lasso around the left half of the map; what the page says of it."""
    page.get_by_role("button", name="Lasso").click()
    box = page.locator(".sample-map .plot").bounding_box()
    corners = [(0.02, 0.02), (0.5, 0.02), (0.5, 0.5), (0.5, 0.98), (0.02, 0.98)]
    x, y = [box["x"] + share * box["width"] for share, _ in corners], [box["y"] + s * box["height"] for _, s in corners]
    page.mouse.move(x[0], y[0])
    page.mouse.down()
    for corner in zip(x[1:], y[1:], strict=True):
        page.mouse.move(*corner)
    page.mouse.up()
    return told(page)


def told(page: Page) -> str:
    found = page.get_by_text(re.compile(r"samples in the lasso"))
    found.wait_for(timeout=30_000)
    settle(page)
    return found.inner_text()


def test_colour_lasso_and_its_link(page: Page, address: str, browser: Browser) -> None:
    open_page(page, f"{address}/map")
    drawn(page, "Kept or left out")
    page.get_by_role("combobox", name="Colour by").click()
    page.get_by_role("option", name="A topic").click()
    topic = page.locator(".sample-map .legend .title")
    expect(topic).not_to_have_text("Kept or left out")
    drawn(page, topic.inner_text())
    inside = lasso(page)
    assert int(inside.split()[0]) > 5
    expect(page.get_by_role("button", name="Always keep")).to_be_visible()
    expect(topic).not_to_have_text("Kept or left out")  # the colours stay
    fresh = browser.new_context().new_page()
    open_page(fresh, page.url)
    assert told(fresh) == inside
    expect(fresh.locator(".sample-map .legend .title")).to_have_text(topic.inner_text())
    fresh.context.close()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("samples in the lasso")).to_have_count(0, timeout=30_000)


POINT = "() => { const map = document.querySelector('.sample-map').map; return map.scatter.plot.getScreenPosition(7); }"


def test_a_card_under_the_pointer_and_a_click_that_opens_the_sample(page: Page, address: str) -> None:
    open_page(page, f"{address}/map")
    drawn(page, "Kept or left out")
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
    drawn(page, "Kept or left out")
    page.locator(".sample-map[data-named]").wait_for(timeout=60_000)
    expect(page.locator(".sample-map .told")).to_contain_text("120 samples on the map, coloured by Kept or left out.")
    page.locator(".sample-map .plot").focus()
    for key in ("+", "+", "ArrowLeft"):
        page.keyboard.press(key)
    page.wait_for_function(
        "() => { const [x0, x1] = document.querySelector('.sample-map').map.scatter.view();"
        " return x1 - x0 < 1 && x0 + x1 < 0; }"
    )
    page.keyboard.press("Enter")
    assert int(told(page).split()[0]) < 120
