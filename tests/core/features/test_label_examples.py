"""What a feature is labelled and tested with, against the definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.features.label_examples import MOST_CHARACTERS, beginning, example_maker, marked, ranked, split, window
from core.schema import FeatureMatrix, Message, Sample
from core.store.reader import open_store
from tests.factories import random_matrix, tiny_store
from tests.strategies import quick


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


@quick
@given(st.lists(st.tuples(st.text("ab<>", max_size=3), st.sampled_from([0.0, 2.0])), max_size=8))
def test_runs_of_activating_tokens_are_marked(tokens):
    pieces, values = [t for t, _ in tokens], [v for _, v in tokens]
    text = marked({"pieces": pieces, "values": values})
    escaped = [p.replace("<<", "< <").replace(">>", "> >") for p in pieces]
    signs = "".join("1" if v else "0" for v in values)
    runs = [run for run in signs.split("0") if run]
    assert len(text) == len("".join(escaped)) + 4 * len(runs)


# --- topics


@quick
@given(st.integers(0, 2**32), st.integers(1, 70))
def test_the_samples_of_a_topic_are_its_strongest_and_those_in_the_middle_of_the_rest(seed, n):
    matrix, values = random_matrix(np.random.default_rng(seed), n, 3)
    for topic in range(3):
        order = [row for row in np.argsort(-values[:, topic], kind="stable").tolist() if values[row, topic]]
        rest = order[10:]
        before = max(0, (len(rest) - 10) // 2)
        wanted = [(0, row) for row in order[:10]] + [(1, row) for row in rest[before : before + 10]]
        assert [(c["bin"], c["sample_id"]) for c in ranked(matrix, topic)] == wanted


@pytest.fixture
def store(tmp_path):
    """Forty samples, long ones among them."""
    records = [{"instruction": f"ask {i}: " + "x" * 20 * i, "output": f"say {i}"} for i in range(40)]
    return open_store(tiny_store(tmp_path, records, [[0]] * 40))


def row_of(text):
    return int(text.removeprefix("Prompt: ask ").split(":")[0])


def test_a_topic_is_shown_by_whole_samples_and_tested_on_others(store):
    """Topic 0 in the first 30 samples, most in the last of them; 1 in three; 2 in every one; 3 in none."""
    sets = [{2, *([0] if i < 30 else []), *([1] if i in (3, 5, 8) else [])} for i in range(40)]
    values = np.array([i + 1.0 if f == 0 else 1.0 for i, row in enumerate(sets) for f in sorted(row)], np.float32)
    plain = FeatureMatrix.from_sets(sets, 4)
    make = example_maker(store, FeatureMatrix(plain.indptr, plain.feature, values, 4), "topics", seed=2)
    found = make(0)
    rows, tested = [row_of(text) for text in found.shown], [row_of(text) for text in found.tested]
    assert rows == sorted(rows, reverse=True) and len(rows) == 10 and found.lens == "topics"
    assert [row >= 20 for row in rows].count(True) == 5  # half of them from the ten strongest
    active = {row for row, is_active in zip(tested, found.active, strict=True) if is_active}
    assert len(active) == 10 and active < set(range(30)) - set(rows) and set(tested) - active == set(range(30, 40))
    again = make(0)
    assert (again.shown, again.tested, again.active.tolist()) == (found.shown, found.tested, found.active.tolist())
    assert [row_of(text) for text in make(1).shown] == [3, 5, 8] and len(make(1).tested) == 6
    assert len(make(2).shown) == 10 and make(2).tested == [] and make(3).shown == []


def test_a_sample_is_shown_by_the_beginnings_of_its_prompt_and_response():
    turns = (Message("system", "s"), Message("user", " ask\n"), Message("assistant", "a" * 301))
    text = beginning(Sample(0, turns, {}))
    assert text == "Prompt: s\n\n ask\nResponse: " + "a" * (MOST_CHARACTERS - 1) + "…"
    assert beginning(Sample(0, (Message("user", "b" * MOST_CHARACTERS),), {})).endswith("b\nResponse: ")
