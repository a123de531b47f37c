"""Search and neighbours against their definitions, sample by sample."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cli.app import main
from core.errors import SelectionError
from core.matrix.postings import having
from core.schema import FeatureMatrix
from core.session.facets import facets, length_classes, score_classes
from core.session.search import STATUSES, Query, find, parsed_features
from core.session.session import open_session
from core.workspace.decisions import WorkspaceState
from tests.factories import tiny_store
from tests.strategies import FEW, quick, sets_of_features

WORDS = (
    "Straße",
    "\x1b[31m",
    "\u202e",
    "ÉTÉ",
    "été",
    "naïve",
    "a\ud83d",
    "😀 smile",
    "x.y",
    "python",
    "Python 3",
    "",
    "<img src=x>",
    "\\d",
)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """40 samples of hostile words with random features, sources, scores and lengths."""
    rng = np.random.default_rng(0)
    records = [
        {
            "messages": [
                {"role": "user", "content": " ".join(rng.choice(WORDS, 2)) + " ?"},
                {"role": "assistant", "content": "so " + " ".join(rng.choice(WORDS, rng.integers(1, 9)))},
            ],
            "source": f"part{i % 3}",
        }
        | ({"score": i / 2} if i % 5 else {})
        for i in range(40)
    ]
    values = [{int(f): float(rng.random()) for f in rng.choice(16, rng.integers(0, 6), False)} for _ in records]
    return open_session(tiny_store(tmp_path_factory.mktemp("search"), records, values))


features = st.lists(st.integers(0, 15), max_size=3).map(tuple)
bound = st.none() | st.integers(0, 20)
queries = st.builds(
    Query, st.sampled_from((*WORDS, "STRASSE", "e", "zebra")), st.just(False), features, features,
    st.tuples(bound, bound), st.sampled_from((None, "part1", "nowhere")), st.sampled_from(("", "score")),
    st.tuples(bound, bound), st.sampled_from(STATUSES), tag=st.sampled_from(("", "odd", "none")),
)  # fmt: skip
state = WorkspaceState(pins=(3, 4), bans=(0, 7), tags={"odd": tuple(range(1, 40, 2))})


@quick
@given(queries, st.floats(0, 0.5), st.sets(st.integers(0, 39)))
def test_find_is_the_conjunction_of_its_conditions(session, query, theta, picked):
    matrix = session.matrix("all", theta)

    def inside(value, bounds):
        low, high = bounds
        return (low is None or value >= low) and (high is None or value <= high)

    def good(sample):
        row, active = sample.row, set(matrix.row(sample.row).tolist())
        text = "\n\n".join(m.content for m in sample.messages).replace("\ud83d", "\ufffd")
        return (
            query.text.replace("\ud83d", "\ufffd").lower() in text.lower()
            and set(query.has) <= active
            and not set(query.lacks) & active
            and inside(session.info.tokens[row], query.tokens)
            and query.source in (None, sample.source)
            and (not query.score_column or inside(sample.scores.get("score", np.nan), query.score))
            and row in statuses[query.status]
            and (not query.tag or row in state.tags.get(query.tag, ()))
        )

    everything = set(range(40))
    statuses = {"all": everything, "picked": picked, "rejected": everything - picked, "pinned": state.pins,
                "banned": state.bans}  # fmt: skip
    found = find(session, matrix, query, sorted(picked), state)
    assert found.dtype == np.int64
    assert found.tolist() == [s.row for s in session.store.samples() if good(s)]


def test_an_expression_is_re2(session):
    matrix = session.matrix("all", 0)
    found = find(session, matrix, Query(r"python \d", True))
    assert found.tolist() == find(session, matrix, Query("python 3")).tolist() != []
    for wrong in ("(", "[a", r"(a)\1", "a{9999}"):
        with pytest.raises(SelectionError, match="is not a regular expression"):
            find(session, matrix, Query(wrong, True))


def test_an_expression_that_explodes_elsewhere_is_linear_here(tmp_path):
    path = tiny_store(tmp_path, [{"instruction": "q", "output": "a" * 200_000 + "!"}], [{1}])
    session = open_session(path)
    matrix = session.matrix("all", 0)
    assert not len(find(session, matrix, Query("(a+)+$", True)))  # a backtracking engine needs 2^200,000 steps
    assert find(session, matrix, Query("(a+)+!$", True)).tolist() == [0]


def test_what_cannot_be_searched_is_one_sentence(session):
    matrix = session.matrix("all", 0)
    for query in (Query(has=(16,)), Query(lacks=(-1,)), Query(score_column="ifd"), Query(status="kept")):
        with pytest.raises(SelectionError):
            find(session, matrix, query)
    assert parsed_features(" 3, 12 7 ") == (3, 12, 7)
    with pytest.raises(SelectionError, match="whole numbers"):
        parsed_features("3, dogs")


def test_the_command_finds_what_find_finds(session, capsys):
    matrix = session.matrix("all", 0.1)
    feature = next(int(f) for row in find(session, matrix, Query("python")) for f in matrix.row(row))
    rows = find(session, matrix, Query("python", has=(feature,))).tolist()
    store = str(session.store.path)
    arguments = ["search", "--store", store, "--theta", "0.1", "--text", "PYTHON", "--feature", str(feature)]
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == rows
    assert main(arguments) == 0
    shown, said = capsys.readouterr()
    assert f"{len(rows)} of 40 samples" in said
    assert not set("\x1b\u202e\ud83d") & set(shown), "a terminal would obey it"
    assert main([*arguments, "--text", "(", "--regex"]) == 2


@quick
@given(sets_of_features, st.integers(0, FEW - 1), st.randoms(use_true_random=False))
def test_having_keeps_the_order_of_the_rows(sets, feature, random):
    order = list(range(len(sets)))
    random.shuffle(order)
    rows, value = having(FeatureMatrix.from_sets(sets, FEW), feature, np.array(order))
    assert rows.tolist() == [i for i in order if feature in sets[i]]
    assert (value == 1).all()


@quick
@given(queries, st.floats(0, 0.5), st.sets(st.integers(0, 39)))
def test_a_facet_counts_what_the_search_would_find(session, query, theta, picked):
    matrix, rows = session.matrix("all", theta), sorted(picked)

    def count(**other):
        return len(find(session, matrix, replace(query, **other), rows, state))

    found = facets(session, matrix, query, rows, state)
    wanted = {
        "source": {f"part{i}": count(source=f"part{i}") for i in range(3)},
        "tag": {"odd": count(tag="odd")},
        "status": {status: count(status=status) for status in STATUSES[1:]},
        "read": {"whole": count(read="whole")},
        "lengths": {bounds: count(tokens=bounds) for bounds in length_classes()},
        "scores": {bounds: count(score=bounds) for bounds in score_classes(session.info.scores["score"])},
    }
    if not query.score_column:
        wanted["scores"] = {}
    for name, counts in wanted.items():
        assert getattr(found, name) == {value: n for value, n in counts.items() if n}, name
    assert found.features.tolist() == [count(has=(*query.has, f)) for f in range(16)]


@quick
@given(st.lists(st.sampled_from([1.0, 2.0, 2.5, 7.0, np.nan]), max_size=20).map(np.array))
def test_the_classes_of_a_score_part_all_that_have_one(values):
    known, classes = values[~np.isnan(values)], score_classes(values)
    assert len(classes) <= 4
    assert sum(((known >= low) & (known <= high)).sum() for low, high in classes) == len(known)
    assert [low for low, _ in classes] == sorted({low for low, _ in classes})


def test_the_classes_of_length_part_all_lengths():
    ends = [end for _, end in length_classes()]
    assert ends[-1] is None and [low for low, _ in length_classes()] == [0, *(end + 1 for end in ends[:-1])]
