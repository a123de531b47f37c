"""Titles, names and the trash of stores; damaged, old and locked ones are in test_damage."""

import json
import os

import pytest

from core.errors import StoreError
from core.store.catalogue import (
    NAMES,
    data_changed,
    delete_store,
    deleted_stores,
    found_by,
    given_names,
    rename_store,
    restore_store,
    store_titles,
)  # fmt: skip
from core.store.reader import open_store
from tests.factories import KEY, alpaca, tiny_store


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    return tiny_store(tmp_path, alpaca(5), [{i} for i in range(5)])


def title(store):
    return store_titles(store.parent)[0]


def test_a_store_is_renamed_without_touching_its_file(store):
    before = store.stat().st_mtime_ns
    rename_store(store, "  My\n data ")
    assert title(store).text == f"My data · 5 · {KEY[:4]}" and store.stat().st_mtime_ns == before
    rename_store(store, "")
    assert title(store).text == f"data.jsonl · 5 · {KEY[:4]}" and given_names(store.parent) == {}
    (store.parent / NAMES).write_text("[")
    assert given_names(store.parent) == {}


def test_a_store_is_deleted_and_comes_back_as_it_was(store):
    content, when = store.read_bytes(), store.stat().st_mtime_ns
    rename_store(store, "Mine")
    gone = delete_store(store)
    assert not store_titles(store.parent) and [t.path for t in deleted_stores()] == [gone]
    with pytest.raises(StoreError, match="no longer there"):
        delete_store(store)
    assert restore_store(gone) == store and not deleted_stores()
    assert (store.read_bytes(), store.stat().st_mtime_ns) == (content, when) and title(store).name == "Mine"
    assert open_store(store).n_samples == 5


def test_a_store_that_was_made_anew_is_not_overwritten(store):
    gone = delete_store(store)
    tiny_store(store.parent, alpaca(5), [{i} for i in range(5)])
    with pytest.raises(StoreError, match="there again already"):
        restore_store(gone)
    assert gone.is_file() and store.is_file()


def test_addresses_of_before_name_the_store_still(store):
    titles = store_titles(store.parent)
    old = titles[0].text
    rename_store(store, "Another name")
    titles = store_titles(store.parent)
    for asked in (KEY, old, titles[0].text, store.name):
        assert found_by(asked, titles) == titles[0]
    assert found_by("ffffffffffffffff", titles) is None and found_by("", titles) is None


def test_data_that_changed_since_is_noticed(store):
    data = store.parent / "data.jsonl"
    assert not data_changed(title(store))
    later = store.stat().st_mtime + 5
    os.utime(data, (later, later))
    assert not data_changed(title(store)), "touched, not changed"
    data.write_text(data.read_text() + json.dumps(alpaca(6)[5]) + "\n")
    assert data_changed(title(store))
    data.unlink()
    assert not data_changed(title(store)), "nobody can tell"


def test_a_joined_store_has_no_one_file_that_changes(tmp_path):
    store = tiny_store(tmp_path, alpaca(3), [{1}] * 3, digests={"data": KEY + "f" * 48})
    (tmp_path / "data.jsonl").write_text("{}\n")
    assert not data_changed(title(store))
