"""The most similar kept samples, the smallest cover and two samples side by side, against brute force."""

from itertools import combinations, pairwise
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given

from core.errors import SelectionError
from core.explain.covers import smallest_cover
from core.explain.similar_samples import most_similar, most_similar_kept, side_by_side
from core.matrix.likeness import covers_of_each, nearest_of_each
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.constraints import ignored
from core.selection.run import select
from tests.oracles import features, without_credit
from tests.strategies import F, quick, tasks


def vectors(matrix, spec):
    """Each sample's values at θ times log(1 + N / samples with the feature), as dictionaries without ignored ones."""
    sets, n = features(matrix, spec), matrix.n_samples
    count = {f: sum(f in s for s in sets) for f in range(F)}
    out = []
    for row, active in enumerate(sets):
        value = dict(zip(matrix.row(row).tolist(), matrix.value[matrix.indptr[row] :].tolist(), strict=False))
        out.append({f: value[f] * log(1 + n / count[f]) for f in active if f not in without_credit(matrix, spec)})
    return out


def cosine(a, b):
    lengths = sqrt(sum(v * v for v in a.values())) * sqrt(sum(v * v for v in b.values()))
    return sum(v * b[f] for f, v in a.items() if f in b) / lengths if lengths else 0.0


def same(found, wanted):
    """Whether rows and similarities are those of `wanted` (row: similarity), the most similar first, ties by row."""
    rows, similarity = found[0].tolist(), found[1].tolist()
    pairs = list(zip(similarity, rows, strict=True))
    in_order = all(a > b or (a == b and i < j) for (a, i), (b, j) in pairwise(pairs))
    return in_order and dict(zip(rows, similarity, strict=True)) == pytest.approx(wanted)


@quick
@given(tasks())
def test_the_most_similar_samples(task):
    matrix, spec, info = task
    selection, vector = select(matrix, spec, info), vectors(matrix, spec)
    for row in range(matrix.n_samples):
        wanted = {i: cosine(vector[row], v) for i, v in enumerate(vector) if i != row and cosine(vector[row], v) > 0}
        kept = {i: similarity for i, similarity in wanted.items() if i in selection.rows}
        assert same(most_similar(matrix, spec, row, matrix.n_samples), wanted)
        assert same(most_similar_kept(matrix, selection, row, matrix.n_samples), kept)
        first = most_similar_kept(matrix, selection, row, 1)[1]
        assert np.allclose(first, [max(kept.values())] if kept else [])


def test_ties_go_to_the_lowest_row_and_equal_samples_have_similarity_one():
    matrix = FeatureMatrix.from_sets([{0, 1}, {2, 3}, {0, 1}, {0, 1, 2}, {0, 1}], 4)
    selection = select(matrix, SelectionSpec(budget=5))
    rows, similarity = most_similar_kept(matrix, selection, 2)
    assert rows.tolist() == [0, 4, 3] and similarity[:2] == pytest.approx([1, 1])
    assert (similarity <= 1).all()
    with pytest.raises(SelectionError, match="There is no row 5: the rows are 0 to 4"):
        most_similar_kept(matrix, selection, 5)
    with pytest.raises(SelectionError, match="There is no row -1"):
        smallest_cover(matrix, selection, -1)


@quick
@given(tasks())
def test_the_smallest_cover(task):
    matrix, spec, info = task
    selection, sets = select(matrix, spec, info), features(matrix, spec)
    sets = [{f for f in s if f not in without_credit(matrix, spec)} for s in sets]
    for row, own in enumerate(sets):
        cover, kept = smallest_cover(matrix, selection, row), sorted(set(selection.rows.tolist()) - {row})
        left = set(own)
        for chosen, new in zip(cover.rows.tolist(), cover.features, strict=True):
            assert chosen == max(kept, key=lambda i: (len(sets[i] & left), -i))
            assert new.tolist() == sorted(sets[chosen] & left) and len(new)
            left -= sets[chosen]
        assert cover.left.tolist() == sorted(left)
        assert not left & set().union(*(sets[i] for i in kept))
        assert cover.covered == len(own) - len(left)
        fewest = next(
            k for k in range(len(kept) + 1)
            if any(own - left <= set().union(*(sets[i] for i in some)) for some in combinations(kept, k))
        )  # fmt: skip
        assert fewest <= len(cover.rows) <= fewest * sum(1 / (i + 1) for i in range(max(len(own), 1)))
        assert fewest != 1 or len(cover.rows) == 1


@quick
@given(tasks())
def test_all_samples_at_once_get_what_each_gets_alone(task):
    matrix, spec, info = task
    selection = select(matrix, spec, info)
    kept, rows = np.sort(selection.rows), np.setdiff1d(np.arange(matrix.n_samples), selection.rows)
    matrix = matrix.at(spec.theta)
    skip = ignored(matrix, spec)
    best, similarity = nearest_of_each(matrix, kept, rows, skip)
    covers = covers_of_each(matrix, kept, rows, skip, 2)
    for i, row in enumerate(rows.tolist()):
        one, value = most_similar_kept(matrix, selection, row, 1)
        assert ([kept[best[i]]] if best[i] >= 0 else []) == one.tolist()
        assert ([similarity[i]] if best[i] >= 0 else []) == value.tolist()
        assert kept[covers[i][covers[i] >= 0]].tolist() == smallest_cover(matrix, selection, row).rows[:2].tolist()


@quick
@given(tasks())
def test_side_by_side(task):
    matrix, spec, _ = task
    vector, dense = vectors(matrix, spec), np.zeros((matrix.n_samples, F), np.float32)
    dense[np.repeat(np.arange(matrix.n_samples), matrix.counts), matrix.feature] = matrix.value
    for a in range(matrix.n_samples):
        for b in range(a, matrix.n_samples):
            found = side_by_side(matrix, spec, a, b)
            assert found.similarity == pytest.approx(cosine(vector[a], vector[b]))
            assert sorted(found.shared.tolist()) == sorted(vector[a].keys() & vector[b].keys())
            adds = [vector[a][f] * vector[b][f] for f in found.shared.tolist()]
            assert np.allclose(adds, sorted(adds, reverse=True))
            assert np.array_equal(found.values, dense[[a, b]][:, found.shared].T)
            for row, other, own, values in zip((a, b), (b, a), found.own, found.own_values, strict=True):
                assert sorted(own.tolist()) == sorted(vector[row].keys() - vector[other].keys())
                assert values.tolist() == sorted(dense[row, own].tolist(), reverse=True)
