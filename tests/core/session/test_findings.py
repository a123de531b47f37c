"""What the health checks found, by name, for groups."""

from __future__ import annotations

import os

import numpy as np
import pytest

from core.errors import SelectionError
from core.schema import SelectionSpec
from core.session.facets import facets
from core.session.findings import findings, folder, found_by
from core.session.groups import group
from core.session.search import Query, find
from core.session.session import open_session
from core.studies.health import CHECKS, health
from core.workspace.decisions import WorkspaceState
from tests.factories import alpaca, tiny_store


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    records = [{"instruction": "Write to her", "output": "See anna.schmidt@web.de there."}, *alpaca(4)]
    return open_session(tiny_store(tmp_path, [*records, records[0]], [{0}] * 6))


def test_findings_are_groups_once_they_are_made(session):
    assert findings(session) == {}
    with pytest.raises(SelectionError, match="no check has found anything yet"):
        found_by(session, "personal-data")
    made = health(session.store)
    kept = {name: f.rows.tolist() for name, f in made.items() if len(f.rows) and CHECKS[name].lasting}
    assert {name: rows.tolist() for name, rows in findings(session).items()} == kept
    spec = SelectionSpec(budget=2)
    assert group(session, spec, WorkspaceState(), "health:exact-duplicates").rows.tolist() == [0, 5]
    assert group(session, spec, WorkspaceState(), "health:personal-data").rows.dtype == np.int64
    with pytest.raises(SelectionError, match=r"'loops' found: there are findings of .*exact-duplicates"):
        group(session, spec, WorkspaceState(), "health:loops")


def test_the_newest_counts_and_a_damaged_file_none(session):
    health(session.store)
    first, second = (folder(session.store) / f"contamination-1-{digit * 12}.json" for digit in "ab")
    for i, (path, rows) in enumerate(((first, [1]), (second, [2, 3]))):
        path.write_text(f'{{"rows": {rows}, "group": [], "seen": [], "note": ""}}')
        os.utime(path, (i, i))
    assert found_by(session, "contamination").tolist() == [2, 3]
    os.utime(first, (4e9, 4e9))
    assert found_by(session, "contamination").tolist() == [1]
    next(folder(session.store).glob("personal-data-*.json")).write_text("{")
    assert "personal-data" not in findings(session)


def test_a_search_and_its_facets_know_findings(session):
    health(session.store)
    matrix = session.matrix_of(SelectionSpec(budget=2))
    assert find(session, matrix, Query(health="exact-duplicates", text="write")).tolist() == [0, 5]
    counted = facets(session, matrix, Query(text="write", health="exact-duplicates"), [], WorkspaceState()).health
    assert counted["exact-duplicates"] == 2 and counted["personal-data"] == 2 and "loops" not in counted
