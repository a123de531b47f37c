"""A dialog stands until a person closes it, also when what the page waits for comes meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import dashboard, settle

pytestmark = pytest.mark.browser

SLOW = """
import time
from pages.parts.later import WORKERS
submit = WORKERS.submit
def later(function, *of):
    time.sleep(6)
    return function(*of)
WORKERS.submit = lambda *of: submit(later, *of)
"""


def test_a_dialog_outlasts_what_is_computed_beside_the_page(page: Page, cache: Path) -> None:
    waits = page.get_by_text("Random samples are drawn").first
    with dashboard(cache, SLOW) as address:
        page.goto(f"{address}/budget")
        expect(waits).to_be_visible(timeout=60_000)
        page.get_by_role("button", name="All methods").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("sae-gain", timeout=30_000)
        page.wait_for_timeout(9_000)
        expect(dialog).to_contain_text("sae-gain")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(waits).to_have_count(0, timeout=30_000)
        settle(page)
