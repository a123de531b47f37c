"""The address: it shows the same on every page in a fresh browser, Back goes back one step, mistakes are told."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import app
from core.store.meta import list_stores
from tests.browser.chromium import link_to, open_page, settle
from tests.browser.conftest import SAMPLES
from tests.browser.screenshots import OF_A_STORE
from tests.browser.steps import figures, go, set_theta, state_line

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}


def choose_lens(page: Page, lens: str) -> None:
    """Look through another lens."""
    page.locator(".st-key-bar").get_by_text(lens, exact=True).first.click()
    expect(page.get_by_test_id("state-line")).to_contain_text(f"{lens} of whole samples", timeout=30_000)
    settle(page)


def choose_store(page: Page, key: str) -> None:
    """Take another data set, whose title ends with the first of its key."""
    page.get_by_role("combobox", name="Data set").click()
    page.get_by_role("option", name=re.compile(key[:4])).click()


def test_the_address_of_every_page_shows_the_same_in_a_fresh_browser(page: Page, address: str, browser: Browser):
    open_page(page, f"{address}/budget?budget=9")
    choose_lens(page, "tokens")
    set_theta(page, "0.321")
    query = page.url.partition("?")[2]
    assert "store=" in query and "theta=0.321" in query and "lens=tokens" in query
    titles = {name: title for name, title, _ in app.PAGES}
    fresh = browser.new_context()
    for name in OF_A_STORE:
        link_to(page, titles[name]).click()
        expect(page).to_have_title(f"{titles[name]} · SAElect", timeout=30_000)
        settle(page)
        other = fresh.new_page()
        open_page(other, page.url)
        assert figures(other) == figures(page), name
        assert f"9 of {SAMPLES} samples · θ = 0.321" in state_line(other), name
        other.close()
    fresh.close()


def test_another_data_set_goes_back_to_its_own_defaults(page: Page, address: str, cache: Path, browser: Browser):
    (first,) = list_stores(cache)
    second = Path(shutil.copy(first, first.with_stem("fedcba9876543210")))
    try:
        open_page(page, f"{address}/why?store={first.stem}&budget=9&lens=tokens&row=5")
        choose_store(page, second.stem)
        expect(page.get_by_test_id("state-line")).to_contain_text("topics of whole samples", timeout=30_000)
        settle(page)
        assert f"{SAMPLES // 10} of {SAMPLES} samples" in state_line(page)
        assert "row=" not in page.url and "lens=" not in page.url and f"store={second.stem}" in page.url
        fresh = browser.new_page()
        open_page(fresh, page.url)
        assert figures(fresh) == figures(page)
        fresh.context.close()
        page.go_back()
        expect(page.get_by_test_id("state-line")).to_contain_text(f"9 of {SAMPLES} samples", timeout=30_000)
        settle(page)
        assert "tokens of whole samples" in state_line(page) and first.stem in page.url
    finally:
        second.unlink()


def test_back_goes_back_one_step(page: Page, address: str):
    open_page(page, f"{address}/budget")
    first = state_line(page)
    choose_lens(page, "tokens")
    second = state_line(page)
    go(page, "Coverage")
    assert state_line(page) == second
    page.go_back()
    expect(page).to_have_title("Budget · SAElect", timeout=30_000)
    settle(page)
    assert state_line(page) == second
    page.go_back()
    expect(page.get_by_test_id("state-line")).to_have_text(first, timeout=30_000)
    page.go_forward()
    expect(page.get_by_test_id("state-line")).to_have_text(second, timeout=30_000)


def test_back_comes_to_what_was_searched_for(page: Page, address: str):
    open_page(page, f"{address}/search")
    page.get_by_label("Text in any turn").fill("python")
    page.keyboard.press("Enter")
    settle(page)
    before = page.evaluate("history.length")
    go(page, "Budget")
    assert page.evaluate("history.length") == before + 1
    page.go_back()
    expect(page).to_have_title("Search · SAElect", timeout=30_000)
    settle(page)
    assert "find=python" in page.url


def test_another_unit_stands_in_the_address_and_leads_back(page: Page, address: str, browser: Browser):
    open_page(page, f"{address}/budget?budget=7")
    first = state_line(page)
    for unit in ("tokens", "samples"):
        page.get_by_role("button", name="%", exact=True).click()
        page.get_by_test_id("stPopoverBody").get_by_role("radio", name=unit, exact=True).click()
        expect(page).to_have_url(
            re.compile("[?&]token_budget=" if unit == "tokens" else "[?&]budget=7"), timeout=10_000
        )
        settle(page)
        fresh = browser.new_page()
        open_page(fresh, page.url)
        assert state_line(fresh) == state_line(page)
        fresh.context.close()
        page.keyboard.press("Escape")
    assert state_line(page) == first


@pytest.mark.parametrize(("said", "used"), [("-5", 1), ("99999", SAMPLES), ("1e3", SAMPLES), ("7.5", 7)])
def test_a_budget_that_cannot_be_had(said: str, used: int, page: Page, address: str, browser: Browser):
    open_page(page, f"{address}/budget?budget={said}")
    expect(page.get_by_test_id("stAlert").filter(has_text=f"budget = {said}")).to_be_visible()
    assert f"{used} of {SAMPLES} samples" in state_line(page)
    expect(page).to_have_url(re.compile(rf"[?&]budget={used}(&|$)"), timeout=10_000)
    fresh = browser.new_page()
    open_page(fresh, page.url)
    assert state_line(fresh) == state_line(page)
    fresh.context.close()


def test_what_an_address_cannot_have_is_told(page: Page, address: str):
    open_page(page, f"{address}/budget?lens=colours&theta=much&seed=1&more=kept")
    told = page.get_by_test_id("stAlert").filter(has_text="lens = colours")
    expect(told).to_contain_text("lens = colours, but it must be topics or tokens: topics is used")
    expect(told).to_contain_text("theta = much, but it must be a number")
    assert "more=kept" in page.url
    open_page(page, f"{address}/why?row={SAMPLES}")
    told = page.get_by_test_id("stAlert").filter(has_text=f"row = {SAMPLES}")
    expect(told).to_contain_text(f"row = {SAMPLES}, but it must be from 0 to {SAMPLES - 1}")


def test_budget_and_lens_are_visible_on_a_phone(page: Page, address: str):
    page.set_viewport_size(PHONE)
    open_page(page, f"{address}/coverage")
    bar = page.locator(".st-key-bar")
    for found in (bar.get_by_text(re.compile(r"^Budget \(samples\)")).first, bar.get_by_text("topics").first):
        expect(found).to_be_visible()
        expect(found).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
