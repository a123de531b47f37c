"""Every page for people with a screen reader, a keyboard or weak eyes: axe-core, the Tab key, Escape, words for charts."""

from __future__ import annotations

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
