"""Context windows and the best values so far, against dictionaries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.store.pooling import context_windows, pool_max, pool_segments, push_best
from tests.strategies import quick


@quick
@given(st.integers(0, 10**6), st.integers(0, 40), st.integers(1, 8))
def test_pool_max_finds_the_largest_value_and_its_first_token(seed, n_triples, n_tokens):
    rng = np.random.default_rng(seed)
    segments, n_features = 4, 5
    token_segment, token_index = rng.integers(-1, segments, n_tokens), rng.permutation(n_tokens).astype(np.int32)
    token, feature = (rng.integers(0, n, n_triples).astype(np.int32) for n in (n_tokens, n_features))
    value = rng.integers(1, 4, n_triples).astype(np.float32)
    best = {}
    for t, f, v in zip(token.tolist(), feature.tolist(), value.tolist(), strict=True):
        if token_segment[t] >= 0:
            key, found = (int(token_segment[t]), f), (-v, int(token_index[t]))
            best[key] = min(best.get(key, found), found)
    pooled = pool_max(token_segment, token_index, token, feature, value, segments, n_features)
    rows = [(*key, -v, at) for key, (v, at) in sorted(best.items())]
    assert list(zip(*(column.tolist() for column in pooled), strict=True)) == rows
    assert [column.dtype for column in pooled] == [np.int32, np.int32, np.float32, np.int32]


@quick
@given(st.integers(0, 10**6), st.integers(0, 6))
def test_pool_segments_keeps_the_largest_value_of_each_feature(seed, n_samples):
    rng, rows = np.random.default_rng(seed), []
    for sample in range(n_samples):
        for _segment in range(rng.integers(0, 4)):
            rows += [(sample, f, v) for f, v in enumerate(rng.integers(0, 5, 6)) if v]
    sample, feature, value = (np.array([r[i] for r in rows], t) for i, t in enumerate((np.int32, np.int32, np.float32)))
    indptr, pooled, best = pool_segments(sample, feature, value, n_samples)
    for row in range(n_samples):
        largest = {}
        for s, f, v in rows:
            if s == row:
                largest[f] = max(largest.get(f, 0), int(v))
        own = slice(indptr[row], indptr[row + 1])
        assert list(zip(pooled[own].tolist(), best[own].tolist(), strict=True)) == sorted(largest.items())


def test_pool_segments_refuses_samples_out_of_order():
    out_of_order, ones = np.array([1, 0], np.int32), np.ones(2, np.float32)
    with pytest.raises(ValueError, match="not in the order"):
        pool_segments(out_of_order, np.zeros(2, np.int32), ones, 2)


@quick
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 9), st.integers(0, 5))
def test_windows_hold_the_values_around_the_peak(seed, n_samples, length, radius):
    rng, n_features = np.random.default_rng(seed), 3
    content = rng.random((n_samples, length)) < 0.7
    at = np.where(content, content.cumsum().reshape(content.shape) - 1, -1).astype(np.int32)
    n_tokens = int(content.sum())
    values = {
        (t, f): float(rng.integers(1, 9)) for t in range(n_tokens) for f in range(n_features) if rng.random() < 0.5
    }
    triples = sorted(values)
    token = np.array([t for t, _ in triples], np.int64)
    feature, value = np.array([f for _, f in triples], np.int32), np.array([values[k] for k in triples], np.float32)
    bounds = np.searchsorted(token, np.arange(n_tokens + 1))
    entries = [(s, f, p) for s in range(n_samples) for p in range(length) for f in range(n_features)
               if content[s, p] and (at[s, p], f) in values]  # fmt: skip
    owner, of, peak = (np.array([e[i] for e in entries], np.int32) for i in range(3))
    windows, start = context_windows(owner, of, peak, at, bounds, feature, value, radius)
    assert windows.shape == (len(entries), 2 * radius + 1)
    for (s, f, p), window, first in zip(entries, windows, start, strict=True):
        last = np.flatnonzero(content[s])[-1]
        tokens = range(max(0, p - radius), min(last, p + radius) + 1)
        assert first == tokens[0]
        assert window[~np.isnan(window)].tolist() == [values.get((at[s, t], f), 0.0) for t in tokens]
        assert window[p - first] == values[at[s, p], f]


@quick
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 20)), max_size=40), st.integers(1, 4))
def test_push_best_keeps_the_largest(pairs, k):
    best = np.full((4, k), -1, np.float32)
    push_best(best, np.array([f for f, _ in pairs], np.int32), np.array([v for _, v in pairs], np.float32))
    for f in range(4):
        expected = sorted((v for g, v in pairs if g == f), reverse=True)[:k]
        assert sorted(best[f].tolist(), reverse=True) == expected + [-1.0] * (k - len(expected))
