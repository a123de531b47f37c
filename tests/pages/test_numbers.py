"""A number has one definition on all pages: what the pages show is what core says."""

import re
from dataclasses import replace

import duckdb
import numpy as np
import pytest

from core.explain.certificates import certificate
from core.explain.credit import ledger
from core.explain.summary import coverage_summary
from core.schema import SelectionSpec
from core.session.budgets import random_needed
from core.session.session import workspace_of
from core.studies.length import controlled, correlation, scope_tokens
from core.studies.length_features import decomposition
from tests.factories import alpaca, tiny_store
from tests.pages.conftest import F, N, box, config_in, feature_sets, listed, make_store, metrics

BUDGET = 6


def spec_of(session, method="sae-greedy", **more):
    """What the dashboard asks for at an address with method and budget."""
    return SelectionSpec(method, BUDGET, theta=session.default_theta()[0], **more)


def vetoed(session):
    """Two vetoes, of an active feature that is ignored and of one that blocks; the spec with them."""
    matrix = session.matrix("all", session.default_theta()[0])
    active = np.flatnonzero(matrix.density() > 0)
    ignored, blocking = int(active[0]), int(active[-1])
    workspace = workspace_of(session.store)
    workspace.veto([ignored])
    workspace.veto([blocking], mode="block")
    return {ignored: "ignore", blocking: "block"}


@pytest.mark.parametrize("method", ["sae-greedy", "random", "longest-response"])
def test_covered_features_are_one_number_on_all_pages(visit, session, method):
    spec = spec_of(session, method, vetoes=vetoed(session))
    selection = session.selection(spec)
    summary = coverage_summary(session.matrix("all", spec.theta), selection)
    covered, all_features = f"{int(summary.covered.sum()):,}", f"{summary.coverable:,}"
    share = f"{summary.covered.sum() / summary.coverable:.1%}"
    asked = {"method": method, "budget": BUDGET}
    assert metrics(visit(**asked))["Features covered"] == (share, f"{covered} of {all_features}")
    assert metrics(visit("budget", **asked))["Features covered"] == (covered, f"{share} of {all_features}")
    found = metrics(visit("coverage", **asked))
    assert found["Covered"] == (covered, f"{share} of {all_features}")
    assert found["Missed"][0] == f"{summary.missed.sum():,}"
    assert found["In one kept sample"][0] == f"{summary.once.sum():,}"
    assert found["Never active"][0] == f"{summary.inactive.sum():,}"


def test_the_budget_page_says_what_core_says(visit, session):
    spec = spec_of(session)
    selection, matrix = session.selection(spec), session.matrix("all", spec.theta)
    at = visit("budget", budget=BUDGET)
    found = metrics(at)
    tokens = session.info.tokens[selection.rows]
    assert found["Picks"] == (str(BUDGET), f"{BUDGET / N:.1%} of the data")
    assert found["Tokens"][0] == f"{tokens.sum():,}"
    assert found["Certificate"][0] == f"≥ {certificate(matrix, selection).share:.1%}"
    needed = random_needed(session, spec, int(selection.covered_after[-1]))
    assert any(f"needs about {needed:,} samples to cover as much" in c.value for c in at.caption)
    table = listed(at, "budget")
    assert table["row"].tolist() == selection.rows.tolist()
    assert table["gain"].astype(float).tolist() == selection.gains.tolist()


@pytest.mark.parametrize("weights", ["uniform", "idf", "mass"])
def test_gains_that_are_weights_are_not_shown_as_zero(visit, session, weights):
    spec = spec_of(session, weights=weights)
    selection = session.selection(spec)
    shown = listed(visit("budget", budget=BUDGET, weights=weights), "budget")["gain"].astype(float)
    assert np.allclose(shown, selection.gains, rtol=0.005) and shown.min() > 0
    row = int(selection.rows[1])
    value, note = metrics(visit("why", budget=BUDGET, weights=weights, row=row))["Marginal gain"]
    assert float(value.replace(",", "")) == pytest.approx(selection.gains[1], rel=0.005)
    assert note == ("features" if weights == "uniform" else "weight of the features") + " it was first to bring"


def test_a_sample_that_is_left_out_has_the_ledgers_figures(visit, session):
    spec = replace(spec_of(session, weights="idf"), budget=2)
    selection = session.selection(spec)
    book = ledger(session.matrix("all", spec.theta), selection, session.order(spec))
    row = int(np.argmax(book.gain_now))
    found = metrics(visit("why", budget=2, weights="idf", row=row))
    assert found["Redundancy"][0] == f"{book.redundancy[row]:.1%}"
    assert float(found["Gain now"][0]) == pytest.approx(book.gain_now[row], rel=0.005)
    assert book.gain_now[row] > 0
    assert found["Enters at budget"][0] == f"{book.budget_in[row]:,}"


def test_a_pick_that_brings_nothing_is_told_by_what_its_method_looks_at(visit, session):
    spec = spec_of(session, "longest-response")
    selection = session.selection(SelectionSpec("longest-response", N, theta=spec.theta))
    book = ledger(session.matrix("all", spec.theta), selection)
    rank = int(np.flatnonzero(np.diff(book.ptr) == 0)[0])
    at = visit("why", method="longest-response", budget=N, row=int(selection.rows[rank]))
    told = at.info[0].value
    assert "coverage was complete" not in told
    assert told.endswith("longest-response does not look at coverage.")


def test_a_pinned_pick_that_brings_nothing_is_told_to_be_pinned(visit, session):
    spec = spec_of(session)
    matrix = session.matrix("all", spec.theta)
    few = sorted(range(N), key=lambda row: len(matrix.row(row)))
    inside = [(a, b) for a in few for b in few if a != b and set(matrix.row(a)) <= set(matrix.row(b))]
    small, large = inside[0]
    workspace_of(session.store).pin([large])
    workspace_of(session.store).pin([small])
    pins = workspace_of(session.store).state().pins
    selection = session.selection(spec_of(session, pins=pins))
    book = ledger(matrix, selection)
    ranks = [k for k in range(len(pins)) if book.ptr[k] == book.ptr[k + 1]]
    assert ranks, "the sample inside another brings nothing after it"
    at = visit("why", budget=BUDGET, row=int(selection.rows[ranks[0]]))
    assert at.info[0].value.endswith("It is pinned, and so comes first.")


def test_next_pick_stays_among_the_picks(visit, session):
    rows = session.selection(spec_of(session)).rows.tolist()

    def buttons(at):
        return {b.label: b for b in at.button if b.label in ("Previous pick", "Next pick")}

    at = visit("why", budget=BUDGET, row=rows[0])
    assert buttons(at)["Previous pick"].disabled
    for row in rows[1:]:
        buttons(at)["Next pick"].click().run()
        assert at.session_state["row"] == row
    assert buttons(at)["Next pick"].disabled, "the last pick leads to no row that is left out"
    left_out = next(row for row in range(N) if row not in rows)
    at = visit("why", budget=BUDGET, row=left_out)
    assert buttons(at)["Next pick"].disabled
    buttons(at)["Previous pick"].click().run()
    assert at.session_state["row"] == rows[-1]


def test_the_order_vetoed_lists_the_vetoed_features_alone(visit, session):
    vetoes = vetoed(session)
    at = visit("features", sort="vetoed")
    assert at.dataframe[0].value["feature"].tolist() == sorted(vetoes)
    box(at, "Order").set_value("commonest").run()
    assert len(at.dataframe[0].value) == int((session.matrix("all", 0.0).density() > 0).sum()) < F


def test_the_help_of_theta_says_how_the_default_is_chosen(visit):
    help = next(s.help for s in visit().number_input if s.label == "Threshold θ")
    assert "nearest to covering 90 %" in help
    assert not re.search("lowest", help)


def test_warnings_show_no_folder_of_the_machine(cache, visit):
    (cache / "more").mkdir()
    warning = f"{cache}/data.jsonl: line 3 has no answer (left out)."
    make_store(cache / "more", "fedcba9876543210", warnings=[warning]).rename(cache / "fedcba9876543210.duckdb")
    shown = [m.value.replace("\\", "") for m in visit().markdown]
    assert ":material/info: data.jsonl: line 3 has no answer (left out)." in shown
    assert not any(str(cache) in text for text in shown)


def test_a_score_takes_the_place_of_length(visit, cache):
    records = [{**record, "score": float(i % 7)} for i, record in enumerate(alpaca(N))]
    tiny_store(cache, records, feature_sets(), key="fedcba9876543210", n_features=F, config=config_in(cache))
    at = visit("longest", store="fedcba9876543210", column="score")
    view = at.session_state.view
    values, counts = view.session.info.scores["score"], view.matrix.counts
    found, held = correlation(values, counts), controlled(values, counts, scope_tokens(view.session.store, "all"))
    figures = metrics(at)
    assert figures["Pearson r"][0] == f"{found.pearson.value:.3f}"
    assert figures["Pearson r, length held"][0] == f"{held.value:.3f}"
    assert [tab.label for tab in at.tabs] == ["Correlation", "What it consists of"]


def test_the_name_of_a_score_is_escaped_once(visit, cache):
    records = [{**record, "my_score": i / 3} for i, record in enumerate(alpaca(N))]
    path = tiny_store(cache, records, feature_sets(), key="fedcba9876543210", n_features=F, config=config_in(cache))
    with duckdb.connect(str(path)) as db:
        db.execute(
            f"CREATE TABLE kinds AS SELECT f::INTEGER AS feature_id, 'content word' AS kind FROM range({F}) g(f)"
        )
    at = visit("longest", store=path.stem, column="my_score", section="What it consists of")
    view = at.session_state.view
    view.session.remember("kinds", view.session.store.kinds)
    found = decomposition(view.matrix, np.asarray(view.session.info.scores["my_score"], float))
    assert found.half
    assert any(m.value.startswith("**") and m.value.endswith("what goes with my\\_score\\.**") for m in at.markdown)


def test_the_kinds_of_a_page_are_those_of_the_store(visit, session):
    at = visit("longest", section="What it consists of")
    assert at.session_state.view.kinds == session.store.kinds()
