"""Quotas on the command line: in what select and export choose, and in what replay makes again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.session.session import workspace_of
from core.store.reader import open_store
from tests.factories import alpaca, tiny_store

N = 20


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Twenty samples, three in four of them code."""
    rng = np.random.default_rng(3)
    records = [record | {"source": "web" if i % 4 == 3 else "code"} for i, record in enumerate(alpaca(N))]
    return tiny_store(tmp_path, records, [np.flatnonzero(row) for row in rng.random((N, 16)) < 0.3])


def test_quotas_hold_for_what_is_selected_exported_and_replayed(run, store: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "kept.jsonl", tmp_path / "again.jsonl"
    asked = ("--store", str(store), "--budget", "10", "--quota", "source:code<=50%", "--quota", "source:*>=2")
    assert run("select", *asked).status == 0
    done = run("export", *asked, "--out", str(out))
    assert done.status == 0, done.err
    assert out.read_text().count('"code"') == out.read_text().count('"web"') == 5
    assert run("replay", str(tmp_path / "kept.manifest.json"), "--out", str(again), "--store", str(store)).status == 0
    assert again.read_bytes() == out.read_bytes()


def test_a_quota_that_cannot_be_is_a_mistake_of_one_sentence(run, store: Path) -> None:
    for text, sentence in (
        ("code<=1", "A quota is written like source:code<=10%"),
        (
            "source:books<=1",
            "The quota source:books<=1 names no source of this data: take it away, or name one of code, web.",
        ),
        ("source:web>=6", "The quota source:web>=6 asks for 6 samples of source web: 5 are there."),
        ("set:mine<=1", "The quota set:mine<=1 names no set of this data: take it away."),
    ):
        done = run("select", "--store", str(store), "--budget", "10", "--quota", text)
        assert done.status == 2
        assert sentence in " ".join(done.err.split())
    workspace_of(open_store(store)).save_set("mine", [0, 1, 2])
    assert run("select", "--store", str(store), "--budget", "10", "--quota", "set:mine<=1").status == 0
