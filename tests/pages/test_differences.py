"""The page of differences: the figures of core for the groups that were chosen."""

from __future__ import annotations

from core.matrix.postings import having
from core.session.groups import group, rest
from core.session.search import score_values
from core.session.session import workspace_of
from core.studies.differences import correlations, differences
from tests.pages.conftest import box, listed


def test_the_table_has_the_differences_of_the_groups(visit, session):
    workspace_of(session.store).save_set("some", [1, 2, 3, 8, 9, 20])
    at = visit("differences")
    view = at.session_state.view
    first = group(session, view.spec, view.state, "kept")
    found = differences(first, rest(first))
    shown = at.dataframe[0].value
    assert shown[view.noun].tolist() == (found.feature[found.differs].tolist() or found.feature.tolist())
    if found.differs.any():
        at.toggle(key="unsure").set_value(True).run()
    shown = at.dataframe[0].value
    assert shown[view.noun].tolist() == found.feature.tolist()
    assert shown["log odds"].tolist() == found.log_odds.tolist()
    assert shown["beyond chance"].tolist() == found.differs.tolist()
    assert {m.label: m.value for m in at.metric}["Samples of one group"] == f"{found.n_one:,}"
    box(at, "One group, or a score").set_value("set:some").run()
    box(at, "Against").set_value("left-out").run()
    first, second = (group(session, view.spec, view.state, name) for name in ("set:some", "left-out"))
    found = differences(first, second)
    assert at.dataframe[0].value["q"].tolist() == found.q.tolist()
    for key, side in (("examples-0", first), ("examples-1", second)):
        rows = having(side.matrix, int(found.feature[0]), side.rows)[0].tolist()
        assert not rows or listed(at, key)["row"].tolist() == rows
    at.segmented_control(key="listed").set_value("all of both groups").run()
    assert listed(at, "examples-0")["row"].tolist() == first.rows.tolist() and not at.exception


def test_a_score_and_a_group_that_is_none(visit, session):
    at = visit("differences", a="score:tokens")
    found = correlations(at.session_state.view.matrix, score_values(session, "tokens"))
    assert at.dataframe[0].value["r"].tolist() == found.r.tolist()
    at = visit("differences", a="set:none", b="kept")
    assert [w.value.replace("\\", "") for w in at.warning] == ["There is no set 'none': there is none."]
