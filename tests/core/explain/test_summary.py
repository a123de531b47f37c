"""What the Coverage page says of a selection, against sets of features."""

from statistics import median

from hypothesis import given

from core.explain.summary import coverage_summary
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.run import select
from tests.oracles import features, without_credit
from tests.strategies import F, quick, tasks


@quick
@given(tasks())
def test_summary_is_what_sets_say(task):
    matrix, spec, info = task
    selection, sets = select(matrix, spec, info), features(matrix, spec)
    found = coverage_summary(matrix, selection)
    ignored = without_credit(matrix, spec)
    active, picked = set().union(*sets), set().union(*(sets[row] for row in selection.rows))
    covered = picked - ignored
    missed = active - covered - set(spec.vetoes) - ignored
    masks = {"covered": covered, "missed": missed, "vetoed": (active & set(spec.vetoes)) - covered}
    masks |= {"inactive": set(range(F)) - active}
    masks |= {"once": {f for f in covered if sum(f in sets[row] for row in selection.rows) == 1}}
    for name, wanted in masks.items():
        assert set(getattr(found, name).nonzero()[0].tolist()) == wanted, name
    parts = found.covered.astype(int) + found.missed + found.vetoed + found.inactive
    assert set(parts.tolist()) <= {0, 1} and set((parts == 0).nonzero()[0].tolist()) <= ignored
    assert found.samples.tolist() == [sum(f in s for s in sets) for f in range(F)]
    assert found.picks.tolist() == [sum(f in sets[row] for row in selection.rows) for f in range(F)]
    assert found.coverable == len(active - ignored)
    assert found.share == (len(covered) / len(active - ignored) if active - ignored else 0)
    assert found.samples_of_missed == (median(sum(f in s for s in sets) for f in missed) if missed else 0)


def test_fault_18_the_share_leaves_out_the_same_features_as_the_count():
    matrix = FeatureMatrix.from_sets([{0, 1}, {2}, {3}], 5)
    selection = select(matrix, SelectionSpec(budget=1, vetoes={1: "ignore", 3: "block"}))
    found = coverage_summary(matrix, selection)
    assert (found.covered.sum(), found.coverable) == (1, 3)
    assert found.covered.sum() == selection.covered_after[-1]
    assert found.share == 1 / 3, "1 is ignored: neither covered nor to be covered"
    assert found.missed.tolist() == [False, False, True, False, False]
    assert found.vetoed.tolist() == [False, True, False, True, False]
