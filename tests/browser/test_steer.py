"""Steering: a quota on a topic and a boost of another are looked at, taken, seen to hold, and undone by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.session.session import workspace_of
from core.store.meta import list_stores
from core.store.reader import open_store
from tests.browser.chromium import open_page, settle

pytestmark = pytest.mark.browser
SECONDS = 30_000


def look_and_take(page: Page, button: int = 0) -> tuple[str, str]:
    """Ask what would change, and take it; how many samples would leave and enter, none where nothing would."""
    page.get_by_role("button", name="See what changes").nth(button).click()
    dialog = page.get_by_role("dialog")
    take = dialog.locator(".st-key-take-decision button")
    take.wait_for(timeout=SECONDS)  # which stands below the figures
    figures = [*dialog.get_by_test_id("stMetricValue").all_inner_texts()[:2], "0", "0"]
    take.click()
    dialog.wait_for(state="hidden", timeout=SECONDS)
    settle(page)
    return figures[0], figures[1]


def test_a_quota_a_boost_what_left_and_entered_and_undo_by_name(page: Page, address: str, cache: Path) -> None:
    workspace = workspace_of(open_store(list_stores(cache)[0]))
    open_page(page, f"{address}/budget?budget=30&lens=topics&steer-by=topic")
    expect(page.get_by_role("heading", name="Steer")).to_be_visible()
    field = page.get_by_role("spinbutton", name="Amount")
    field.fill("3")
    field.press("Enter")
    settle(page)
    left, entered = look_and_take(page)
    (quota,) = workspace.state().quotas
    assert re.fullmatch(r"topic:\d+<=3%", quota)
    expect(page.locator(".st-key-latest-change-line")).to_contain_text(f"{left} left, {entered} entered")
    expect(page.get_by_text(re.compile(r"^Topic .*at most 3 %.*kept"))).to_be_visible()

    page.get_by_role("radio", name="Boosts").click()
    settle(page)
    topic = re.search(r"\d+", quota)[0]
    other = "1" if topic != "1" else "2"
    words = page.get_by_role("textbox", name="Words in the names of topics, or a number")
    words.fill(other)
    words.press("Enter")
    settle(page)
    look_and_take(page)
    assert workspace.state().of("topics").boosts == {int(other): 3.0}
    expect(page.get_by_text("Boosts that stand")).to_be_visible()

    for step in (f"boost ×3 on topic {other}", f"quota: topic {topic}: at most 3 %"):
        assert workspace.state().next_undo == step
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".st-key-latest-change-line")).to_contain_text(f"Undone: {step}", timeout=SECONDS)
        settle(page)
    assert not workspace.state().quotas and not workspace.state().of("topics").boosts
