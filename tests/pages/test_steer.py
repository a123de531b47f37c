"""The section Steer of the page Budget: quotas, boosts and targets, from what they would change to their undoing."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.schema import SelectionSpec
from core.session.decided import decided
from core.session.preview import effect
from core.session.session import Session, open_session, workspace_of
from tests.factories import KEY, alpaca, tiny_store
from tests.pages.conftest import F, N, config_in, feature_sets, take, topic_sets

SOURCES = ["code" if i % 5 else "verse" for i in range(N)]


@pytest.fixture
def session(cache) -> Session:
    """Forty samples, four in five of them code, with a score and topics."""
    records = [record | {"source": SOURCES[i], "grade": float(i % 7)} for i, record in enumerate(alpaca(N))]
    digests = {"model": "m", "sae": "s", "data": "d"}
    (cache / f"{KEY}.duckdb").unlink()
    path = tiny_store(cache, records, feature_sets(), key=KEY, topics=topic_sets(), n_features=F, digests=digests,
                      config=config_in(cache))  # fmt: skip
    return open_session(path)


def steer(visit, **query: object) -> AppTest:
    """The Budget page of that store, 10 samples by sae-greedy unless `query` says otherwise."""
    return visit("budget", **{"store": KEY, "lens": "tokens", "budget": 10, **query})


def code_kept(at: AppTest) -> int:
    return sum(SOURCES[row] == "code" for row in at.session_state.view.selection.rows)


def test_a_quota_is_looked_at_set_changed_and_undone_by_its_name(visit, session: Session) -> None:
    at, workspace = steer(visit, **{"steer-by": "source"}), workspace_of(session.store)
    before = at.session_state.view.selection.rows.tolist()
    at.selectbox(key="quota-group-source").set_value("code").run()
    at.number_input(key="quota-amount-percent").set_value(30.0).run()
    at.button(key="quota-see").click().run()
    assert at.button(key="take-decision").label.replace("\\", "") == "Source code: at most 30 %"
    assert workspace.state().quotas == ()
    spec = at.session_state.view.spec
    take(at, "quota-see")
    assert workspace.state().quotas == ("source:code<=30%",) and code_kept(at) == 3
    assert any(" · 1 quota<" in line.value for line in at.get("html")), "the line of what is looked at says so"
    found = effect(session, spec, decided(spec, workspace.state()))
    told = f"{len(found.leaving)} left, {len(found.entering)} entered"
    assert any("Quota: source code: at most 30 %" in m.value.replace("\\", "") and told in m.value for m in at.markdown)
    assert any("Source code: at most 30 %" in m.value.replace("\\", "") and "3 kept" in m.value for m in at.markdown)
    assert at.button(key="undo").proto.help.replace("\\", "") == "Undo: quota: source code: at most 30 %"
    at.button(key="undo").click().run()
    assert at.session_state.view.selection.rows.tolist() == before and workspace.state().quotas == ()


def test_the_address_says_from_which_score_on_a_quota_counts(visit, session: Session) -> None:
    at = steer(visit, above="score@4", **{"steer-by": "above"})
    assert at.selectbox(key="quota-score").value == "score" and at.number_input(key="quota-from-score").value == 4
    at.button(key="quota-see").click().run()
    take(at, "quota-see")
    assert workspace_of(session.store).state().quotas == ("above:score@4<=10%",)
    at.number_input(key="quota-from-score").set_value(5.5).run()
    assert "score@5.5" in at.query_params["above"]
    at = steer(visit, above="nothing@4", **{"steer-by": "above"})
    assert at.selectbox(key="quota-score").value == next(iter(session.info.scores)), "the first, where it is not there"


def test_a_quota_that_leaves_room_in_the_budget_is_told_before_and_after(visit, session: Session) -> None:
    at = steer(visit, budget=20, **{"steer-by": "source"})
    sentence = "Within these quotas only 10 of the 20 can be kept."
    assert not any(sentence in w.value for w in at.warning)
    at.selectbox(key="quota-group-source").set_value("code").run()
    at.button(key="quota-see").click().run()
    assert any(sentence in w.value for w in at.warning)
    take(at, "quota-see")
    assert len(at.session_state.view.selection.rows) == 10 and any(sentence in w.value for w in at.warning)


def test_quotas_that_cannot_hold_leave_the_page_with_one_sentence_and_the_way_out(visit, session: Session) -> None:
    workspace = workspace_of(session.store)
    workspace.quota("source:code<=10%")
    workspace.quota("source:code>=5")
    at = steer(visit)
    sentence = "The quotas source:code>=5 and source:code<=10% contradict each other (code)."
    assert sum(sentence in w.value.replace("\\", "") for w in at.warning) == 2
    assert at.title[0].value == "Budget" and at.session_state.view.spec.quotas == ()
    at.button(key="quota-remove-source:code>=5").click().run()
    assert at.session_state.view.spec.quotas == ("source:code<=10%",) and code_kept(at) == 1
    assert [w.value for w in at.warning] == ["Within these quotas only 9 of the 10 can be kept."]


def test_boosts_by_words_and_by_a_group(visit, session: Session) -> None:
    workspace = workspace_of(session.store)
    workspace.save_set("mine", range(0, N, 5))
    at = steer(visit, steer="Boosts", **{"boost-words": "7"})
    at.button(key="boost-factor-see").click().run()
    take(at, "boost-factor-see")
    assert workspace.state().of("tokens").boosts == {7: 3.0}
    at.button(key="boost-group-see").click().run()
    take(at, "boost-group-see")
    assert 10.0 in workspace.state().of("tokens").boosts.values()
    assert workspace.state().next_undo.endswith("by what sets apart: “set:mine”")
    at.button(key="boosts-lift").click().run()
    assert not workspace.state().of("tokens").boosts and any("No boosts yet" in caption.value for caption in at.caption)


def test_a_set_is_used_as_the_target_and_left_again(visit, session: Session) -> None:
    workspace_of(session.store).save_set("mine", [3, 8, 13])
    at = steer(visit, steer="Targets")
    at.radio(key="target-method").set_value("jaccard").run()
    at.button(key="target-use").click().run()
    spec = at.session_state.view.spec
    assert (spec.method, spec.options, spec.sets) == ("jaccard", {"reference": "set:mine"}, {"set:mine": (3, 8, 13)})
    assert at.session_state.view.selection.rows.tolist() == session.selection(spec).rows.tolist()
    at.button(key="target-none").click().run()
    assert at.session_state.view.spec.method == "sae-greedy"


def test_where_examples_are_wanted_a_button_leads_to_them_until_some_are_chosen(visit, session: Session) -> None:
    workspace_of(session.store).save_set("mine", [3, 8, 13])  # which is there, but nobody chose it
    at = steer(visit, method="nearest")
    assert at.subheader[0].value == "Steer" and at.segmented_control(key="steer").value == "Quotas"
    at.button(key="to-targets").click().run()
    assert at.subheader[0].value == "Steer" and at.segmented_control(key="steer").value == "Targets"
    at.button(key="target-use").click().run()
    assert at.session_state.view.spec.method == "nearest" and not at.warning
    assert at.subheader[0].value != "Steer" and "Steer" in [heading.value for heading in at.subheader]
    assert not [button for button in at.button if button.key == "to-targets"]


def test_the_curve_says_nothing_beyond_its_end_and_its_budget_stands_in_place(visit, session: Session) -> None:
    workspace_of(session.store).quota("source:code<=90%")
    for asked, place in (({}, 10), ({"log": "true"}, 1)):  # on a logarithmic axis text stands by its logarithm
        at = steer(visit, **asked)
        curve = next(chart.proto for chart in at.get("plotly_chart") if "click sets the budget" in chart.proto.spec)
        figure = json.loads(curve.spec)
        (mark,) = figure["layout"]["annotations"]
        assert (mark["x"], mark["text"]) == (place, "10")
        told = figure["data"][-1]["text"]  # for each budget from 1 to N
        assert ["sae-greedy: " in text for text in told] == [budget <= 10 for budget in range(1, N + 1)]
        covered = int(at.session_state.view.selection.covered_after[-1])
        assert f"<br>sae-greedy: {covered}" in told[9] + "<br>"


def test_what_is_kept_within_quotas_is_the_same_by_the_page_and_by_core(visit, session: Session) -> None:
    workspace = workspace_of(session.store)
    for text in ("source:code<=10%", "source:*>=1", "cluster=root"):
        workspace.quota(text)
    workspace.lift_quotas(["cluster=root"])
    at = steer(visit, method="k-center")
    asked = decided(SelectionSpec("k-center", 10, theta=at.session_state.view.spec.theta), workspace.state())
    kept = at.session_state.view.selection.rows
    assert kept.tolist() == session.selection(asked).rows.tolist() and code_kept(at) == 1
    assert len(set(kept.tolist())) == len(kept) == 1 + SOURCES.count("verse")
