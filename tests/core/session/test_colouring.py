"""What samples on the map are coloured by: each way against the store's own columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SelectionError
from core.schema import SelectionSpec
from core.session.colouring import COLOURINGS, MOST, STEPS, Seen, categories, colouring, labelled, scale
from core.session.session import open_session, workspace_of
from tests.factories import random_store
from tests.strategies import quick

N, F = 20, 16


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Twenty samples of two sources with random features, a set, a tag, a pin and a ban."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    more = [{"source": "aab"[i % 3], "grade": i % 4} for i in range(N)]
    session = open_session(random_store(tmp_path, more, F))
    workspace = workspace_of(session.store)
    workspace.pin([3])
    workspace.ban([2])
    workspace.save_set("poems", [9, 4])
    workspace.tag([8, 5], "verse")
    spec = SelectionSpec(budget=5, pins=(3,), bans=(2,))
    return Seen(session, session.selection(spec), workspace.state())


def test_each_way_to_colour(seen: Seen) -> None:
    status = colouring(seen, "status")
    assert status.names == ("kept", "pinned", "banned") and status.grey == "left out"
    assert status.code[3] == 2 and status.code[2] == 3 and status.counts == [N - 6, 4, 1, 1]
    source = colouring(seen, "source")
    assert source.names == ("a", "b") and source.code.tolist() == [1 + (i % 3 == 2) for i in range(N)]
    length = colouring(seen, "length")
    tokens = seen.session.info.response_tokens
    assert (length.low, length.high) == (tokens.min(), tokens.max()) and length.code.min() == 1
    order, rows = colouring(seen, "order"), seen.session.order(seen.selection.spec).rows
    assert order.code[rows[0]] == 1 and order.high == len(rows) and order.code[2] == 0
    group, search = colouring(seen, "group", "set:poems"), colouring(seen, "search", "no such words")
    assert np.flatnonzero(group.code).tolist() == [4, 9] and group.names == ("set:poems",) and not search.code.any()
    assert np.flatnonzero(colouring(seen, "group", "tag:verse").code).tolist() == [5, 8]
    tags = colouring(seen, "tag")
    assert tags.names == ("verse",) and tags.grey == "no tag" and np.flatnonzero(tags.code).tolist() == [5, 8]
    matrix = seen.session.matrix_of(seen.selection.spec)
    feature = colouring(seen, "feature", "6")
    assert np.flatnonzero(feature.code).tolist() == [row for row in range(N) if 6 in matrix.row(row)]
    assert colouring(seen, "cluster", "3").names[0].startswith("cluster ")
    assert (colouring(seen, "redundancy").code[seen.selection.rows] == STEPS).all()
    assert set(COLOURINGS) == {"status", "source", "language", "length", "score", "order", "redundancy", "cluster",
                               "feature", "group", "search", "tag"}  # fmt: skip


@pytest.mark.parametrize(
    ("by", "of", "sentence"),
    [
        ("mood", "", "cannot be coloured by 'mood': use one of status, source"),
        ("score", "beauty", "no score column 'beauty'"),
        ("feature", "99", "no feature '99': they are numbered 0 to 15"),
        ("feature", "-1", "no feature '-1'"),
        ("cluster", "0", "number of clusters must be from 1 to 20"),
        ("group", "set:songs", "no set 'songs'"),
    ],
)
def test_what_names_nothing_is_one_sentence(seen: Seen, by: str, of: str, sentence: str) -> None:
    with pytest.raises(SelectionError, match=sentence):
        colouring(seen, by, of)


@quick
@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), max_size=20), st.booleans())
def test_a_scale_is_monotonous_and_uses_both_ends(values, logarithmic):
    value = np.abs(np.array(values)) if logarithmic else np.array(values)
    found, known = scale(value, "none", logarithmic), np.isfinite(value)
    np.testing.assert_array_equal(found.code > 0, known)
    assert found.code.dtype == np.uint8 and (found.code <= STEPS).all()
    assert (found.grey == "") == (bool(len(value)) and known.all())
    order = np.argsort(value[known], kind="stable")
    assert (np.diff(found.code[known][order].astype(int)) >= 0).all()
    if known.any() and found.high > found.low:
        assert found.code[known].min() == 1 and found.code[known].max() == STEPS


@quick
@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_labels_with_a_colour_are_the_commonest(label):
    found = labelled(np.array(label))
    ranked = sorted(set(label), key=lambda one: (-label.count(one), one))[:MOST]
    assert found.names == tuple(map(str, ranked))
    assert found.code.tolist() == [ranked.index(one) + 1 if one in ranked else 0 for one in label]


def test_the_last_of_several_categories_is_seen():
    found = categories([("a", [0, 1]), ("b", np.array([False, True, True, False]))], 4, "neither")
    assert found.code.tolist() == [1, 2, 2, 0] and found.counts == [1, 1, 2] and found.grey == "neither"
