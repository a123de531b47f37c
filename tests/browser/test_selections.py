"""A selection is saved, the request changed, the two compared, and the saved one loaded again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from core.workspace.log import Workspace
from tests.browser.chromium import open_page, settle
from tests.browser.steps import metric, set_budget, state_line

pytestmark = pytest.mark.browser


def test_save_change_compare_load(page: Page, address: str, workspace: Workspace) -> None:
    open_page(page, f"{address}/selections?budget=9&scope=response")
    before = state_line(page)
    page.get_by_label("Keep the present selection under a name").fill("the <first>")
    page.get_by_label("Keep the present selection under a name").press("Enter")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("They keep the same samples.")).to_be_visible(timeout=30_000)
    assert list(workspace.state().selections) == ["the <first>"]

    set_budget(page, 14)
    assert metric(page, "Samples") == "9 → 14"
    expect(page.get_by_role("heading", name="Gained:")).to_be_visible()
    open_page(page, page.url)
    assert metric(page, "Samples") == "9 → 14", "the address has it"

    frame = page.get_by_test_id("stDataFrame").first
    frame.locator(".dvn-scroller").click(position={"x": 200, "y": 50})  # anywhere in the first row
    load = page.get_by_role("link", name="Load “the <first>”")
    expect(load).to_be_visible(timeout=30_000)
    load.click()
    expect(page.get_by_test_id("state-line")).to_have_text(before, timeout=30_000)
    settle(page)
    workspace.delete_selection("the <first>")
