"""The table for embedding-atlas: what it says of each sample, and that the reader's own queries take it."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from core.explain.naming import Names
from core.export.atlas import atlas_bytes
from core.schema import SelectionSpec
from core.session.session import Session, open_session
from tests.factories import random_store

N, F = 20, 16


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Twenty samples of two sources, one of them with half a character, with random features and a score."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    more = [{"source": "ab"[i % 2], "grade": i / 4} for i in range(N)]
    more[3]["instruction"] = "half \ud800 a character"
    return open_session(random_store(tmp_path, more, F))


def test_each_sample_is_told_as_the_store_has_it(session: Session) -> None:
    chosen = session.selection(SelectionSpec(budget=5))
    content = atlas_bytes(session, chosen, Names(lambda f: "" if f == 6 else f"name {f}"))
    found = pd.read_parquet(BytesIO(content))  # as embedding-atlas reads it (utils.load_pandas_data)
    matrix, place = session.matrix_of(chosen.spec), session.projection("tokens")
    assert found["status"].tolist() == ["kept" if row in chosen.rows else "left out" for row in range(N)]
    assert [int(found["pick"][row]) for row in chosen.rows] == [1, 2, 3, 4, 5] and found["pick"].isna().sum() == N - 5
    assert found["source"].tolist() == ["a", "b"] * (N // 2)
    assert "half \ufffd a character" in found["text"][3] and found["text"][0] == session.store.texts([0])[0]
    for axis in "xy":
        np.testing.assert_array_equal(found[f"map_{axis}"], place[axis])
    for row in range(N):
        values = matrix.value[matrix.indptr[row] : matrix.indptr[row + 1]]
        wanted = sorted(zip((-values).tolist(), matrix.row(row).tolist(), strict=True))
        assert [(-one["value"], one["number"]) for one in found["features"][row]] == wanted
        assert all(
            one["name"] == ("" if one["number"] == 6 else f"name {one['number']}") for one in found["features"][row]
        )


def test_the_queries_of_the_reader_take_its_columns(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "atlas.parquet"
    path.write_bytes(atlas_bytes(session, session.selection(SelectionSpec(budget=5)), Names("name {}".format)))
    db = duckdb.connect()
    db.execute(f"CREATE TABLE dataset AS FROM read_parquet('{path}')")
    kinds = {name: kind for name, kind, *_ in db.execute("DESCRIBE dataset").fetchall()}
    assert kinds["map_x"] == kinds["map_y"] == "FLOAT" and kinds["text"] == "VARCHAR"
    assert kinds["features"].startswith("STRUCT(")  # and no list of texts, which the reader takes as well
    assert "x" not in kinds  # the reader's queries call the entries of a list so
    counted = db.execute(  # as its list of features counts them: FeaturesList of embedding-atlas 0.26.0
        """WITH exploded AS (SELECT row AS row_id,
        UNNEST(list_transform(features, lambda x: x.feature))::TEXT AS feature,
        UNNEST(list_transform(features, lambda x: COALESCE(x.source, 'default')))::TEXT AS source FROM dataset)
        SELECT feature, source, COUNT(DISTINCT row_id) FROM exploded GROUP BY feature, source"""
    ).fetchall()
    matrix = session.matrix_of(SelectionSpec())
    everywhere = np.bincount(matrix.feature, minlength=F)
    assert {(name, source): n for name, source, n in counted} == {
        (f"name {f} ({f})", "tokens"): int(everywhere[f]) for f in np.flatnonzero(everywhere)
    }
