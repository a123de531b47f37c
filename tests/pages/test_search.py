"""The page Search: choices that count what they would find, nearest samples, searches that are kept."""

import numpy as np
import pytest

from core.session.concepts import near_sample
from core.session.facets import facets, length_classes
from core.session.search import Query
from core.session.session import workspace_of
from pages.parts.search_form import span
from pages.parts.text import plain
from tests.factories import alpaca, tiny_store
from tests.pages.conftest import F, N, box, config_in, feature_sets, listed

OTHER, SCORE = "fedcba9876543210", "*odd* :red[x]_score"


def rows(at):
    return listed(at, "search")["row"].tolist()


def test_a_choice_says_how_many_it_would_find(visit, session):
    workspace_of(session.store).ban([1, 11])
    workspace_of(session.store).tag([12, 30], "odd")
    at = visit("search", find="question 1")
    now = at.session_state.view
    wanted = facets(session, now.matrix, Query("question 1"), now.selection.rows, now.state)
    kept, left_out = (wanted.status[name] for name in ("picked", "rejected"))
    assert box(at, "Status").options == ["any", f"kept ({kept})", f"left out ({left_out})", "pinned (0)", "banned (2)"]
    assert box(at, "Tag").options == ["any", "odd (1)"]
    classes = {b: n for b, n in wanted.lengths.items() if b in length_classes()}
    assert box(at, "Length").options == ["any", *(f"{span(*bounds, 'tokens')} ({n})" for bounds, n in classes.items())]
    at = box(at, "Status").set_value("banned").run()
    assert rows(at) == [1, 11] and at.query_params["find_status"] == "banned"
    at = box(at, "Status").set_value("all").run()
    assert len(rows(at)) == 11 and "find_status" not in at.query_params
    assert rows(box(at, "Tag").set_value("odd").run()) == [12]


def test_a_length_sets_the_bounds(visit, session):
    at = visit("search")
    bounds = next(iter(length_classes()))
    at = box(at, "Length").set_value(bounds).run()
    assert (at.number_input(key="find_min").value, at.number_input(key="find_max").value) == bounds
    tokens = session.info.tokens
    assert rows(at) == np.flatnonzero((tokens >= bounds[0]) & (tokens <= bounds[1])).tolist()


def test_a_topic_of_the_results_narrows_them(visit, session):
    at = visit("search", find="question", lens="tokens")
    field = box(at, "Features of the results")
    matrix = at.session_state.view.matrix
    common = int(np.argmax(matrix.density()))
    assert field.options[0].endswith(f"({matrix.density()[common] * N:.0f})")
    at = field.set_value(common).run()
    assert rows(at) == [row for row in range(N) if common in matrix.row(row)]
    assert at.query_params["find_has"] == str(common)


def test_the_nearest_to_a_sample_come_first(visit, session):
    at = visit("search", find_near="row 5", find_most=7)
    likeness = near_sample(session, 5)
    assert rows(at) == np.argsort(-likeness, kind="stable")[:7].tolist()
    assert listed(at, "search")["near"].tolist() == [f"{likeness[row]:.2f}" for row in rows(at)]
    assert "There is no row 40" in visit("search", find_near="40").warning[0].value


@pytest.mark.parametrize("text", ["a typed text", "²"])
def test_a_text_without_its_model_is_said(visit, text):
    at = visit("search", find_near=text)
    assert any("cannot be compared with samples here" in warning.value for warning in at.warning)
    assert len(rows(at)) == N


def test_a_search_is_saved_opened_and_deleted_and_undo_brings_it_back(visit, session):
    workspace, at = workspace_of(session.store), visit("search", find="question 1", find_status="rejected", row=11)
    at.text_input(key="search-name").set_value("ones <b>").run()
    at.button(key="save-search").click().run()
    assert workspace.state().searches == {"ones <b>": {"find": "question 1", "find_status": "rejected"}}
    link = next(h.proto.body for h in visit("search").get("html") if "find_status" in h.proto.body)
    assert "find=question+1" in link and "ones &lt;b&gt;" in link and "row=" not in link
    visit("search").button(key="drop-search-0").click().run()
    assert workspace.state().searches == {}
    workspace.undo()
    assert list(workspace.state().searches) == ["ones <b>"]


def test_nothing_found_says_what_to_do(visit):
    assert visit("search", find="no such text").info[0].value == "No matches. Try removing a filter."


def test_more_features_than_twenty_may_be_asked_for(visit, session):
    nobody = F - 1
    at = visit("search", lens="tokens", find_lacks=",".join(map(str, [*range(F), nobody])))
    field = next(found for found in at.multiselect if found.label == "Has none of these features")
    assert field.value == list(range(F)) and len(field.options) == F


def with_scores(cache):
    """A second store, whose samples have two scores, one of them of a hostile name."""
    records = [{**record, "score": float(i), SCORE: float(-i)} for i, record in enumerate(alpaca(N))]
    tiny_store(cache, records, feature_sets(), key=OTHER, n_features=F, config=config_in(cache))


def test_the_name_of_a_score_is_text_and_its_bounds_are_its_own(visit, cache):
    with_scores(cache)
    at = visit("search", store=OTHER, find_score="score", find_low=3)
    assert rows(at) == list(range(3, N))
    names = list(at.session_state.view.session.info.scores)
    hostile = next(name for name in names if "*" in name)
    at = box(at, "Score").set_value(hostile).run()
    assert at.number_input(key="find_low").value is None and len(rows(at)) == N
    assert at.number_input(key="find_low").label == f"Lowest {plain(hostile)}"
    assert box(at, plain(hostile)).value == (None, None)
