"""Kinds of features in a store: its matrices know which are content, and the weights content use it."""

import shutil

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from core.errors import SelectionError
from core.explain.credit import ledger
from core.features.kinds import kinds_of
from core.schema import MEANING, SelectionSpec
from core.session.session import open_session


@pytest.fixture(scope="module")
def with_kinds(tiny, tmp_path_factory):
    """The tiny store with a table of kinds, whatever extraction left."""
    path = tmp_path_factory.mktemp("kinds") / tiny.store.name
    shutil.copy(tiny.store, path)
    with duckdb.connect(str(path)) as db:
        kinds = kinds_of(db)
        table = pa.table({"feature_id": pa.array(list(kinds), pa.int32()), "kind": list(kinds.values())})
        db.register("incoming", table)
        db.execute("CREATE OR REPLACE TABLE kinds AS SELECT * FROM incoming")
    return open_session(path)


def test_a_matrix_knows_its_content(with_kinds):
    store = with_kinds.store
    kinds = store.kinds()
    for matrix in (store.matrix("all"), store.matrix("response", 0.2), with_kinds.matrix("prompt", 0.1)):
        expected = [kinds.get(f) in MEANING for f in range(store.n_features)]
        assert matrix.content.dtype == bool and matrix.content.tolist() == expected


def test_picks_are_credited_with_content_only(with_kinds):
    spec = SelectionSpec(budget=10, weights="content", theta=0.2)
    matrix, selection = with_kinds.matrix_of(spec), with_kinds.selection(spec)
    book = ledger(matrix, selection)
    assert len(book.feature) and matrix.content[book.feature].all()
    assert np.diff(book.ptr).tolist() == selection.gains.tolist()
    assert with_kinds.coverable(spec) == len(np.unique(matrix.feature[matrix.content[matrix.feature]]))
    assert selection.covered_after[-1] <= with_kinds.coverable(spec)


def test_a_store_without_kinds_says_so(tiny, tmp_path):
    path = shutil.copy(tiny.store, tmp_path / tiny.store.name)
    with duckdb.connect(str(path)) as db:
        db.execute("DROP TABLE IF EXISTS kinds")
    session = open_session(path)
    assert session.store.kinds() == {} and session.store.matrix("all").content is None
    with pytest.raises(SelectionError, match="upgrade"):
        session.selection(SelectionSpec(budget=3, weights="content"))
