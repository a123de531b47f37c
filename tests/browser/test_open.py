"""The dashboard started on a data file shows what it understood of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import PROJECT, free_port, open_page
from tests.tiny import write_data

pytestmark = pytest.mark.browser


def test_a_file_is_chosen_on_the_data_page(page: Page, tmp_path: Path) -> None:
    data = write_data(tmp_path / "my own data.jsonl", 20)
    command = [sys.executable, "-m", "core", "open", str(data), "--no-browser", "--port", str(free_port())]
    environment = {**os.environ, "SAELECT_CACHE": str(tmp_path / "cache")}
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            open_page(page, process.stdout.readline().strip())
            expect(page.get_by_test_id("stMain")).to_contain_text("my own data.jsonl")
            expect(page.get_by_test_id("stMain")).to_contain_text("20 samples")
        finally:
            process.terminate()
    assert process.returncode == 0
