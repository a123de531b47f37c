"""Duplicates against all pairs, and which one of a group stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.store.reader import open_store
from core.studies.health.alike import alike
from core.studies.health.duplicates import (
    NEAR,
    answered_twice,
    candidate_pairs,
    connected,
    exact_duplicates,
    near_duplicates,
    signatures,
    who_stays,
    within,
)
from core.studies.health.finding import grouped
from core.studies.health.pool import Pool, grams_of
from tests.factories import tiny_store

TEXT = "the quick brown fox jumps over a lazy dog while seven grey geese fly south in early autumn light"


def jaccard(one, other):
    return len(one & other) / len(one | other)


def pool_of(folder, pairs):
    records = [{"instruction": prompt, "output": answer} for prompt, answer in pairs]
    return Pool(open_store(tiny_store(folder, records, [{0}] * len(records))))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_minhash_finds_the_pairs_that_all_pairs_would(seed):
    rng = np.random.default_rng(seed)
    base = [rng.integers(0, 1000, 40).astype(np.uint64) for _ in range(4)]
    sets = [
        np.unique(np.where(rng.random(40) < rng.choice([0.0, 0.05, 0.3]), rng.integers(0, 1000, 40), base[i % 4]))
        for i in range(12)
    ]
    sets = [own.astype(np.uint64) for own in sets]
    ends = np.cumsum([0, *map(len, sets)])
    found = {tuple(pair) for pair in candidate_pairs(signatures(ends, np.concatenate(sets))).tolist()}
    similar = {
        (a, b) for a in range(12) for b in range(a + 1, 12) if jaccard({*sets[a].tolist()}, {*sets[b].tolist()}) >= 0.7
    }
    assert similar <= found


def test_near_duplicates_are_those_whose_grams_are_alike(tmp_path):
    rng = np.random.default_rng(0)
    long = [" ".join(rng.choice(TEXT.split(), 40)) for _ in range(6)]
    edited = [text.replace(text.split()[20], "EDITED", 1) for text in long[:3]]
    chinese = "北京是中国的首都，位于华北平原的北部，人口超过两千万，是全国的政治和文化中心。"
    pool = pool_of(tmp_path, [("Say it", text) for text in (*long, *edited, chinese, chinese.replace("两千", "三千"))])
    found = near_duplicates(pool)
    sets = [set(grams_of("\n\n".join(texts[:2]), 5).tolist()) for _, texts in pool.numbered("Reading")]
    pairs = {(a, b) for a in range(pool.n) for b in range(a) if jaccard(sets[a], sets[b]) >= NEAR}
    assert {(int(b), int(a)) for a, b in (group.tolist() for group in found.groups())} == pairs and len(pairs) == 4
    assert "%" in found.seen[0].detail


def test_exact_duplicates_are_grouped_and_only_their_first_is_compared(tmp_path):
    pool = pool_of(tmp_path, [("a", "b"), ("A", "b"), ("a", "b"), ("c", "d"), ("a", "b")])
    found = exact_duplicates(pool)
    assert found.rows.tolist() == [0, 2, 4] and len(set(found.group.tolist())) == 1
    assert pool.firsts.tolist() == [True, True, False, True, False]


def test_the_same_prompt_with_different_answers(tmp_path):
    pool = pool_of(
        tmp_path,
        [
            ("Why so?", "b"),
            ("why  SO?", "c"),
            ("Why not?", "b"),
            ("Why not?", "b"),
            ("为什么？", "是"),
            ("为什么？", "不是"),
        ],
    )
    assert [group.tolist() for group in answered_twice(pool).groups()] == [[0, 1], [4, 5]]


@given(st.lists(st.integers(0, 4), max_size=12))
def test_rows_of_a_label_are_paired(labels):
    pairs = {tuple(sorted(pair)) for pair in within(np.array(labels, np.int64)).tolist()}
    assert pairs == {(a, b) for b in range(len(labels)) for a in range(b) if labels[a] == labels[b]}


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=12))
def test_groups_are_what_pairs_connect(pairs):
    lowest = list(range(9))
    for _ in lowest:
        for a, b in pairs:
            lowest[a] = lowest[b] = min(lowest[a], lowest[b])
    groups = [[row for row in range(9) if lowest[row] == first] for first in range(9)]
    found = connected(np.array(pairs, np.int64).reshape(-1, 2), 9)
    assert [group.tolist() for group in found] == [group for group in groups if len(group) > 1]


def test_groups_are_told_by_their_first_row():
    assert [g.tolist() for g in connected(np.array([[1, 3], [3, 4], [0, 5]]), 7)] == [[0, 5], [1, 3, 4]]
    assert connected(np.zeros((0, 2), np.int64), 0) == []


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_no_pair_of_like_vectors_is_missed(seed):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(5, 6))
    vectors = (centres[rng.integers(0, 5, 60)] + rng.normal(scale=0.15, size=(60, 6))).astype(np.float32)
    vectors[rng.permutation(60)[: rng.integers(0, 60)]] = 0  # samples without tokens are like no other
    has = vectors.any(1)
    units = np.where(has[:, None], vectors - vectors[has].mean(0), 0)
    units = units / np.maximum(np.linalg.norm(units, axis=1, keepdims=True), 1e-9)
    expected = np.argwhere(np.triu(units @ units.T >= 0.97, 1))
    close = np.abs(units @ units.T - 0.97) < 1e-5
    found = {tuple(pair) for pair in alike(vectors, 0.97).tolist()}
    assert found ^ {tuple(pair) for pair in expected.tolist()} <= {tuple(pair) for pair in np.argwhere(close).tolist()}


def test_zero_vectors_are_alike_to_none():
    assert alike(np.zeros((5, 4), np.float32), 0.97).shape == (0, 2)
    assert alike(np.zeros((0, 4), np.float32), 0.97).shape == (0, 2)
    vectors = np.zeros((6, 3), np.float32)
    vectors[:3] = np.eye(3)
    assert alike(vectors, 0.97).tolist() == []


@pytest.mark.parametrize(
    ("rule", "stays"), [("longest", [2, 2, 2, 4]), ("best", [2, 2, 2, 5]), ("first", [0, 0, 0, 4])]
)
def test_which_one_stays(rule, stays):
    found = grouped("near-duplicates", [[0, 1, 2], [5, 4]])
    value = np.array([1.0, np.nan, 3.0, 9.0, np.nan, 2.0]) if rule == "best" else np.array([3, 3, 7, 9, 2, 2])
    assert found.rows.tolist() == [0, 1, 2, 4, 5]
    assert who_stays(found, rule, value).tolist() == [*stays[:3], stays[3], stays[3]]
