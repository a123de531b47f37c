"""What the labelling model is shown and asked, and what its answers mean."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.features.label_prompts import accuracy, parsed_active, parsed_label
from core.lm.endpoint import MalformedAnswer, fenced
from tests.hostile import SPITE
from tests.strategies import quick

# --- prompts and answers

texts = st.text(max_size=30) | st.sampled_from([SPITE, "<<", ">>", "\ud800"])


@quick
@given(st.lists(texts, max_size=6))
def test_no_text_can_close_the_fence_or_begin_a_line(given_texts):
    system, user = fenced("TASK", given_texts)
    mark = user["content"].split(" begin\n")[0]
    lines = user["content"].splitlines()
    assert user["content"].count(mark) == 2 and mark in system["content"] and len(mark) == 32
    assert lines[0] == f"{mark} begin" and lines[-1] == f"{mark} end"
    assert len(lines) == 2 + max(len(given_texts), 1)
    assert user == fenced("TASK", given_texts)[1]
    user["content"].encode("utf-8")


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ('{"label": "days"}', "days"),
        (' ```json\n{"label": "days of\\n the week"}\n``` ', "days of the week"),
        ('{"label": "' + "x" * 99 + '"}', "x" * 79 + "…"),
        ('{"label": "</script>\\u202e\\u0000 [a](b)"}', "</script> [a](b)"),
    ],
)
def test_a_label_is_one_clean_line(answer, label):
    assert parsed_label(answer) == label


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "days",
        '"days"',
        'Sure: {"label": "a"}',
        '{"label": "a"} {"label": "b"}',
        "[" * 100_000,
        "[]",
        "{}",
        '{"label": ""}',
        '{"label": 3}',
        '{"label": "a", "b": 1}',
        '{"Label": "a"}',
    ],
)
def test_anything_else_is_malformed(answer):
    with pytest.raises(MalformedAnswer):
        parsed_label(answer)


@pytest.mark.parametrize("answer", ['{"active": [0]}', '{"active": [5]}', '{"active": [true]}', '{"active": "1"}'])
def test_numbers_outside_the_examples_are_malformed(answer):
    with pytest.raises(MalformedAnswer):
        parsed_active(answer, 4)


@quick
@given(st.lists(st.booleans(), min_size=2, max_size=20), st.integers(0, 2**20))
def test_accuracy_is_balanced(active, seed):
    active, found = np.array(active), np.random.default_rng(seed).random(len(active)) < 0.5
    if active.all() or not active.any():
        return
    hits = sum(f for f, a in zip(found, active, strict=True) if a) / active.sum()
    passes = sum(not f for f, a in zip(found, active, strict=True) if not a) / (~active).sum()
    assert accuracy(found, active) == pytest.approx((hits + passes) / 2)
    numbers = json.dumps({"active": (np.flatnonzero(found) + 1).tolist()})
    assert parsed_active(numbers, len(active)).tolist() == found.tolist()
