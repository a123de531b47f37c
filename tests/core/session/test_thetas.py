"""Tables of θ that extraction did not leave are computed once for a file."""

from dataclasses import asdict
from types import SimpleNamespace

import pytest

from core.matrix.threshold import theta_table
from core.schema import FeatureMatrix
from core.session.thetas import table_of


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    path = tmp_path / "made.duckdb"
    path.write_text("one", encoding="utf-8")
    return SimpleNamespace(key="made", path=path, thetas=lambda scope, lens: [])


def test_a_table_is_computed_once_for_a_file(store):
    matrix, asked = FeatureMatrix.from_sets([{0, 1}, {1}, {2}], 3), []

    def read():
        asked.append(1)
        return matrix

    first, again = (table_of(store, "prompt", "tokens", read) for _ in range(2))
    assert first == again == theta_table(matrix) and len(asked) == 1
    table_of(store, "response", "tokens", read)
    store.path.write_text("another", encoding="utf-8")
    assert table_of(store, "prompt", "tokens", read) == first and len(asked) == 3


def test_what_extraction_left_is_not_computed(store):
    table = theta_table(FeatureMatrix.from_sets([{0}, {1}], 2))
    store.thetas = lambda scope, lens: [asdict(row) for row in table]
    assert table_of(store, "all", "tokens", lambda: pytest.fail("computed")) == table
