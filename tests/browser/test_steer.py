"""Steering: quotas and a boost are looked at, taken, seen to hold, and undone by name."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.explain.leaks import Change
from core.schema import SelectionSpec
from core.session.decided import decided
from core.session.preview import effect
from core.session.session import Session, open_session, workspace_of
from core.store.meta import list_stores
from core.topics.language import language_name
from core.workspace.log import Workspace
from tests.browser.chromium import link_to, open_page, settle
from tests.browser.steps import boost_topic, group_by, look_and_take, undo_by_name

pytestmark = pytest.mark.browser
BUDGET = 20


def told(found: Change) -> tuple[str, str] | None:
    """What the dialog says of a change: how many samples leave and enter; None for the same samples."""
    moved = len(found.leaving), len(found.entering)
    return (f"{moved[0]:,}", f"{moved[1]:,}") if any(moved) else None


def test_a_quota_a_boost_what_left_and_entered_and_undo_by_name(page: Page, address: str, cache: Path) -> None:
    session = open_session(list_stores(cache)[0])
    workspace, theta = workspace_of(session.store), session.default_theta("all", "topics")[0]
    open_page(page, f"{address}/budget?budget=30&lens=topics&steer-by=topic")
    expect(page.get_by_role("heading", name="Steer")).to_be_visible()
    field = page.get_by_role("spinbutton", name="Amount")
    field.fill("3")
    field.press("Enter")
    settle(page)
    left, entered = look_and_take(page)
    spec = SelectionSpec(budget=30, theta=theta, lens="topics")
    bounded = decided(spec, workspace.state())
    assert (left, entered) == told(effect(session, spec, bounded))
    (quota,) = workspace.state().quotas
    assert re.fullmatch(r"topic:\d+<=3%", quota)
    expect(page.locator(".st-key-latest-change-line")).to_contain_text(f"{left} left, {entered} entered")
    expect(page.get_by_text(re.compile(r"^Strongest topic .*at most 3 %.*kept"))).to_be_visible()

    topic = int(re.search(r"\d+", quota)[0])
    other = 1 if topic != 1 else 2
    moved = boost_topic(page, other)
    assert moved == told(effect(session, bounded, decided(spec, workspace.state())))
    assert workspace.state().of("topics").boosts == {other: 3.0}
    expect(page.get_by_text("Boosts that stand")).to_be_visible()

    undo_by_name(page, workspace, f"boost ×3 on topic {other}", f"quota: strongest topic {topic}: at most 3 %")
    assert not workspace.state().quotas and not workspace.state().of("topics").boosts


def test_a_language_found_on_search_has_a_quota_on_steer(page: Page, address: str, cache: Path) -> None:
    session = open_session(list_stores(cache)[0])
    workspace, spoken = workspace_of(session.store), session.info.labels("language")
    codes, counts = np.unique(spoken, return_counts=True)
    code, count = next((str(code), int(n)) for code, n in zip(codes, counts, strict=True) if 1 < n < BUDGET)
    open_page(page, f"{address}/search?budget={BUDGET}&method=longest-response&lens=topics")
    page.get_by_role("combobox", name="Language").click()
    page.get_by_role("option", name=f"{language_name(code)} ({count})", exact=True).click()
    expect(page).to_have_url(re.compile(f"find_language={code}"), timeout=30_000)
    settle(page)
    assert page.locator(".st-key-search-list tbody tr").count() == count

    link_to(page, "Budget").click()
    expect(page.get_by_role("heading", name="Steer")).to_be_visible(timeout=30_000)
    settle(page)
    group_by(page, "language")
    page.get_by_role("combobox", name="Group", exact=True).click()
    page.get_by_role("option", name=language_name(code), exact=True).click()
    settle(page)
    page.get_by_role("radio", name="At least").click()
    page.get_by_role("radio", name="samples").click()
    settle(page)
    field = page.get_by_role("spinbutton", name="Amount")
    field.fill(f"{count}")
    field.press("Enter")
    settle(page)
    before = kept(session, workspace)
    left, entered = look_and_take(page)
    after = kept(session, workspace)
    assert workspace.state().quotas == (f"language:{code}>={count}",)
    assert (left, entered) == (f"{len(before - after)}", f"{len(after - before)}") != ("0", "0")
    assert after >= set(np.flatnonzero(spoken == code).tolist())
    undo_by_name(page, workspace, f"quota: {language_name(code)}: at least {count} samples")
    assert kept(session, workspace) == before


def kept(session: Session, workspace: Workspace) -> set[int]:
    """What is kept by the longest responses within the decisions that stand."""
    theta = session.default_theta("all", "topics")[0]
    spec = SelectionSpec("longest-response", BUDGET, theta=theta, lens="topics")
    return set(session.selection(decided(spec, workspace.state())).rows.tolist())
