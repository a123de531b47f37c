"""Flat messages: conversations are rebuilt by their ids, in whatever order the rows come."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.system import shown
from tests.layout_writers import talks
from tests.reading import FIXTURE, read

EXCHANGE = [{"conversation_id": "z", "role": who, "content": who} for who in ("user", "assistant")]


def lines(rows):
    return "\n".join(map(json.dumps, rows))


@FIXTURE
@given(st.lists(talks(), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_rows_with_the_id_of_their_conversation(save, many, rng):
    rows = [
        {"conversation_id": i, "turn": k, "role": m.role, "content": m.content}
        for i, talk in enumerate(many)
        for k, m in enumerate(talk.messages())
    ]
    rng.shuffle(rows)
    samples, report = read(save(lines(rows)), skip_bad=False)
    assert {s.raw["conversation_id"]: s.messages for s in samples} == {i: t.messages() for i, t in enumerate(many)}
    assert sum(len(s.raw["messages"]) for s in samples) == len(rows) and [s.row for s in samples] == [*range(len(many))]
    assert f"{len(rows)} rows of one message each are {shown.many(len(many), 'conversation')} by" in report.warnings[0]


@pytest.mark.parametrize("form", [int, float, str, lambda k: f" {k}.0 ", lambda k: str(k) if k % 2 else k])
def test_the_place_may_be_a_number_in_any_form(save, form):
    """All numbers of a CSV file are texts; 10 comes after 9."""
    turns = [{"role": ("user", "assistant")[k % 2], "content": f"t{k}"} for k in range(12)]
    rows = [{"conversation_id": "a", "turn": form(k), **turn} for k, turn in enumerate(turns)]
    samples, _ = read(save(lines(rows[::-1])), skip_bad=False)
    assert [m.content for m in samples[0].messages] == [turn["content"] for turn in turns]


@pytest.mark.parametrize("place", [None, "", "first"])
def test_a_message_without_its_place_is_told(save, place):
    rows = [
        {"conversation_id": "a", "turn": 1, "role": "assistant", "content": "A"},
        {"conversation_id": "a", "turn": place, "role": "user", "content": "Q"},
        {"conversation_id": "b", "turn": place, "role": "user", "content": "Q"},
        {"conversation_id": "b", "turn": place, "role": "assistant", "content": "B"},
    ]
    samples, report = read(save(lines(rows)))
    assert [(s.prompt, s.response) for s in samples] == [("Q", "B")]  # no place at all: in the order of the file
    assert [bad.reason for bad in report.skipped] == [
        "turn is no number in 1 of the 2 messages of conversation_id a, so that their order is not known"
    ]


@pytest.mark.parametrize("beside", [{}, {"turn": None}, {"turn": ""}])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_message_without_a_place_stands_where_the_file_has_it_if_the_others_do(save, beside, at):
    placed = [{"role": ("user", "assistant")[i % 2], "content": f"t{i}", "turn": i} for i in (2, 3)]
    said = [*placed[:at], {"role": "system", "content": "s"} | beside, *placed[at:]]
    rows = [{"conversation_id": "a"} | turn for turn in said]
    samples, _ = read(save(lines(rows)), skip_bad=False)
    assert [m.content for m in samples[0].messages] == [turn["content"] for turn in said]
    _, report = read(
        save(lines([*rows, {"conversation_id": "a", "turn": 1, "role": "user", "content": "q"}, *EXCHANGE]))
    )
    assert "turn is no number in 1 of the 4 messages" in report.skipped[0].reason


@pytest.mark.parametrize("empty", [None, ""])
def test_messages_without_a_conversation_are_not_put_together(save, empty):
    rows = [
        {"conversation_id": "a", "role": "user", "content": "q"},
        {"conversation_id": empty, "role": "assistant", "content": "stray"},
        {"conversation_id": empty, "thread_id": "t", "role": "user", "content": "Q"},
        {"conversation_id": "a", "role": "assistant", "content": "a"},
        {"conversation_id": empty, "thread_id": "t", "role": "assistant", "content": "A"},
    ]
    samples, report = read(save(lines(rows)))
    assert [(s.prompt, s.response) for s in samples] == [("q", "a"), ("Q", "A")]
    assert [str(bad) for bad in report.skipped] == ["line 2: conversation_id is empty: it names no conversation"]


def test_a_broken_first_line_does_not_hide_the_messages_after_it(save):
    rows = [{"thread_id": 1, "role": who, "content": who} for who in ("user", "assistant")]
    samples, report = read(save("{oops\n" + lines(rows)))
    assert [(s.prompt, s.response) for s in samples] == [("user", "assistant")] and report.n_skipped == 1


def test_rows_without_a_place_keep_their_order(save):
    rows = [{"thread_id": t, "from": who, "value": f"{who}{t}"} for who in ("human", "gpt") for t in "ab"]
    samples, _ = read(save(lines(rows)), skip_bad=False)
    assert [(s.prompt, s.response) for s in samples] == [("humana", "gpta"), ("humanb", "gptb")]


@FIXTURE
@given(st.lists(talks(system=False), min_size=1, max_size=3), st.integers(0, 99))
def test_rows_that_name_their_parent(save, many, seed):
    rows = []
    for i, talk in enumerate(many):
        for k, m in enumerate(talk.messages()):
            parent = f"{i}.{k - 1}" if k else None
            role = {"user": "prompter"}.get(m.role, m.role)
            rows.append({"message_id": f"{i}.{k}", "parent_id": parent, "text": m.content, "role": role, "rank": 0})
    random.Random(seed).shuffle(rows)
    samples, report = read(save(lines(rows)), skip_bad=False)
    assert {s.raw["message_id"]: s.messages for s in samples} == {f"{i}.0": t.messages() for i, t in enumerate(many)}
    assert not report.columns_unread


def test_other_replies_are_named_and_circles_refused(save):
    rows = [
        {"message_id": "a", "parent_id": None, "text": "q", "role": "prompter", "rank": None},
        {"message_id": "b", "parent_id": "a", "text": "worse", "role": "assistant", "rank": 1},
        {"message_id": "c", "parent_id": "a", "text": "best", "role": "assistant", "rank": 0},
        {"message_id": "d", "parent_id": "d", "text": "round", "role": "assistant", "rank": 0},
    ]
    samples, report = read(save(lines(rows)))
    assert [(s.prompt, s.response) for s in samples] == [("q", "best")]
    assert report.columns_unread == {"replies": 1}
    assert [str(row) for row in report.skipped] == ["line 4: parent_id leads in a circle"]


def test_a_row_that_is_no_message_is_named(save):
    rows = [
        {"thread_id": 1, "role": "user", "content": "q"},
        {"thread_id": 1},
        {"thread_id": 1, "role": "bot", "content": "a"},
    ]
    samples, report = read(save(lines(rows)))
    assert samples[0].response == "a" and "line 2: is no message" in str(report.skipped[0])
