"""The Why page: the sentences first, the features of both lenses, and the kept samples in the place of one left out."""

import numpy as np
import pytest

from core.explain.covers import smallest_cover
from core.explain.credit import ledger
from core.explain.naming import Names
from core.explain.sentences import told
from core.explain.similar_samples import most_similar_kept, side_by_side
from core.features.shown_labels import names_of
from core.schema import LENSES, NOUNS, SelectionSpec
from core.session.session import open_session, workspace_of
from pages.parts.sample_features import entries
from tests.factories import KEY, TOPICS
from tests.pages.conftest import N, feature_sets, make_store

BUDGET = 5


@pytest.fixture
def both(cache):
    """A store with both lenses in the place of the one with tokens alone; what core says of it."""
    topics = [{f: v for f, v in row.items() if f < TOPICS} for row in feature_sets(3)]
    make_store(cache, topics=topics)
    return open_session(cache / f"{KEY}.duckdb")


def sentence(at):
    """What the page says of the sample, without its HTML."""
    found = next(h.proto.body for h in at.get("html") if "why-told" in h.proto.body)
    return found.partition(">")[2].removesuffix("</div>")


def frames(at):
    return [found.value for found in at.dataframe]


def test_the_sentences_of_core_stand_first(visit, both):
    for lens in ("topics", "tokens"):
        state = workspace_of(both.store).state()
        spec = SelectionSpec(budget=BUDGET, lens=lens, theta=both.default_theta("all", lens)[0])
        selection, order = both.selection(spec), both.order(spec)
        names = names_of(both.store, state, lens)
        for row in (int(selection.rows[0]), next(r for r in range(N) if r not in selection.rows)):
            matrix = both.matrix_of(spec)
            wanted = told(matrix, selection, ledger(matrix, selection, order), row, names, both.info)
            assert sentence(visit("why", budget=BUDGET, row=row, lens=lens)) == wanted


def test_decisions_are_said_first(visit, session):
    workspace_of(session.store).pin([7])
    workspace_of(session.store).ban([3])
    assert sentence(visit("why", budget=BUDGET, row=7)).startswith("Kept because you pinned it.")
    assert sentence(visit("why", budget=BUDGET, row=3)).startswith("Left out because you banned it.")
    rare = int(session.matrix("all", 0.0).row(9)[-1])
    workspace_of(session.store).label(rare, "about <b>cats</b>")
    workspace_of(session.store).veto([rare], mode="block")
    said = sentence(visit("why", budget=BUDGET, row=9))
    assert said.startswith(f"Left out because it has “about &lt;b&gt;cats&lt;/b&gt;” (feature {rare}), whose samples")


def test_what_stands_in_the_place_of_one_left_out(visit, both):
    spec = SelectionSpec(budget=BUDGET, lens="topics", theta=both.default_theta("all", "topics")[0])
    matrix, selection = both.matrix_of(spec), both.selection(spec)
    row = next(r for r in range(N) if r not in selection.rows and len(matrix.row(r)) > 2)
    at = visit("why", budget=BUDGET, row=row, lens="topics")
    similar = next(f for f in frames(at) if "similarity" in f and "pick" in f)
    rows, similarity = most_similar_kept(matrix, selection, row, 12)
    assert similar["row"].tolist() == rows.tolist()
    assert similar["similarity"].tolist() == similarity.tolist()
    assert [selection.rows[pick - 1] for pick in similar["pick"]] == rows.tolist()
    cover, found = next(f for f in frames(at) if "such as" in f), smallest_cover(matrix, selection, row)
    assert cover["row"].tolist() == found.rows.tolist()
    assert cover["topics"].tolist() == [len(f) for f in found.features]
    names = Names(lambda f: f"topic {f}")
    assert cover["such as"].tolist() == [names.listed(f, "topics") for f in found.features]
    pair = side_by_side(matrix, spec, row, int(rows[0]))
    shared = next(f for f in frames(at) if f"row {row}" in f)
    assert shared["topic"].tolist() == [f"topic {f}" for f in pair.shared]
    assert shared[f"row {rows[0]}"].tolist() == pair.values[:, 1].tolist()


def test_the_other_lens_is_folded(visit, both):
    active = [both.matrix("all", both.default_theta("all", lens)[0], lens).counts > 0 for lens in LENSES]
    row = int(np.flatnonzero(active[0] & active[1])[0])
    for lens, other in (("topics", "tokens"), ("tokens", "topics")):
        at = visit("why", budget=BUDGET, row=row, lens=lens)
        assert [e.label for e in at.expander if "other lens" in e.label] == [f"Through the other lens: its {other}"]
        own, folded = both.default_theta("all", lens)[0], both.default_theta("all", other)[0]
        first = frames(at)[0]
        assert sorted(first[NOUNS[lens]].tolist()) == both.matrix("all", own, lens).row(row).tolist()
        assert ("at token" in first) == (lens == "tokens")
        table = next(f for f in frames(at) if NOUNS[other] in f and "name" in f)
        assert sorted(table[NOUNS[other]].tolist()) == both.matrix("all", folded, other).row(row).tolist()


def test_the_first_feature_is_one_that_can_be_clicked(visit, session):
    matrix = session.matrix("all", 0.0)
    row = next(r for r in range(N) if 0 in matrix.row(r) and len(matrix.row(r)) > 1 and entries(matrix, r)[0][0] != 0)
    at = visit("why", row=row)
    shown = next(f for f in at.dataframe if f.key == f"why-features-meant-{row}")
    place = shown.value["feature"].tolist().index(0)
    at.session_state[shown.key] = {"selection": {"rows": [], "columns": [], "cells": [[place, "feature"]]}}
    assert at.run().button(key="veto-top").label == "Ignore feature 0"
