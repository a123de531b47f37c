"""The action bar of a set of samples: what it previews, takes and can be undone."""

from __future__ import annotations

from core.session.preview import banned, effect, pinned
from core.session.session import workspace_of


def button(at, label):
    """The button of a label."""
    return next(b for b in at.button if b.label == label)


def test_what_banning_all_hits_would_change_is_said_first(visit, session):
    at = visit("search")
    at.text_input(key="find").set_value("question 1").run()
    rows = [row for row in range(40) if "question 1" in session.store.texts([row])[0]]
    assert 1 < len(rows) < 40
    button(at, "Never keep").click().run()
    before = at.session_state.view.spec
    found = effect(session, before, banned(before, rows))
    told = next(m.value for m in at.markdown if "would leave" in m.value or "same samples" in m.value)
    assert str(len(found.leaving)) in told
    assert button(at, f"Never keep: {len(rows)} samples")


def test_a_set_and_a_note_on_all_hits(visit, session):
    at = visit("search")
    at.text_input(key="find").set_value("question 1").run()
    button(at, "Save").click().run()
    at.text_area(key="search-note").set_value("look again").run()
    button(at, "Save the note").click().run()
    state = workspace_of(session.store).state()
    assert list(state.sets) == ["question 1"] and len(state.sets["question 1"]) == len(state.notes) > 1
    assert set(state.notes.values()) == {"look again"}


def test_pinning_lifts_a_ban_and_the_other_way_round(session):
    from core.schema import SelectionSpec

    spec = SelectionSpec(budget=5, pins=(1, 2), bans=(3,))
    assert (pinned(spec, [3, 4]).pins, pinned(spec, [3, 4]).bans) == ((1, 2, 3, 4), ())
    assert (banned(spec, [2, 3]).pins, banned(spec, [2, 3]).bans) == ((1,), (3, 2))
