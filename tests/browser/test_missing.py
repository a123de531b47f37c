"""What a data set lacks against another one is found, read and exported; the address has it."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Page, expect

from core.store.meta import list_stores
from core.store.reader import open_store
from tests.browser.chromium import open_page, settle
from tests.browser.conftest import SAMPLES
from tests.browser.steps import metric

pytestmark = pytest.mark.browser
OTHER, PLANTED, ROWS = "fedcba9876543210", "blowing <b>glass</b>", 30


def planted(store: Path) -> tuple[Path, int]:
    """A copy of a store in which ROWS samples have a topic that is nobody's in the first; and that topic."""
    opened = open_store(store)
    topic = next(t for t in range(opened.size_of("topics")) if t not in set(opened.faces("topics")))
    opened.close()
    copy = Path(shutil.copy(store, store.with_stem(OTHER)))
    with duckdb.connect(str(copy)) as db:
        rows = [(row, 0, topic, 9.0) for row in range(ROWS)]
        db.executemany("INSERT INTO topic_activations(sample_id, scope, feature_id, value) VALUES (?, ?, ?, ?)", rows)
        db.execute("CREATE OR REPLACE TABLE topic_activations AS FROM topic_activations "
                   "ORDER BY scope, sample_id, feature_id")  # fmt: skip
        db.execute("INSERT INTO topics(feature_id, n_samples, max_value, name) VALUES (?, ?, 9, ?)",
                   [topic, ROWS, PLANTED])  # fmt: skip
    return copy, topic


def test_what_is_missing_is_exported(page: Page, address: str, cache: Path, tmp_path: Path) -> None:
    (store,) = list_stores(cache)
    copy, topic = planted(store)
    try:
        open_page(page, f"{address}/missing?store={store.stem}&lens=topics")
        assert metric(page, "Missing or far rarer") == "1"
        expect(page.get_by_role("heading", name=PLANTED)).to_be_visible()
        expect(page.get_by_text(f"Collect about {ROWS} samples of “{PLANTED}”: 25.0% of the reference")).to_be_visible()
        expect(page.get_by_role("region", name="Examples")).to_contain_text("Row 0 of the reference")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="The list as CSV").click()
        waiting.value.save_as(tmp_path / "missing.csv")
        (line,) = csv.DictReader((tmp_path / "missing.csv").open(encoding="utf-8"))
        assert (line["topic"], line["name"], line["there"], line["add"]) == (f"{topic}", PLANTED, f"{ROWS}", f"{ROWS}")
        page.get_by_role("radio", name="kept").click()
        settle(page)
        assert "about=kept" in page.url and f"against=store%3A{OTHER}" in page.url
        shown = page.get_by_test_id("stMetric").all_inner_texts()
        assert f"topics, in {SAMPLES // 10} samples" in shown[2]
        open_page(page, page.url)
        assert page.get_by_test_id("stMetric").all_inner_texts() == shown
    finally:
        copy.unlink()
