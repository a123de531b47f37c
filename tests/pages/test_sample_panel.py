"""A list of samples with the chosen one beside it: what it shows, how it is sorted, what its buttons do."""

import json

import pytest

from core.explain.sentences import in_short
from core.features.shown_labels import names_of
from core.session.session import workspace_of
from tests.pages.conftest import N, listed


def html(at):
    return "".join(found.proto.body for found in at.get("html"))


def press(at, key):
    return at.button(key=f"of-search-{key}").click().run()


def opened(at):
    """The row of the panel."""
    (keys,) = (json.loads(c.proto.json) for c in at.get("bidi_component") if c.proto.id.endswith("-keys"))
    return keys["row"]


def test_the_chosen_row_stands_beside_the_list(visit, session):
    at = visit("search", find="question 1", row=12)
    assert opened(at) == 12
    table = listed(at, "search")
    assert table["row"].tolist() == [1, *range(10, 20)]
    assert table["match"].tolist()[2][:2] == ["", "question 1"]
    sample = session.store.samples([12])[0]
    assert f"id {sample.id}" in html(at) and "record 13 of data.jsonl" in html(at)
    assert "<mark>question 1</mark>2" in html(at)
    now = at.session_state.view
    said = in_short(now.matrix, now.selection, now.ledger, 12, names_of(session.store), session.info)
    assert f"<div>{said}</div>" in html(at).replace("&#34;", '"')


@pytest.mark.parametrize("row", ["99", "-1", "x", "²"])
def test_a_row_that_is_not_in_the_list_gives_the_first(visit, row):
    assert opened(visit("search", row=row)) == 0
    assert opened(visit("search", find="question 7", row=row)) == 7


def test_next_and_previous_follow_the_sorting(visit, session):
    at = visit("search", **{"row-sort": "-tokens"})
    table, tokens = listed(at, "search"), session.info.tokens
    assert table["row"].tolist() == sorted(range(N), key=lambda row: (-tokens[row], row))
    assert opened(at) == table["row"][0] and at.button(key="of-search-previous").disabled
    assert opened(press(at, "next")) == table["row"][1]
    assert opened(press(at, "next")) == table["row"][2]
    assert opened(press(at, "previous")) == table["row"][1]
    assert at.query_params["row"] == str(table["row"][1])


def test_texts_sort_too(visit):
    assert listed(visit("search", **{"row-sort": "prompt"}), "search")["row"].tolist() == sorted(range(N), key=str)
    assert listed(visit("search", **{"row-sort": "nothing"}), "search")["row"].tolist() == list(range(N))


def test_pin_ban_tag_and_note(visit, session):
    workspace, at = workspace_of(session.store), visit("search", row=3)
    press(at, "pin")
    assert workspace.state().pins == (3,)
    press(at, "ban")
    assert (workspace.state().pins, workspace.state().bans) == ((), (3,))
    assert "<span class='state'>banned</span>" in html(at)
    press(at, "unban")
    assert workspace.state().bans == ()
    workspace.tag([3], "odd")
    assert "#odd" in html(at.run())
    at.text_area(key="of-search-3-note").set_value("look").run()
    press(at, "3-save-note")
    assert workspace.state().notes == {3: "look"} and "Note: look" in html(at)


def test_a_pin_in_a_stale_tab_does_not_lift_the_pin(visit, session):
    at = visit("search", row=3)
    workspace_of(session.store).pin([3])
    press(at, "pin")
    assert workspace_of(session.store).state().pins == (3,)


def test_the_tokens_can_be_shown_instead(visit):
    at = visit("search", row=3, lens="tokens")
    assert "class='reading'" not in html(at)
    at.segmented_control(key="of-search-as").set_value("Tokens").run()
    assert "class='reading'" in html(at)


def test_a_long_list_shows_the_part_with_the_chosen_row(visit, monkeypatch):
    monkeypatch.setattr("pages.parts.sample_list.LISTED", 10)
    at = visit("search", row=29)
    assert listed(at, "search")["row"].tolist() == list(range(20, 30))
    assert any(caption.value.startswith("21 to 30 of 40 samples.") for caption in at.caption)
    assert opened(press(at, "next")) == 30
    assert listed(at, "search")["row"].tolist() == list(range(30, 40))
