"""A data set leaves through the browser: the zip that a person downloads is one that `datasets` loads."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import open_page

pytestmark = pytest.mark.browser


def test_a_downloaded_data_set_is_loaded(page: Page, address: str, tmp_path: Path) -> None:
    from datasets import load_dataset

    open_page(page, f"{address}/export?budget=20&to=messages&validation=10+%25")
    page.get_by_text("Title, licence, language, note").click()
    licence = page.get_by_role("textbox", name="License")
    licence.fill("cc0-1.0")
    licence.press("Enter")
    expect(page.get_by_text("--license cc0-1.0")).to_be_visible(timeout=30_000)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Data set as a zip").click()
    waiting.value.save_as(tmp_path / "data.zip")
    with zipfile.ZipFile(tmp_path / "data.zip") as archive:
        archive.extractall(tmp_path)
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert "license: cc0-1.0" in (folder / "README.md").read_text()
    found = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in found.items()} == {"train": 18, "validation": 2}
    assert found["train"].column_names == ["messages"]
