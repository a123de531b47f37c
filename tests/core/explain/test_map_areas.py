"""Areas of a map."""

import numpy as np

from core.explain.map_areas import FITTED, map_areas


def centres_of(place, level):
    """The centres float (k, 2) that the distances are from: of each place d² = |p|² − 2p·c + |c|²."""
    found = []
    for number in range(level.k):
        own, far = place[level.label == number], level.distance[level.label == number]
        known = np.c_[-2 * own, np.ones(len(own))]
        found.append(np.linalg.lstsq(known, far.astype(float) ** 2 - (own**2).sum(1), rcond=None)[0][:2])
    return np.array(found)


def test_levels_are_finer_and_each_sample_is_in_the_area_with_the_nearest_centre():
    place = np.random.default_rng(0).uniform(-1, 1, (FITTED + 1000, 2)).astype(np.float32)
    levels = map_areas(place)
    assert [level.k for level in levels] == [8, 24, 72]
    for level in levels:
        assert level.label.shape == level.distance.shape == (len(place),)
        assert set(level.label.tolist()) == set(range(level.k))
        far = np.linalg.norm(place[:, None] - centres_of(place.astype(float), level), axis=2)
        assert np.abs(far.min(1) - level.distance).max() < 1e-4
        assert np.abs(far[np.arange(len(place)), level.label] - level.distance).max() < 1e-4
        for number in range(level.k):  # the centre, but for the places that it was not fitted on
            own = place[level.label == number]
            assert np.linalg.norm(own - own.mean(0), axis=1).mean() < 3 / np.sqrt(level.k)
    np.testing.assert_array_equal(levels[2].label, map_areas(place)[2].label)


def test_few_samples_have_few_areas():
    rng = np.random.default_rng(0)
    assert [level.k for level in map_areas(rng.random((30, 2)))] == [2]
    assert [level.k for level in map_areas(np.zeros((50, 2)))] == [1]
    assert map_areas(np.zeros((0, 2))) == ()
