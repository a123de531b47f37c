"""What an address may ask for: names of what the server lists; no file is opened because a link says so."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from starlette.requests import Request

import app
from core.schema import SelectionSpec
from core.selection.specs import spec_dict
from core.session import sample_info
from core.session.session import workspace_of
from core.store import reader
from tests.factories import KEY
from tests.pages.conftest import N, box, make_store, metrics, topic_sets

SECRET = "/etc/some/secret"
FILES = [
    ("kmeans-closest", "vectors", f"{SECRET}.npy"),
    ("kmeans-closest", "vectors", "../outside.npy"),
    ("reference-guided", "reference", f"{SECRET}.duckdb"),
    ("kmq-iterative", "run", ".."),
    ("hybrid", "run", f"{SECRET}"),
]


@pytest.mark.parametrize(("method", "option", "value"), FILES)
def test_a_file_that_only_a_link_names_is_not_opened(visit, monkeypatch, method, option, value, cache):
    np.save(cache.parent / "outside.npy", np.ones((N, 2)))
    asked: list[str] = []
    for module, name in ((sample_info, "vectors"), (sample_info, "reference"), (sample_info, "refined")):
        original = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda store, what, *rest, to=original: (asked.append(what), to(store, what, *rest))[1]
        )
    at = visit(method=method, **{f"{method}_{option}": value})
    told = [w.value.replace("\\", "") for w in at.warning]
    assert any(f"{method}_{option} = {value}, but it must be one that is listed here" in text for text in told)
    assert value not in asked
    assert not at.error
    assert box(at, "Method").value == method, "the page stays, with its bar"
    assert "some" not in "".join(told).replace(value, ""), "nothing is said of what lies there"


def test_a_listed_reference_is_used_and_is_in_the_address(visit, cache):
    other = "fedcba9876543210"
    (cache / "other").mkdir()
    make_store(cache / "other", other, seed=5).rename(cache / f"{other}.duckdb")
    asked = {"store": f"data.jsonl · {N} · {KEY[:4]}", "method": "reference-guided"}
    at = visit("coverage", **asked, **{"reference-guided_reference": other})
    assert not at.warning
    assert at.title[0].value == "Coverage"
    assert box(at, "Targets").value == other
    assert any("What the reference has more of" in s.value for s in at.subheader)
    assert at.query_params["reference-guided_reference"] == other


def test_vectors_that_do_not_fit_leave_the_page_as_it_is_without_them(visit, cache):
    np.save(cache / "short.npy", np.ones((3, 2)))
    at = visit("budget", method="kmeans-closest", **{"kmeans-closest_vectors": "short.npy"})
    assert at.title[0].value == "Budget"
    assert "What follows is without it" in at.warning[0].value.replace("\\", "")
    assert metrics(at)["Picks"][0] == str(N // 10)


def test_a_mistake_of_the_method_keeps_the_bar(visit):
    at = visit(method="reference-guided")
    assert at.title[0].value == "Keep the samples that teach the most"
    assert "goes by examples, and none are chosen yet" in at.warning[0].value
    assert at.session_state["view"].spec.method == "sae-greedy"
    box(at, "Method").set_value("sae-greedy").run()
    assert at.title[0].value == "Keep the samples that teach the most"


def test_the_store_is_opened_by_its_title_only(visit, monkeypatch):
    opened = []
    original = reader.FeatureStore.__init__
    monkeypatch.setattr(reader.FeatureStore, "__init__", lambda s, path: (opened.append(path), original(s, path))[1])
    at = visit(store=f"{SECRET}.duckdb")
    assert box(at, "Data set").value == KEY
    assert {Path(path).name for path in opened} <= {f"{KEY}.duckdb"}


def test_what_was_asked_of_another_data_set_or_lens_is_forgotten(visit, cache):
    other = "fedcba9876543210"
    (cache / "other").mkdir()
    make_store(cache / "other", other, 1, topics=topic_sets()).rename(cache / f"{other}.duckdb")
    asked = {"find_has": "0", "find_lacks": "23", "find_tag": "none", "find_source": "web", "find_topics_has": "1"}
    at = visit("search", store=KEY, **asked, sharing=1, nearest=2)
    box(at, "Data set").set_value(other).run()
    assert not {*asked, "sharing", "nearest"} & set(at.query_params)
    at = visit("map", store=other, lens="tokens", colour="feature", of=2)
    assert at.session_state["of"] == "2"
    next(g for g in at.get("button_group") if g.label == "Look through").set_value("topics").run()
    assert at.session_state["of"] != "2"
    at = visit("map", store=other, lens="tokens", colour="feature", of=2)
    box(at, "Data set").set_value(KEY).run()
    assert at.session_state["of"] != "2"


@pytest.mark.parametrize(("page", "name"), [("map", "colour"), ("selections", "first")])
def test_a_choice_of_a_page_that_is_not_there_is_told_once(visit, session, page, name):
    workspace_of(session.store).save_selection("mine", spec_dict(session.selection(SelectionSpec(budget=3))))
    at = visit(page, **{name: "purple"})
    (told,) = (w.value.replace("\\", "") for w in at.warning)
    assert told.startswith(f"The address says {name} = purple, but there is none of that name: ")
    assert len(at.run().warning) == 1


def test_methods_that_cannot_run_say_what_they_need(visit):
    at = visit("budget", method="random")
    titles = box(at, "Method").options
    assert "sae-greedy" in titles and "nearest · needs examples" in titles and "hybrid · needs a run" in titles
    assert at.query_params["method"] == "random"


def test_overview_opens_by_its_name_too():
    found = asyncio.run(
        app.overview(Request({"type": "http", "path": "/overview", "query_string": b"row=3&a=%20", "headers": []}))
    )
    assert (found.status_code, found.headers["location"]) == (307, "./?row=3&a=%20")
