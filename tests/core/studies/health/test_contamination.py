"""Test questions in the samples: n-grams against plain lists of words."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError
from core.studies.health.contamination import LONG, SHORT, gram_table, joined, question, questions, shared
from core.studies.health.finding import Texts

asked = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=16).map(" ".join), max_size=4)
texts = st.lists(st.sampled_from("abcd"), max_size=40).map(" ".join)


def grams(text, size):
    words = text.split()
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}


@settings(max_examples=60, deadline=None)
@given(asked, texts)
def test_a_sample_that_shares_an_ngram_is_found(asked, text):
    size_of = {q: LONG if len(q.split()) >= LONG else SHORT for q in asked}
    holds = [i for i, q in enumerate(asked) if grams(q, size_of[q]) & grams(text, size_of[q])]
    seen = shared(Texts("", text), {size: gram_table(asked, size) for size in (LONG, SHORT)})
    assert bool(seen) == bool(holds)
    if seen:
        assert seen.detail in {f"question {i + 1} of the file" for i in holds}
        for span in seen.spans:
            part = text[span.start : span.stop]
            assert any(grams(asked[i], size_of[asked[i]]) & grams(part, size_of[asked[i]]) for i in holds)


def test_stretches_are_joined():
    assert list(joined(np.array([0, 1, 2, 9, 30]), 8)) == [(0, 17), (30, 38)]
    assert list(joined(np.zeros(0, np.int64), 8)) == []


def test_the_frame_of_many_questions_does_not_count():
    frame = "Answer the following question by the letter of the right choice out of four:"
    table = {size: gram_table([f"{frame} number{i}" for i in range(11)], size) for size in (LONG, SHORT)}
    assert shared(Texts(frame, ""), table) is None


def test_questions_are_read_from_data_columns_and_lines(tmp_path):
    rows = [{"question": "Why is it so?", "choices": ["a", "b"]}, {"question": "为什么？", "choices": []}, {"other": 1}]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "test.txt").write_text("Warum ist das so?\n\n¿Por qué?\n", encoding="utf-8")
    (tmp_path / "pairs.json").write_text(json.dumps([{"instruction": "Say", "input": "it", "output": "it"}]))
    (tmp_path / "none.jsonl").write_text('{"other": 1}\n')
    assert questions(str(tmp_path / "test.jsonl")) == ["Why is it so?", "为什么？"]
    assert questions(str(tmp_path / "test.txt")) == ["Warum ist das so?", "¿Por qué?"]
    assert questions(str(tmp_path / "pairs.json")) == ["Say\n\nit"]
    assert question(["no record"]) == "" and question("a line") == "a line"
    with pytest.raises(DataError, match=r"none\.jsonl holds no questions"):
        questions(str(tmp_path / "none.jsonl"))
