"""Multiple choice: however the options are written, the prompt holds them and the answer is one of them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.layouts import Columns, RowError, messages
from tests.layout_writers import texts

few = settings(max_examples=40)


@few
@given(st.lists(texts(), min_size=2, max_size=6, unique=True), st.data())
def test_multiple_choice(choices, data):
    place = data.draw(st.integers(0, len(choices) - 1))
    letter = "ABCDEF"[place]
    labelled = {"label": [*"123456"[: len(choices)]], "text": choices}
    by_letter = dict(zip("ABCDEF", choices, strict=False))
    objects = [{"label": a, "text": text} for a, text in by_letter.items()]
    forms = [
        {"choices": choices, "answer": place},
        {"choices": choices, "answer": letter},
        {"options": choices, "label": place},
        {"choices": labelled, "answerKey": str(place + 1)},
        {"options": by_letter, "answer_idx": letter},
        {"options": by_letter, "answer": choices[place], "answer_idx": letter},
        {"choices": objects, "answerKey": letter},
        {"endings": choices, "label": str(place)},
        {"options": choices, "correct_answer": f"({letter})"},
        {"options": choices, "answer": letter, "answer_index": place},
        {"choices": json.dumps(choices), "answer": str(place)},
        {"options": json.dumps(by_letter), "answer": letter},
        {"options": [{"key": a, "value": text} for a, text in by_letter.items()], "answer": letter},
        {**by_letter, "Answer": letter},
        {"E": None, "F": ""} | by_letter | {"target": f"({letter})"},
        {**{f"op{a.lower()}": text for a, text in by_letter.items()}, "cop": place},
        {**{f"option_{a.lower()}": text for a, text in by_letter.items()}, "answer": letter.lower()},
        {**{f"Choice {a}": text for a, text in by_letter.items()}, "correct answer": choices[place]},
    ]
    for form in forms:
        columns = Columns(None)
        prompt, answer = messages({"question": "Which one?", "context": "It is so."} | form, columns)
        assert answer.content == choices[place] and not columns.unread and not +columns.choices
        assert prompt.content.startswith("Which one?\n\nIt is so.\n\n") and all(c in prompt.content for c in choices)


@pytest.mark.parametrize("name", ["{}", "op{}", "option_{}"])
@pytest.mark.parametrize("empty", ["", None])
@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_an_index_counts_the_empty_choices(name, empty, full):
    """A column for each letter; one that is called by a letter further on is none of them."""
    letters = dict(zip("abcdefgh", [True, True, *full], strict=False))
    record = {name.format(a): f"text {a}" if filled else empty for a, filled in letters.items()}
    record |= {name.format("t"): "a long time"}
    for place, (letter, filled) in enumerate(letters.items()):
        for answer in (place, str(place), letter.upper()):
            asked = {"question": "Which?", "topic": name.format("a")} | record | {"answer": answer}
            if filled:
                prompt, found = messages(asked, Columns(None))
                assert found.content == f"text {letter}" and "long time" not in prompt.content
            else:
                with pytest.raises(RowError, match="names none of the"):
                    messages(asked, Columns(None))


@pytest.mark.parametrize("answer", [4, "Z", -1, "7"])
def test_an_answer_that_names_no_choice_is_refused(answer):
    with pytest.raises(RowError, match="names none of the 2 choices"):
        messages({"question": "Which?", "choices": ["a", "b"], "answer": answer}, Columns(None))


@pytest.mark.parametrize("record", [{"a": 3, "b": 4}, {"A": "3", "B": "4"}, {"A": "red"}, {"A": "red", "C": "blue"}])
@pytest.mark.parametrize("answer", ["7", "1", 1, "B"])
def test_columns_that_are_called_by_letters_may_be_anything(record, answer):
    if "B" in record and answer == "B":
        return
    found = messages({"question": "Which?"} | record | {"answer": answer}, Columns(None))
    assert [m.content for m in found] == ["Which?", str(answer)]


def test_an_index_counts_labels_of_any_kind():
    found = messages({"question": "Is it?", "options": {"Y": "yes", "N": "no"}, "answer": 1}, Columns(None))
    assert found[1].content == "no"


def test_choices_that_are_nested_too_deeply_are_text():
    text = "[" * 100_000
    found = messages({"question": "Which?", "choices": text, "answer": "a"}, Columns(None))
    assert [m.content for m in found] == ["Which?", "a"]


@pytest.mark.parametrize("answer", ["red, since it is warm", "9" * 5000])
def test_an_answer_in_words_stands_beside_choices(answer):
    record = {"question": "Which?", "choices": ["red", "blue"], "answer": answer}
    assert [m.content for m in messages(record, Columns(None))] == ["Which?\n\nA. red\nB. blue", record["answer"]]
