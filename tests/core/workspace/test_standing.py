"""The decisions that stand as lines, and the lines that are looked for."""

from __future__ import annotations

from core.workspace.standing import Line, matching, on_features, on_samples


def test_each_sample_and_feature_is_one_line(workspace):
    workspace.pin([4])
    workspace.ban([7])
    workspace.note([4, 5], "look again")
    workspace.veto([1], "block", "adverts")
    workspace.veto([3])
    workspace.boost([1, 2], 3)
    workspace.veto([9], lens="topics")
    state, times = workspace.state(), [event.time for event in workspace.history()][::-1]
    assert on_samples(state) == [
        Line(4, ("pinned", "noted"), "look again", times[2]),
        Line(7, ("banned",), "", times[1]),
        Line(5, ("noted",), "look again", times[2]),
    ]
    assert on_features(state, "tokens") == [
        Line(1, ("excluded", "boosted"), "adverts", times[5]),
        Line(3, ("ignored",), "", times[4]),
        Line(2, ("boosted",), "", times[5]),
    ]
    assert [line.number for line in on_features(state, "topics")] == [9]
    workspace.note([4, 5], "")
    workspace.unveto([1])
    workspace.boost([2], 1)
    state = workspace.state()
    assert on_samples(state) == [Line(4, ("pinned",), "", times[0]), Line(7, ("banned",), "", times[1])]
    assert on_features(state, "tokens") == [Line(3, ("ignored",), "", times[4]), Line(1, ("boosted",), "", times[5])]


def test_lines_are_found_by_kind_text_number_and_day():
    lines = [
        Line(1, ("pinned", "noted"), "Adverts of May", "2026-05-02T10:00:00+00:00"),
        Line(2, ("banned",), "", "2026-05-03T23:59:59+00:00"),
        Line(11, ("noted",), "1 of 2", ""),
    ]

    def found(**asked):
        return [line.number for line in matching(lines, **asked)]

    assert found() == [1, 2, 11]
    assert found(kind="noted") == [1, 11] and found(kind="boosted") == []
    assert found(text="ADVERTS ") == [1] and found(text="1") == [1, 11] and found(text="1", held={2}) == [1, 2, 11]
    assert found(since="2026-05-03") == [2] and found(until="2026-05-02") == [1]
    assert found(since="2026-05-02", until="2026-05-03", kind="banned") == [2]
