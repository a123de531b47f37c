"""What is trained on: labels of good and bad answers, and the weights of turns."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.layouts import Columns, messages

few = settings(max_examples=40)

GOOD = [True, "True", "true", " TRUE", 1, "1", 1.0, "1.0"]
BAD = [False, "False", "false", "FALSE ", 0, "0", 0.0, "0.0"]


@pytest.mark.parametrize("value", [*GOOD, *BAD, None, "", "n/a", 2, "spam"])
def test_answers_labelled_bad_are_not_trained_on(value):
    """A CSV file has texts for truths, a Parquet file often 1 and 0; these two may be classes of a task instead."""
    said = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    pairs = [({"prompt": "q", "completion": "a"}, "label"), ({"instruction": "q", "output": "a"}, "kto_tag")]
    others = [
        ({"messages": said}, "label"),
        ({"prompt": "q", "response": "a"}, "label"),
        ({"messages": said}, "kto_tag"),
        ({"question": "q", "answer": "a"}, "is_correct"),
    ]
    for record, label in [*pairs, *others]:
        columns = Columns(None)
        *_, answer = messages(record | {label: value}, columns)
        sure = label != "label" or "completion" in record or str(value).strip().isalpha()
        bad = sure and any(value is each for each in BAD)
        assert answer.weight == (0 if bad else 1) and columns.untrained == ({f"{label} is false": 1} if bad else {})


@pytest.mark.parametrize("name", ["weight", "train", "loss", "training", "train_on_turn"])
@pytest.mark.parametrize("value", [*GOOD, *BAD, None, 0.5])
def test_turns_that_are_not_trained_on(name, value):
    said = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", name: value}]
    found = messages({"messages": said}, Columns(None))
    assert found[1].weight == (0 if any(value is each for each in BAD) else 1)


def test_an_answer_of_which_a_part_is_trained_on_is_told():
    detail = [{"begin_offset": 0, "end_offset": 1, "train": False}]
    said = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a b", "train_detail": detail}]
    columns = Columns(None)
    messages({"conversations": said}, columns)
    assert columns.unread == {"conversations.train_detail": 1}


@few
@given(st.lists(st.sampled_from([None, 0, 1]), min_size=1, max_size=4), st.sampled_from(["weight", "train"]))
def test_weights(weights, name):
    turns = []
    for i, weight in enumerate(weights):
        turns += [{"role": "user", "content": f"q{i}"}, {"role": "assistant", "content": f"a{i}", name: weight}]
    columns = Columns(None)
    answers = messages({"messages": turns}, columns)[1::2]
    assert [m.weight for m in answers] == [0 if weight == 0 else 1 for weight in weights]
    assert sum(columns.untrained.values()) == all(weight == 0 for weight in weights)
