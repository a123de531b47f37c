"""What a person does and reads in the dashboard."""

from __future__ import annotations

from playwright.sync_api import Page, expect

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


def go(page: Page, title: str) -> None:
    """Follow a link of the navigation."""
    link_to(page, title).click()
    expect(page.get_by_test_id("stHeading").first).to_contain_text(title, timeout=30_000)
    settle(page)
