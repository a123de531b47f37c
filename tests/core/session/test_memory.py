"""What a session keeps: within its bytes, least recently used out first, each value computed by one thread."""

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier, Event

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SaelectError
from core.matrix.postings import postings
from core.schema import FeatureMatrix
from core.session.memory import LEAST, MOST, Memory, default_budget, n_bytes

WAIT = 60  # seconds until a deadlock is one


@given(st.integers(0, 4000), st.lists(st.tuples(st.integers(0, 6), st.integers(0, 200)), max_size=40))
def test_fault_7_memory_is_bounded_by_bytes_and_drops_what_was_used_longest_ago(budget, asked):
    memory, model = Memory(budget), OrderedDict()
    for key, length in asked:
        value = memory.get(key, lambda n=length: np.zeros(n))
        model.setdefault(key, value)
        model.move_to_end(key)
        while len(model) > 1 and sum(n_bytes(k) + n_bytes(v) for k, v in model.items()) > budget:
            model.popitem(last=False)
        assert value is model[key]
        assert {k for k in range(7) if k in memory} == set(model)
        assert memory.size == sum(n_bytes(k) + n_bytes(v) for k, v in model.items())
        assert memory.size <= budget or len(model) == 1, "only the value just asked for may be larger"


@given(st.integers(500, 4000), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 100))))
def test_owners_share_one_budget_and_drop_what_anyone_used_longest_ago(budget, asked):
    whole, model = Memory(budget), OrderedDict()
    parts = [whole.part() for _ in range(3)]
    for owner, key, length in asked:
        value = parts[owner].get(key, lambda n=length: np.zeros(n))
        assert value is model.setdefault((owner, key), value), "an owner has its own keys"
        model.move_to_end((owner, key))
        while not all(key in parts[one] for one, key in model):
            model.popitem(last=False)
        assert whole.size <= budget or len(model) == 1
    parts[0].clear()
    assert {(one, key) for one in range(3) for key in range(4) if key in parts[one]} == {k for k in model if k[0]}
    assert (whole.size == 0) == (not [k for k in model if k[0]])


def test_posting_lists_that_are_made_later_are_counted():
    memory, matrix = Memory(), FeatureMatrix.from_sets([range(1000)] * 10, 1000)
    memory.put("matrix", matrix)
    before = memory.size
    lists = postings(matrix)
    memory.put("other", None)
    assert memory.size >= before + sum(array.nbytes for array in lists)


def test_fault_7_one_thread_computes_what_several_ask_for():
    memory, together, times = Memory(), Barrier(8), []

    def compute():
        times.append(1)
        return object()

    def ask(_):
        together.wait(WAIT)
        return memory.get("same", compute)

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, range(8), timeout=WAIT))
    assert len(found) == len(times) == 1


def test_fault_7_a_long_computation_keeps_nobody_else_waiting():
    memory, begun, other = Memory(), Event(), Event()

    def long():
        begun.set()
        assert other.wait(WAIT), "another key had to wait for this one"
        return "long"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(memory.get, "long", long)
        assert begun.wait(WAIT)
        assert memory.get("short", lambda: "short") == "short"
        memory.put("given", 1)
        assert memory.latest("given") == 1
        assert "long" not in memory
        other.set()
        assert first.result(WAIT) == "long"


def test_an_error_is_raised_to_who_asked_and_not_kept():
    memory = Memory()
    with pytest.raises(ZeroDivisionError):
        memory.get("key", lambda: 1 / 0)
    assert "key" not in memory
    assert memory.latest("key") is None
    assert memory.get("key", lambda: None) is None
    assert memory.get("key", lambda: 1) is None, "None is a value too"


def test_a_value_may_be_made_of_others():
    memory = Memory()
    assert memory.get("outer", lambda: memory.get("inner", lambda: 20) + 1) == 21


@dataclass
class Holder:
    """A value made of others."""

    arrays: tuple[np.ndarray, ...]
    names: dict[str, np.ndarray]


def test_bytes_are_those_of_the_arrays_wherever_they_lie():
    kilobyte = np.zeros(125)
    around = 1000  # bytes of the objects that hold them
    for value, arrays in (
        (kilobyte, 1),
        (Holder((kilobyte, kilobyte.copy()), {"a": kilobyte.copy(), "same again": kilobyte}), 3),
        ([(kilobyte, {1: {2: kilobyte.copy()}})], 2),
        (pa.array(kilobyte), 1),
        ("x" * 1000, 1),
        (kilobyte[:], 1),
    ):
        assert arrays * 1000 <= n_bytes(value) <= arrays * 1000 + around, value
    matrix = FeatureMatrix.from_sets([range(1000)] * 10, 1000)
    assert n_bytes(matrix) >= matrix.indptr.nbytes + matrix.feature.nbytes + matrix.value.nbytes
    circle = []
    circle.append(circle)
    assert n_bytes(circle) < around


def test_the_budget_is_set_by_the_environment(monkeypatch):
    monkeypatch.setenv("SAELECT_MEMORY", "1.5")
    assert Memory().budget == 1_500_000_000
    monkeypatch.setenv("SAELECT_MEMORY", "much")
    with pytest.raises(SaelectError, match="SAELECT_MEMORY must be a number of GB such as 4, got 'much'"):
        default_budget()
    monkeypatch.delenv("SAELECT_MEMORY")
    assert LEAST <= default_budget() <= MOST
