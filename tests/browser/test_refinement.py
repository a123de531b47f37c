"""The pages Refinement and Proof over made-up runs on the demo's store, with text that wants to be code in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from core.proof.results import results
from core.proof.view import mark, ranked, saving, sources, verdict
from core.refine.config import RefineConfig
from core.refine.runs import round_table
from core.refine.view import changes, command, drawn, movers, weights_over_rounds
from core.session.session import Session, open_session
from core.store.meta import list_stores
from core.studies.refinement_rivals import rivals
from core.system.shown import shown_path
from tests.browser.chromium import open_page, settle
from tests.browser.conftest import SAMPLES
from tests.browser.steps import metric
from tests.hostile import HOSTILE, MADE, UNSEEN
from tests.made_runs import unfinished, write_proof, write_refinement

pytestmark = pytest.mark.browser
ANSWERS = tuple(text.replace("\ud83d", "") for text in HOSTILE)  # half a character has no place in JSON


@pytest.fixture(scope="module")
def place(cache: Path, address: str) -> SimpleNamespace:
    """A dashboard over the demo's store and at first no run: address, session."""
    return SimpleNamespace(address=address, session=open_session(list_stores(cache)[0]))


@pytest.fixture(scope="module")
def runs(place: SimpleNamespace) -> SimpleNamespace:
    """A finished run, an unfinished one, and a proof."""
    session: Session = place.session
    config = RefineConfig(session.store.key, 3, 24, k="silhouette", theta=session.default_theta()[0])
    longest = session.store.meta["config"]["max_tokens"]
    begun = replace(unfinished(config), k=3, train=replace(config.train, seed=1, max_tokens=longest))
    return SimpleNamespace(
        begun=write_refinement(session, begun, ANSWERS, 2),
        finished=write_refinement(session, config, ANSWERS, 3),
        proof=write_proof(
            session,
            tasks=ANSWERS[:2],
            model=ANSWERS[0],
            names=ANSWERS[:3],
            held_out=12,
            methods=("hybrid", "longest-response", "random"),
            full=40,
        ),
    )


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page on which nothing of the text may have come to life."""
    yield page
    made = page.evaluate(MADE)
    assert not made, made
    assert page.evaluate("window.hacked") is None
    assert page.get_by_test_id("stException").count() == 0


def traces(page: Page) -> list[tuple[str, list[float]]]:
    """Name and heights of every trace of the first chart."""
    return page.evaluate(
        "document.querySelector('.js-plotly-plot').calcdata.map(c => [c[0].trace.name, c.map(p => p.y ?? null)])"
    )


def main(page: Page) -> str:
    """The page's text without the characters that keep it from being Markdown."""
    return page.get_by_test_id("stMain").inner_text().replace("\u2060", "")


def test_nothing_yet(page: Page, place: SimpleNamespace) -> None:
    for name, told in (("refinement", "refine"), ("proof", "prove")):
        open_page(page, f"{place.address}/{name}")
        shown = page.get_by_test_id("stCode").inner_text()
        assert f"python -m core {told} --store {shown_path(place.session.store.path)} " in shown
        assert "An example, not your data" in main(page) and page.get_by_test_id("stMetric").count() > 3
    assert f"--held-out {SAMPLES // 4}" in shown


def test_a_run(page: Page, place: SimpleNamespace, runs: SimpleNamespace) -> None:
    run = runs.finished
    open_page(page, f"{place.address}/refinement?run={run.config.folder.name}")
    table = round_table(run)
    assert metric(page, "Rounds") == "3 of 3" and metric(page, "Samples") == "24"
    assert metric(page, "Clusters") == str(len(run.weight))
    assert metric(page, "Effective clusters") == f"{table[-1]['effective clusters']:.1f}"
    text, rows = main(page), {row.cluster: row for row in changes(run)}
    gainers, losers = movers(weights_over_rounds(run), 3)
    for row in (rows[gainers[0]], rows[losers[0]]):
        assert f"{row.before:.2%} to {row.after:.2%}" in text and f"({row.factor:.2f} times)" in text
    assert f"by silhouette among {len(run.curve)} numbers" in text
    for way in rivals(place.session, run):
        assert f"24 samples cover {way.covered:,} features with {way.tokens:,} tokens." in text
    drawn_lines = traces(page)
    best = next(y for name, y in drawn_lines if name.startswith(f"▲ {gainers[0]}"))
    assert best == pytest.approx(weights_over_rounds(run)[:, gainers[0]].tolist())
    expect(page.locator(".gl-canvas").first).to_be_attached()


def test_its_answers_are_text(page: Page, place: SimpleNamespace, runs: SimpleNamespace) -> None:
    run, seen = runs.finished, []
    open_page(page, f"{place.address}/refinement?run={run.config.folder.name}")
    own = {row.cluster: row for row in changes(run) if row.drawn}
    for cluster, change in own.items():
        box = page.get_by_role("combobox", name=re.compile("Cluster"))
        box.scroll_into_view_if_needed()  # the list would close if the click scrolled
        box.click()
        page.get_by_role("option", name=re.compile(rf"^{cluster}( |$)")).click()
        expect(page.get_by_text(f"{change.drawn} new sample").last).to_be_visible(timeout=30_000)
        settle(page)
        seen += page.locator(".answer").all_inner_texts()
        assert not page.evaluate(MADE)
    shown = ["".join(text.split()) for text in seen]
    first = [s.answer for c in own for s in [s for s in drawn(run) if s.cluster == c][:10]]
    assert len(set(first)) >= 8
    for answer in first:
        assert "".join(answer.translate(UNSEEN).split()) in shown, answer


def test_an_unfinished_run_says_how_it_goes_on(page: Page, place: SimpleNamespace, runs: SimpleNamespace) -> None:
    run = runs.begun
    open_page(page, f"{place.address}/refinement?run={run.config.folder.name}")
    assert metric(page, "Rounds") == "2 of 4"
    assert page.get_by_test_id("stCode").inner_text().strip() == command(run.config, place.session.store.path)
    assert f"run={run.config.folder.name}" in page.url


def test_a_proof(page: Page, place: SimpleNamespace, runs: SimpleNamespace) -> None:
    rows = ranked(results(runs.proof))
    open_page(page, f"{place.address}/proof")
    assert metric(page, "Lowest loss") == f"{rows[0].loss:.3f}"
    assert metric(page, "Before training") == f"{mark(rows, 'base').loss:.3f}"
    assert metric(page, "Fine-tuned models") == str(sum(r.seeds for r in rows if r.method != "base"))
    text, said, saved = main(page), verdict(rows), saving(rows)
    assert said.better
    for r in (*said.better, *said.worse, *said.unclear):
        assert r.method in text
    less = "fewer" if saved.tokens >= 0 else "more"
    assert f"takes {abs(saved.tokens):.0%} {less} trained tokens" in text
    assert saved.best.method == "hybrid" and "The training of its refinement is not counted." in text
    assert f"Full had {saved.full.samples:,.0f} of the samples, drawn at random." in text
    assert f"its loss is {abs(saved.loss):.3f}" in text
    told = text.partition("The lowest loss on each source: ")[2]
    for source in sources(rows):
        best = min((r for r in rows if r.method != "base"), key=lambda r, s=source: r.by_source[s])
        assert f": {best.method}{f' at {best.budget} samples' if best.budget else ''} (0% of its picks)" in told
    lines = traces(page)
    for name, losses in lines:
        own = sorted((r for r in rows if r.method == name), key=lambda r: r.trained_tokens)
        assert losses == pytest.approx([r.loss for r in own])


def test_a_click_on_a_proof_leads_to_compare(page: Page, place: SimpleNamespace, runs: SimpleNamespace) -> None:
    open_page(page, f"{place.address}/proof?cost=samples")
    names = [name for name, _ in traces(page)]
    trace = page.locator(".js-plotly-plot .scatterlayer .trace").nth(names.index("longest-response"))
    at = trace.locator(".point").nth(1).bounding_box()
    x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
    page.mouse.move(x, y)
    expect(page.locator(".hoverlayer").first).to_contain_text("longest-response · 16 samples")
    page.mouse.click(x, y)
    link = page.get_by_role("link", name="Compare longest-response at 16 samples")
    link.wait_for(timeout=30_000)
    settle(page)
    link.click()
    expect(page.get_by_test_id("stHeading").first).to_contain_text("Compare", timeout=30_000)
    settle(page)
    assert f"longest-response · 16 of {SAMPLES} samples" in page.get_by_test_id("state-line").inner_text()
    expect(page.get_by_test_id("stMain")).to_contain_text("With 16 samples", timeout=60_000)  # computed beside the page
