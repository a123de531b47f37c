"""What a person with a file of their own does: from the empty dashboard to a trainer; and a job that is stopped."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from core.datasets.samples import read_samples
from core.store.catalogue import store_titles
from tests.browser.chromium import dashboard, open_page, settle
from tests.browser.steps import go, metric
from tests.tiny import write_data

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROWS = 300
PATIENCE = 400_000  # milliseconds for an extraction on a busy machine
OPENED = "Keep the samples that teach the most"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, of this process and of its dashboards."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Conversations of a person's own."""
    return write_data(tmp_path / "mine.jsonl", ROWS)


def choose_model(page: Page, folder: Path) -> None:
    """Type the model's folder into the box, and take no SAE."""
    box = page.get_by_role("combobox", name="Language model")
    box.fill(str(folder))
    box.press("Enter")
    expect(page.get_by_text("4 blocks · 32 wide")).to_be_visible(timeout=60_000)
    page.get_by_role("radio", name="No SAE: topics only").click()
    settle(page)


def test_from_a_file_to_a_trainer(page: Page, cache: Path, data: Path, tiny_lm: Path, tmp_path: Path) -> None:
    with dashboard(cache) as address:
        open_page(page, address)
        assert page.get_by_test_id("stHeading").first.inner_text() == "Data", "there is no store to show"
        page.locator("input[type=file]").set_input_files(data)
        expect(page.get_by_text("What was understood")).to_be_visible(timeout=60_000)
        settle(page)
        assert metric(page, "Samples looked at") == f"{ROWS}"
        page.get_by_text("Columns and their parts").click()
        expect(page.get_by_role("combobox", name="Conversation")).to_have_value("messages (as found)")
        choose_model(page, tiny_lm)
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.get_by_role("progressbar")).to_be_visible(timeout=PATIENCE)
        expect(page.get_by_test_id("stHeading").first).to_have_text(OPENED, timeout=PATIENCE)
        (made,) = store_titles(cache)
        expect(page).to_have_url(re.compile(f"[?&]store={made.key}"), timeout=30_000)
        assert made.n_samples == ROWS
        go(page, "Export")
        curated = exported(page, tmp_path)
    train_a_step(curated, tiny_lm, tmp_path)
    chosen = {json.dumps([m.content for m in sample.messages]) for sample in read_samples(data)}
    for record in map(json.loads, curated.read_text().splitlines()):
        assert json.dumps([m["content"] for m in record["messages"]]) in chosen


def exported(page: Page, folder: Path) -> Path:
    """The curated file in the form of messages, as the page hands it out."""
    settle(page)
    box = page.get_by_role("combobox", name="Form", exact=True)
    box.fill("messages")
    box.press("Enter")
    settle(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Curated file").click()
    waiting.value.save_as(folder / "curated.jsonl")
    return folder / "curated.jsonl"


def train_a_step(curated: Path, model: Path, folder: Path) -> None:
    """One step of TRL's trainer on an exported file."""
    from datasets import load_dataset
    from trl import SFTConfig, SFTTrainer

    rows = load_dataset("json", data_files=str(curated), split="train", cache_dir=str(folder / "datasets"))
    assert len(rows) == len(curated.read_text().splitlines()) > 1
    config = SFTConfig(str(folder / "trained"), max_steps=1, max_length=64, use_cpu=True, bf16=False, report_to=[])
    trainer = SFTTrainer(str(model), args=config, train_dataset=rows)
    trainer.train()
    assert trainer.state.global_step == 1


def test_a_job_is_cancelled_and_goes_on_after_a_restart(page: Page, cache: Path, data: Path, tiny_lm: Path) -> None:
    with dashboard(cache) as address:
        open_page(page, f"{address}/data?data={quote(str(data))}")
        choose_model(page, tiny_lm)
        page.get_by_role("button", name="Start", exact=True).click()
        page.get_by_role("button", name="Cancel").click(timeout=60_000)
        expect(page.get_by_text("What was done is kept")).to_be_visible(timeout=60_000)
        assert not store_titles(cache)
    with dashboard(cache) as address:
        open_page(page, f"{address}/data")
        expect(page.get_by_text("What was done is kept")).to_be_visible(timeout=60_000)
        page.get_by_role("button", name="Resume").click()
        expect(page.get_by_test_id("stHeading").first).to_have_text(OPENED, timeout=PATIENCE)
    assert [title.n_samples for title in store_titles(cache)] == [ROWS]
