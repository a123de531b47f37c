"""The grids of the benchmark: their methods are known, and their sets hold what they say."""

import numpy as np
import pytest

from benchmarks.proof import EXAMPLES, GRIDS, SHARED, TARGET, UNHEALTHY, arguments, examples, keep_sets, unhealthy
from benchmarks.proof_table import picks_table
from benchmarks.worth import ROWS, table
from core.proof.config import BASE, FULL
from core.session.session import open_session, workspace_of
from core.session.variants import known_variant
from core.studies.health import health
from core.system.files import PROJECT
from tests.factories import KEY, alpaca, tiny_store


@pytest.mark.parametrize("grid", GRIDS)
def test_the_methods_of_a_grid_are_there(grid, tmp_path):
    assert [known_variant(name, (FULL, BASE)) for name in GRIDS[grid]] == list(GRIDS[grid])
    asked = arguments(grid, "POOL", tmp_path, "", "300", 3)
    assert asked[asked.index("--methods") + 1].split(",") == list(GRIDS[grid]) and set(SHARED[grid]) <= set(asked)


def test_examples_are_of_the_source_and_not_taken():
    source = np.array(["a", "b"] * 100)
    free = np.arange(200) >= 60
    found = examples(source, "a", free)
    assert len(set(found)) == EXAMPLES and min(found) >= 60 and set(source[found]) == {"a"}
    assert found == sorted(found) == examples(source, "a", free)


def test_what_the_checks_find_is_a_set_and_the_first_of_copies_is_not_in_it(workplace):
    found = unhealthy(workplace)
    known = health(workplace.store, ["exact-duplicates"])["exact-duplicates"]
    assert all(group[0] not in found and set(group[1:].tolist()) <= set(found) for group in known.groups())
    keep_sets(workplace, "dirty", "")
    keep_sets(workplace, "balanced", "")
    sets = workspace_of(workplace.store).state().sets
    assert list(sets[UNHEALTHY]) == found and TARGET not in sets


def test_the_target_is_clean_and_not_measured(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    monkeypatch.setattr("benchmarks.proof.EXAMPLES", 4)
    told = [(("train", "test")[i % 3 == 0], ("clean", "cut")[i % 4 == 0]) for i in range(12)]
    records = [{**one, "part": p, "spoiled": s} for one, (p, s) in zip(alpaca(12), told, strict=True)]
    tiny_store(tmp_path, records, [{0: 1.0}] * 12, n_features=2)
    session = open_session(tmp_path / f"{KEY}.duckdb")
    (source,) = set(session.columns["source"].astype(str))
    keep_sets(session, "target", source)
    found = workspace_of(session.store).state().sets[TARGET]
    assert len(found) == 4 and {told[row] for row in found} == {("train", "clean")}


def test_the_table_of_picks():
    row = {"method": "random", "budget": 1000, "source": {"a": 0.25, "b": 0.75}, "spoiled": {"cut": 0.05}}
    assert picks_table([{"method": "full", "budget": 0, "source": {"a": 1.0}}, row]).splitlines() == [
        "| method | samples | spoiled: cut | a | b |",
        "|---|--:|--:|--:|--:|",
        "| random | 1,000 | 5.0% | 25.0% | 75.0% |",
    ]


def test_the_readme_has_the_table_that_its_command_prints():
    found = table([PROJECT / "docs" / "proof.json", PROJECT / "docs" / "proof-dirty.json"])
    assert len(ROWS) <= 10 and len(found.splitlines()) == len(ROWS) + 2
    assert found in (PROJECT / "README.md").read_text(encoding="utf-8")
