"""A job on a page, in each of its states."""

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import job, jobs
from core.jobs.progress import Progress
from pages.parts.jobs import newest_job
from tests.hostile import IMAGE
from tests.made_jobs import living_job, write_job


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))


def page():
    import streamlit as st

    from core.jobs import jobs
    from pages.parts.jobs import show_job

    st.session_state.drawn = st.session_state.get("drawn", 0) + 1
    for each in jobs():
        show_job(each.id)


def drawn() -> AppTest:
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception, at.exception[0].value
    return at


def labels(at: AppTest) -> list[str]:
    return [button.label for button in at.button]


def progress(at: AppTest) -> tuple[int, str]:
    (found,) = (bar.proto for bar in at.get("progress"))
    return found.value, found.text


def test_a_running_job_tells_how_far_it_is_and_is_cancelled():
    reached = Progress("Extracting features", 45, 100, "1,200 tokens/s", 190.0)
    with living_job(1, reached, "extract") as id:
        at = drawn()
        value, text = progress(at)
        assert value == 45 and text.replace("\\", "") == "Extracting features · 45% · 1,200 tokens/s · 3 min left"
        assert labels(at) == ["Cancel"]
        at.button[0].click().run()
        assert job(id).stage == "Stopping" and at.button[0].disabled
        assert progress(at)[1].startswith("Stopping")
    at.run()
    assert labels(at) == ["Resume", "Clear"], "its process has gone meanwhile"


def test_a_failed_job_has_its_sentence_its_log_and_can_be_cleared():
    id = write_job(1, "failed", title=IMAGE, error=f"a.jsonl, row 3: {IMAGE}", log=f"Error: {IMAGE}\n\ufffd\n")
    at = drawn()
    assert "<" not in at.error[0].value.replace("\\<", "") and "row 3" in at.error[0].value
    assert at.code[0].value.startswith(f"Error: {IMAGE}"), "code is no markup"
    assert not any(IMAGE in html.proto.body for html in at.get("html"))
    assert labels(at) == ["Resume", "Clear"]
    assert any("Took 3 min" in caption.value for caption in at.caption)
    at.button[1].click().run()
    assert not jobs() and not labels(at) and not at.exception
    assert id not in [each.id for each in jobs()]


@pytest.mark.parametrize(("state", "buttons"), [("finished", ["Clear"]), ("cancelled", ["Resume", "Clear"])])
def test_what_can_be_done_depends_on_the_state(state, buttons):
    write_job(1, state)
    assert labels(drawn()) == buttons


def test_the_newest_job_is_found_by_words_of_its_command():
    ids = [
        write_job(n, "finished", *words) for n, words in enumerate([("prove", "a"), ("prove", "b"), ("refine", "a")])
    ]
    assert newest_job("prove").id == ids[1] and newest_job("a", "prove").id == ids[0]
    assert newest_job("prove", "c") is None
