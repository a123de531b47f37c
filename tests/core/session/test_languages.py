"""The column of languages, and what samples are found, coloured, grouped and told apart by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.schema import SelectionSpec
from core.selection.quotas import NONE
from core.session.colouring import Seen, colouring
from core.session.facets import facets
from core.session.groups import group
from core.session.languages import (
    at_hand,
    column_of,
    commonest,
    known,
    languages,
    told_in_words,
)
from core.session.search import Query, find, languages_spoken
from core.session.session import Session, open_session
from core.topics.language import language_name
from core.workspace.decisions import WorkspaceState
from tests.factories import tiny_store
from tests.sentences import SENTENCES

SPOKEN = ["de", "en", "en", "es", "zh", "en", "", "de"]  # the last answers in code, and asks in German


@pytest.fixture
def session(tmp_path, monkeypatch) -> Session:
    """Eight samples in four languages; of one no language can be told."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    records = [{"instruction": "Hm?", "output": SENTENCES.get(code, "12 + 3")} for code in SPOKEN]
    records[-1] = {"instruction": SENTENCES["de"], "output": "x = f(y)\nreturn g(x, y)\n"}
    return open_session(tiny_store(tmp_path, records, [{i} for i in range(len(records))]))


def test_the_language_of_a_sample_is_that_of_its_answer_else_of_its_prompt(session):
    assert known(session.store) is None and at_hand(session.store)
    columns = languages(session.store)
    assert columns["prompt"].tolist() == [""] * 7 + ["de"] and columns["response"].tolist() == [*SPOKEN[:-1], ""]
    assert languages_spoken(session).tolist() == SPOKEN and languages_spoken(session).dtype == object


def test_the_column_is_made_once_and_again_where_it_is_damaged(session, monkeypatch):
    expected = languages(session.store)
    monkeypatch.setattr("core.session.languages.language", lambda text: pytest.fail("it is there"))
    languages(session.store)
    monkeypatch.undo()
    monkeypatch.setenv("SAELECT_CACHE", str(session.store.path.parent))
    for damaged in ('{"prompt": ["e', '{"prompt": ["en"], "response": ["en"]}', "[1]"):
        column_of(session.store).write_text(damaged, encoding="utf-8")
        again = languages(session.store)
        assert all(again[part].tolist() == expected[part].tolist() for part in expected)


def test_samples_are_found_coloured_grouped_and_told_apart_by_language(session):
    spec, state = SelectionSpec(budget=4), WorkspaceState()
    matrix, wanted = session.matrix_of(spec), np.array(SPOKEN, object)
    for code in set(SPOKEN):
        rows = np.flatnonzero(wanted == code).tolist()
        assert find(session, matrix, Query(language=code)).tolist() == rows
        assert not code or group(session, spec, state, f"language:{code}").rows.tolist() == rows
    query = Query(language="de", tokens=(6, None))
    found = facets(session, matrix, query, (), state)
    long = session.info.tokens >= 6
    assert found.language == commonest(wanted[long])  # its own condition does not count
    colours = colouring(Seen(session, session.selection(spec), state), "language")
    assert [colours.names[code - 1] for code in colours.code] == [language_name(code) for code in SPOKEN]
    assert session.info.labels("language").tolist() == [code or NONE for code in SPOKEN]
    kept = session.selection(replace(spec, quotas=("language:en<=1", "language:de>=2"))).rows
    assert (wanted[kept] == "en").sum() <= 1 and (wanted[kept] == "de").sum() == 2


def test_languages_in_words():
    codes = np.array(["en"] * 6 + ["de"] * 2 + [""] * 2, object)
    assert commonest(codes) == {"en": 6, "": 2, "de": 2}
    assert told_in_words(codes, most=2) == "English 60%, unknown 20%"
    assert told_in_words(np.array(["en"] * 299 + ["fr"], object)) == "English 100%, French 0.3%"
