"""The budget by a click on the curve, by a share and by the slider; a method that lacks something leaves the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.schema import SelectionSpec
from core.session.session import open_session
from core.store.meta import list_stores
from tests.browser.chromium import open_page, settle
from tests.browser.conftest import SAMPLES
from tests.browser.steps import click_on_the_curve, set_budget, state_line

pytestmark = pytest.mark.browser


def test_a_click_on_the_curve_a_share_and_the_slider_set_the_budget(page: Page, address: str) -> None:
    open_page(page, f"{address}/budget?budget=9")
    budget = click_on_the_curve(page)
    assert SAMPLES / 3 < budget < 2 * SAMPLES / 3 and f"budget={budget}" in page.url
    page.get_by_role("button", name="%", exact=True).click()
    page.get_by_role("button", name="5%", exact=True).click()
    expect(page.get_by_test_id("state-line")).to_contain_text(f"{SAMPLES // 20} of {SAMPLES} samples", timeout=30_000)
    page.get_by_role("slider", name="By equal factors").press("ArrowRight")
    expect(page.get_by_test_id("state-line")).to_contain_text(f"{SAMPLES // 20 + 1} of {SAMPLES}", timeout=30_000)


def test_a_slider_that_was_closed_says_nothing_more(page: Page, address: str) -> None:
    """The browser went on telling of its step, which took the place of what was typed afterwards."""
    open_page(page, f"{address}/budget?budget=9")
    page.get_by_role("button", name="%", exact=True).click()
    page.get_by_role("slider", name="By equal factors").press("ArrowRight")
    expect(page.get_by_test_id("state-line")).to_contain_text(f"10 of {SAMPLES}", timeout=30_000)
    page.keyboard.press("Escape")
    set_budget(page, 7)
    page.get_by_role("radio", name="tokens").first.click()
    expect(page.get_by_test_id("state-line")).to_contain_text("tokens of", timeout=30_000)
    settle(page)
    assert f"7 of {SAMPLES} samples" in state_line(page)


def test_an_emptied_budget_is_the_last_one_again(page: Page, address: str) -> None:
    open_page(page, f"{address}/budget?budget=9")
    set_budget(page, 7)
    field = page.get_by_role("spinbutton", name="Budget (samples)")
    for leave in ("Enter", "Tab"):
        field.fill("")
        field.press(leave)
        expect(field).to_have_value("7")
    settle(page)
    assert f"7 of {SAMPLES} samples" in state_line(page)


def test_a_click_on_a_pick_opens_it_beside_the_list(page: Page, address: str, cache: Path) -> None:
    session = open_session(list_stores(cache)[0])
    theta = session.default_theta("all", "topics")[0]
    first, second = session.selection(SelectionSpec(budget=9, theta=theta, lens="topics")).rows[:2].tolist()
    open_page(page, f"{address}/budget?budget=9")
    expect(page.locator(".sample")).to_have_attribute("data-row", str(first))
    page.locator(".st-key-budget-list tbody tr").nth(1).click()
    expect(page.locator(".sample")).to_have_attribute("data-row", str(second), timeout=30_000)
    settle(page)
    assert f"row={second}" in page.url


def test_a_method_without_what_it_needs_leaves_the_page_and_the_dialog_leads_on(page: Page, address: str) -> None:
    open_page(page, f"{address}/budget?method=hybrid&budget=9")
    assert f"sae-greedy · 9 of {SAMPLES} samples" in state_line(page)
    assert page.get_by_role("link", name="Start a run of refinement").is_visible()
    page.get_by_role("button", name="All methods").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="kmq-iterative")).to_be_disabled(timeout=30_000)
    dialog.get_by_role("button", name="longest-prompt").click()
    expect(page.get_by_test_id("state-line").filter(has_text="longest-prompt")).to_be_visible(timeout=30_000)
    settle(page)
    set_budget(page, 7)
