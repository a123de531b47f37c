"""A session that many threads use gives what a fresh one gives."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import DataError
from core.schema import UNITS, SelectionSpec
from core.selection import registry
from core.selection.clustering import clusters
from core.session.memory import Memory
from core.session.request import budgets
from core.session.session import Session, open_session
from tests.factories import alpaca, tiny_store, with_counts

N, F = 60, 40
METHODS = ("sae-greedy", "sae-simscale", "random", "longest-response", "k-center")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A store of 60 samples with random features."""
    rng = np.random.default_rng(0)
    records = [{"instruction": "q " * (i % 5 + 1), "output": "a " * int(rng.integers(1, 30))} for i in range(N)]
    values = [{int(f): float(rng.random()) for f in rng.choice(F, rng.integers(1, 12), False)} for _ in records]
    return tiny_store(tmp_path_factory.mktemp("session"), records, values, n_features=F)


specs = st.builds(
    SelectionSpec,
    method=st.sampled_from(METHODS),
    budget=st.integers(1, N // 2),
    theta=st.sampled_from((0.0, 0.3)),
    vetoes=st.dictionaries(st.integers(0, F - 1), st.sampled_from(("ignore", "block")), max_size=2),
    bans=st.lists(st.integers(0, N - 1), max_size=3, unique=True).map(tuple),
    weights=st.just("uniform"),
    seed=st.integers(0, 2),
)


def answers(session, spec):
    """What a page asks of a session, as plain values."""
    order, selection = session.order(spec), session.selection(spec)
    numbers = (
        order.rows,
        order.gains,
        selection.rows,
        order.covered_after,
        session.matrix(spec.scope, spec.theta).value,
    )
    return [n.tolist() for n in numbers] + [session.coverable(spec), session.default_theta("response")[0]]


@settings(max_examples=30)
@given(st.lists(specs, min_size=2, max_size=6), st.sampled_from((0, 20_000, None)))
def test_fault_7_a_session_used_by_many_threads_gives_what_a_fresh_one_gives(path, asked, budget):
    wanted = [answers(open_session(path), spec) for spec in asked]
    shared, together = open_session(path), Barrier(4)
    shared = Session(shared.store, shared.info, Memory(budget))

    def tab(first):
        together.wait(60)
        turned = [(first + i) % len(asked) for i in range(len(asked))]
        return [(i, answers(shared, asked[i])) for i in turned]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(tab, range(4), timeout=300):
                assert all(answer == wanted[i] for i, answer in found)
    finally:
        sys.setswitchinterval(interval)


def test_fault_7_what_another_tab_leaves_in_a_shared_slot_is_not_read_back(path):
    mine, theirs = SelectionSpec(budget=N), SelectionSpec(budget=N, bans=(3, 4, 5))
    foreign = open_session(path).order(theirs)

    class Shared(Memory):
        """A memory into whose slots another tab writes right after this one."""

        def put(self, key, value):
            super().put(key, foreign if key[0] == "latest" else value)

    session = open_session(path)
    session = Session(session.store, session.info, Shared())
    for spec in (mine, theirs, mine):
        assert session.order(spec).rows.tolist() == open_session(path).order(spec).rows.tolist()
        assert session.order(spec).spec == spec


def test_fault_8_clusters_are_those_of_the_vectors_asked_for(path, tmp_path):
    session, rng = open_session(path), np.random.default_rng(1)
    files = [tmp_path / "one.npy", tmp_path / "two.npy"]
    for file in files:
        np.save(file, rng.normal(size=(N, 3)))
    for name in ("residual", *map(str, files), "residual"):
        raw = session.store.embeddings() if name == "residual" else np.load(name)
        units = session.vectors(name)
        assert units.dtype == np.float32
        assert np.allclose(units, raw / np.linalg.norm(raw, axis=1, keepdims=True), atol=1e-6)
        assert session.clusters(name, 4).label.tolist() == clusters(units, 4, 0).label.tolist()
        assert session.clusters(name, 4) is session.clusters(name, 4)
        assert session.clusters(name, 3).k == 3
    before = session.vectors(str(files[0])).copy()
    np.save(files[0], rng.normal(size=(N, 5)))
    assert session.vectors(str(files[0])).shape == (N, 5) != before.shape, "the file has changed"
    with pytest.raises(DataError, match="cannot be read"):
        session.vectors(str(tmp_path / "none.npy"))


def test_an_order_serves_every_budget(path):
    session = open_session(path)
    spec = SelectionSpec(budget=7)
    assert session.selection(spec).rows.tolist() == session.order(spec).rows[:7].tolist()
    assert session.order(spec) is session.order(replace(spec, budget=9))


@pytest.mark.parametrize("method", [name for name, of in registry.METHODS.items() if of.nested and of.quick])
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_order_made_as_far_as_it_is_needed_has_the_picks_of_all_of_it(path, monkeypatch, method, data):
    monkeypatch.setattr("core.session.session.FIRST", 4)
    needs = registry.METHODS[method].needs
    spec = replace(data.draw(specs), method=method, options={"reference": "set:x"} if "reference" in needs else {})
    spec = replace(spec, sets={"set:x": (3, 7, 9)}, options=spec.options | ({"score": "s"} if "score" in needs else {}))
    session, whole = with_score(path), with_score(path)
    whole = whole.order(spec)
    assert len(whole.rows) == N - len(spec.bans) - blocked(session, spec)
    for budget in data.draw(st.lists(st.integers(1, N), min_size=1, max_size=4)):
        order = session.order(spec, budget)
        least = min(budget, len(whole.rows))
        assert least <= len(order.rows)
        for name in ("rows", "gains", "round", "covered_after"):
            assert np.array_equal(getattr(order, name), getattr(whole, name)[: len(order.rows)]), name
        assert session.selection(replace(spec, budget=budget)).rows.tolist() == whole.rows[:least].tolist()


def with_score(path):
    """A session whose samples have a score."""
    session = open_session(path)
    scores = {"s": np.random.default_rng(3).random(N)}
    return Session(session.store, replace(session.info, scores=scores), session.memory)


def blocked(session, spec):
    """How many samples that are not banned a veto bars."""
    barred = {f for f, mode in spec.vetoes.items() if mode == "block"}
    matrix = session.matrix_of(spec)
    return sum(r not in spec.bans and bool(barred & set(matrix.row(r).tolist())) for r in range(N))


def test_an_order_goes_on_where_a_shorter_one_ends(path, monkeypatch):
    monkeypatch.setattr("core.session.session.FIRST", 4)
    session, spec = open_session(path), SelectionSpec(budget=3)
    assert len(session.order(spec, 9).rows) == 16 and session.order(spec, 3) is session.order(spec, 16)
    assert len(session.order(spec, 17).rows) == 32 and len(session.order(spec).rows) == N


@pytest.mark.parametrize("in_the_cache", [False, True])
def test_an_order_by_a_file_follows_the_file(path, tmp_path, monkeypatch, in_the_cache):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    session, file, rng = open_session(path), tmp_path / "v.npy", np.random.default_rng(2)
    spec = SelectionSpec("k-center", 9, options={"vectors": file.name if in_the_cache else str(file)})
    for d in (3, 5):
        np.save(file, rng.normal(size=(N, d)))
        assert session.selection(spec).rows.tolist() == open_session(path).selection(spec).rows.tolist()


@pytest.mark.parametrize("unit", UNITS)
def test_the_total_takes_all_samples_the_empty_ones_too(tmp_path, unit):
    """One definition for the command line, the pages and the methods: what all samples take, which all then fit in."""
    whole = np.array([[0, 0, 0], [3, 4, 0], [0, 0, 0], [2, 0, 1]])
    path = tiny_store(tmp_path, alpaca(4), [{i} for i in range(4)])
    session = open_session(with_counts(path, whole, whole))
    total = {"samples": 4, "tokens": 1 + 7 + 1 + 3}[unit]
    assert session.total(unit) == total and budgets(session, unit) == (1, total)
    rows = session.selection(SelectionSpec("random", total, unit)).rows
    assert sorted(rows) == [0, 1, 2, 3]
    assert len(session.selection(SelectionSpec("random", total - 1, unit)).rows) == 3
