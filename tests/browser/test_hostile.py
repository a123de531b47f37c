"""Text that wants to be code: in samples, labels, notes, reasons, names and file names it stays text on every page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from core.extract.run import extract
from core.schema import ExtractConfig, SelectionSpec
from core.selection.specs import spec_dict
from core.session.session import Session, open_session
from core.workspace.log import Workspace
from tests.browser.chromium import open_page
from tests.browser.screenshots import PAGES
from tests.hostile import HOSTILE, IMAGE, MADE, UNSEEN
from tests.tiny import spare_umap

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def hostile_cache(tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with a store that the real pipeline made of hostile samples, and hostile decisions on it."""
    cache = tmp_path_factory.mktemp("hostile")
    data = cache / "$x$ **b** <img src=x onerror=hacked=1>.jsonl"
    texts = [HOSTILE[i % len(HOSTILE)] for i in range(30)]
    records = [
        {"messages": [{"role": "user", "content": f"{text} {i}"}, {"role": "assistant", "content": text * (1 + i % 3)}],
         "source": text}
        for i, text in enumerate(texts)
    ]  # fmt: skip
    records.append({"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "A" * 2_000_000}]})
    data.write_text("".join(json.dumps(record) + "\n" for record in records))
    config = ExtractConfig(str(data), tiny.config.model, tiny.config.sae, max_tokens=256, dtype="float32")
    with pytest.MonkeyPatch.context() as patch:
        spare_umap(patch)
        path = extract(config, cache)
    decide(cache, open_session(path))
    return cache


def decide(cache: Path, session: Session) -> None:
    """Hostile labels, notes, reasons and names; a saved selection that lacks most of its fields."""
    workspace = Workspace(cache / "workspace.sqlite", session.store.key)
    kept = [text.replace("\ud83d", "") for text in HOSTILE]  # half a character cannot be typed
    for feature in range(session.store.n_features):
        workspace.label(feature, kept[feature % len(kept)])
    for row in range(session.store.n_samples):
        workspace.note([row], kept[row % len(kept)])
    for feature, text in enumerate(kept[:4]):
        workspace.veto([feature], reason=text)
    spec = spec_dict(session.selection(SelectionSpec(budget=3)))
    for text in kept:
        workspace.save_selection(text, spec)
    workspace.save_selection("incomplete", {"budget": 3})


@pytest.fixture(scope="module")
def cache(hostile_cache: Path) -> Path:
    """What the dashboard of these tests shows."""
    return hostile_cache


def check_that_nothing_came_to_life(page: Page) -> None:
    made = page.evaluate(MADE)
    assert not made, made
    assert page.evaluate("window.hacked") is None
    assert page.get_by_test_id("stException").count() == 0


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page on which nothing of the text may have come to life."""
    alarms = []
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    yield page
    check_that_nothing_came_to_life(page)
    assert not alarms


def test_no_page_runs_it(page: Page, address: str) -> None:
    for name in PAGES:
        open_page(page, f"{address}/{'' if name == 'overview' else name}?budget=8&grouped=true&colour=cluster")
        check_that_nothing_came_to_life(page)
        if name != "data":
            assert "onerror=hacked=1" in page.get_by_test_id("state-line").inner_text(), name


def test_why_shows_the_text_itself(page: Page, address: str) -> None:
    for row, text in enumerate(HOSTILE):
        open_page(page, f"{address}/why?budget=8&row={row}")
        check_that_nothing_came_to_life(page)
        shown = "".join(page.locator(".reading .text").all_inner_texts()).replace("⏎", "").replace("\n", "")
        letters = text.translate(UNSEEN).replace("\ud83d", "\ufffd").split("\ufffd")[0].strip()
        assert "".join(letters.split()) in "".join(shown.split()), row


def test_searching_for_it_finds_it(page: Page, address: str) -> None:
    open_page(page, f"{address}/search?find={quote(IMAGE)}")
    assert "3 of 31 samples" in page.get_by_test_id("stMain").inner_text()
    assert IMAGE in page.locator(".sample").inner_text()


def test_a_hostile_expression_is_one_sentence(page: Page, address: str) -> None:
    open_page(page, f"{address}/search?find={quote('(' + IMAGE)}&find_regex=true")
    assert IMAGE in page.get_by_test_id("stAlert").inner_text()
    assert "is not a regular expression" in page.get_by_test_id("stAlert").inner_text()


def test_a_run_of_two_million_characters_is_no_burden(page: Page, address: str) -> None:
    open_page(page, f"{address}/why?row=30")
    assert page.get_by_test_id("stException").count() == 0
    assert page.evaluate("document.body.innerText.length") < 100_000


def test_a_label_is_shown_as_it_was_typed(page: Page, address: str) -> None:
    open_page(page, f"{address}/features?feature=11")
    assert page.get_by_test_id("feature-face").inner_text() == IMAGE


def test_the_selection_itself_is_made(hostile_cache: Path) -> None:
    session = open_session(next(hostile_cache.glob("*.duckdb")))
    assert len(session.selection(SelectionSpec(budget=8)).rows) == 8


def test_the_panel_shows_the_text_itself(page: Page, address: str) -> None:
    for row, text in enumerate(HOSTILE):
        open_page(page, f"{address}/search?row={row}")
        shown = "".join(page.locator(f".sample[data-row='{row}']").inner_text().split())
        letters = text.translate(UNSEEN).replace("\ud83d", "\ufffd").replace("`", "").replace("**", "")
        assert all("".join(part.split()) in shown for part in letters.split("\ufffd")), row
        check_that_nothing_came_to_life(page)
