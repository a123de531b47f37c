"""A store with topics beside token features: what each lens gives, and what a store without one says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import StoreError
from core.explain.certificates import certificate
from core.explain.credit import ledger
from core.export.folder import export, replay
from core.matrix.threshold import median_theta, theta_table
from core.schema import SelectionSpec
from core.selection.run import select
from core.session.session import open_session
from core.store.reader import open_store
from tests.factories import TOPICS, alpaca, matrix_from, tiny_store

RNG = np.random.default_rng(0)
SETS = [set(RNG.choice(16, 5, replace=False).tolist()) for _ in range(20)]
OF_TOPICS = [{int(f): float(v) for f, v in zip(RNG.choice(TOPICS, 2, False), (2, 1), strict=True)} for _ in range(20)]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    return tiny_store(tmp_path_factory.mktemp("both"), alpaca(20), SETS, topics=OF_TOPICS)


def test_each_lens_has_its_own_matrix_names_and_theta(both):
    store, session = open_store(both), open_session(both)
    assert store.lenses == ("topics", "tokens") and session.lens == "tokens"
    wanted = matrix_from(OF_TOPICS, TOPICS)
    for scope in ("all", "prompt", "response"):
        found = store.matrix(scope, lens="topics")
        for name in ("indptr", "feature", "value"):
            np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    above = store.matrix("all", 1.5, "topics")
    np.testing.assert_array_equal(above.feature, wanted.at(1.5).feature)
    assert store.size_of("topics") == TOPICS and store.faces("topics")[3] == "topic 3"
    counts = np.bincount(wanted.feature, minlength=TOPICS)
    np.testing.assert_array_equal(store.features("topics")["n_samples"], counts[counts > 0])
    assert session.matrix("all", 0.0, "topics").n_features == TOPICS
    assert session.matrix("all", 0.0).n_features == 16
    assert session.default_theta("all", "topics")[0] == median_theta(session.default_theta("all", "topics")[1])


def test_the_features_of_one_sample_are_those_of_its_row(both):
    store = open_store(both)
    for lens in store.lenses:
        for theta in (0.0, 0.5, 1.5):
            matrix = store.matrix("all", theta, lens)
            for row in range(20):
                features, values = store.entries(row, lens, theta)
                assert sorted(features.tolist()) == matrix.row(row).tolist() and (np.diff(values) <= 0).all()
                span = slice(*matrix.indptr[row : row + 2])
                at = dict(zip(matrix.feature[span].tolist(), matrix.value[span], strict=True))
                assert dict(zip(features.tolist(), values, strict=True)) == at


def test_a_selection_through_topics_is_that_of_their_matrix(both):
    session = open_session(both)
    spec = SelectionSpec(budget=6, lens="topics")
    plain = select(matrix_from(OF_TOPICS, TOPICS), spec)
    found = session.selection(spec)
    np.testing.assert_array_equal(found.rows, plain.rows)
    np.testing.assert_array_equal(found.covered_after, plain.covered_after)
    assert session.selection(SelectionSpec(budget=6)).rows.tolist() != found.rows.tolist()  # the cache keeps them apart
    book = ledger(session.matrix_of(spec), found)
    sets, seen = [set(topics) for topics in OF_TOPICS], set()
    for rank, row in enumerate(found.rows.tolist()):
        credited = book.feature[book.ptr[rank] : book.ptr[rank + 1]].tolist()
        if found.round[rank] == 1:
            assert set(credited) == sets[row] - seen
        seen |= sets[row]
    assert certificate(session.matrix_of(spec), found).covered == len(set().union(*(sets[r] for r in found.rows)))


def test_a_manifest_of_topics_is_replayed_to_the_same_bytes(both, tmp_path):
    session = open_session(both)
    spec = SelectionSpec(budget=6, lens="topics", vetoes={1: "block", 2: "ignore"})
    found = export(session.selection(spec), session.store, tmp_path / "kept.jsonl")
    assert found["spec"]["lens"] == "topics"
    again = replay(tmp_path / "kept.manifest.json", tmp_path / "again.jsonl", both)
    assert again.read_bytes() == (tmp_path / "kept.jsonl").read_bytes()
    blocked = [row for row, topics in enumerate(OF_TOPICS) if 1 in topics]
    assert blocked and not set(blocked) & set(found["rows"])


def test_what_a_store_lacks_is_said(tmp_path):
    store = open_store(tiny_store(tmp_path, alpaca(20), SETS))
    assert store.lenses == ("tokens",) and open_session(store.path).topics() is None
    with pytest.raises(StoreError, match="has no topics: `python -m core upgrade` adds them"):
        store.matrix(lens="topics")
    with pytest.raises(StoreError, match="Unknown lens 'words'"):
        store.matrix(lens="words")
    alone = tmp_path / "alone"
    alone.mkdir()
    without = open_store(tiny_store(alone, alpaca(20), [()] * 20, n_features=0, topics=OF_TOPICS))
    assert without.lenses == ("topics",)
    with pytest.raises(StoreError, match="has no token features: it was made without an SAE"):
        without.matrix()


@given(st.lists(st.floats(0.125, 9, width=32), min_size=1, max_size=30))
def test_the_theta_of_topics_leaves_the_stronger_half(values):
    matrix = matrix_from([{0: value} for value in values], TOPICS)
    theta = median_theta(theta_table(matrix))
    median = np.median(np.float32(values))
    wanted = median if (np.float32(values) > median).any() else 0
    assert theta == pytest.approx(wanted, rel=1e-6)
    assert not theta or 0 < len(matrix.at(theta).value) <= len(values) / 2
    assert median_theta([]) == 0
