"""Stores that are old, damaged, locked or no stores: each its sentence, and the others go on."""

import json
import os
import shutil

import duckdb
import pytest

from core.errors import DamagedError, LockedError, StoreError
from core.store import queries
from core.store.catalogue import StoreTitle, store_titles
from core.store.places import token_places
from core.store.reader import open_store
from core.store.tables import connect
from tests.stores import held

SENTENCE = r"^\w+\.duckdb is (damaged, cut short or changed since it was written|no feature store, or its .* damaged): "
DUCKDBS = ("checksum", "IO Error", "Corrupt", "bytes from", "block at")


def everything(path):
    """All that the program reads of a store, as something that can be compared."""
    store = open_store(path)
    try:
        contexts = [store.contexts(f) for f in range(0, store.n_features, 7)]
        found = [store.matrix(), store.samples(), store.previews(), store.scores(), store.sample_columns(), contexts]
        found += [store.sample_features(3), store.features(), store.faces(), store.directions(), store.projection()]
        found += [store.embeddings(), store.logit_lens(5), store.segment_shares(5, 0.0), store.pieces(3)]
        found += [queries.segment_counts(store, 0.5), list(queries.records(store)), token_places(store)]
        return repr(found)
    finally:
        store.close()


@pytest.fixture(scope="module")
def sound(tiny):
    return everything(tiny.store)


def flipped(content, at):
    """The content with 64 bytes changed."""
    return content[:at] + bytes(b ^ 0x5A for b in content[at : at + 64]) + content[at + 64 :]


def check(path, sound):
    """Everything is as it was (the damage met a block that is free), or there is a sentence and the file stands."""
    content = path.read_bytes()
    try:
        assert everything(path) == sound
    except DamagedError as error:
        assert pytest.raises(DamagedError, match=SENTENCE).matches(error)
        assert not any(word in str(error) for word in DUCKDBS), error
    assert path.read_bytes() == content


@pytest.mark.parametrize("share", [0, 0.0001, 0.002, 0.003, 0.004, 0.006, 0.1, 0.4, 0.7, 0.97, 0.999999])
def test_a_store_cut_short_has_its_sentence(tiny, sound, tmp_path, share):
    content = tiny.store.read_bytes()
    path = tmp_path / tiny.store.name
    path.write_bytes(content[: int(share * len(content))])
    check(path, sound)
    with pytest.raises(DamagedError):
        everything(path)


@pytest.mark.parametrize("at", [0, 8, 4096, 8192, 12288, 12800])
def test_a_store_with_changed_headers_has_its_sentence(tiny, sound, tmp_path, at):
    path = tmp_path / tiny.store.name
    path.write_bytes(flipped(tiny.store.read_bytes(), at))
    check(path, sound)
    with pytest.raises(DamagedError):
        everything(path)


def test_a_store_with_changed_bytes_has_its_sentence_or_is_read_right(tiny, sound, tmp_path):
    content, path, damaged = tiny.store.read_bytes(), tmp_path / tiny.store.name, 0
    for at in range(12288 + 5000, len(content), 262144 // 2):  # two places in each of DuckDB's blocks
        path.write_bytes(flipped(content, at))
        check(path, sound)
        damaged += not title(path) or title(path).note == "damaged"
    assert damaged  # some of the places are read for the title already


def title(path):
    return store_titles(path.parent)[0]


def test_one_old_damaged_or_locked_store_hides_no_other(tiny, tmp_path):
    names = ["a" * 16, "b" * 16, "c" * 16, "d" * 16, "e" * 16]
    sound_one, old, cut, none, locked = paths = [tmp_path / f"{name}.duckdb" for name in names]
    for age, path in enumerate(paths):
        shutil.copy(tiny.store, path)
        os.utime(path, (1e9 - age, 1e9 - age))
    with duckdb.connect(str(old)) as db:
        db.execute("UPDATE meta SET value = '9' WHERE key = 'schema_version'")
    cut.write_bytes(cut.read_bytes()[:100_000])
    none.unlink()
    with duckdb.connect(str(none)) as db:
        db.execute("CREATE TABLE t(x INTEGER)")
    with held(locked):
        found = {t.path: t for t in store_titles(tmp_path)}
        with pytest.raises(LockedError, match=f"{locked.name} is being written by another process"):
            open_store(locked)
    assert set(found) == set(paths)
    assert found[sound_one] == StoreTitle(sound_one, "data.jsonl", 30) and found[sound_one].key == sound_one.stem
    assert found[sound_one].text == "data.jsonl · 30 · aaaa"
    assert found[old].text == "data.jsonl · 30 · bbbb (version 9, extract again)"
    assert found[cut].text == f"{cut.name} (damaged)"
    assert found[none].text == f"{none.name} (no feature store)"
    assert found[locked].text == f"{locked.name} (being written)"
    for path in (old, cut, none):
        with pytest.raises(StoreError) as error:
            open_store(path)
        assert found[path].error == str(error.value)
    assert {t.path: t for t in store_titles(tmp_path)}[locked].data  # it is free now


def test_titles_leave_no_store_open(tiny, tmp_path):
    path = tmp_path / tiny.store.name
    shutil.copy(tiny.store, path)
    assert title(path).n_samples == 30
    with duckdb.connect(str(path)) as db:  # refused while this process has it open to read
        db.execute("UPDATE meta SET value = ? WHERE key = 'n_samples'", [json.dumps(31)])
    assert title(path).n_samples == 31  # what was remembered was another file's


def test_lock_in_the_path_is_no_lock(tmp_path):
    folder = tmp_path / "blocks"
    folder.mkdir()
    (folder / "locked.duckdb").write_text("no database " * 1000)
    with pytest.raises(StoreError, match=r"locked\.duckdb is no feature store") as error:
        connect(folder / "locked.duckdb", read_only=True)
    assert not isinstance(error.value, LockedError)
    with pytest.raises(StoreError) as error:
        connect(folder / "missing" / "x.duckdb", read_only=False)
    assert not isinstance(error.value, LockedError)
