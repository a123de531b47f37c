"""The action bar of a set of samples: what it previews, takes and can be undone."""

from __future__ import annotations

from dataclasses import replace

from core.schema import SelectionSpec
from core.session.preview import banned, boosted, effect, lifted, pinned, vetoed
from core.session.session import workspace_of
from tests.pages.conftest import take


def button(at, label):
    """The button of a label, which is Markdown."""
    return next(b for b in at.button if b.label.replace("\\", "") == label)


def test_what_banning_all_hits_would_change_is_said_first(visit, session):
    at = visit("search")
    at.text_input(key="find").set_value("question 1").run()
    rows = [row for row in range(40) if "question 1" in session.store.texts([row])[0]]
    assert 1 < len(rows) < 40
    button(at, "Ban").click().run()
    before = at.session_state.view.spec
    found = effect(session, before, banned(before, rows))
    told = {m.label: m.value for m in at.metric}
    assert (told["Samples leave"], told["Samples enter"]) == (str(len(found.leaving)), str(len(found.entering)))
    assert button(at, "Cancel")
    assert button(at, f"Ban: {len(rows)} samples")
    take(at, "search-ban")
    assert sorted(workspace_of(session.store).state().bans) == rows
    line = f"{len(rows)} rows banned. {len(found.leaving)} left, {len(found.entering)} entered."
    assert any(line in m.value for m in at.markdown)
    button(at, "Show them").click().run()
    shown = [f.value["row"].tolist() for f in at.dataframe]
    assert found.leaving.tolist() in shown and found.entering.tolist() in shown
    button(at, "Undo").click().run()
    assert any(f"Undone: {len(rows)} rows banned" in m.value.replace("\\", "") for m in at.markdown)
    at.number_input(key="budget").set_value(9).run()  # what it said is of another selection
    assert not any("Undone" in m.value for m in at.markdown)


def test_what_is_decided_can_be_lifted_and_is_not_decided_again(visit, session):
    workspace = workspace_of(session.store)
    rows = [row for row in range(40) if "question 1" in session.store.texts([row])[0]]
    workspace.pin(rows[:3])
    workspace.ban(rows[3:])
    at = visit("search", find="question 1")
    assert not button(at, "Pin").disabled
    button(at, "Lift").click().run()
    assert button(at, f"Lift: {len(rows)} samples")
    take(at, "search-lift")
    assert (workspace.state().pins, workspace.state().bans) == ((), ())
    assert workspace.undo() == f"pins and bans lifted from {len(rows)} rows"
    workspace.pin(rows)
    at = visit("search", find="question 1")
    assert button(at, "Pin").disabled


def test_more_pins_than_the_budget_raise_it_until_they_are_lifted(visit, session):
    at = visit("search", find="question 1", budget="5")
    rows = [row for row in range(40) if "question 1" in session.store.texts([row])[0]]
    button(at, "Pin").click().run()
    before = at.session_state.view.spec
    found = effect(session, before, pinned(before, rows))
    assert len(rows) > 5 and any(f"The budget grows to {len(rows)} samples" in c.value for c in at.caption)
    assert {m.label: m.value for m in at.metric}["Samples enter"] == str(len(found.entering))
    take(at, "search-pin")
    assert at.number_input(key="budget").value == len(rows) == len(at.session_state.view.selection.rows)
    assert any(f"{len(rows)} rows pinned. " in m.value for m in at.markdown)
    button(at, "Undo").click().run()
    assert at.number_input(key="budget").value == 5
    assert any(f"Undone: {len(rows)} rows pinned" in m.value.replace("\\", "") for m in at.markdown)
    at.number_input(key="budget").set_value(len(rows)).run()
    assert at.number_input(key="budget").value == len(rows), "typed, not raised"
    at.number_input(key="budget").set_value(5).run()
    button(at, "Redo").click().run()
    at.number_input(key="budget").set_value(20).run()
    button(at, "Undo").click().run()
    assert at.number_input(key="budget").value == 20
    workspace_of(session.store).pin(rows)
    at = visit("search", budget="5")
    assert at.number_input(key="budget").value == len(rows)
    button(at, "Undo").click().run()
    assert at.number_input(key="budget").value == 5


def test_tags_are_put_on_and_taken_off(visit, session):
    workspace = workspace_of(session.store)
    workspace.tag([1, 2], "verse *x*")
    at = visit("search", find="question 1")
    at.selectbox(key="search-tag").set_value("verse *x*").run()
    button(at, "Tag them").click().run()
    rows = [row for row in range(40) if "question 1" in session.store.texts([row])[0]]
    assert set(workspace.state().tags["verse *x*"]) == {1, 2, *rows}
    next(b for b in at.button if b.label.startswith("Take “verse")).click().run()
    assert set(workspace.state().tags.get("verse *x*", ())) == {1, 2} - set(rows)


def test_a_set_and_a_note_on_all_hits(visit, session):
    at = visit("search")
    at.text_input(key="find").set_value("question 1").run()
    at.button(key="search-save-set").click().run()
    at.text_area(key="search-note").set_value("look again").run()
    button(at, "Save the note").click().run()
    state = workspace_of(session.store).state()
    assert list(state.sets) == ["question 1"] and len(state.sets["question 1"]) == len(state.notes) > 1
    assert set(state.notes.values()) == {"look again"}


def test_samples_become_the_target_of_a_selection(visit, session):
    at = visit("search", find="question 1")
    rows = [row for row in range(40) if "question 1" in session.store.texts([row])[0]]
    assert at.button(key="search-aim").label == "Select what is like them"
    at.button(key="search-aim").click().run()
    view = at.session_state.view
    assert (view.spec.method, dict(view.spec.options)) == ("nearest", {"reference": "set:question 1"})
    assert view.spec.sets == {"set:question 1": tuple(rows)} and view.state.sets == {"question 1": tuple(rows)}
    at.text_input(key="find").set_value("question 2").run()
    at.text_input(key="search-target").set_value("question 1").run()
    assert at.button(key="search-aim").disabled, "a set of that name has other samples"


def test_pinning_lifts_a_ban_and_the_other_way_round():
    spec = SelectionSpec(budget=5, pins=(1, 2), bans=(3,))
    assert (pinned(spec, [3, 4]).pins, pinned(spec, [3, 4]).bans) == ((1, 2, 3, 4), ())
    assert (pinned(spec, [3, 4]).budget, pinned(spec, range(9)).budget) == (5, 9)
    assert pinned(replace(spec, unit="tokens"), range(9)).budget == 5
    assert (banned(spec, [2, 3]).pins, banned(spec, [2, 3]).bans) == ((1,), (3, 2))
    assert (lifted(spec, [2, 3]).pins, lifted(spec, [2, 3]).bans) == ((1,), ())


def test_a_veto_and_a_boost_ban_told_earlier_ones():
    spec = SelectionSpec(budget=5, vetoes={1: "ignore", 2: "block"}, boosts={4: 2.0})
    assert vetoed(spec, [1, 3], "block").vetoes == {2: "block", 1: "block", 3: "block"}
    assert vetoed(spec, [1], "").vetoes == {2: "block"}
    assert (boosted(spec, [4], 1.0).boosts, boosted(spec, [5], 3.0).boosts) == ({}, {4: 2.0, 5: 3.0})
