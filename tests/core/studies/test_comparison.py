"""All methods side by side, what they ask of a store, and one sample's account."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import DataError, SelectionError, StoreError
from core.explain.account import account
from core.features.shown_labels import names_of
from core.schema import SelectionSpec
from core.selection.registry import METHODS
from core.selection.run import select
from core.session.budgets import DRAWS
from core.session.sample_info import info_of, reference, tags, vectors
from core.session.session import Session, by_method, open_session
from core.store.reader import open_store
from core.studies.comparison import compare
from tests.factories import alpaca, tiny_store

N = 30
DIGESTS = {"data": "d", "model": "m", "sae": "s"}

LACKING = {
    "reference-guided": "needs the option reference",
    "nearest": "needs the option reference",
    "jaccard": "needs the option reference",
    "kmq-iterative": "No run of refinement",
    "hybrid": "No run of refinement",
}


def sets(seed=0, n=N):
    rng = np.random.default_rng(seed)
    return [np.flatnonzero(rng.random(16) < rng.uniform(0.05, 0.5)).tolist() for _ in range(n)]


def records(n=N):
    return [r | {"tags": ["a", "B "] if i % 2 else "b, c", "grade": i / n} for i, r in enumerate(alpaca(n))]


@pytest.fixture
def session(tmp_path, monkeypatch) -> Session:
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    return open_session(tiny_store(tmp_path, records(), sets(), digests=DIGESTS))


BY_HAND = [{0, 1, 2, 3}, {0, 1}, {2, 3, 4}, {5}, {0}]  # features; tokens 1 to 5, score 0 to 4 for these samples


def by_hand(folder) -> Session:
    records = [{"instruction": "", "output": " ".join("a" * (i + 1)), "score": i} for i in range(5)]
    for record in records:
        record["instruction"] = "q"
    return open_session(tiny_store(folder, records, BY_HAND, n_features=6, digests=DIGESTS))


def test_a_comparison_by_hand(tmp_path):
    session, said = by_hand(tmp_path), []
    methods = ("sae-greedy", "longest-response", "quality", "reference-guided")
    found = compare(session, SelectionSpec(), [0.4, 0.6], methods, on_method=said.append)
    assert said == list(methods)
    assert (found.coverable, found.score) == (6, "score")
    shown = [(r.method, r.samples, r.covered, r.tokens, round(r.redundancy, 6), r.quality) for r in found.rows[:3]]
    assert shown == [
        ("sae-greedy", 2, 5, 2 + 4, round(1 - 5 / 7, 6), 1.0),  # rows 0 and 2 (before 3: the lowest row)
        ("longest-response", 2, 2, 6 + 5, 0.0, 3.5),  # rows 4 and 3
        ("quality", 2, 2, 6 + 5, 0.0, 3.5),
    ]
    assert found.rows[3].why.startswith("reference-guided needs the option reference")
    assert [r.budget for r in found.rows] == [2] * 4 + [3] * 4
    assert found.rows[1].overlap == {"sae-greedy": 0.0, "quality": 1.0}
    assert found.rows[4].overlap == {"longest-response": 2 / 3, "quality": 2 / 3}  # 0, 2, 3 and 4, 3, 2
    with pytest.raises(SelectionError, match="There is no score column 'beauty'"):
        compare(session, SelectionSpec(), [0.2], score="beauty")


def test_a_comparison_at_equal_tokens_by_hand(tmp_path):
    session = by_hand(tmp_path)  # 2, 3, 4, 5 and 6 tokens
    found = compare(session, SelectionSpec(unit="tokens"), [0.35], ("sae-greedy", "longest-response", "random"))
    assert [r.budget for r in found.rows] == [7] * 3
    shown = [(r.samples, r.covered, r.tokens) for r in found.rows[:2]]
    assert shown == [(2, 5, 2 + 4), (1, 1, 6)]  # rows 0 and 2 cover 0 to 4; row 4 leaves too little for another
    draws = [np.random.default_rng(seed).permutation(5).tolist() for seed in range(DRAWS)]
    fits = [rows[: max(1, sum(np.cumsum([r + 2 for r in rows]) <= 7))] for rows in draws]
    assert found.rows[2].covered == np.median([len(set().union(*(BY_HAND[r] for r in rows))) for rows in fits])
    assert found.rows[2].tokens == np.median([sum(r + 2 for r in rows) for rows in fits])


def test_fault_13_an_ignored_feature_makes_nothing_redundant(tmp_path):
    session = by_hand(tmp_path)
    spec = SelectionSpec(vetoes={0: "ignore"})
    (row,) = compare(session, spec, [0.6], ["quality"]).rows  # rows 4, 3, 2: {0}, {5}, {2, 3, 4}
    assert (row.covered, row.redundancy) == (4, 0.0), "nothing creditable repeats"
    spec = SelectionSpec(vetoes=dict.fromkeys(range(6), "ignore"))
    (row,) = compare(session, spec, [0.6], ["quality"]).rows
    assert (row.covered, row.redundancy) == (0, 0.0)


def test_every_method_is_compared_or_says_what_it_lacks(session):
    found = compare(session, SelectionSpec(), [0.2, 0.5], score="score")
    assert [(r.method, r.budget) for r in found.rows] == [(m, k) for k in (6, 15) for m in METHODS]
    for row in found.rows:
        assert LACKING.get(row.method, "") in row.why
        assert bool(row.why) == (row.method in LACKING)
        assert set(row.overlap) == (set() if row.why else set(METHODS) - {row.method, *LACKING})
    best = {r.samples: r.covered for r in found.rows if r.method == "sae-greedy"}
    assert all(r.covered <= best[r.samples] for r in found.rows if r.method in ("random", "longest-response"))


def test_the_session_gives_what_select_gives(session):
    for method in METHODS:
        spec = by_method(SelectionSpec(budget=7, seed=1), method)
        if method in ("quality", "deita", "kmq", "qdit", *LACKING):
            continue
        got, wanted = session.selection(spec), select(session.raw_matrix("all"), spec, session.info)
        assert got.rows.tolist() == wanted.rows.tolist()
        assert got.spec == spec
    tokens = SelectionSpec(budget=40, unit="tokens")
    assert session.info.tokens[session.selection(tokens).rows].sum() <= 40
    with pytest.raises(SelectionError, match="more than the 30 samples"):
        session.selection(SelectionSpec(budget=31))


def test_vetoes_one_after_the_other_go_on_from_the_order_before(session):
    spec = SelectionSpec(budget=N)
    for feature in (3, 7, 3, 11):
        vetoes = {**spec.vetoes, feature: "ignore"} if feature not in spec.vetoes else {}
        spec = replace(spec, vetoes=vetoes)
        wanted = select(session.raw_matrix("all"), spec, session.info)
        assert session.order(spec).rows.tolist() == wanted.rows.tolist()


def test_tags_are_read_from_lists_and_from_text_with_commas(session):
    found = tags(session.store, "tags")
    assert [len(found.row(i)) for i in range(4)] == [2, 2, 2, 2]
    assert found.n_features == 3  # a, b, c
    spec = SelectionSpec("instag", 2, options={"tags": "tags"})
    assert session.selection(spec).rows.tolist() == [0, 1]
    with pytest.raises(DataError, match="No record has tags in a column 'topics'"):
        tags(session.store, "topics")


def test_vectors_come_from_the_store_or_a_file(session, tmp_path):
    assert vectors(session.store, "residual").shape == (N, 2)
    np.save(tmp_path / "mine.npy", np.eye(N))
    assert vectors(session.store, str(tmp_path / "mine.npy")).shape == (N, N)
    (tmp_path / "bad.npy").write_bytes(b"no array")
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    for name in ("bad.npy", "objects.npy", "nowhere.npy"):
        with pytest.raises(DataError, match="cannot be read: use residual"):
            vectors(session.store, str(tmp_path / name))


def test_a_reference_is_another_store_of_the_same_model_and_sae(session, tmp_path):
    other, stranger = tmp_path / "other", tmp_path / "stranger"
    other.mkdir(), stranger.mkdir()
    wanted = tiny_store(other, alpaca(3), [[5], [5, 9], [9]], key="f" * 16, digests=DIGESTS)
    assert reference(session.store, str(wanted), "response").density().tolist()[5] == 2 / 3
    spec = SelectionSpec("reference-guided", 1, options={"reference": str(wanted)})
    assert {5, 9} <= set(session.raw_matrix("all").row(session.selection(spec).rows[0]).tolist())
    alien = tiny_store(stranger, alpaca(3), [[5], [5], [5]], digests=DIGESTS | {"sae": "another"})
    with pytest.raises(SelectionError, match="was made with another sae"):
        reference(session.store, str(alien), "all")
    with pytest.raises(StoreError, match="no feature store"):
        reference(session.store, "0" * 16, "all")


def test_token_counts_are_columns_but_no_default(session):
    info = info_of(open_store(session.store.path))
    assert {"prompt_tokens", "response_tokens", "tokens", "score"} <= set(info.scores)
    assert select(session.raw_matrix("all"), SelectionSpec("quality", 1), info).rows.tolist() == [N - 1]


def told(session, spec, row):
    """The account of a row, with what the command line hands it."""
    matrix, selection = session.matrix(spec.scope, spec.theta), session.selection(spec)
    return account(matrix, selection, session.order(spec), row, names_of(session.store), session.info)


def test_an_account_of_every_sample(session):
    spec = SelectionSpec(budget=6)
    selection = session.selection(spec)
    for row in range(N):
        found = told(session, spec, row)
        assert found["kept"] == (row in selection.rows)
        json.dumps(found)
        if found["kept"]:
            assert selection.rows[found["pick"] - 1] == row
            assert found["gain"] == found["credited features"]
        elif found["admission budget"] != "not in this order":
            budget = found["admission budget"]
            assert row in select(session.raw_matrix("all"), replace(spec, budget=budget)).rows
            assert row not in select(session.raw_matrix("all"), replace(spec, budget=budget - 1)).rows
    with pytest.raises(SelectionError, match="There is no row 30: the rows are 0 to 29"):
        told(session, spec, N)
