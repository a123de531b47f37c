"""Every page through topics and through tokens, and on stores that have only one of them."""

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import app
from core.refine.runs import RefineConfig
from core.schema import SelectionSpec
from core.session.budgets import random_coverage, random_needed
from core.session.session import workspace_of
from core.store.reader import open_store
from tests.factories import KEY, TOPICS
from tests.made_runs import write_proof, write_refinement
from tests.pages.conftest import F, N, box, listed, make_store, make_topics_alone, metrics, topic_sets

ALONE = "fedcba9876543210"
PAGES = [name for name, *_ in app.PAGES]


def with_topics(folder: Path, **meta: object) -> Path:
    return make_store(folder, topics=topic_sets(), **meta)


STORES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "both, topics": (with_topics, "topics"),
    "both, tokens": (with_topics, "tokens"),
    "topics alone": (make_topics_alone, "topics"),
    "tokens alone": (make_store, "tokens"),
}


def with_neither(folder: Path) -> Path:
    return make_topics_alone(folder, topics=None)


@pytest.fixture(params=["both, topics"])
def case(request) -> str:
    """Which store is looked at, and through what: a key of STORES."""
    return request.param


@pytest.fixture
def cache(tmp_path, monkeypatch, case) -> Path:
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    (STORES[case][0] if case in STORES else with_neither)(tmp_path)
    return tmp_path


def shown(at) -> str:
    """All that a page says."""
    parts = (at.title, at.markdown, at.caption, at.info, at.warning, at.subheader, at.get("html"))
    return " ".join(
        str(element.value if hasattr(element, "value") else element.proto.body) for part in parts for element in part
    )


@pytest.mark.parametrize("case", STORES, indirect=True)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_draws_through_every_lens(visit, session, case, page):
    lens = STORES[case][1]
    if page in ("refinement", "proof"):
        theta = session.default_theta(lens=session.lens)[0]
        write_refinement(
            session, RefineConfig(session.store.key, 2, 12, k=3, theta=theta, lens=session.lens), ["so"], 2
        )
        write_proof(session, budgets=(4, 8))
    at = visit(page, lens=lens, grouped="true", colour="cluster")
    assert not at.error
    assert at.session_state["view"].spec.lens == lens
    assert page in ("data", "longest") or f"{lens} of whole samples" in shown(at)


@pytest.mark.parametrize("method", ["sae-greedy", "random"])
def test_through_topics_the_figures_are_those_of_topics(visit, session, method):
    at = visit("budget", budget=4, method=method)
    spec = SelectionSpec(method, 4, theta=session.default_theta("all", "topics")[0], lens="topics")
    covered, everything = session.selection(spec).covered_after[-1], session.coverable(spec)
    assert metrics(at)["Topics covered"] == (f"{covered:,}", f"{covered / everything:.1%} of {everything:,}")
    needed, middle = random_needed(session, spec, covered), random_coverage(session, session.selection(spec))[1]
    told = f"needs about {needed} samples to cover as much; with 4 samples it covers {middle:.0f}."
    assert f"Random (median of 20 draws) {told}" in [c.value for c in at.caption]
    assert f"{covered:,} of {everything:,}" in metrics(visit(budget=4, method=method))["Topics covered"][1]
    assert metrics(visit("coverage", budget=4, method=method))["Covered"][0] == f"{covered:,}"


def test_tables_name_topics_and_vetoes_are_those_of_the_lens(visit, session):
    workspace_of(session.store).veto([3])
    assert not visit("coverage").session_state["view"].spec.vetoes, "3 is vetoed as a token feature"
    workspace_of(session.store).veto([2], lens="topics")
    at = visit("coverage", budget=4)
    assert at.session_state["view"].spec.vetoes == {2: "ignore"}
    table = next(f.value for f in at.dataframe if f.key == "coverage-common")
    assert table["name"].tolist() == [f"topic {t}" for t in table["topic"]]
    assert dict(at.session_state["view"].through("tokens").spec.vetoes) == {3: "ignore"}


def write_kinds(cache, sql):
    """Give every feature of the store a kind, by its number f."""
    with duckdb.connect(str(cache / f"{KEY}.duckdb")) as db:
        db.execute(f"CREATE TABLE kinds AS SELECT f::INTEGER AS feature_id, {sql} AS kind FROM range({F}) found(f)")


def test_features_of_wording_and_format_are_folded(visit, cache):
    write_kinds(cache, "if(f % 2 = 1, 'content word', 'function word')")
    at = visit("coverage", lens="tokens", budget=3)
    tables = {f.key: f.value["feature"] for f in at.dataframe}
    view = at.session_state["view"]
    kept = np.unique(np.concatenate([view.matrix.row(row) for row in view.selection.rows]))
    assert set(tables["coverage-common"]) == set(kept[kept % 2 == 1])
    assert f"and {(kept % 2 == 0).sum()} features of wording and format" in [e.label for e in at.expander]


def test_search_asks_for_topics_by_name_or_by_the_number_in_the_address(visit, session):
    at = visit("search")
    field = next(found for found in at.multiselect if found.label == "Has all of these topics")
    n = session.matrix("all", session.default_theta("all", "topics")[0], "topics").density()[1] * N
    assert f"topic 1 · 1 ({n:.0f})" in field.options
    at = field.set_value([1]).run()
    has = session.matrix("all", session.default_theta("all", "topics")[0], "topics")
    rows = [row for row in range(N) if 1 in has.row(row)]
    assert listed(at, "search")["row"].tolist() == rows
    kept = np.isin(rows, at.session_state["view"].selection.rows).sum()
    assert f"{len(rows)} of {N} samples, {kept} of them kept." in [c.value for c in at.caption]
    assert at.query_params["find_topics_has"] == "1"
    assert "There is no topic 99" in visit("search", find_topics_has="1,99").warning[0].value.replace("\\", "")


def test_longest_response_looks_through_tokens(visit, session):
    tokens, topics = (metrics(visit("longest", lens=lens)) for lens in ("tokens", "topics"))
    assert tokens == topics
    at = visit("longest", lens="topics")
    assert "tokens of whole samples" in shown(at)
    assert any("looks through tokens" in c.value for c in at.caption)
    assert at.session_state["view"].spec.lens == "topics", "the other pages keep their lens"


@pytest.mark.parametrize("case", ["topics alone"], indirect=True)
def test_what_needs_tokens_says_so(visit, case):
    at = visit("longest")
    assert [i.value for i in at.info] == [
        "This page counts the token features of long and short answers; this store, made without an SAE, has none."
    ]
    assert not at.metric


@pytest.mark.parametrize("case", ["tokens alone"], indirect=True)
def test_a_store_from_before_topics_says_how_it_gets_them(visit, case):
    at = visit()
    assert "before there were topics" in at.info[0].value
    assert any(c.value.startswith("python -m core upgrade --store ") for c in at.code)


@pytest.mark.parametrize("case", ["neither"], indirect=True)
def test_a_store_with_neither_is_told(visit, case):
    assert "neither topics nor token features" in visit().error[0].value


@pytest.mark.parametrize("case", STORES, indirect=True)
def test_overview_says_which_topics_there_are(visit, case):
    told = {"tokens alone": "none"}.get(case, "8, learnt from this data")
    assert f"Topics</th><td>{told}</td>" in shown(visit())


def test_changing_the_data_set_keeps_the_page(cache, visit):
    (cache / "other").mkdir()
    make_topics_alone(cache / "other", ALONE).rename(cache / f"{ALONE}.duckdb")
    both = next(text for text in box(visit(), "Data set").options if ALONE[:4] not in text)
    at = visit("budget", lens="tokens", scope="prompt", store=both)
    assert at.session_state["view"].spec.lens == "tokens"
    for _ in range(2):
        for key, lenses in ((ALONE, ("topics",)), (None, ("topics", "tokens"))):
            picker = box(at, "Data set")
            picker.set_value(key or next(k for k in (cache.glob("*.duckdb")) if k.stem != ALONE).stem).run()
            assert not at.exception and not at.error and at.title[0].value == "Budget"
            assert at.session_state["view"].session.store.lenses == lenses


def test_weights_that_a_lens_does_not_have_are_left(visit, cache):
    write_kinds(cache, "'content word'")
    at = visit("budget", lens="tokens", weights="content")
    assert at.session_state["view"].spec.weights == "content"
    next(g for g in at.get("button_group") if g.label == "Look through").set_value("topics").run()
    assert not at.warning and not at.exception
    assert (at.session_state["view"].spec.lens, at.session_state["view"].spec.weights) == ("topics", "uniform")


def test_decisions_on_topics_are_listed_whatever_the_weights_of_tokens(visit, cache):
    write_kinds(cache, "'content word'")
    workspace = workspace_of(open_store(cache / f"{KEY}.duckdb"))
    workspace.veto([1], lens="topics")
    at = visit("decisions", lens="tokens", weights="content")
    assert at.session_state["view"].spec.weights == "content"
    assert at.session_state["view"].through("topics").spec.weights == "uniform"
    for topic in range(TOPICS):
        workspace.veto([topic], mode="block", lens="topics")
    at.session_state["decided-tab"] = next(tab.label for tab in at.run().tabs if tab.label.startswith("Topics"))
    (table,) = (f.value for f in at.run().dataframe)
    assert table["topic"].tolist() == [1, 0, *range(2, TOPICS)] and table["name"][0] == "topic 1"


def test_a_veto_through_a_lens_where_nothing_can_be_kept_is_told(visit, session):
    workspace = workspace_of(session.store)
    for topic in range(TOPICS):
        workspace.veto([topic], mode="block", lens="topics")
    matrix = session.matrix("all", session.default_theta("all", "topics")[0], "topics")
    workspace.pin([int(np.argmax(matrix.counts))])

    def ask(now) -> None:
        from pages.parts.feature_decisions import ask_veto

        ask_veto(now, [0], "ignore", "", "topics")

    now = visit(lens="tokens").session_state["view"]
    at = AppTest.from_function(ask, args=(now,)).run()
    assert not at.exception and len(at.warning) == 1


def test_topics_may_be_those_of_whole_samples_alone(visit, cache):
    with duckdb.connect(str(cache / f"{KEY}.duckdb")) as db:
        ((made,),) = db.execute("SELECT value FROM meta WHERE key = 'topics'").fetchall()
        made = json.loads(made)
        made["thetas"] = {"all": made["thetas"]["all"]}
        db.execute("UPDATE meta SET value = ? WHERE key = 'topics'", [json.dumps(made)])
    at = visit("compare", scope="prompt")
    assert at.session_state["view"].spec.scope == "all"
    assert any("stay in every variation" in caption.value for caption in at.caption)
    assert not at.exception and not at.error
    assert visit("compare", scope="prompt", lens="tokens").session_state["view"].spec.scope == "prompt"


@pytest.mark.parametrize("case", ["topics alone", "tokens alone"], indirect=True)
def test_an_address_that_asks_for_a_lens_that_is_not_there_is_answered(visit, case):
    lens = STORES[case][1]
    other = {"topics": "tokens", "tokens": "topics"}[lens]
    at = visit("budget", lens=other)
    assert not at.error
    (told,) = at.warning
    assert f"lens = {other}, but it must be {lens}: {lens} is used" in told.value.replace("\\", "")
    assert at.session_state["view"].spec.lens == lens
