"""Teach a concept from ten samples, look at what a ban would change, ban, and undo it by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.scoring.taught import all_of, forget
from core.session.search import Query, find
from core.session.session import open_session, workspace_of
from core.store.meta import list_stores
from tests.browser.chromium import open_page, settle

pytestmark = pytest.mark.browser


def test_a_concept_is_taught_by_ten_samples_banned_above_a_threshold_and_undone(
    page: Page, address: str, cache: Path
) -> None:
    path = list_stores(cache)[0]
    session = open_session(path)
    workspace, theta = workspace_of(session.store), session.default_theta("all", "tokens")[0]
    ten = find(session, session.matrix("all", theta), Query(text="code"))[:10].tolist()
    open_page(page, f"{address}/teach?lens=tokens&budget=20&examples=rows:{','.join(map(str, ten))}")
    page.get_by_role("textbox", name="What is it called?").fill("asks for code")
    page.get_by_role("textbox", name="What is it called?").press("Enter")
    page.get_by_role("button", name="Teach it").click()
    expect(page.get_by_text("Scores of all samples")).to_be_visible(timeout=120_000)
    page.wait_for_url("**taught=asks**", timeout=30_000)
    settle(page)
    taught = all_of(session.store)["asks for code"]
    assert taught.n_positive == 10
    expect(page.get_by_test_id("stMetric").filter(has_text="AUC by vectors")).to_contain_text("95 %")
    above = np.flatnonzero(open_session(path).info.scores[taught.column] >= 0.5)
    expect(page.get_by_text(f"{len(above)} samples at 0.50 or above")).to_be_visible()

    page.get_by_role("button", name="Never keep").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_test_id("stMetric").filter(has_text="Samples leave")).to_be_visible(timeout=30_000)
    dialog.get_by_role("button", name=f"Never keep: {len(above)} samples").click()
    expect(dialog).not_to_be_visible(timeout=30_000)
    settle(page)
    assert sorted(workspace.state().bans) == above.tolist()
    undo = page.get_by_role("button", name="Undo")
    undo.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("concept asks for code ≥ 0.50")
    undo.click()
    expect(undo).to_be_disabled(timeout=30_000)
    assert workspace.state().bans == ()
    forget(session.store, "asks for code")
