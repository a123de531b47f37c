"""A curator from search to export: ban, undo, lasso, a set, its differences, a boost, the budget, a link, a file."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.workspace.log import Workspace
from tests.browser.chromium import open_page, settle
from tests.browser.steps import (
    click_on_the_curve,
    drawn_map,
    figures,
    go,
    kept,
    lasso_map,
    metric,
    set_budget,
    take,
    undo,
    would_move,
)

pytestmark = pytest.mark.browser
SECONDS = 30_000


def ban_the_hits(page: Page, workspace: Workspace) -> None:
    """Search, ban all that was found after a look at what would change, and take it back by its name."""
    go(page, "Search")
    page.get_by_label("Text in any turn").fill("advertis")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("Ban$")).first.click(timeout=SECONDS)
    left, entered = would_move(page)
    hits = int(re.search(r"Ban: (\d+) samples", page.get_by_role("dialog").inner_text()).group(1))
    take(page)
    line = page.locator(".st-key-latest-change-line")
    expect(line).to_contain_text(f"{hits} rows banned. {left} left, {entered} entered.", timeout=SECONDS)
    assert len(workspace.state().bans) == hits
    undo(page, f"{hits} rows banned")
    assert workspace.state().bans == ()


def lasso_a_set(page: Page, name: str) -> None:
    """Lasso an area of the map and keep its samples as a set."""
    go(page, "Map")
    drawn_map(page, "Kept or left out")
    lasso_map(page)
    page.get_by_role("button", name="Save as a set").click()
    field = page.get_by_role("combobox", name="Set", exact=True)
    field.fill(name)
    field.press("Enter")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text(f"in the set “{name}”")).to_be_visible(timeout=SECONDS)
    settle(page)


def boost_what_sets_it_apart(page: Page, name: str, workspace: Workspace) -> None:
    """The set against the rest; then its first topic weighs more."""
    go(page, "Differences")
    field = page.get_by_role("combobox", name="One group, or a score")
    field.fill(name)
    page.get_by_role("option", name=f"set: {name}", exact=True).click()
    expect(page.get_by_test_id("stMetric").filter(has_text="One group")).to_contain_text(name, timeout=SECONDS)
    settle(page)
    title = page.get_by_role("heading", name=re.compile(r"^Topic \d+:")).inner_text()
    topic = int(re.search(r"\d+", title).group())
    page.get_by_role("link", name=re.compile("feature|topic", re.IGNORECASE)).last.click()
    expect(page).to_have_url(re.compile(rf"/features\?.*feature={topic}\b"), timeout=SECONDS)
    settle(page)
    page.get_by_role("button", name="Boost").first.click()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_role("button", name="Weighs ×3")).to_be_visible(timeout=SECONDS)
    settle(page)
    assert workspace.state().of("topics").boosts == {topic: 3.0}


def save_and_compare(page: Page, budget: int) -> None:
    """Save the selection, save a larger one, and compare the two."""
    go(page, "Selections")
    for name, size in (("small", budget), ("large", budget + 10)):
        set_budget(page, size)
        page.get_by_label("Keep the present selection under a name").fill(name)
        page.get_by_label("Keep the present selection under a name").press("Enter")
        page.get_by_role("button", name="Save", exact=True).click()
        page.locator("td[id^=glide-cell]").filter(has_text=name).first.wait_for(state="attached", timeout=SECONDS)
        settle(page)
    for box, name in (("Compare", "small"), ("With", "large")):
        page.get_by_role("combobox", name=box, exact=True).click()
        page.get_by_role("option", name=name, exact=True).click()
        settle(page)
    assert metric(page, "Samples") == f"{budget} → {budget + 10}"


def test_a_curator_stays_from_search_to_export(
    page: Page, address: str, workspace: Workspace, browser: Browser, tmp_path: Path
) -> None:
    open_page(page, f"{address}/overview?budget=12")
    ban_the_hits(page, workspace)
    lasso_a_set(page, "corner")
    boost_what_sets_it_apart(page, "corner", workspace)
    go(page, "Budget")
    save_and_compare(page, click_on_the_curve(page))

    fresh = browser.new_context(viewport={"width": 1440, "height": 1600}).new_page()
    open_page(fresh, page.url)
    assert figures(fresh) == figures(page)
    fresh.context.close()

    go(page, "Export")
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name="Data set as a zip").click()
    download.value.save_as(tmp_path / "data.zip")
    with zipfile.ZipFile(tmp_path / "data.zip") as archive:
        (records,) = (archive.read(name).splitlines() for name in archive.namelist() if name.endswith("/train.jsonl"))
    assert 0 < len(records) == kept(page)
    assert all(json.loads(record) for record in records)
