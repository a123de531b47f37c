"""What a person does and reads in the dashboard."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from core.workspace.log import Workspace
from tests.browser.chromium import link_to, settle
from tests.browser.conftest import SAMPLES


def state_line(page: Page) -> str:
    """The line that says what is being looked at."""
    return page.get_by_test_id("state-line").inner_text()


def set_budget(page: Page, budget: int) -> None:
    """Type the budget."""
    field = page.get_by_role("spinbutton", name="Budget (samples)")
    field.fill(str(budget))
    field.press("Enter")
    expect(page.get_by_test_id("state-line")).to_contain_text(f"{budget} of {SAMPLES} samples", timeout=30_000)
    settle(page)


def set_theta(page: Page, theta: str) -> None:
    """Type another θ under Advanced, and close it."""
    page.get_by_role("button", name="Advanced").click()
    box = page.get_by_role("spinbutton", name="Threshold θ")
    box.fill(theta)
    box.press("Enter")
    expect(page.get_by_test_id("state-line")).to_contain_text(f"θ = {theta}", timeout=30_000)
    page.keyboard.press("Escape")
    settle(page)


def metric(page: Page, name: str) -> str:
    """The value of a figure."""
    found = page.get_by_test_id("stMetric").filter(has_text=name).first
    return found.get_by_test_id("stMetricValue").inner_text()


def figures(page: Page) -> list[str]:
    """What a page says of the selection: the state line, then every figure."""
    return [state_line(page), *page.get_by_test_id("stMetric").all_inner_texts()]


def would_move(page: Page) -> tuple[str, str] | None:
    """How many samples would leave and enter by the decision in the dialog; None where it says that none would."""
    dialog = page.get_by_role("dialog")
    dialog.locator(".st-key-take-decision").wait_for(timeout=30_000)  # which stands below the figures
    if dialog.get_by_text("The same samples would be kept.").count():
        return None
    leave, enter = (
        dialog.get_by_test_id("stMetric").filter(has_text=name).get_by_test_id("stMetricValue").inner_text()
        for name in ("Samples leave", "Samples enter")
    )
    return leave, enter


def take(page: Page) -> None:
    """Take the decision in the dialog."""
    dialog = page.get_by_role("dialog")
    dialog.locator(".st-key-take-decision button").click()
    expect(dialog).not_to_be_visible(timeout=30_000)
    settle(page)


def undo(page: Page, step: str) -> None:
    """Undo names the step, takes it back, and the page says so."""
    button = page.get_by_role("button", name="Undo")
    button.hover()
    expect(page.get_by_role("tooltip")).to_have_text(f"Undo: {step}")
    button.click()
    expect(page.locator(".st-key-latest-change-line")).to_contain_text(f"Undone: {step}. ", timeout=30_000)
    settle(page)


def click_on_the_curve(page: Page) -> int:
    """Set the budget by a click in the middle of the curve; the budget."""
    before = state_line(page)
    plot = page.locator(".st-key-budget-curve .nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    expect(page.locator(".st-key-budget-curve .hoverlayer")).to_contain_text("click sets the budget")
    page.mouse.click(*middle)
    expect(page.get_by_test_id("state-line")).not_to_have_text(before, timeout=30_000)
    settle(page)
    return kept(page)


def kept(page: Page) -> int:
    """How many samples are kept."""
    return int(re.search(r"([\d,]+) of", state_line(page)).group(1).replace(",", ""))


def go(page: Page, title: str) -> None:
    """Follow a link of the navigation."""
    link_to(page, title).click()
    expect(page.get_by_test_id("stHeading").first).to_contain_text(title, timeout=30_000)
    settle(page)


def drawn_map(page: Page, title: str) -> None:
    """Wait until the map is drawn in the colours of a title."""
    page.locator(f'.sample-map[data-drawn="{title}"]').wait_for(timeout=60_000)
    settle(page)


def lasso_map(page: Page) -> str:
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
    return lasso_told(page)


def lasso_told(page: Page) -> str:
    """What the page says of the samples in the lasso."""
    found = page.get_by_text(re.compile(r"samples in the lasso"))
    found.wait_for(timeout=30_000)
    settle(page)
    return found.inner_text()


def group_by(page: Page, by: str) -> None:
    """Choose what tells the groups of quotas apart in the section Steer, and wait until the form is that of it."""
    page.get_by_role("combobox", name="Groups by", exact=True).click()
    page.get_by_role("option", name=by, exact=True).click()
    expect(page).to_have_url(re.compile(f"steer-by={by}"), timeout=30_000)
    settle(page)


def look_and_take(page: Page) -> tuple[str, str] | None:
    """Ask in the section Steer what would change, and take it; what `would_move` says."""
    page.get_by_role("button", name="See what changes").first.click()  # a group of samples has its own below
    moved = would_move(page)
    take(page)
    return moved


def boost_topic(page: Page, topic: int) -> tuple[str, str] | None:
    """Boost a topic in the section Steer, by its number; how many samples left and entered."""
    page.get_by_role("radio", name="Boosts").click()
    settle(page)
    words = page.get_by_role("textbox", name="Words in the names of topics, or a number")
    words.fill(f"{topic}")
    words.press("Enter")
    settle(page)
    return look_and_take(page)


def undo_by_name(page: Page, workspace: Workspace, *steps: str) -> None:
    """Undo steps, the latest first, each of which is what Undo is for, and is told as undone."""
    for step in steps:
        assert workspace.state().next_undo == step
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".st-key-latest-change-line")).to_contain_text(f"Undone: {step}", timeout=30_000)
        settle(page)
