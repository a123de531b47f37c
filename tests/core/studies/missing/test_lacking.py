"""What is missing against counting with sets, and the list of it."""

import csv
import io
import json
from itertools import pairwise
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.schema import FeatureMatrix
from core.session.groups import Group
from core.store.reader import open_store
from core.studies.missing.lacking import EXAMPLES, FAR, LEAST, missing
from core.studies.missing.listed import in_short, listed, written
from tests.factories import alpaca, random_matrix, tiny_store
from tests.strategies import quick, seeds


def drawn(rng, n, features, same=None):
    """A matrix and some of its rows, at least one."""
    matrix, values = same or random_matrix(rng, n, features)
    return matrix, values, np.sort(rng.choice(len(values), rng.integers(1, len(values) + 1), replace=False))


@quick
@given(seeds, st.booleans())
def test_what_is_missing_is_what_counting_says(seed, one_matrix):
    rng = np.random.default_rng(seed)
    matrix, values, here = drawn(rng, 30, 20)
    other, theirs, there = drawn(rng, 40, 20, (matrix, values) if one_matrix else None)
    found = missing(Group("here", matrix, here), Group("there", other, there))

    n, m = len(here), len(there)
    h = [sum(values[i, f] > 0 for i in here) for f in range(20)]
    t = [sum(theirs[i, f] > 0 for i in there) for f in range(20)]
    known = [f for f in range(20) if t[f]]
    assert (found.n_here, found.n_there, found.n_features) == (n, m, len(known))
    assert found.covered == pytest.approx(np.mean([h[f] > 0 for f in known]) if known else 1)
    pairs = [f for i in there for f in range(20) if theirs[i, f] > 0]
    assert found.covered_weight == pytest.approx(np.mean([h[f] > 0 for f in pairs]) if pairs else 1)

    lacked = [f for f in known if t[f] >= LEAST and h[f] / n <= FAR * t[f] / m]
    assert sorted(found.feature.tolist()) == lacked
    short = [t[f] / m - h[f] / n for f in found.feature]
    assert all(a > b - 1e-12 for a, b in pairwise(short))
    for i, f in enumerate(found.feature.tolist()):
        assert (found.here[i], found.there[i]) == (h[f], t[f])
        assert found.weight[i] == pytest.approx(t[f] / len(pairs))
        assert found.add[i] == ceil(t[f] * n / m - 1e-9) - h[f] > 0
        have = sorted((r for r in there if theirs[r, f] > 0), key=lambda r: (-theirs[r, f], r))
        assert found.rows[i].tolist() == have[:EXAMPLES]


@pytest.fixture
def reference(tmp_path):
    return open_store(tiny_store(tmp_path, alpaca(6), [{0: 1.0, 3: 2.0}] * 3 + [{1: 3.0, 3: 1.0}] * 3))


def test_the_list_says_what_to_collect_and_is_written(reference):
    there = reference.matrix()
    here = Group("here", FeatureMatrix.from_sets([{1}, {1, 3}, {2}], 16), np.array([0, 2]))
    found, names = missing(here, Group("there", there, np.arange(6))), {3: "a, “b”\nc", 0: "\ud800x"}
    rows = listed(found, names, "topics")
    assert [row["topic"] for row in rows][:2] == [3, 0] and rows[0]["rows"] == [0, 1, 2, 3, 4]
    assert rows[0]["collect"] == "Collect about 2 samples of “a, “b” c”: 100.0% of the reference have it, none here."
    assert rows[1]["collect"].startswith("Collect about 1 sample of “\ud800x”: 50.0% of the reference")
    assert "topics of the reference are here" in in_short(found, names, "topics")
    assert "above all “a, “b” c” (topic 3) and" in in_short(found, names, "topics")

    table = list(csv.DictReader(io.StringIO(written(rows, "csv", reference).decode())))
    assert [int(line["topic"]) for line in table] == [row["topic"] for row in rows]
    assert table[0]["name"] == names[3] and table[0]["rows"] == "0 1 2 3 4" and float(table[0]["weight"]) == 6 / 12
    lines = [json.loads(line) for line in written(rows, "jsonl", reference).decode().splitlines()]
    assert [{name: line[name] for name in rows[0]} for line in lines] == rows
    assert lines[0]["examples"][1] == {"prompt": "question 1", "response": "answer 1 ✓\nanswer 1 ✓\n"}
    with pytest.raises(SelectionError, match="as csv or jsonl, not as 'txt'"):
        written(rows, "txt", reference)


def test_personal_data_is_masked_in_the_examples(tmp_path):
    records = alpaca(2)
    records[1]["instruction"] = "x" * 178 + " write to erika.muster@gmail.com soon"  # which the cut at 200 goes through
    store = open_store(tiny_store(tmp_path, records, [{0: 1.0}] * 2))
    (line,) = written([{"topic": 0, "rows": [1]}], "jsonl", store).decode().splitlines()
    prompt = json.loads(line)["examples"][0]["prompt"]
    assert prompt == "x" * 178 + " write to e••••.••••••"


def test_nothing_is_missing_of_what_is_there(reference):
    matrix = reference.matrix()
    same = Group("all", matrix, np.arange(6))
    found = missing(same, same)
    assert (found.covered, found.covered_weight) == (1, 1) and not len(found.feature)
    assert in_short(found, {}, "tokens").endswith("None is missing or far rarer.")
    assert written(listed(found, {}, "tokens"), "csv", reference) == b""
