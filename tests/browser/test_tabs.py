"""Two tabs on one store: the one that is behind says so, and its buttons do what they say."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from core.workspace.log import Workspace
from tests.browser.chromium import open_page, settle

pytestmark = pytest.mark.browser


def test_a_tab_that_is_behind_says_so_and_keeps_what_is_typed(
    page: Page, address: str, workspace: Workspace, browser: Browser
):
    other = browser.new_context().new_page()
    for tab in (page, other):
        open_page(tab, f"{address}/search")
    typed = other.get_by_role("textbox", name="Text in any turn")
    typed.press_sequentially("half a word")
    workspace.ban([3])
    try:
        for tab in (page, other):
            line = tab.locator(".st-key-made-elsewhere")
            expect(line).to_contain_text("Decisions were made elsewhere", timeout=30_000)
        assert typed.input_value() == "half a word"
        page.locator(".st-key-made-elsewhere").get_by_role("button", name="Show them").click()
        expect(page.get_by_role("link", name="1 decision")).to_be_visible(timeout=30_000)
        expect(page.locator(".st-key-made-elsewhere")).to_have_count(0)
        settle(page)
    finally:
        workspace.undo()
        other.context.close()
