"""The command concept, and a ban of what scores high: told on the card of an export."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.session.session import workspace_of
from core.store.reader import open_store
from tests.factories import alpaca, tiny_store

N = 80


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Samples of which every fourth says python and has feature 5."""
    rng = np.random.default_rng(1)
    sets = [dict.fromkeys(map(int, np.flatnonzero(row)), 1.0) for row in rng.random((N, 16)) < 0.2]
    records = alpaca(N)
    for i in range(0, N, 4):
        records[i]["instruction"] += " in python"
        sets[i] |= {5: 2.0}
    return tiny_store(tmp_path, records, sets)


def test_a_concept_is_taught_listed_banned_by_told_on_the_card_and_deleted(run, store: Path, tmp_path: Path) -> None:
    at = ("--store", str(store))
    done = run("concept", "asks for code", "--positive", "text:python", "--by", "features", *at)
    assert done.status == 0, done.err
    assert "L1 over features" in done.out and "dense, over vectors" in done.out and "0.9" in done.out
    assert (
        "column concept:asks for code. To never keep them:" in " ".join(done.err.split())
        and "drawn at random" in done.err
    )
    assert "Its scores tell examples from counterexamples well." in " ".join(done.err.split())
    found = json.loads(run("concept", "--list", "--json", *at).out)
    assert found["asks for code"]["n_positive"] == 20 and found["asks for code"]["features"][0][0] == 5
    assert run("ban", "--group", "score:concept:asks for code>=0.5", *at).status == 0
    state = workspace_of(open_store(store)).state()
    assert set(range(0, N, 4)) == set(state.bans) and state.next_undo.endswith(": “score:concept:asks for code>=0.5”")
    out = tmp_path / "card"
    assert run("export", *at, "--budget", "10", "--folder", str(out)).status == 0
    told = (out / "README.md").read_text()
    assert f"{len(state.bans)} records never kept" in told and "asks for code" in told
    assert run("concept", "asks for code", "--delete", *at).status == 0
    assert "No concept was taught" in run("concept", *at).err


def test_mistakes_are_sentences(run, store: Path) -> None:
    at = ("--store", str(store))
    for words, sentence in (
        (("code",), "Say what is an example of “code”"),
        (("code", "--positive", "text:python", "--by", "magic"), "The scores come from features or vectors"),
        (("code", "--delete"), "There is no concept 'code'"),
        (("code", "--positive", "score:tokens"), "A group by a score is written like score:quality>=0.5"),
        (("code", "--positive", "score:tokens>=x"), "The bound of a score must be a number, got 'x'."),
    ):
        done = run("concept", *words, *at)
        assert done.status == 2 and sentence in " ".join(done.err.split())
