"""Every page for people with a screen reader, a keyboard or weak eyes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import app
from tests.browser.chromium import open_page

pytestmark = pytest.mark.browser
GRAVE = ("serious", "critical")
# Rule and selector of what Streamlit itself draws, and cannot be mended from here.
STREAMLIT = {
    ("duplicate-id-active", "[data-testid^='glide-cell']"): "the cells of two tables have the same ids",
    ("color-contrast", "details:not([open]) *"): "what is folded is not seen, but lies over what is below",
    ("color-contrast", ":has(> div input:disabled) *"): "a control that is switched off, which WCAG excepts",
}


def found(page: Page) -> list[str]:
    """The grave violations of a page: rule, element and what is wrong, without those of STREAMLIT."""
    violations: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
        if violation["impact"] in GRAVE and not excused(page, violation["id"], node["target"])
    ]


def excused(page: Page, rule: str, target: list[str]) -> bool:
    """Whether an element is one of STREAMLIT."""
    selectors = [selector for of, selector in STREAMLIT if of == rule]
    element = page.locator(target[-1]).first
    return any(element.evaluate("(e, s) => e.matches(s)", selector) for selector in selectors)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave_on_any_page(browser: Browser, address: str, scheme: Any) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1440, "height": 2400})
    page, wrong = context.new_page(), {}
    for name, *_ in app.PAGES:
        open_page(page, f"{address}/{'' if name == 'overview' else name}")
        if violations := found(page):
            wrong[name] = violations
    context.close()
    assert not wrong, wrong


# --- the keyboard

CONTROLS = "a[href], button, input, textarea, canvas[tabindex], [role=tab], [role=slider], [role=combobox]"
STEPS = 150  # presses of Tab that reach everything on a page
# Controls that Tab should reach: what is seen, switched on, and no member of a group in which arrow keys move, as they
# do for the steps of a number too.
REACHABLE = """(controls) => [...document.querySelectorAll(controls)].filter(e =>
    e.checkVisibility({opacityProperty: true, visibilityProperty: true}) && e.getBoundingClientRect().width > 1
    && !e.disabled && !e.closest('[aria-hidden=true], details:not([open]), .modebar, [data-testid=stElementToolbar]')
    && !e.closest('[role=tablist], [role=radiogroup], [role=menu], [data-testid^=stNumberInputStep]')
    && !(e.matches('button') && e.tabIndex < 0 && e.parentElement.querySelector('input')))
    .forEach((e, i) => e.dataset.control = i)"""
LEFT = (
    """() => [...document.querySelectorAll('[data-control]:not([data-reached])')].map(e => e.outerHTML.slice(0, 200))"""
)
# Notes that the focused element was reached, and whether it is ringed.
NOTE = """() => {
    let e = document.activeElement;
    if (!e || e.matches('body, main, noscript, [role=gridcell]')) return true;  // a table draws its cell's ring itself
    e.dataset.reached = 1;
    while (e.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
    return getComputedStyle(e).outlineStyle !== 'none';
}"""


@pytest.mark.parametrize("name", ["", "features", "export"])
def test_tab_reaches_every_control_and_shows_where_it_is(page: Page, address: str, name: str) -> None:
    open_page(page, f"{address}/{name}")
    page.evaluate(REACHABLE, CONTROLS)
    unseen = []
    for _ in range(STEPS):
        page.keyboard.press("Tab")
        if not page.evaluate(NOTE):
            unseen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
        if not page.evaluate(LEFT):
            break
    assert not page.evaluate(LEFT)
    assert not unseen


def test_escape_closes_a_dialog(page: Page, address: str) -> None:
    open_page(page, f"{address}/search?find=python")
    page.get_by_role("button", name=re.compile("Ban$")).first.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible(timeout=30_000)


def test_on_a_phone_the_list_of_pages_leaves_the_page_that_is_chosen(browser: Browser, address: str) -> None:
    page = browser.new_context(viewport={"width": 390, "height": 780}).new_page()
    open_page(page, f"{address}/overview")
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("link", name="Health").first.click()
    expect(page.get_by_role("heading", name="Health")).to_be_in_viewport(timeout=30_000)
    expect(page.get_by_test_id("stSidebarNavLink").first).not_to_be_in_viewport(timeout=30_000)
    page.context.close()


def test_a_chart_has_words(page: Page, address: str) -> None:
    open_page(page, f"{address}/budget")
    expect(page.get_by_text("Chart of topics covered against samples. ")).to_be_attached()
