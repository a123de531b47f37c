"""In which order records leave, and which are held out: against oracles of a few lines."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.export.order import held_out, ordered
from core.schema import SelectionSpec
from core.selection.run import select
from core.session.sample_info import info_of
from core.store.reader import open_store
from tests.factories import alpaca, tiny_store
from tests.strategies import quick, seeds

SOURCES = ["b", "a", "", "b", "a", "b"]
SCORES = [0.5, None, 0.25, 0.5, 9.0, -1.0]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    records = [
        {"instruction": r["instruction"], "output": r["output"], "source": source, "ease_score": score}
        for r, source, score in zip(alpaca(6), SOURCES, SCORES, strict=True)
    ]
    return open_store(tiny_store(tmp_path_factory.mktemp("order"), records, [{0, 1, 2}, {2, 3}, {4}, {0, 5}, {6}, {7}]))


@pytest.fixture(scope="module")
def selection(store):
    spec = SelectionSpec("random", 5, theta=0.5, seed=3, bans=(2,))
    return select(store.matrix(), spec, info_of(store))


def test_the_order_is_the_one_that_was_asked_for(store, selection) -> None:
    kept = set(selection.rows.tolist())
    worst = [np.inf if score is None else score for score in SCORES]
    assert ordered(selection, store, "pick").tolist() == selection.rows.tolist() != sorted(kept)
    assert ordered(selection, store, "input").tolist() == sorted(kept)
    assert ordered(selection, store, "source").tolist() == sorted(kept, key=lambda row: (SOURCES[row], row))
    assert ordered(selection, store, "ease_score").tolist() == sorted(kept, key=lambda row: (worst[row], row))


def test_an_unknown_order_names_those_there_are(store, selection) -> None:
    with pytest.raises(SelectionError, match="Unknown order 'best': use one of input, pick, source, or a score column"):
        ordered(selection, store, "best")


@quick
@given(
    sources=st.lists(st.sampled_from("abc"), min_size=2, max_size=40),
    share=st.floats(0.01, 0.9),
    seed=seeds,
)
def test_each_source_gives_its_share(sources, share, seed) -> None:
    n, rows = len(sources), np.random.default_rng(seed).permutation(len(sources) * 2)[: len(sources)]
    total = max(1, round(share * n))
    if total >= n:
        with pytest.raises(SelectionError, match="leaves none"):
            held_out(rows, np.array(sources), share, seed)
        return
    out = held_out(rows, np.array(sources), share, seed)
    assert out.dtype == bool and out.sum() == total
    counts, held = Counter(sources), Counter(np.array(sources)[out].tolist())
    assert all(abs(held[source] - total * counts[source] / n) < 1 for source in counts), "to the nearest record"
    again = np.argsort(rows)
    assert held_out(rows[again], np.array(sources)[again], share, seed).tolist() == out[again].tolist()


def test_a_seed_draws_and_no_share_holds_none_out() -> None:
    rows, sources = np.arange(50), np.array([""] * 50)
    drawn = {tuple(np.flatnonzero(held_out(rows, sources, 0.1, seed))) for seed in range(5)}
    assert len(drawn) > 1 and {len(d) for d in drawn} == {5}
    assert not held_out(rows, sources, 0.0, 0).any()
