"""The choice of a store when some of them cannot be opened; and what a dashboard notices of other processes."""

import duckdb
import numpy as np
import pytest

from core.scoring.columns import finish, score_folder
from core.store.reader import open_store
from pages.parts.view import SESSIONS
from tests.factories import KEY
from tests.pages.conftest import box, make_store

OLD, DAMAGED = "1111111111111111", "2222222222222222"


@pytest.fixture
def crowd(cache):
    """The store between an older version and a damaged file, both newer."""
    (cache / "old").mkdir()
    old = make_store(cache / "old", OLD)
    with duckdb.connect(str(old)) as db:
        db.execute("UPDATE meta SET value = '1' WHERE key = 'schema_version'")
    old.rename(cache / f"{OLD}.duckdb")
    (cache / f"{DAMAGED}.duckdb").write_bytes(b"no database" * 500)
    return cache


def test_a_store_that_cannot_be_opened_hides_no_other(crowd, visit):
    at = visit()
    assert at.title[0].value == "Keep the samples that teach the most"
    picker = box(at, "Data set")
    assert len(picker.options) == 3
    assert [text for text in picker.options if text.endswith("(version 1, extract again)")]
    assert [text for text in picker.options if text.endswith("(damaged)")]
    assert picker.value == KEY, "the newest that can be opened is chosen"


@pytest.mark.parametrize(("key", "told"), [(OLD, "extract again"), (DAMAGED, "damaged")])
def test_a_store_that_cannot_be_opened_has_its_sentence_and_can_be_left(crowd, visit, key, told):
    at = visit()
    box(at, "Data set").set_value(key).run()
    assert not at.exception
    assert at.title[0].value == "This feature store cannot be shown"
    assert told in at.error[0].value
    box(at, "Data set").set_value(KEY).run()
    assert at.title[0].value == "Keep the samples that teach the most"


def test_titles_open_no_store_for_good(crowd, visit, session):
    visit()
    with pytest.raises(duckdb.ConnectionException, match="different configuration"):
        duckdb.connect(str(crowd / f"{KEY}.duckdb"))  # the one that is shown, read-only
    duckdb.connect(str(crowd / f"{OLD}.duckdb")).close()


def test_stores_that_were_left_are_closed_again(cache, visit):
    keys = [f"{i}" * 16 for i in range(3, 8)]
    for key in keys:
        (cache / key).mkdir()
        make_store(cache / key, key).rename(cache / f"{key}.duckdb")
    at = visit()
    for key in keys:
        box(at, "Data set").set_value(key).run()
        assert f"{key[:4]}" in box(at, "Data set").options[box(at, "Data set").index]
    closed = []
    for key in [KEY, *keys]:
        try:
            duckdb.connect(str(cache / f"{key}.duckdb")).close()
            closed.append(key)
        except duckdb.ConnectionException:
            pass
    assert closed == [KEY, *keys][:-SESSIONS]


def test_a_score_that_is_computed_while_the_dashboard_runs_can_be_chosen(cache, visit):
    at = visit()
    box(at, "Method").set_value("quality").run()
    assert "ifd" not in box(at, "Score").options
    store = open_store(cache / f"{KEY}.duckdb")
    folder = score_folder(store)
    folder.mkdir(parents=True)
    finish(np.arange(store.n_samples, dtype=float), folder / "ifd.npy")
    at.run()
    assert not at.exception and "ifd" in box(at, "Score").options
