"""What a newcomer does: open, move the slider, ask why, veto, undo, export."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from core.schema import LENSES, SelectionSpec
from core.scoring.columns import score_folder
from core.selection.registry import METHODS
from core.session.session import open_session, workspace_of
from core.store.meta import list_stores
from tests.browser.chromium import dashboard, open_page, settle
from tests.browser.conftest import SAMPLES
from tests.browser.screenshots import OF_A_STORE
from tests.browser.steps import figures, go, metric, set_budget, set_theta, state_line

pytestmark = pytest.mark.browser
LACKING = {
    "quality": "quality goes by a score, and there is none yet",
    "qdit": "qdit goes by a score, and there is none yet",
    "deita": "deita goes by a score, and there is none yet",
    "kmq": "kmq goes by a score, and there is none yet",
    "kmq-iterative": "kmq-iterative goes by a run of refinement",
    "hybrid": "hybrid goes by a run of refinement",
    "reference-guided": "reference-guided goes by examples",
    "nearest": "nearest goes by examples",
    "jaccard": "jaccard goes by examples",
}
LENS = "topics"  # which the dashboard begins with


def test_walk(page: Page, address: str, cache: Path, tmp_path: Path) -> None:
    session = open_session(list_stores(cache)[0])
    theta = session.default_theta("all", LENS)[0]
    before = session.order(SelectionSpec("sae-greedy", SAMPLES, theta=theta, lens=LENS)).prefix(8)

    open_page(page, f"{address}/budget")
    assert f"12 of {SAMPLES} samples" in state_line(page)
    set_budget(page, 8)
    assert metric(page, "Picks") == "8"
    assert metric(page, "Topics covered") == f"{before.covered_after[-1]:,}"

    go(page, "Why")
    assert f"8 of {SAMPLES} samples" in state_line(page), "the budget goes along to the next page"
    assert page.get_by_test_id("why-status").inner_text() == f"Row {before.rows[0]} is kept."
    assert metric(page, "Marginal gain") == f"{before.gains[0]:,.0f}"

    veto = page.get_by_role("button", name=re.compile("Ignore topic"))
    feature = int(re.search(r"\d+", veto.inner_text()).group())
    veto.click()
    expect(page.get_by_test_id("state-line")).to_contain_text("1 vetoed", timeout=30_000)
    settle(page)
    spec = SelectionSpec("sae-greedy", SAMPLES, theta=theta, lens=LENS, vetoes={feature: "ignore"})
    after = session.order(spec).prefix(8)
    assert after.rows.tolist() != before.rows.tolist() or after.gains.tolist() != before.gains.tolist()
    go(page, "Budget")
    assert metric(page, "Topics covered") == f"{after.covered_after[-1]:,}"

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_test_id("state-line")).not_to_contain_text("vetoed", timeout=30_000)
    settle(page)
    assert metric(page, "Topics covered") == f"{before.covered_after[-1]:,}"

    go(page, "Export")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Curated file").click()
    target = tmp_path / "curated.jsonl"
    waiting.value.save_as(target)
    records = [json.loads(line) for line in target.read_text().splitlines()]
    assert records == [s.raw for s in session.store.samples(sorted(before.rows))]


def test_an_address_shows_the_same_in_a_fresh_browser(page: Page, address: str, browser: Browser) -> None:
    for lens in LENSES:
        open_page(page, f"{address}/budget?lens={lens}&budget=9")
        set_theta(page, "0.321")
        shown = figures(page)
        fresh = browser.new_page()
        open_page(fresh, page.url)
        assert figures(fresh) == shown
        assert f"{lens} of whole samples" in shown[0] and len(shown) == 5
        fresh.context.close()


def test_block_veto_changes_the_picks(page: Page, address: str, cache: Path) -> None:
    session = open_session(list_stores(cache)[0])
    theta = session.default_theta("all", LENS)[0]
    first = int(session.order(SelectionSpec("sae-greedy", SAMPLES, theta=theta, lens=LENS)).rows[0])
    feature = int(session.matrix("all", theta, LENS).row(first)[0])

    open_page(page, f"{address}/features?feature={feature}")
    assert page.get_by_text(f"Topic {feature} ·").is_visible()
    page.get_by_role("radio", name="Exclude its samples").click()
    expect(page.get_by_test_id("state-line")).to_contain_text("1 vetoed", timeout=30_000)
    open_page(page, f"{address}/why?row={first}")
    assert page.get_by_test_id("why-status").inner_text() == f"Row {first} is left out."
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_test_id("why-status")).to_have_text(f"Row {first} is kept.", timeout=30_000)


def test_pages_draw_without_an_error_and_their_urls_reproduce_them(page: Page, address: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for name in OF_A_STORE:
        open_page(page, f"{address}/{'' if name == 'overview' else name}?budget=7&method=longest-response")
        assert f"longest-response · 7 of {SAMPLES} samples" in state_line(page), name
        assert page.get_by_test_id("stException").count() == 0, name
        few = name in ("map", "compare", "features", "concepts", "search", "decisions", "refinement", "proof")
        few = few or name in ("selections", "health", "missing", "teach")  # which have figures once something is there
        if not few:  # those of the study of length are computed beside the page
            expect(page.get_by_test_id("stMetric").nth(2)).to_be_visible(timeout=60_000)
        assert not errors, name


def test_every_method_draws_or_says_what_it_lacks(page: Page, address: str) -> None:
    for method in METHODS:
        open_page(page, f"{address}/budget?method={method}&budget=9")
        assert page.get_by_test_id("stException").count() == 0, method
        if method in LACKING:
            assert LACKING[method] in page.get_by_test_id("stAlert").inner_text(), method
            assert f"sae-greedy · 9 of {SAMPLES} samples" in state_line(page), "the page stays"
        else:
            assert f"{method} · 9 of {SAMPLES} samples" in state_line(page), method
            assert metric(page, "Picks") == "9", method


def test_samples_without_a_score_are_banned_with_a_click(
    page: Page, demo_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    session = open_session(Path(shutil.copy(demo_store, tmp_path)))
    score_folder(session.store).mkdir(parents=True)
    column = np.linspace(0.1, 1, SAMPLES)
    column[[3, 8]] = np.nan
    np.save(score_folder(session.store) / "ifd.npy", column)
    with dashboard(tmp_path) as address:
        open_page(page, f"{address}/budget?method=quality&budget=9")
        assert "cannot be used for 2 samples: row 3 has nan" in page.get_by_test_id("stAlert").inner_text()
        page.get_by_role("button", name="Ban these 2 samples").click()
        line = page.get_by_test_id("state-line").filter(has_text=f"quality · 9 of {SAMPLES} samples")
        line.wait_for(timeout=30_000)  # the line of the page before stands a while
        assert workspace_of(session.store).state().bans == (3, 8)


def test_options_tokens_preview_and_stability(page: Page, address: str) -> None:
    open_page(page, f"{address}/budget?method=sae-simscale&unit=tokens&sae-simscale_against=nearest")
    assert "against = nearest" in state_line(page)
    assert metric(page, "Certificate").startswith("≥ ")
    open_page(page, f"{address}/features")
    page.get_by_test_id("stCheckbox").filter(has_text="What would change without it?").click()
    for name in ("Ignored", "With its samples excluded"):
        told = page.get_by_text(re.compile(f"^{name}: (.* would leave and |nothing changes: other )"))
        expect(told).to_be_visible(timeout=30_000)
    open_page(page, f"{address}/compare?budget=12")
    expect(page.get_by_text("With 12 samples sae-greedy covers")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("stay in every variation")).to_be_visible(timeout=60_000)


def test_the_table_of_r_comes_when_it_is_opened(page: Page, address: str) -> None:
    open_page(page, f"{address}/longest")
    tables = page.get_by_test_id("stMainBlockContainer").get_by_test_id("stDataFrame")
    assert tables.count() == 0
    page.get_by_text("Table: r by scope and by θ").click()
    expect(tables).to_have_count(2, timeout=30_000)
    settle(page)


def test_the_tab_is_in_the_url(page: Page, address: str) -> None:
    open_page(page, f"{address}/longest?section=Growth")
    assert page.get_by_role("tab", selected=True).inner_text() == "Growth"
    page.get_by_role("tab", name="Beyond length").click()
    expect(page).to_have_url(re.compile("section=Beyond"))
