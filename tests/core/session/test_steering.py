"""Quotas, boosts and targets as decisions: what there is of each group, what sets samples apart, and requests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.samples import read_samples
from core.errors import SelectionError
from core.schema import LARGEST_BOOST, FeatureMatrix, SelectionSpec
from core.session.decided import bare, decided
from core.session.examples import examples_in, keep_examples, read_as
from core.session.preview import effect, fates, quoted, unquoted, weighed
from core.session.runnable import runnable
from core.session.session import Session, open_session, workspace_of
from core.session.steering import groupings, set_apart, shares, target_of, targeted, told_short
from core.workspace.decisions import WorkspaceState
from tests.factories import alpaca, tiny_store
from tests.strategies import FEW, sets_of_features

N = 20
SOURCES = ["web" if i % 4 == 3 else "code" for i in range(N)]


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Twenty samples, three in four of them code, half of these with a column that has two values."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    rng = np.random.default_rng(3)
    records = [
        record | {"source": SOURCES[i], "checked": i % 2 == 0, "grade": i / N} for i, record in enumerate(alpaca(N))
    ]
    sets = [np.flatnonzero(row) for row in rng.random((N, 16)) < 0.3]
    config = {"data": "data.jsonl", "model": "models/tiny", "hook_point": "layers.1", "limit": 20}
    return open_session(tiny_store(tmp_path, records, sets, config=config))


def test_what_there_is_of_each_group_against_counting(session: Session) -> None:
    state = WorkspaceState(sets={"mine": (0, 1, 2, 3)}, quotas=("source:code<=50%", "source:web>=2", "set:mine<=1"))
    asked = decided(SelectionSpec(budget=8), state)
    kept = session.selection(asked)
    found = {share.group: share for share in shares(session, state, asked, kept, "source")}
    for name, share in found.items():
        rows = [i for i in range(N) if SOURCES[i] == name]
        own = [i for i in rows if i in kept.rows]
        assert (share.samples, share.kept) == (len(rows), len(own))
        assert (share.in_data, share.of_budget) == (len(rows) / N, len(own) / asked.budget)
    assert (found["code"].least, found["code"].most) == (None, 0.5)
    assert (found["web"].least, found["web"].most) == (2 / 8, None)
    (mine,) = shares(session, state, asked, kept, "set")
    assert mine.kept == len({0, 1, 2, 3} & set(kept.rows.tolist())) <= 1 and mine.most == 1 / 8
    assert {"source", "language", "cluster", "checked", "set", "above"} <= set(groupings(session, state))


def test_what_a_decision_bars_is_told_from_what_it_displaces(session: Session) -> None:
    before = SelectionSpec(budget=8)
    picks = session.selection(before).rows.tolist()
    newcomer = next(row for row in range(N) if row not in picks)
    then = decided(before, WorkspaceState(bans=tuple(picks[:2]), pins=(newcomer,), quotas=("source:code<=25%",)))
    found, code = effect(session, before, then), 2
    for row, word in zip(found.leaving.tolist(), fates(session, then, found.leaving), strict=True):
        barred = "banned" if row in picks[:2] else "over a quota" if SOURCES[row] == "code" else "displaced"
        assert word == barred
    assert set(fates(session, then, found.entering)) <= {"pinned", "picked"}
    assert fates(session, then, np.array([newcomer])) == ["pinned"]
    kept = session.selection(then)
    room = sum(SOURCES[row] == "web" and row not in picks[:2] for row in range(N)) + code
    assert len(kept.rows) == min(room, 8)
    assert told_short(session, kept) == (f"Within these quotas only {room} of the 8 can be kept." if room < 8 else "")
    assert told_short(session, session.selection(before)) == ""


def test_a_quota_by_a_score_from_a_value_on(session: Session) -> None:
    column = next(iter(session.info.scores))
    high = np.asarray(session.info.scores[column], float)
    least = float(np.median(high))
    state = WorkspaceState(quotas=(f"above:{column}@{least:g}<=2",))
    asked = decided(SelectionSpec(budget=6), state)
    kept = session.selection(asked)
    assert (high[kept.rows] >= least).sum() <= 2
    (share,) = shares(session, state, asked, kept, "above")
    assert share.samples == (high >= least).sum() and share.kept == (high[kept.rows] >= least).sum()
    for text, sentence in (("above:none@1<=2", "no score column 'none'"), (f"above:{column}<=2", "is written like")):
        with pytest.raises(SelectionError, match=sentence):
            session.selection(replace(asked, quotas=(text,)))


@given(sets_of_features, st.data())
def test_the_features_that_set_samples_apart_weigh_more_by_the_difference(sets: list[set[int]], data) -> None:
    matrix = FeatureMatrix.from_sets(sets, FEW)
    rows = sorted(data.draw(st.sets(st.integers(0, len(sets) - 1), min_size=1)))
    more = {
        f: sum(f in sets[i] for i in rows) / len(rows) - sum(f in own for own in sets) / len(sets) for f in range(FEW)
    }
    largest = max(more.values())
    expected = {f: round(1 + (LARGEST_BOOST - 1) * d / largest, 1) for f, d in more.items() if d > 0}
    found = set_apart(matrix, np.array(rows))
    assert found == {f: x for f, x in expected.items() if x > 1}
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_requests_with_and_without_what_was_decided(session: Session) -> None:
    state = WorkspaceState(
        pins=(1,), sets={"mine": (0, 4)}, tags={"odd": (1, 3)}, quotas=("set:mine<=1", "source:web>=1")
    )
    state.of("tokens").boosts[3] = 2.0
    asked = decided(SelectionSpec("jaccard", 6, quotas=("source:web>=2",), options={"reference": "tag:odd"}), state)
    assert asked.quotas == ("set:mine<=1", "source:web>=2"), "one that is asked for counts in place of the decided one"
    assert asked.sets == {"set:mine": (0, 4), "tag:odd": (1, 3)} and asked.boosts == {3: 2.0} and asked.pins == (1,)
    assert bare(asked) == SelectionSpec("jaccard", 6, options={"reference": "tag:odd"}, sets={"tag:odd": (1, 3)})
    assert quoted(asked, state, "set:mine <= 2").quotas == ("set:mine<=2", "source:web>=2")
    assert unquoted(asked, ["set:mine<=1"]).quotas == ("source:web>=2",)
    assert weighed(asked, {3: 1.0, 4: 0.5}).boosts == {4: 0.5}
    then = targeted(asked, state, "set:mine", "nearest")
    assert (then.method, target_of(then), target_of(SelectionSpec())) == ("nearest", "set:mine", "")
    assert len(session.selection(replace(then, quotas=())).rows) == 6


def test_quotas_that_cannot_hold_leave_the_request_without_them(session: Session) -> None:
    asked = SelectionSpec("longest-response", 6, quotas=("source:web<=1", "source:web>=2"))
    found = runnable(session, asked)
    assert found.told.startswith("The quotas source:web>=2 and source:web<=1 contradict each other (web).")
    assert found.told.endswith("What follows is without the quotas.")
    assert found.selection.spec == replace(asked, quotas=())
    both = runnable(session, replace(asked, method="hybrid"))
    assert (both.selection.spec.method, both.selection.spec.quotas) == ("sae-greedy", ())
    assert runnable(session, replace(asked, method="hybrid", quotas=("source:web>=2",))).selection.spec.quotas


def test_quotas_and_boosts_are_undone_by_name_exported_and_imported(session: Session, tmp_path: Path) -> None:
    workspace = workspace_of(session.store)
    workspace.quota(" source:code <= 10 % ")
    workspace.quota("source:code<=20%")
    workspace.quota("source=root")
    workspace.boosts({2: 10.0, 5: 1.5}, "set:mine", "tokens")
    state = workspace.state()
    assert state.quotas == ("source:code<=20%", "source=root") and state.of("tokens").boosts == {2: 10.0, 5: 1.5}
    assert state.next_undo == "boosts on 2 features by what sets apart: “set:mine”"
    workspace.export_json(tmp_path / "decisions.json")
    for step in ("every source: square root of the share", "source code: at most 20 %"):
        workspace.undo()
        assert workspace.state().next_undo == f"quota: {step}"
    workspace.undo()
    assert workspace.state().quotas == ("source:code<=10%",)
    workspace.lift_quotas(["source:code<=10%"])
    assert workspace.state().next_undo == "quota lifted: source code: at most 10 %"
    workspace.import_json(tmp_path / "decisions.json")
    assert (workspace.state().quotas, workspace.state().lenses) == (state.quotas, state.lenses)
    with pytest.raises(SelectionError, match="A quota is written like"):
        workspace.quota("code<=10%")


def test_pasted_examples_become_a_file_that_is_read_as_the_store_was(session: Session) -> None:
    assert examples_in(" a\r\n\r\nb\nc \n\n a") == ["a", "b\nc"]
    assert examples_in("one\ntwo\none") == ["one", "two"]
    for text, sentence in (
        ("  \n ", "Paste some"),
        ("\n".join(map(str, range(1001))), "1,001 examples: at most"),
    ):
        with pytest.raises(SelectionError, match=sentence):
            examples_in(text)
    path = keep_examples(["héllo", "two\nlines"], "my list")
    assert path == keep_examples(["héllo", "two\nlines"], "my list") and path.name == "my list.jsonl"
    asked = read_as(session.store, path)
    assert (asked.data, asked.limit, asked.hook_point) == ((str(path),), None, "layers.1")
    assert [sample.prompt for sample in read_samples(path)] == ["héllo", "two\nlines"]
