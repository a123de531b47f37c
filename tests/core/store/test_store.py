"""Reading a finished store: matrices against dictionaries, many threads, many processes."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import pytest

from core.errors import StoreError
from core.schema import SEGMENTS
from core.store.meta import list_stores
from core.store.reader import FeatureStore, commonest, open_store
from core.store.tables import SCHEMA_VERSION
from core.store.turns import START
from tests.stores import held

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def store(tiny):
    return open_store(tiny.store)


@pytest.fixture(scope="module")
def entries(tiny):
    with duckdb.connect(str(tiny.store), read_only=True) as db:
        return db.execute("SELECT sample_id, segment, feature_id, value FROM activations").fetchall()


@pytest.mark.parametrize("theta", [None, 0.0, 1.0, 1e9])
@pytest.mark.parametrize("scope", ["all", "prompt", "response"])
def test_matrix(store, entries, scope, theta):
    best = {}
    for sample, segment, feature, value in entries:
        if value > (theta or 0) and scope in ("all", SEGMENTS[segment]):
            best[sample, feature] = max(value, best.get((sample, feature), 0))
    matrix = store.matrix(scope, theta)
    sample = np.repeat(np.arange(matrix.n_samples), matrix.counts)
    keys = list(zip(sample.tolist(), matrix.feature.tolist(), strict=True))
    assert keys == sorted(best) and matrix.value.tolist() == [best[key] for key in keys]
    assert (matrix.n_samples, matrix.n_features) == (30, store.n_features)
    assert matrix.value.tolist() == store.matrix(scope).at(theta or 0).value.tolist()


def test_scopes_differ(store):
    assert store.matrix("prompt").counts.sum() < store.matrix("all").counts.sum()
    with pytest.raises(StoreError, match="Unknown scope 'later': use one of all, prompt, response"):
        store.matrix("later")


def test_samples_in_the_order_asked_for(store):
    everyone = store.samples()
    assert [s.row for s in everyone] == list(range(30))
    rows = np.array([7, 3, 29, 3])
    assert store.samples(rows) == [everyone[i] for i in rows] and store.samples([]) == []
    assert everyone[1].source == "part1" and everyone[1].messages[0].role == "user"


def test_rows_that_are_not_there(store):
    for call in (lambda: store.samples([30]), lambda: store.pieces(30)):
        with pytest.raises(StoreError, match="no sample 30"):
            call()


def test_scores_are_nan_where_there_is_none(store):
    (name,) = store.scores()
    assert name == "score"
    np.testing.assert_array_equal(store.scores()[name], [np.nan if i % 7 == 0 else i / 2 for i in range(30)])


def test_features_of_a_sample(store, entries):
    for row in (0, 5, 29):
        found = store.sample_features(row)
        triples = zip(found["segment"].tolist(), found["feature_id"].tolist(), found["value"].tolist(), strict=True)
        assert sorted(triples) == sorted(e[1:] for e in entries if e[0] == row)
        assert (np.diff(found["value"]) <= 0).all()


def test_previews_and_faces(store):
    previews = store.previews()
    assert previews == [(s.prompt[:START], s.response[:START]) for s in store.samples()]
    assert store.previews([7, 0, 7]) == [previews[7], previews[0], previews[7]]
    assert set(store.faces()) == set(store.features()["feature_id"].tolist())
    assert commonest(["b", "", "a", "a", "c"], 2) == ["a", "b"]


def test_threads_share_a_store(store):
    expected = [store.sample_features(row)["value"].tolist() for row in range(30)]
    matrices = {theta: store.matrix("all", theta).value.sum() for theta in (0.0, 0.5, 1.0)}

    def ask(seed):
        rng = np.random.default_rng(seed)
        for row in rng.integers(0, 30, 25).tolist():
            assert store.sample_features(row)["value"].tolist() == expected[row]
            theta = float(rng.choice(list(matrices)))
            assert store.matrix("all", theta).value.sum() == matrices[theta]
        return seed

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [0, 1, 2, 3]


def test_processes_share_a_store(store):
    code = "import sys; from core.store.reader import open_store; print(len(open_store(sys.argv[1]).matrix().value))"
    command = [sys.executable, "-c", code, str(store.path)]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [int(process.communicate()[0]) for process in running] == [len(store.matrix().value)] * 3


def test_what_is_no_store(tiny, tmp_path):
    with pytest.raises(StoreError, match="There is no feature store at"):
        open_store(tmp_path / "none.duckdb")
    text = tmp_path / "text.duckdb"
    text.write_text("no database " * 1000)
    with pytest.raises(StoreError, match=r"text\.duckdb is no feature store, or its beginning is damaged"):
        open_store(text)
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as db:
        db.execute("CREATE TABLE t(x INTEGER)")
    with pytest.raises(StoreError, match="is no feature store"):
        open_store(other)
    with duckdb.connect(str(other)) as db:
        db.execute("CREATE TABLE meta AS SELECT 'schema_version' AS key, '999' AS value")
    with pytest.raises(StoreError, match=f"schema version 999, this program reads {SCHEMA_VERSION}: extract again"):
        open_store(other)


def test_a_store_that_is_being_written(tmp_path):
    path = tmp_path / "x.duckdb"
    with held(path), pytest.raises(StoreError, match="being written by another process"):
        FeatureStore(path)


def test_list_of_stores(tiny):
    assert list_stores(tiny.store.parent) == [tiny.store]


def test_all_sql_of_the_store_is_in_its_room():
    files = [p for folder in ("core", "pages") for p in (ROOT / folder).rglob("*.py")]
    asking = {
        p.relative_to(ROOT).parts[:2] for p in files if re.search(r"store\.(rows|columns|db)\b", p.read_text("utf-8"))
    }
    assert asking == {("core", "store")}
