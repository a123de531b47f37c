"""What the picks consist of, by hand and against a loop."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.proof.picks import mixture, picks
from core.proof.store import Run


def test_the_mixture_of_a_methods_picks():
    source, losses = np.array(list("aabbbb")), np.ones(1)
    runs = [Run("kmq", 3, s, np.array(r), 1, 1, 1.0, 1.0, losses) for s, r in enumerate(([0, 1, 2], [3, 4, 5]))]
    runs.append(Run("base", 0, 0, np.empty(0, np.int64), 0, 0, 0.0, 0.0, losses))
    assert mixture(runs, source) == {("kmq", 3): {"a": 2 / 6, "b": 4 / 6}}


@given(st.lists(st.tuples(st.sampled_from("rk"), st.lists(st.integers(0, 5), min_size=1)), max_size=5))
def test_picks_are_counted_by_every_label(asked):
    labels = {"source": np.array(list("aabbbb")), "spoiled": np.array(["", "cut", "", "cut", "loop", ""])}
    runs = [Run(m, 9, s, np.array(r), 1, 1, 1.0, 1.0, np.ones(1)) for s, (m, r) in enumerate(asked)]
    found = picks(runs, labels)
    assert [row["method"] for row in found] == sorted({m for m, _ in asked})
    for row in found:
        rows = [i for m, own in asked if m == row["method"] for i in own]
        for by, label in labels.items():
            count = Counter(label[rows].tolist())
            assert row[by] == {name: count[name] / len(rows) for name in sorted(set(label.tolist()))}
