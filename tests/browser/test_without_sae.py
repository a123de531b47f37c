"""A store that was made without an SAE: it has topics alone, and every page works on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from core.extract.run import extract
from tests.browser.chromium import open_page
from tests.browser.screenshots import OF_A_STORE
from tests.browser.steps import metric, state_line
from tests.tiny import spare_umap, write_data

pytestmark = pytest.mark.browser
SAMPLES = 80


@pytest.fixture(scope="module")
def cache(tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with a store of a model alone; its topics are learnt from its own data."""
    cache = tmp_path_factory.mktemp("alone")
    data = write_data(cache / "data.jsonl", SAMPLES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAELECT_CACHE", str(cache))
        spare_umap(patch)
        extract(replace(tiny.config, data=str(data), sae=""), cache)
    return cache


def test_every_page_works_and_says_what_needs_tokens(page: Page, address: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for name in OF_A_STORE:
        open_page(page, f"{address}/{'' if name == 'overview' else name}?lens=tokens&grouped=true&colour=cluster")
        assert f"8 of {SAMPLES} samples" in state_line(page) and "topics of whole samples" in state_line(page), name
        assert page.get_by_test_id("stException").count() == 0, name
        assert not errors, name
        if name == "longest":
            lens, lacking = page.get_by_test_id("stAlert").all_inner_texts()
            assert "lens = tokens, but it must be topics: topics is used" in lens and "made without an SAE" in lacking
        if name == "budget":
            assert int(metric(page, "Topics covered")) > 0
