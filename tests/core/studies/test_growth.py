"""How the number of features grows with the length of a response."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.session.session import open_session
from core.store.places import token_places
from core.studies.growth import growth, heaps, mean_curve
from tests.strategies import quick, seeds


@quick
@given(seeds, st.integers(1, 70))
def test_growth_is_the_mean_over_the_responses_that_are_long_enough(seed, n):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 12, n)
    peaks = [rng.integers(0, size, 5) if size else np.empty(0, int) for size in lengths]
    sample = np.repeat(np.arange(n), [len(p) for p in peaks])
    place = np.concatenate(peaks).astype(int)
    mean, reached = mean_curve(place, lengths[sample], np.ones(len(place)), lengths)
    for t in range(1, len(mean) + 1):
        long = [i for i in range(n) if lengths[i] >= t]
        assert reached[t - 1] == len(long) >= max(1, min(30, n // 2))
        assert mean[t - 1] == pytest.approx(np.mean([(peaks[i] < t).sum() for i in long]))


@quick
@given(st.floats(0.2, 1.2), st.floats(1, 40), st.integers(3, 400))
def test_heaps_finds_the_curve_it_was_given(beta, K, n):
    assert heaps(K * np.arange(1, n + 1) ** beta) == pytest.approx((K, beta, 1), rel=1e-6)


def test_growth_of_a_store_has_a_curve_for_each_source(tiny):
    store = open_session(tiny.store).store
    curves, columns = growth(store, token_places(store), 0.0), store.sample_columns()
    assert sorted(c.source for c in curves) == ["part0", "part1", "part2"]
    for curve in curves:
        own = [i for i in range(store.n_samples) if columns["source"][i] == curve.source]
        first = [i for i in own if columns["n_response_tokens"][i] >= 1]
        met = 0
        for row in first:
            begin, found = int(np.flatnonzero(store.pieces(row)[1] == 1)[0]), store.sample_features(row)
            met += int(((found["segment"] == 1) & (found["peak"] == begin)).sum())
        assert curve.samples[0] == len(first)
        assert curve.features[0] == pytest.approx(met / len(first))


def test_growth_of_many_samples_is_that_of_evenly_spaced_ones(tiny):
    store = open_session(tiny.store).store
    places, n = token_places(store, 10), store.n_samples
    every = places.every
    assert every == -(-n // 10) and len(places.start) == n + 1
    whole = token_places(store)
    for row in range(0, n, every):
        mine, theirs = (slice(p.start[row], p.start[row + 1]) for p in (places, whole))
        assert np.array_equal(places.place[mine], whole.place[theirs])
        assert np.array_equal(places.length[mine], whole.length[theirs])
    responses = store.sample_columns("n_read_response")["n_read_response"]
    seen = sum(int(curve.samples[0]) for curve in growth(store, places, 0.0) if len(curve.samples))
    assert seen == np.count_nonzero(responses[::every])
