"""Why a sample is kept or left out, in sentences: word for word on small cases, and true on random ones."""

import re
from dataclasses import replace

import pytest
from hypothesis import given

from core.errors import SelectionError
from core.explain.credit import ledger
from core.explain.naming import LONGEST, Names, enumerated
from core.explain.sentences import told
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.registry import METHODS
from core.selection.run import select
from tests.oracles import features, without_credit
from tests.strategies import OPTIONS, quick, tasks

WORDS = ["frogs", "ships", "tea", "rain", "a list", "a poem", "maths", "code"]
NAMES = Names(WORDS.__getitem__)
SETS = [{0, 1, 2, 3}, {0, 1, 4}, {2, 5}, {0, 1}, {6}, {0, 7}]


def said(row, names=NAMES, sets=SETS, lens="topics", **asked):
    matrix = FeatureMatrix.from_sets(sets, len(WORDS))
    spec = SelectionSpec(**{"budget": 2, "lens": lens, **asked})
    selection, order = select(matrix, spec), select(matrix, replace(spec, budget=len(sets)))
    return told(matrix, selection, ledger(matrix, selection, order), row, names)


def test_a_kept_sample_says_what_it_was_the_first_to_be_about():
    assert said(0) == (
        "Kept as number 1 of 2. It is the first sample about “frogs”, “ships” and 2 more topics; "
        "all 4 of its topics were new. Most similar kept sample: row 1 (0.30)."
    )
    assert said(1) == (
        "Kept as number 2 of 2. It is the first sample about “a list”; 1 of its 3 topics was new. "
        "Most similar kept sample: row 0 (0.30)."
    )
    assert said(0, budget=1).endswith("No other kept sample shares a topic with it.")
    assert "It is the first sample with “a list”; 1 of its 3 features was new." in said(1, lens="tokens")
    assert said(3, budget=6).startswith("Kept as number 6 of 6. Both its topics were new in round 2.")
    assert "both its topics were in fewer than 2 kept samples before." in said(2, budget=5, multiplicity=2)


def test_a_sample_is_about_its_clear_topics_and_touches_on_the_others():
    value = [0.8, 0.6, 0.5, 0.9, 0.4]  # of row 0: topics 0, 1, 2; of row 1: 0, 3
    matrix = FeatureMatrix([0, 3, 5], [0, 1, 2, 0, 3], value, len(WORDS))
    for lens, about, touching in (("topics", "about “frogs” and “ships”", "that touches on “rain”"),
                                  ("tokens", "with “frogs”, “ships” and 1 more feature", "with “rain”")):  # fmt: skip
        selection = select(matrix, SelectionSpec(budget=2, lens=lens))
        first, second = (told(matrix, selection, ledger(matrix, selection), row, NAMES) for row in (0, 1))
        assert f"It is the first sample {about}; all 3 of its" in first
        assert f"It is the first sample {touching}; 1 of its 2" in second


def test_decisions_come_first():
    assert said(3, pins=(3,)).startswith("Kept because you pinned it. It is the first sample about “frogs”")
    assert said(0, bans=(0,)).startswith("Left out because you banned it. ")
    assert said(0, vetoes={0: "block"}).startswith(
        "Left out because it has “frogs” (topic 0), whose samples you excluded. "
    )
    both = said(0, bans=(0,), vetoes={0: "block", 1: "block", 3: "block"})
    assert both.startswith(
        "Left out because you banned it and because it has “frogs” (topic 0), “ships” (topic 1) and 1 more topic, "
        "whose samples you excluded. "
    )
    assert "enters" not in both
    assert "topic 0, whose samples" in said(0, Names(), vetoes={0: "block"})


def test_what_is_ignored_is_said_not_to_count():
    assert "“frogs” (topic 0), which you ignore, does not count." in said(0, vetoes={0: "ignore"})
    both = "“frogs” (topic 0) and “ships” (topic 1), which you ignore, do not count."
    assert both in said(3, vetoes={0: "ignore", 1: "ignore", 6: "ignore"})
    assert "which you ignore" not in said(2, vetoes={0: "ignore"})


def test_a_sample_that_is_left_out_says_why_what_covers_it_and_when_it_enters():
    assert said(3) == (
        "Left out as redundant: the selection has its topics. Kept row 0 has both its topics. "
        "Most similar kept sample: row 1 (0.59). It enters with a budget of 6 samples."
    )
    assert said(2) == (
        "Left out by the budget: it would add 1 new topic, and the last sample kept added 1. "
        "Kept row 0 has 1 of its 2 topics; “a poem” is missing. Most similar kept sample: row 0 (0.29). "
        "It enters with a budget of 3 samples."
    )
    assert said(4) == (
        "Left out by the budget: it would add 1 new topic, and the last sample kept added 1. "
        "No kept sample has its one topic. It enters with a budget of 4 samples."
    )
    assert "Kept rows 1 and 2 together have 3 of its 4 topics; “rain” is missing." in said(0, bans=(0,))


def test_features_of_wording_and_format_are_counted_and_not_named():
    names = Names(WORDS.__getitem__, wording={0, 1, 2})
    kept = said(0, names, lens="tokens")
    assert "It is the first sample with “rain” and 3 features of wording and format; all 4" in kept
    assert "3 features of wording and format are missing" in said(
        3, names, sets=[{7}, {6, 7}, {5}, {0, 1, 2, 7}], lens="tokens", vetoes={}, bans=(), pins=(1, 0)
    )


def test_every_method_says_what_a_kept_sample_owes_its_place_to():
    assert [name for name, method in METHODS.items() if not method.takes] == ["sae-greedy"]
    random = {said(row, method="random").split(".")[0] for row in range(len(SETS))}
    assert {"Kept as number 1 of 2: drawn at random", "Kept as number 2 of 2: drawn at random"} <= random


def test_names_are_one_short_line_each_once():
    long = Names(lambda f: "x" * 99 if f else "a\n b")
    assert long.quoted(0, "topics") == "“a b”"
    assert len(long.quoted(1, "topics")) == LONGEST + 2
    assert Names(lambda f: "tea").listed([1, 2, 3], "topics") == "“tea” and 2 more topics"
    assert Names(lambda f: "").listed([1], "topics") == "topic 1"
    assert [enumerated(list(s)) for s in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]


def test_a_row_that_is_not_there():
    with pytest.raises(SelectionError, match="There is no row 6: the rows are 0 to 5"):
        said(6)


@pytest.mark.parametrize("method", METHODS)
@quick
@given(tasks())
def test_what_is_said_is_true_for_every_method(method, task):
    matrix, spec, info = task
    spec = replace(spec, method=method, options=OPTIONS.get(method, {}))
    try:
        selection = select(matrix, spec, info)
    except SelectionError:  # a reference that has no more of any feature
        return
    sets, picks = features(matrix, spec), selection.rows.tolist()
    book = ledger(matrix, selection)
    for row in range(matrix.n_samples):
        text = told(matrix, selection, book, row, samples=info)
        own = {f for f in sets[row] if f not in without_credit(matrix, spec)}
        assert text.startswith("Kept") == (row in picks)
        assert ("you pinned" in text) == (row in spec.pins)
        assert ("you banned" in text) == (row in spec.bans)
        blocking = any(spec.vetoes.get(f) == "block" for f in sets[row])
        assert ("you excluded" in text) == blocking
        covered = own & {f for p in picks if p != row for f in sets[p]}
        if match := re.search(r"have? (?:all )?(\d+) of its", text.partition("Kept row")[2]):
            assert int(match[1]) == len(covered)
        if match := re.search(r"It is the first sample with (?:“?feature )(\d+)", text):
            before = picks[: picks.index(row)]
            assert int(match[1]) in own and not any(int(match[1]) in sets[p] for p in before)
        if match := re.search(r"Most similar kept sample: row (\d+)", text):
            assert int(match[1]) in picks and own & set(sets[int(match[1])])
        else:
            assert not covered
        assert "  " not in text and text.endswith(".")
