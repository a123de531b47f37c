"""From the list of checks to a decision and back: copies of which one stays, and personal data that nobody reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.session.session import open_session, workspace_of
from core.store.meta import list_stores
from core.store.reader import open_store
from core.studies.health import health
from core.workspace.log import Workspace
from tests.browser.chromium import dashboard, open_page, settle
from tests.browser.steps import take, undo, would_move
from tests.factories import alpaca, tiny_store

pytestmark = pytest.mark.browser
STORY = "Once upon a time a small fox lived in the deep wood by the river and slept under an old oak all day."
RECORDS = [
    {"instruction": "Tell me a story", "output": STORY},
    {"instruction": "Tell me a story now", "output": f"{STORY} It was happy there."},
    {"instruction": "Where does she live?", "output": "Write to anna.schmidt@web.de and ask."},
    *alpaca(9),
]
BUDGET = len(RECORDS)
SCROLLED = """() => document.querySelector('[data-testid="stMain"]').scrollTop"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small store with a near-copy and an address in it, checked already."""
    folder = tmp_path_factory.mktemp("health")
    config = {"model": "models/tiny", "sae": "saes/tiny", "hook_point": "layers.1", "dtype": "float32",
              "max_tokens": 64, "data": str(folder / "data.jsonl")}  # fmt: skip
    digests = {"model": "m", "sae": "s", "data": "d"}
    path = tiny_store(folder, RECORDS, [{i % 3, 3 + i} for i in range(len(RECORDS))], config=config, digests=digests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAELECT_CACHE", str(folder))
        health(open_store(path))
        yield folder


@pytest.fixture(scope="module")
def address(cache: Path) -> Iterator[str]:
    with dashboard(cache) as found:
        yield found


@pytest.fixture
def workspace(cache: Path) -> Workspace:
    return workspace_of(open_session(list_stores(cache)[0]).store)


def opened(page: Page, address: str, check: str) -> None:
    """Open a check from the list of all."""
    open_page(page, f"{address}/health?budget={BUDGET}")
    page.get_by_role("button", name=check).click(timeout=30_000)
    expect(page.get_by_role("heading", name=check)).to_be_visible(timeout=30_000)
    settle(page)


def decide(page: Page, button: str, leave: int) -> None:
    """Press the button of a decision, and take it after a look at how many kept samples would leave."""
    page.get_by_role("button", name=button).click()
    assert would_move(page) == (str(leave), "0")
    expect(page.get_by_role("dialog").get_by_role("button", name=button)).to_be_visible()
    take(page)


def test_of_near_copies_one_stays_and_back_goes_to_the_list(page: Page, address: str, workspace: Workspace) -> None:
    opened(page, address, "Near duplicates")
    expect(page).to_have_url(re.compile("check=near-duplicates"))
    page.get_by_role("button", name="Let row 0 stay instead").click()
    expect(page.get_by_text("Row 0 stays.")).to_be_visible(timeout=30_000)
    settle(page)
    decide(page, "Ban the 1 other", 1)
    assert workspace.state().ban_told(1) == "banned: near-copy of row 0, which stays"
    expect(page.get_by_text("Row 1 banned, a near-copy of row 0. 1 left, 0 entered.")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Of each group one is left.")).to_be_visible()
    expect(page.get_by_test_id("state-line")).to_contain_text(f"{BUDGET - 1} of {BUDGET} samples")
    undo(page, "row 1 banned, a near-copy of row 0")
    assert workspace.state().bans == ()
    page.go_back()
    expect(page.get_by_role("heading", name="Health")).to_be_visible(timeout=30_000)


def test_a_check_far_down_the_list_begins_at_the_top(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1000, "height": 400})
    open_page(page, f"{address}/health?budget={BUDGET}")
    check = page.get_by_role("button", name="Personal data")
    check.scroll_into_view_if_needed()
    assert page.evaluate(SCROLLED) > 0
    check.click()
    expect(page.get_by_role("heading", name="Personal data")).to_be_in_viewport(timeout=30_000)
    settle(page)
    assert page.evaluate(SCROLLED) == 0


def test_personal_data_is_masked_and_its_samples_are_excluded(page: Page, address: str, workspace: Workspace) -> None:
    opened(page, address, "Personal data")
    assert "a•••.•••••••@•••.••" in page.locator(".sample").inner_text()
    assert "schmidt" not in page.content()
    page.get_by_role("button", name=re.compile("Ban$")).first.click()
    expect(page.get_by_text("Row 2 banned: “personal data”. 1 left, 0 entered.")).to_be_visible(timeout=30_000)
    settle(page)
    assert workspace.state().bans == (2,)
    expect(page.get_by_test_id("state-line")).to_contain_text(f"{BUDGET - 1} of {BUDGET} samples")
    undo(page, "row 2 banned: “personal data”")
    assert workspace.state().bans == ()
