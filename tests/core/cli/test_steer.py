"""Steering on the command line: quotas and boosts are decided, listed, exported and replayed; targets by name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.session.session import workspace_of
from core.store.reader import open_store
from tests.factories import alpaca, tiny_store

N, KINDS = 180, ("code", "code", "code", "prose", "code", "verse")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """180 samples, two in three of them code."""
    rng = np.random.default_rng(3)
    records = [record | {"source": KINDS[i % 6]} for i, record in enumerate(alpaca(N))]
    return tiny_store(tmp_path, records, [np.flatnonzero(row) for row in rng.random((N, 16)) < 0.3])


def sources(path: Path) -> dict[str, int]:
    """How many records of each source a file has."""
    found = [json.loads(line)["source"] for line in path.read_text().splitlines()]
    return {name: found.count(name) for name in KINDS}


def test_at_most_a_tenth_of_code_and_at_least_five_of_every_source(run, store: Path, tmp_path: Path) -> None:
    """Decided once, it holds for select, export and replay, whatever was decided since."""
    asked = ("--store", str(store), "--budget", "50")
    done = run("quota", "source:code<=10%", "source:*>=5", *asked, "--preview")
    assert done.status == 0 and "Nothing was changed" in done.out, done.err
    assert run("quota", "source:code<=10%", *asked).status == run("quota", "source:*>=5", *asked).status == 0
    out = tmp_path / "kept.jsonl"
    assert run("export", *asked, "--out", str(out)).status == 0
    kept = sources(out)
    assert sum(kept.values()) == 50 and kept["code"] == 5 and min(kept.values()) >= 5
    rows = json.loads(run("select", *asked, "--json").out)["rows"]
    assert sum(KINDS[row % 6] == "code" for row in rows) == 5
    assert run("quota", "source:code<=10%", *asked, "--lift").status == 0
    again = tmp_path / "again.jsonl"
    assert run("replay", str(tmp_path / "kept.manifest.json"), "--out", str(again), "--store", str(store)).status == 0
    assert again.read_bytes() == out.read_bytes()
    told = json.loads(run("decisions", "--store", str(store), "--json").out)
    assert told["quotas"] == [{"quota": "source:*>=5", "in words": "every source: at least 5 samples, or all of it"}]
    assert told["history"][0]["description"] == "quota lifted: source code: at most 10 %"


def test_a_quota_that_is_not_there_or_cannot_be_is_one_sentence_and_changes_nothing(run, store: Path) -> None:
    asked = ("--store", str(store), "--budget", "20")
    for arguments, sentence in (
        (("source:code<=10%", "--lift"), "There is no quota source:code<=10%: there is none."),
        (("source:*>=9",), "The quotas source:*>=9 ask for 27 samples, more than the budget of 20."),
    ):
        done = run("quota", *arguments, *asked)
        assert done.status == 2 and sentence in " ".join(done.err.split())
    assert run("quota", *asked).out == "No quotas.\n"


def test_a_quota_on_a_set_that_is_gone_can_be_lifted(run, store: Path) -> None:
    asked, workspace = ("--store", str(store), "--budget", "20"), workspace_of(open_store(store))
    workspace.save_set("mine", [0, 7])
    assert run("quota", "set:mine<=1", *asked).status == 0
    workspace.delete_set("mine")
    done = run("select", *asked)
    assert done.status == 2
    assert "The quota set:mine<=1 names no set of this data: take it away." in " ".join(done.err.split())
    done = run("quota", "set:mine<=1", "--lift", *asked)
    assert done.status == 0 and "What follows is without the quotas." in " ".join(done.err.split())
    assert workspace.state().quotas == () and run("select", *asked).status == 0


def test_boosts_by_number_and_by_what_sets_a_set_apart(run, store: Path) -> None:
    asked, workspace = ("--store", str(store), "--budget", "20"), workspace_of(open_store(store))
    assert run("boost", "3", "5", "--factor", "4", *asked).status == 0
    assert workspace.state().of("tokens").boosts == {3: 4.0, 5: 4.0}
    told = json.loads(run("boost", *asked, "--json").out)
    assert told == [{"lens": "tokens", "feature": feature, "factor": 4.0} for feature in (3, 5)]
    assert run("boost", "3", "--lift", *asked).status == 0
    workspace.save_set("few", [0, 7])
    assert run("boost", "--by", "set:few", *asked).status == 0
    assert max(workspace.state().of("tokens").boosts.values()) == 10.0
    assert workspace.state().next_undo.endswith("by what sets apart: “set:few”")
    before, lift = workspace.state().of("tokens").boosts, ("boost", "5", "--by", "set:few", "--lift", *asked)
    assert run(*lift, "--preview").status == 0 and workspace.state().of("tokens").boosts == before
    assert run(*lift).status == 0 and workspace.state().of("tokens").boosts == {}


def test_a_set_as_the_reference(run, store: Path) -> None:
    workspace_of(open_store(store)).save_set("few", [0, 7, 11])
    asked = ("select", "--store", str(store), "--budget", "6", "--method", "jaccard", "--json")
    named, option = run(*asked, "--reference", "set:few"), run(*asked, "-o", "reference=set:few")
    assert named.status == 0 and named.out == option.out
    assert {0, 7, 11} <= set(json.loads(named.out)["rows"]), "each is the one most like itself"
