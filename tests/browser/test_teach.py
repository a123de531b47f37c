"""Teach a concept from ten samples, look at what it would change, ban or cap by it, and undo that by name."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.schema import SelectionSpec
from core.scoring.taught import Taught, all_of, forget
from core.session.decided import decided
from core.session.preview import boosted, effect
from core.session.search import Query, find
from core.session.session import Session, open_session, workspace_of
from core.store.meta import list_stores
from core.workspace.log import Workspace
from tests.browser.chromium import open_page, settle
from tests.browser.steps import boost_topic, group_by, look_and_take, take, undo, undo_by_name, would_move

pytestmark = pytest.mark.browser
BUDGET, NAME = 60, "asks for code"
SET = f"concept {NAME} ≥ 0.50"  # what the set is called unless another name is typed


def test_a_concept_taught_by_ten_samples_is_banned_capped_and_undone_by_name(
    page: Page, address: str, cache: Path
) -> None:
    session = open_session(list_stores(cache)[0])
    workspace = workspace_of(session.store)
    taught = teach_by_ten(page, address, session)
    above = np.flatnonzero(open_session(session.store.path).info.scores[taught.column] >= 0.5).tolist()
    expect(page.get_by_text(f"{len(above)} samples at 0.50 or above")).to_be_visible()
    ban_and_undo(page, workspace, above)

    page.get_by_role("button", name="Save as a set").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(f"{len(above)} samples in the set “{SET}”.")).to_be_visible(timeout=30_000)
    settle(page)
    assert list(workspace.state().sets[SET]) == above
    cap_and_boost(page, session, workspace, set(above))
    forget(session.store, NAME)


def teach_by_ten(page: Page, address: str, session: Session) -> Taught:
    """Teach the concept by the first ten samples that say code."""
    theta = session.default_theta("all", "tokens")[0]
    ten = find(session, session.matrix("all", theta), Query(text="code"))[:10].tolist()
    rows = ",".join(map(str, ten))
    open_page(page, f"{address}/teach?lens=topics&budget={BUDGET}&examples=rows:{rows}")
    field = page.get_by_role("textbox", name="What is it called?")
    field.fill(NAME)
    field.press("Enter")
    page.get_by_role("button", name="Teach it").click()
    expect(page.get_by_text("Scores of all samples")).to_be_visible(timeout=120_000)
    page.wait_for_url("**taught=asks**", timeout=30_000)
    settle(page)
    taught = all_of(session.store)[NAME]
    assert taught.n_positive == 10
    expect(page.get_by_test_id("stMetric").filter(has_text="AUC by vectors")).to_contain_text("95 %")
    return taught


def ban_and_undo(page: Page, workspace: Workspace, above: list[int]) -> None:
    """Look at the ban of all that have the concept, take it, and undo it by its name."""
    page.get_by_role("button", name=re.compile("Ban$")).first.click()
    assert would_move(page) is not None
    expect(page.get_by_role("dialog").get_by_role("button", name=f"Ban: {len(above)} samples")).to_be_visible()
    take(page)
    assert sorted(workspace.state().bans) == above
    undo(page, f"{len(above)} rows banned: “{SET}”")
    assert workspace.state().bans == ()


def cap_and_boost(page: Page, session: Session, workspace: Workspace, above: set[int]) -> None:
    """Cap the set at a tenth, boost a topic, see what left and entered of each, and undo both by name."""
    page.get_by_role("link", name="Cap them").click()
    expect(page.get_by_role("heading", name="Steer")).to_be_visible(timeout=30_000)
    settle(page)
    group_by(page, "set")
    line = page.locator(".st-key-latest-change-line")
    free = asked(session, workspace)
    moved = look_and_take(page)  # 10 % at most, of the only set: what the form begins with
    capped = asked(session, workspace)
    assert workspace.state().quotas == (f"set:{SET}<=10%",)
    assert moved == left_and_entered(session, free, capped) != ("0", "0")
    expect(line).to_contain_text("{} left, {} entered".format(*moved), timeout=30_000)
    assert len(above.intersection(session.selection(capped).rows.tolist())) == BUDGET // 10

    topic = next(t for t in range(session.store.size_of("topics"))
                 if left_and_entered(session, capped, boosted(capped, [t], 3.0)) != ("0", "0"))  # fmt: skip
    moved = boost_topic(page, topic)
    assert workspace.state().of("topics").boosts == {topic: 3.0}
    assert moved == left_and_entered(session, capped, asked(session, workspace)) != ("0", "0")
    expect(line).to_contain_text("{} left, {} entered".format(*moved), timeout=30_000)

    undo_by_name(page, workspace, f"boost ×3 on topic {topic}", f"quota: set {SET}: at most 10 %")
    assert asked(session, workspace) == free


def asked(session: Session, workspace: Workspace) -> SelectionSpec:
    """The request within the decisions that stand."""
    theta = session.default_theta("all", "topics")[0]
    return decided(SelectionSpec(budget=BUDGET, theta=theta, lens="topics"), workspace.state())


def left_and_entered(session: Session, one: SelectionSpec, two: SelectionSpec) -> tuple[str, str]:
    """How many samples leave and enter from one request to another, by core."""
    found = effect(session, one, two)
    return f"{len(found.leaving)}", f"{len(found.entering)}"
