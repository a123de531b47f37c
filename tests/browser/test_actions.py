"""Many samples decided on at once: search, look at what would change, ban, undo by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.schema import SelectionSpec
from core.session.preview import banned, effect
from core.session.search import Query, find
from core.session.session import open_session, workspace_of
from core.store.meta import list_stores
from tests.browser.chromium import open_page
from tests.browser.steps import state_line, take, undo, would_move

pytestmark = pytest.mark.browser
LENS = "topics"


def test_all_hits_of_a_search_are_banned_and_the_ban_is_undone(page: Page, address: str, cache: Path) -> None:
    session = open_session(list_stores(cache)[0])
    workspace, theta = workspace_of(session.store), session.default_theta("all", LENS)[0]
    spec = SelectionSpec(budget=12, theta=theta, lens=LENS)
    rows = find(session, session.matrix_of(spec), Query(text="python"))
    expected = effect(session, spec, banned(spec, rows))
    assert len(rows) > 2

    open_page(page, f"{address}/search?find=python")
    page.get_by_role("button", name=re.compile("Ban$")).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click(timeout=30_000)
    expect(page.get_by_role("dialog")).not_to_be_visible(timeout=30_000)
    assert workspace.state().bans == ()
    page.get_by_role("button", name=re.compile("Ban$")).first.click()
    assert would_move(page) == (str(len(expected.leaving)), str(len(expected.entering)))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name=f"Ban: {len(rows)} samples")).to_be_visible()
    take(page)
    assert sorted(workspace.state().bans) == rows.tolist()
    assert "12 of 120 samples" in state_line(page)
    told = f"{len(rows)} rows banned. {len(expected.leaving)} left, {len(expected.entering)} entered."
    expect(page.get_by_text(told).last).to_be_visible()
    page.get_by_role("button", name="Show them").click()
    expect(dialog).to_contain_text(f"Left: {len(expected.leaving)}", timeout=30_000)
    dialog.get_by_role("button", name="Close").click()

    undo(page, f"{len(rows)} rows banned")
    assert workspace.state().bans == ()
