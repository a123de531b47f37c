"""A command started from its page in a browser: the form, what it costs, the job, and its result in place."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from core.features.shown_labels import labels_of
from core.jobs import jobs
from core.session.session import open_session, workspace_of
from core.store.meta import list_stores
from tests.browser.chromium import open_page, settle
from tests.endpoint import serving

pytestmark = pytest.mark.browser
LABEL = "what the judge called it"


def judge(messages: list[dict[str, str]], _nth: int) -> str:
    """A judge that has one label for all."""
    asked_to_test = "Label:" in messages[1]["content"]
    return json.dumps({"active": [1]} if asked_to_test else {"label": LABEL})


def test_labels_by_a_judge_come_to_the_page(page: Page, address: str, cache, monkeypatch) -> None:
    session = open_session(list_stores(cache)[0])
    known = labels_of(session.store, workspace_of(session.store).state(), "topics")
    common = session.raw_matrix("all", "topics").density().argsort()[::-1].tolist()
    topic = next(each for each in common if each not in known)  # a label written by hand would stay
    with serving(judge) as server:
        open_page(page, f"{address}/features?feature={topic}")
        page.get_by_text("Label topics by a model").click()
        for label, value in (("Model", "judge"), ("Base URL", server.url), ("Topics", str(topic))):
            box = page.get_by_test_id("stMain").get_by_role("textbox", name=re.compile(f"^{label}"))
            box.fill(value)
            box.press("Enter")
            settle(page)
        expect(page.get_by_text("2 requests with excerpts of the data to judge")).to_be_visible()
        assert "secret" not in page.get_by_test_id("stMain").inner_text()
        page.get_by_role("button", name="Start", exact=True).click()
        badge = page.get_by_test_id("stMain").get_by_text(re.compile(r"Finished$"))
        expect(badge).to_be_visible(timeout=180_000)
    settle(page)
    (job,) = jobs()
    assert job.command[:3] == ("label", "--store", session.store.key) and job.result.startswith("1 topic labelled")
    expect(page.get_by_role("heading", name=LABEL)).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Clear").click()
    expect(badge).to_have_count(0, timeout=30_000)
    assert not jobs()


def test_a_form_stays_as_it_was_left(page: Page, address: str) -> None:
    open_page(page, f"{address}/proof")
    seeds = page.get_by_role("spinbutton", name="Seeds")
    seeds.fill("2")
    seeds.press("Enter")
    settle(page)
    for cost in ("seconds", "samples"):  # each of which changes the address
        page.get_by_role("radio", name=cost, exact=True).click()
        settle(page)
        expect(seeds).to_have_value("2")
    for there in (0, 1):
        page.get_by_text("Start a proof").first.click()
        expect(seeds).to_have_count(there, timeout=30_000)


def test_what_an_address_asks_in_vain_is_told_until_something_is_chosen(page: Page, address: str) -> None:
    open_page(page, f"{address}/proof?example=nonsense")
    told = page.get_by_text("there is none of that name")
    expect(told).to_be_visible()
    expect(page.get_by_role("spinbutton", name="Seeds")).to_have_count(0)  # a link to an example leads to its results
    page.get_by_role("combobox", name="Proof").click()
    page.get_by_role("option", name="A skewed and dirty pool").click()
    expect(told).to_have_count(0, timeout=30_000)
