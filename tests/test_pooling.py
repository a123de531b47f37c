"""Context windows and the best values so far, against dictionaries."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.pooling import context_windows, push_best

quick = settings(deadline=None, max_examples=60)


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
