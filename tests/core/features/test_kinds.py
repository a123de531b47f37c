"""Kinds of features: the rules against labels given by hand, and against stores."""

import json
from dataclasses import astuple
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.features.kinds import (
    EDGE,
    KINDS,
    MEANING,
    SHORTEST,
    Shown,
    kind_of,
    kinds_of,
    largest_family,
    meaning_first,
    related,
    rest_told,
)
from core.features.peak_words import in_code, word_at
from core.session.session import open_session
from core.store.contexts import RADIUS
from core.store.peaks import SHOWN, Peak, strongest_peaks
from tests.factories import tiny_store
from tests.strategies import quick

LABELLED = json.loads((Path(__file__).parent / "kinds_labelled.json").read_text(encoding="utf-8"))


def shown(peaks):
    return [Shown(token, word, "edge" in flags, "code" in flags) for token, word, flags in peaks]


# --- against labels


@pytest.mark.parametrize("part", ["development", "held out"])
def test_the_rules_agree_with_a_reader(part):
    """Labelled by hand after reading the ten strongest contexts, before the rules were written."""
    own = [feature for feature in LABELLED if feature["part"] == part]
    found = [kind_of(shown(feature["peaks"])) for feature in own]
    assert len(own) == 105 and {feature["kind"] for feature in own} <= set(KINDS)
    assert np.mean([kind == feature["kind"] for kind, feature in zip(found, own, strict=True)]) >= 0.85
    means = [(kind in MEANING) == (feature["kind"] in MEANING) for kind, feature in zip(found, own, strict=True)]
    assert np.mean(means) >= 0.9


def test_the_labelled_features_hold_no_text_of_the_data():
    for feature in LABELLED:
        assert len(feature["peaks"]) <= SHOWN
        assert all(len(token.split()) <= 1 and " " not in word for token, word, _ in feature["peaks"])


# --- rules


def words(*texts, token=None, edge=False, code=False):
    return [Shown(token or f" {text}", text, edge, code) for text in texts]


@pytest.mark.parametrize(
    ("peaks", "kind"),
    [
        (words("write", "list", "give", "what", edge=True), "position or template"),
        (words("summarize", "summarize", "summary", "give", edge=True), "content word"),
        ([Shown(t, "", False, False) for t in (",", ".", "\n", "(")], "punctuation and layout"),
        ([Shown(t, "", False, True) for t in (";", "{", "}", "(")], "code"),
        ([Shown(t, "", False, True) for t in ("1", "20", " 3")], "digits"),
        (words("the", "of", "and", "cat"), "function word"),
        (words("les", "und", "para", "della"), "function word"),
        ([Shown("'s", "s", False, False), Shown("’ll", "ll", False, False)], "function word"),
        ([Shown(" ex", word, False, False) for word in ("exercise", "express", "excerpt")], "sub-word piece"),
        ([Shown("", "", False, False)] * 3, "sub-word piece"),
        ([Shown("ific", word, False, False) for word in ("notification", "notifications", "notify")], "content word"),
        (words("self", "return", "int", code=True), "code"),
        (words("bird", "birds", "feather"), "content word"),
        (words("птица", "птицы", "перо"), "content word"),
        (words("newspaper", "daily", "weekly"), "contextual"),
    ],
)
def test_a_kind_for_each_rule(peaks, kind):
    assert kind_of(peaks) == kind


@quick
@given(st.lists(st.text("abc", max_size=5), max_size=9))
def test_the_largest_family_is_that_of_its_best_word(texts):
    assert largest_family(texts) == max((sum(related(a, b) for b in texts) for a in texts), default=0)


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [("bird", "birds", True), ("spell", "spelling", True), ("bar", "barista", False), ("an", "ant", False)],
)
def test_forms_of_one_word_begin_alike(one, two, same):
    assert related(one, two) == related(two, one) == same


@quick
@given(st.lists(st.integers(0, 30)), st.dictionaries(st.integers(0, 30), st.sampled_from(KINDS)))
def test_meaning_comes_first_and_nothing_is_lost(features, kinds):
    first, rest = meaning_first(features, kinds)
    assert sorted(first + rest) == sorted(features)
    assert all(kinds.get(f) in MEANING for f in first) if kinds else not rest
    assert not any(kinds.get(f) in MEANING for f in rest)


def test_what_a_page_folds_is_told():
    assert rest_told(range(1200)) == "and 1,200 features of wording and format"


# --- words and code around a peak


@pytest.mark.parametrize(
    ("before", "token", "after", "word"),
    [
        ("the gr", "in", " on", "grin"),
        ("a big", " Bar", "ista said", "barista"),
        ("find", "Index", "Of(x)", "index"),
        ("first_", "name", "=1", "name"),
        ("don", "'t", " go", "t"),
        ("x", " = ", "y", ""),
        ("我需", "要", "建", "要"),
        ("Это пт", "ица", ". Она", "птица"),
        ("नम", "स्ते", " दुनिया", "नमस्ते"),
        ("e", "\u0301te", "", "e\u0301te"),
        ("", "", "", ""),
    ],
)
def test_the_word_that_a_token_is_part_of(before, token, after, word):
    assert word_at(before, token, after) == word


@pytest.mark.parametrize(
    ("before", "token", "after", "code"),
    [
        ("He said that the (second) answer", " was", " wrong, was it not?", False),
        ("Look:\nfor (int i", " =", " 0; i < n; i++) {\n  sum += i;", True),
        ("The code is below.\nimport numpy as np\nx = np.zeros(3)\nprint", "(", "x.shape, x.sum())\n\nIt prints", True),
        ("<a href", '="', 'https://example.org/path/to">', True),
        ("Name - age\n", "----", "----\nAda - 36", False),
    ],
)
def test_code_is_told_by_its_marks(before, token, after, code):
    assert in_code(before, token, after, fenced=False) == code
    assert in_code(before, token, after, fenced=True)


# --- stores


def test_peaks_are_the_strongest_contexts_with_what_stands_around_them(tiny):
    store = open_session(tiny.store).store
    sql = f"SELECT feature_id, sample_id, peak FROM contexts WHERE rank <= {SHOWN} AND bin = 0 ORDER BY sample_id"
    expected = []
    for feature, sample, at in store.rows(sql):
        pieces, segments = store.pieces(sample)
        own = [p if s == segments[at] else "\n" for p, s in zip(pieces, segments, strict=True)]
        before, after = "".join(own[:at][-RADIUS:]), "".join(own[at + 1 :][:RADIUS])
        fenced = "".join(own[:at]).count("```") % 2 == 1
        place, length = int((segments[:at] == segments[at]).sum()), int((segments == segments[at]).sum())
        expected.append(Peak(feature, before, pieces[at], after, fenced, place, length))
    found = list(strongest_peaks(store.db))
    assert sorted(map(astuple, found)) == sorted(map(astuple, expected))
    assert {peak.feature for peak in found} == set(store.features()["feature_id"].tolist())


def test_kinds_of_a_store_are_those_of_its_peaks(tiny):
    store = open_session(tiny.store).store
    kinds = kinds_of(store.db)
    assert list(kinds) == store.features()["feature_id"].tolist() and set(kinds.values()) <= set(KINDS)
    for feature in list(kinds)[:30]:
        peaks = [p for p in strongest_peaks(store.db) if p.feature == feature]
        edge = [p.length >= SHORTEST and not EDGE <= p.place < p.length - EDGE for p in peaks]
        seen = [
            Shown(p.token, word_at(p.before, p.token, p.after), e, in_code(p.before, p.token, p.after, p.fenced))
            for p, e in zip(peaks, edge, strict=True)
        ]
        assert kinds[feature] == kind_of(seen)


def test_code_between_fences_is_code_and_the_answer_knows_nothing_of_fences_in_the_prompt():
    pieces, segments = ["a", "```", "b", "<end>", "c", "``", "`", "d", "```", "e"], [0, 0, 0, 255, 1, 1, 1, 1, 1, 1]
    db = duckdb.connect()
    db.execute("CREATE TABLE samples AS SELECT 0 AS sample_id, ? AS pieces, ?::BLOB AS segments",
               [json.dumps(pieces), bytes(segments)])  # fmt: skip
    db.execute("CREATE TABLE contexts AS SELECT f AS feature_id, 0 AS sample_id, 0 AS bin, 1 AS rank, f AS peak "
               "FROM range(10) t(f)")  # fmt: skip
    found = {peak.token: peak for peak in strongest_peaks(db)}
    assert {token for token, peak in found.items() if peak.fenced} >= {"b", "d"}
    assert not any(found[token].fenced for token in "ace")
    assert found["c"].before == "\n\n\n\n" and found["c"].after == "```d```e"
    assert [(found[token].place, found[token].length) for token in "bcd"] == [(2, 3), (0, 6), (3, 6)]


def test_fault_12_a_features_kind_is_that_of_its_strongest_peaks(tmp_path):
    """Feature 3 fires on 60 samples: strongest on words, weakly on marks, of which the store keeps a fair draw."""
    n, strong = 60, 20
    records = [{"instruction": "q", "output": "word" if i < strong else "!"} for i in range(n)]
    store = open_session(tiny_store(tmp_path, records, [{3: n - i} for i in range(n)])).store
    pieces = [c["pieces"][c["peak"]] for c in store.contexts(3)]
    assert sum(piece == "!" for piece in pieces) > strong, "over all contexts most are marks"
    assert kinds_of(store.db) == {3: "content word"}
