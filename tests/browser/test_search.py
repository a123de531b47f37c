"""Search as a person uses it: type, read the marked matches, narrow, sort, open a row, go on by keyboard, share it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core.schema import SelectionSpec
from core.session.search import Query, find
from core.session.session import open_session
from core.store.meta import list_stores
from core.workspace.log import Workspace
from tests.browser.chromium import open_page, settle

pytestmark = pytest.mark.browser
LENS, WORD = "topics", "python"


@pytest.fixture
def rows(cache: Path) -> list[int]:
    """The rows that hold the word, the one with the most tokens first."""
    session = open_session(list_stores(cache)[0])
    spec = SelectionSpec(budget=12, theta=session.default_theta("all", LENS)[0], lens=LENS)
    found = find(session, session.matrix_of(spec), Query(WORD)).tolist()
    assert len(found) > 2
    return sorted(found, key=lambda row: -session.info.tokens[row])


def lines(page: Page) -> Locator:
    """The rows of the list."""
    return page.locator(".st-key-search-list tbody tr")


def shown(page: Page, row: int) -> Locator:
    """The text of a row in the panel, once it is there."""
    text = page.locator(f".sample[data-row='{row}']")
    expect(text).to_be_visible(timeout=30_000)
    return text


def test_type_narrow_sort_and_open(page: Page, address: str, browser: Browser, rows: list[int]) -> None:
    open_page(page, f"{address}/search")
    page.get_by_label("Text in any turn").fill(WORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(f"^{len(rows)} of "))).to_be_visible(timeout=30_000)
    settle(page)
    assert lines(page).count() == len(rows)
    assert {mark.lower() for mark in lines(page).locator("mark").all_inner_texts()} == {WORD}

    heading = page.locator(".st-key-search-list").get_by_role("button", name="tokens")
    for sort in ("tokens", "-tokens"):
        heading.click()
        expect(page).to_have_url(re.compile(f"row-sort={sort}"), timeout=30_000)
        settle(page)
    assert [int(text.replace(",", "")) for text in lines(page).locator("td:first-child").all_inner_texts()] == rows

    lines(page).nth(1).locator("td").last.click()
    text = shown(page, rows[1])
    assert {mark.lower() for mark in text.locator("mark").all_inner_texts()} == {WORD}
    expect(text.locator("mark").first).to_be_in_viewport(timeout=30_000)
    assert f"row={rows[1]}" in page.url

    other = browser.new_context(viewport={"width": 1440, "height": 1600})
    fresh = other.new_page()
    open_page(fresh, page.url)
    assert shown(fresh, rows[1]).inner_text() == text.inner_text()
    assert lines(fresh).all_inner_texts() == lines(page).all_inner_texts()
    other.close()


def test_a_choice_narrows_by_what_it_says(page: Page, address: str) -> None:
    open_page(page, f"{address}/search?find={WORD}")
    page.get_by_role("combobox", name="Status").click()
    option = page.get_by_role("option", name=re.compile("left out"))
    n = int(re.search(r"\((\d+)\)", option.inner_text()).group(1))
    option.click()
    expect(page).to_have_url(re.compile("find_status=rejected"), timeout=30_000)
    settle(page)
    assert lines(page).count() == n


def test_keys(page: Page, address: str, workspace: Workspace, rows: list[int]) -> None:
    open_page(page, f"{address}/search?find={WORD}&row-sort=-tokens")
    shown(page, rows[0])
    page.keyboard.press("j")
    shown(page, rows[1])
    page.keyboard.press("j")
    shown(page, rows[2])
    page.keyboard.press("k")
    shown(page, rows[1])

    page.keyboard.press("b")
    expect(page.get_by_role("button", name="Lift the ban")).to_be_visible(timeout=30_000)
    settle(page)
    assert workspace.state().bans == (rows[1],)
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Unpin")).to_be_visible(timeout=30_000)
    settle(page)
    assert (workspace.state().pins, workspace.state().bans) == ((rows[1],), ())
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Unpin")).to_be_hidden(timeout=30_000)
    settle(page)
    assert workspace.state().pins == ()

    page.keyboard.press("?")
    expect(page.get_by_text("next, previous sample")).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")
    expect(page.get_by_text("next, previous sample")).to_be_hidden(timeout=30_000)
    page.keyboard.press("/")
    field = page.get_by_label("Text in any turn")
    expect(field).to_be_focused(timeout=30_000)
    page.keyboard.type("jkpb")
    assert field.input_value().endswith("jkpb")
    assert workspace.state().pins == workspace.state().bans == ()


def test_keys_come_faster_than_the_page_answers(
    page: Page, address: str, workspace: Workspace, rows: list[int]
) -> None:
    """None is lost, and each is for the sample that those before it have led to."""
    for pause in (150, 60):
        open_page(page, f"{address}/search?find={WORD}&row-sort=-tokens")
        shown(page, rows[0])
        for key in "bjbjkj":
            page.keyboard.press(key)
            page.wait_for_timeout(pause)
        shown(page, rows[2])
        settle(page)
        assert set(workspace.state().bans) == set(rows[:2])
        expect(page).to_have_url(re.compile(f"row={rows[2]}"))
        status = [line.split("\t")[1].strip() for line in lines(page).all_inner_texts()[:2]]
        assert status == ["banned", "banned"]
        workspace.unban(rows[:2])


def test_the_address_tells_the_sample_that_the_last_key_led_to(page: Page, address: str, rows: list[int]) -> None:
    """Also where that is where the browser's address stood when the key was sent: it was about to change."""
    open_page(page, f"{address}/search?find={WORD}&row-sort=-tokens&row={rows[0]}")
    shown(page, rows[0])
    for pause in (5, 15, 30, 45, 60, 90, 120):
        for key in "jk":
            page.keyboard.press(key)
            page.wait_for_timeout(pause)
        settle(page)
        shown(page, rows[0])
        expect(page).to_have_url(re.compile(f"row={rows[0]}(&|$)"))


def test_a_pinned_sample_is_called_so_and_the_line_on_it_stays_in_view(
    page: Page, address: str, workspace: Workspace, rows: list[int]
) -> None:
    page.set_viewport_size({"width": 1200, "height": 500})
    open_page(page, f"{address}/search?find={WORD}&row-sort=-tokens")
    shown(page, rows[0]).scroll_into_view_if_needed()
    page.keyboard.press("p")
    expect(lines(page).first).to_contain_text("pinned", timeout=30_000)
    expect(page.locator(".st-key-latest-change-line")).to_be_in_viewport()
    settle(page)
    workspace.unpin([rows[0]])


def test_escape_leaves_the_search_field_to_the_keys(page: Page, address: str, rows: list[int]) -> None:
    open_page(page, f"{address}/search?find={WORD}&row-sort=-tokens")
    shown(page, rows[0])
    page.keyboard.press("/")
    expect(page.get_by_label("Text in any turn")).to_be_focused(timeout=30_000)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    shown(page, rows[1])


@pytest.mark.parametrize("name", ["coverage", "budget"])  # the latter has a panel, far below
def test_help_and_search_have_their_keys_on_every_page(page: Page, address: str, name: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    open_page(page, f"{address}/{name}")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next, previous sample", timeout=30_000)
    expect(page.get_by_role("dialog").get_by_text("these keys")).to_be_in_viewport()
    settle(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=30_000)
    page.keyboard.press("/")
    expect(page.get_by_label("Text in any turn")).to_be_focused(timeout=30_000)
    expect(page).to_have_url(re.compile("/search"))
