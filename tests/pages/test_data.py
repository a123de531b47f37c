"""The Data page without a browser: what is understood, what can be started, and what is done with stores."""

import json
import os

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import jobs
from core.store.catalogue import deleted_stores, store_titles
from core.system.files import cache_path
from pages.parts import data_model, data_run, stores
from tests.factories import KEY
from tests.hostile import IMAGE
from tests.made_jobs import write_job
from tests.pages.conftest import APP, N, box, metrics
from tests.tiny import write_data


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A cache without any store; whatever would be started is only noted."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    started = []
    monkeypatch.setattr(data_run, "start", lambda command, title: (started.append(command), jobs()[0])[1])
    return started


def opened(**query) -> AppTest:
    at = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = str(value)
    at.run().switch_page("pages/data.py").run()
    assert not at.exception, at.exception[0].value
    return at


def labels(at):
    return [button.label for button in at.button]


def press(at, label):
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception, at.exception[0].value


@pytest.fixture
def known(monkeypatch):
    """Make a model the one that is offered first: AppTest cannot type one that is in no list."""
    return lambda *models: monkeypatch.setattr(data_model, "known_models", lambda: list(map(str, models)))


def write(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_without_a_store_every_page_leads_to_the_data(empty):
    at = AppTest.from_file(str(APP), default_timeout=60).run()
    assert at.title[0].value == "Data"
    assert [s.value for s in at.subheader] == ["1 · Your data", "No stores yet"]


def test_a_file_in_the_address_is_understood(empty, tmp_path):
    at = opened(data=write_data(tmp_path / "a.jsonl", 30))
    assert metrics(at)["Samples looked at"] == ("30", "all of them")
    assert box(at, "Conversation").options[0] == "messages (as found)"
    assert box(at, "Prompt").options == ["none", "messages", "source", "score"]
    assert "3 · Model and lens" in [s.value for s in at.subheader]


def test_personal_data_is_masked_in_the_preview(empty, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"instruction": "write to erika.muster@gmail.com", "output": "done"}) + "\n")
    shown = "".join(html.proto.body for html in opened(data=str(path)).get("html"))
    assert "write to e••••.••••••@" in shown and "•.•••" in shown and "muster" not in shown


@pytest.mark.parametrize("source", ["org/name", "/no/such/file.jsonl", "-", "/x" * 5000])
def test_an_address_opens_nothing_but_files_that_are_here(empty, source):
    at = opened(data=source)
    assert [s.value for s in at.subheader] == ["1 · Your data", "No stores yet"]


def test_pairs_of_answers_ask_which(empty, tmp_path):
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": IMAGE}]
    at = opened(data=write(tmp_path / "a.jsonl", [{"chosen": turns, "rejected": turns}] * 3))
    assert "messages=chosen" in at.error[0].value.replace("\\", "") and "3 · " not in str(at.subheader)
    box(at, "Conversation").set_value("chosen").run()
    assert not at.error and metrics(at)["Samples looked at"][0] == "3"
    assert not any(IMAGE in html.proto.body for html in at.get("html")), "text of the data is escaped"


def test_rows_that_cannot_be_read_are_listed_and_left_out_when_asked(empty, known, tmp_path, tiny_lm):
    known(tiny_lm)
    at = opened(data=write(tmp_path / "a.jsonl", [{"prompt": "a", "response": "b"}] * 3 + [{"prompt": "a"}]))
    assert "line 4" in at.code[0].value and at.checkbox[0].value
    write_job(1, "waiting")  # what start gives back
    press(at, "Start")
    assert empty[-1][-1] == "--skip-bad"
    at.checkbox[0].uncheck().run()
    press(at, "Start")
    assert "--skip-bad" not in empty[-1]


def test_what_is_started_is_the_command_that_is_shown(empty, known, tmp_path, tiny):
    known(tiny.config.model)
    data = write_data(tmp_path / "my data.jsonl", 30)
    at = opened(data=data)
    write_job(1, "waiting")  # what start gives back
    press(at, "Start")
    assert empty == [["extract", "--data", str(data), "--model", tiny.config.model]]
    assert at.code[-1].value == f"python -m core extract --data '{data}' --model {tiny.config.model}"
    next(c for c in at.get("button_group") if c.label == "Features of single tokens").set_value("A folder").run()
    at.text_input(key="data-sae").set_value(tiny.config.sae).run()
    press(at, "Estimate")
    assert empty[-1] == ["estimate", *empty[0][1:], "--sae", tiny.config.sae, "--json"]


def test_what_does_not_fit_cannot_be_started(empty, known, tmp_path, tiny):
    known(tmp_path / "nowhere", tiny.config.model)
    at = opened(data=write_data(tmp_path / "a.jsonl", 30))
    assert "neither a folder" in at.error[0].value and "Start" not in labels(at)
    box(at, "Language model").set_value(tiny.config.model).run()
    assert "Start" in labels(at) and not at.error
    at.text_input(key="data-hook").set_value("blocks.9.hook_resid_post").run()
    assert "it has 4 blocks" in at.error[0].value and "Start" not in labels(at)


def test_an_estimate_is_shown_with_what_is_free(empty, known, tmp_path, tiny_lm):
    known(tiny_lm)
    data = write_data(tmp_path / "a.jsonl", 30)
    command = ("estimate", "--data", str(data), "--model", str(tiny_lm), "--json")
    told = {"samples": 30, "tokens": 2000, "read": 1500, "seconds": 200, "disk": 2e9, "memory": 5e8, "probe": 30}
    write_job(1, "finished", *command, result=json.dumps({**told, "free_disk": 1e9, "free_memory": 4e9}))
    at = opened(data=data)
    assert metrics(at)["Tokens"] == ("about 2,000", "75% of them are read")
    assert metrics(at)["Time"][0] == "about 3 min"
    assert "not enough disk" in at.warning[-1].value


def test_a_store_that_was_made_can_be_opened_from_its_job(visit, cache):
    write_job(1, "finished", "extract", result=str(cache / f"{KEY}.duckdb"))
    at = opened()
    press(at, "Open the store")
    assert at.title[0].value == "Keep the samples that teach the most"
    assert at.query_params["store"] == KEY


def choose(at, row):
    at.session_state[stores.table_key(store_titles(cache_path()))] = {
        "selection": {"rows": [], "columns": [], "cells": [[row, "name"]]}
    }
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def test_stores_are_renamed_deleted_and_brought_back(visit, cache):
    at = choose(opened(), 0)
    at.text_input(key=f"name-{KEY}").set_value(" Mine  ").run()
    assert store_titles(cache)[0].name == "Mine"
    press(at, "Delete")
    assert at.title[0].value == "Data" and not store_titles(cache) and len(deleted_stores()) == 1
    press(at, "Bring back")
    assert [t.text for t in store_titles(cache)] == [f"Mine · {N} · {KEY[:4]}"]


def test_a_store_whose_data_changed_can_be_made_anew(visit, cache, monkeypatch):
    started = []
    monkeypatch.setattr(stores, "start", lambda command, title: (started.append(command), jobs()[0])[1])
    data = cache / "data.jsonl"
    data.write_text(data.read_text() + data.read_text().splitlines()[0] + "\n")
    store = cache_path(f"{KEY}.duckdb")
    os.utime(data, (store.stat().st_mtime + 9,) * 2)
    write_job(1, "cancelled", "extract")
    press(choose(opened(), 0), "Extract again")
    assert started[0][:3] == ["extract", "--data", str(data)]


def test_a_job_is_shown_where_it_was_started(empty, known, tmp_path, tiny_lm):
    known(tiny_lm)
    data = write_data(tmp_path / "a.jsonl", 30)
    write_job(1, "cancelled", "extract", "--data", str(data), "--model", str(tiny_lm))
    at = opened(data=data)
    assert labels(at).index("Start") < labels(at).index("Resume"), "below Start, where the person looks"
    at = opened()
    assert labels(at)[0] == "Resume", "at the top, where nothing else was begun"


def test_saes_of_the_table_are_found_by_the_model_and_one_is_recommended(empty, known, tmp_path):
    known("openai-community/gpt2")
    at = opened(data=write_data(tmp_path / "a.jsonl", 30))
    next(c for c in at.get("button_group") if c.label == "Features of single tokens").set_value(data_model.TABLE).run()
    table = next(found for found in at.selectbox if found.label.startswith("SAE ("))
    assert table.value == "gpt2-small-res-jb/blocks.6.hook_resid_pre" and "recommended" in table.options[0]
    assert any("after 6 blocks" in caption.value or "after 6 of 12" in caption.value for caption in at.caption)
    box(at, "Layer").set_value(8).run()
    table = next(found for found in at.selectbox if found.label.startswith("SAE ("))
    assert all("layer 8" in option for option in table.options)
    assert "cannot be reached" in at.error[0].value.replace("\\", ""), "the model is not here"


@pytest.mark.parametrize("typed", ["-", "../secret.jsonl", "name", "org/name.jsonl extra"])
def test_the_box_of_the_hub_takes_names_of_the_hub_alone(empty, typed):
    at = opened()
    next(c for c in at.get("button_group") if c.label == "Where is your data?").set_value("The Hugging Face hub").run()
    at.text_input(key="data-hub").set_value(typed).run()
    assert "org/name" in at.error[0].value and at.subheader[-1].value == "No stores yet"


@pytest.mark.parametrize("typed", ["/no/such/file.jsonl", "x" * 400, "~nobody-of-this-name/a"])
def test_a_path_that_is_not_there_is_said(empty, typed):
    at = opened()
    next(c for c in at.get("button_group") if c.label == "Where is your data?").set_value("A path here").run()
    at.text_input(key="data-path").set_value(typed).run()
    assert not at.exception and "at this path" in at.error[0].value.replace("\\", "")
