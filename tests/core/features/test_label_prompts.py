"""What the labelling model is shown and asked, and what its answers mean."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.features.label_prompts import (
    accuracy,
    marked,
    parsed_active,
    parsed_label,
    split,
    window,
)
from core.lm.endpoint import MalformedAnswer, fenced
from tests.hostile import SPITE
from tests.strategies import quick

# --- examples


@quick
@given(st.lists(st.integers(0, 3), max_size=60), st.integers(0, 99))
def test_shown_and_tested_contexts_are_apart_and_spread_over_the_bins(bins, seed):
    contexts = [{"bin": b, "id": i} for i, b in enumerate(bins)]
    shown, tested = split(contexts, np.random.default_rng(seed))
    assert (shown, tested) == split(contexts, np.random.default_rng(seed))
    ids = [c["id"] for c in shown]
    assert ids == sorted(ids) and max(len(shown), len(tested)) <= 10
    if len(contexts) < 4:
        assert shown == tested == contexts
        return
    assert not {c["id"] for c in tested} & set(ids)
    for part in range(4):  # no bin is left behind while another has more of its own
        had, rest = bins.count(part), [sum(c["bin"] == b for c in shown) for b in range(4)]
        assert rest[part] >= min((had + 1) // 2, max(rest) - 1)


@quick
@given(st.integers(0, 2**32), st.integers(0, 40))
def test_a_window_is_cut_as_contexts_are(seed, radius):
    rng = np.random.default_rng(seed)
    pieces, segments = [f"{i}." for i in range(20)], rng.integers(-1, 2, 20).astype(np.int8)
    segments[7] = 0
    store = type("Store", (), {"pieces": lambda self, row: (pieces, segments)})()
    text = window(store, 0, radius, np.random.default_rng(seed))
    centres = np.flatnonzero(segments >= 0)
    assert text in {"".join(pieces[max(0, c - radius) : c + radius + 1]) for c in centres}


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


@quick
@given(st.lists(st.tuples(st.text("ab<>", max_size=3), st.sampled_from([0.0, 2.0])), max_size=8))
def test_runs_of_activating_tokens_are_marked(tokens):
    pieces, values = [t for t, _ in tokens], [v for _, v in tokens]
    text = marked({"pieces": pieces, "values": values})
    escaped = [p.replace("<<", "< <").replace(">>", "> >") for p in pieces]
    signs = "".join("1" if v else "0" for v in values)
    runs = [run for run in signs.split("0") if run]
    assert len(text) == len("".join(escaped)) + 4 * len(runs)


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
