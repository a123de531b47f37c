"""Disks that are full or read-only, and damaged files: one sentence each, and nothing is lost that was there."""

import errno
import json
import os
import re
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from core.cli.app import main
from core.datasets.writers import FORMATS, write_records
from core.errors import DamagedError, DiskError, SaelectError, StoreError
from core.export.writing import write_bytes
from core.extract.finished import NAME, find_finished, note_finished
from core.features.labels import Label, LabelBook
from core.schema import ExtractConfig
from core.scoring.columns import finished_columns, open_partial, score_folder
from core.store.reader import open_store
from core.system import disk
from core.system.disk import set_aside, unwritable, writing
from core.system.files import cache_dir, replacing
from core.system.kept import read_array, write_array, write_json
from core.system.sqlite import connection
from core.workspace.log import Workspace
from tests.full_disk import full_disk

FULL = r"^\S+ cannot be written, (the disk is full|no file may be so large here): .* and try again\.$"
RECORDS = [{"instruction": "sort " * 500, "output": "list"}] * 20


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("code", disk.REASONS)
def test_each_trouble_of_a_disk_has_its_sentence_whoever_tells_of_it(code):
    own = OSError(code, os.strerror(code), "ours.txt")
    theirs = RuntimeError(f"Error while serializing: IoError(Os {{ code: {code}, message: {os.strerror(code)!r} }})")
    for error in (own, theirs):
        told = str(unwritable("out.jsonl", error, "run it again"))
        assert told.startswith("out.jsonl cannot be ") and told.endswith(" and run it again.") and "\n" not in told
    assert str(unwritable(None, own)).startswith("ours.txt cannot be ")
    with pytest.raises(DiskError) as caught, writing("out.jsonl"):
        raise theirs
    assert caught.value.__cause__ is theirs


def test_other_errors_go_through_as_they_are():
    for error in (OSError(errno.ENOENT, "none"), ValueError("out of space"), SaelectError("No space left on device")):
        with pytest.raises(type(error)) as caught, writing("out.jsonl"):
            raise error
        assert caught.value is error


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path):
    path = tmp_path / "kept.json"
    write_json(path, {"old": 1})
    with full_disk(100), pytest.raises(DiskError, match=FULL):
        write_json(path, list(range(1000)))
    assert json.loads(path.read_text()) == {"old": 1} and names(tmp_path) == ["kept.json"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_full_disk_during_an_export_is_one_sentence(tmp_path, format):
    path = tmp_path / "curated"
    path.write_bytes(b"before")
    with full_disk(300), pytest.raises(DiskError, match=FULL):
        write_records(RECORDS, path, format)
    with full_disk(300), pytest.raises(DiskError, match=FULL):
        write_bytes(path, b"x" * 1000)
    assert path.read_bytes() == b"before" and names(tmp_path) == ["curated"]


def test_a_full_disk_loses_no_decision(tmp_path):
    workspace = Workspace(tmp_path / "w.sqlite", "key")
    workspace.pin([1])
    with full_disk(20_000), pytest.raises(SaelectError) as caught:
        for row in range(200):
            workspace.note([row], "a note " * 200)
    assert "\n" not in str(caught.value) and str(tmp_path / "w.sqlite") in str(caught.value)
    state = Workspace(tmp_path / "w.sqlite", "key").state()
    assert state.pins == (1,) and list(state.notes) == list(range(len(state.notes)))
    workspace.ban([2])
    assert workspace.state().bans == (2,)


def test_sqlites_words_for_a_full_and_a_read_only_disk_are_known(tmp_path):
    path = tmp_path / "t.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t(x)")
        db.execute("PRAGMA max_page_count = 3")
        with pytest.raises(DiskError, match="the disk is full"), writing(path):
            db.execute("INSERT INTO t VALUES (zeroblob(100000))")
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with pytest.raises(DiskError, match="the disk is read-only"), writing(path):
        db.execute("INSERT INTO t VALUES (1)")


def test_a_read_only_cache_is_one_sentence_and_status_2(tiny, monkeypatch, capsys):
    monkeypatch.setenv("SAELECT_CACHE", "/sys/saelect")  # nobody makes folders there, not even root
    with pytest.raises(DiskError, match=r"^/sys/saelect cannot be .*\(for the cache: SAELECT_CACHE\) and try again\.$"):
        cache_dir()
    assert main(["pin", "1", "--store", str(tiny.store)]) == 2
    assert "SAELECT_CACHE" in capsys.readouterr().err


# --- damaged files


def test_damaged_files_are_set_aside_and_never_deleted(tmp_path):
    path = tmp_path / "w.sqlite"
    for n in range(3):
        path.write_text(str(n))
        (tmp_path / "w.sqlite-wal").write_text(f"wal {n}")
        assert set_aside(path, "-wal", "-shm").read_text() == str(n)
    first = ["w.sqlite.damaged", "w.sqlite.damaged-wal", "w.sqlite.damaged2", "w.sqlite.damaged2-wal"]
    assert names(tmp_path) == [*first, "w.sqlite.damaged3", "w.sqlite.damaged3-wal"]


KEPT = re.compile(r"^[^\n]* (it is kept as|it stays in the file)")


def trouble_of(path):
    """The sentence that a workspace ends with, empty if it reads and writes."""
    try:
        workspace = Workspace(path, "key")
        assert len(workspace.history()) >= len(workspace.state().notes)
        workspace.pin([999])
    except DamagedError as error:
        return str(error)
    return ""


def places(n, each=97):
    return [0, 1, 16, 24, n // 3, n // 2, n - 1, *range(100, n, n // each)]


def damages(content):
    """The content cut short at, and with 32 bytes changed from, each of many places."""
    for at in places(len(content)):
        yield content[:at]
        yield content[:at] + bytes(b ^ 0xA5 for b in content[at : at + 32]) + content[at + 32 :]


def test_a_damaged_workspace_has_its_sentence_and_goes_on(tmp_path):
    path = tmp_path / "w.sqlite"
    workspace = Workspace(path, "key")
    for row in range(30):
        workspace.note([row], f"note {row} " + "é" * row)
        workspace.veto([row], "block", "why not")
    workspace.save_selection("mine", {"budget": 3})
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    whole, damaged = path.read_bytes(), 0
    for number, content in enumerate(damages(whole)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "w.sqlite").write_bytes(content)
        told = []
        while not told or told[-1]:  # of the 61 decisions several may be hit: each has its sentence
            assert len(told) < 65
            told.append(trouble_of(folder / "w.sqlite"))
        damaged += len(told) > 1
        assert all(KEPT.search(text) for text in told[:-1])
        assert Workspace(folder / "w.sqlite", "key").state().pins == (999,)
        aside = folder / "w.sqlite.damaged"  # SQLite may have written to it before it met the damage
        assert not aside.exists() or aside.stat().st_size >= len(content)
    assert damaged > 20


def test_a_damaged_decision_is_left_out_and_the_others_stand(tmp_path):
    path = tmp_path / "w.sqlite"
    workspace = Workspace(path, "key")
    for row in range(4):
        workspace.pin([row])
    workspace.quota("source:code<=10%")
    workspace.veto([1])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE events SET detail = ? WHERE id = 2", ('{"rows": [1\xff',))
        db.execute("UPDATE events SET action = 'pim' WHERE id = 3")
        db.execute("""UPDATE events SET detail = '{"quota": "source"}' WHERE id = 5""")
        db.execute("UPDATE events SET detail = '[]' WHERE id = 6")
    for number in (2, 3, 5, 6):
        with pytest.raises(
            DamagedError, match=f"^Decision {number} in .* is damaged and left out: it stays in the file"
        ):
            workspace.state()
    assert workspace.state().pins == (0, 3)
    assert workspace.version() == 10, "six decisions, and each damaged one is a change"
    said, damaged = [e.description for e in workspace.history()], "a damaged decision"
    assert said == [damaged, damaged, "row 3 pinned", damaged, damaged, "row 0 pinned"]
    assert workspace.undo() == "row 3 pinned" and workspace.undo() == "row 0 pinned" and workspace.undo() is None


def test_damaged_labels_have_their_sentence_and_go_on(tmp_path):
    path = tmp_path / "labels.sqlite"
    given = [Label(f, f"label {f} " + "é" * 9, "auto", "2026-01-01", 0.5, "m") for f in range(60)]
    LabelBook(path, "sae").add(given)
    whole, damaged = path.read_bytes(), 0
    for number, content in enumerate(damages(whole)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "labels.sqlite").write_bytes(content)
        book = LabelBook(folder / "labels.sqlite", "sae")
        try:
            book.labels()
        except DamagedError as error:
            damaged += 1
            assert str(error).endswith("it is kept as labels.sqlite.damaged, and the next ones begin a new file.")
            assert (folder / "labels.sqlite.damaged").read_bytes() == content
        book.add(given)
        assert set(given) <= set(book.labels())
    assert damaged > 5


def test_a_transaction_is_lost_if_its_block_raises(tmp_path):
    table = "CREATE TABLE IF NOT EXISTS t(x)"
    with pytest.raises(ZeroDivisionError), connection(tmp_path / "t.sqlite", "The rows", table, "IMMEDIATE") as db:
        db.execute("INSERT INTO t VALUES (1)")
        raise ZeroDivisionError
    with connection(tmp_path / "t.sqlite", "The rows", table) as db:
        assert db.execute("SELECT * FROM t").fetchall() == []
    with (
        pytest.raises(StoreError, match=r"^The rows in .* cannot be read or written: unable to open database file"),
        connection(tmp_path / "none" / "t.sqlite", "The rows", table),
    ):
        pass


def test_scores_cut_short_or_changed_have_their_sentence(tmp_path):
    values = np.random.default_rng(0).normal(size=200)
    write_array(tmp_path / "ifd.npy", values)
    np.testing.assert_array_equal(np.load(tmp_path / "ifd.npy"), values)  # as numpy reads it
    np.testing.assert_array_equal(read_array(tmp_path / "ifd.npy", (200,), "again"), values)
    whole = (tmp_path / "ifd.npy").read_bytes()
    for number, content in enumerate(damages(whole)):
        path = tmp_path / str(number) / "ifd.npy"
        path.parent.mkdir()
        path.write_bytes(content)
        with pytest.raises(DamagedError, match=r"^ifd\.npy is damaged, .*: it is kept as ifd\.npy\.damaged, again\.$"):
            read_array(path, (200,), "again")
        assert path.with_name("ifd.npy.damaged").read_bytes() == content and not path.exists()
    np.save(tmp_path / "old.npy", values)  # by an earlier version, without a checksum
    np.testing.assert_array_equal(read_array(tmp_path / "old.npy", (200,), "again"), values)
    for wrong in (values[:9], values.astype(np.float32), np.array(["x"] * 200)):
        np.save(tmp_path / "old.npy", wrong)
        with pytest.raises(DamagedError):
            read_array(tmp_path / "old.npy", (200,), "again")


def test_a_damaged_score_column_hides_neither_the_store_nor_the_others(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    store = open_store(tiny.store)
    score_folder(store).mkdir(parents=True)
    for name in ("ifd", "perplexity"):
        write_array(score_folder(store) / f"{name}.npy", np.arange(30.0))
    path = score_folder(store) / "ifd.npy"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DamagedError, match="`python -m core score` computes what is missing"):
        finished_columns(store)
    assert list(finished_columns(store)) == ["perplexity"]
    partial = score_folder(store) / "ifd.partial.npy"
    open_partial(partial, 30)[:5] = 1.0
    assert np.isfinite(open_partial(partial, 30)).sum() == 5
    for content in (b"", partial.read_bytes()[:60], partial.read_bytes()[:200]):
        partial.write_bytes(content)
        with pytest.raises(DamagedError, match=r"ifd\.partial\.npy is damaged, .* it is kept as"):
            open_partial(partial, 30)
        assert np.isnan(open_partial(partial, 30)).all()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b'{"a": 3}', b'{"a": "../x"}', b"\xff\x00", b"[" * 99999])
def test_a_damaged_note_of_finished_stores_is_told_and_kept(tiny, tmp_path, caplog, content):
    config = ExtractConfig(str(tiny.data), tiny.config.model, tiny.config.sae)
    store = shutil.copy(tiny.store, tmp_path)
    (tmp_path / NAME).write_bytes(content)
    assert find_finished(config, tmp_path) is None
    assert f"{NAME} is damaged: it is kept as {NAME}.damaged" in caplog.text
    assert (tmp_path / f"{NAME}.damaged").read_bytes() == content
    note_finished(config, Path(store))
    assert find_finished(config, tmp_path) == Path(store)


def test_a_full_disk_at_the_very_end_fails_no_extraction(tiny, tmp_path):
    config = ExtractConfig(str(tiny.data), tiny.config.model, tiny.config.sae)
    with full_disk():
        note_finished(config, tmp_path / "0123456789abcdef.duckdb")
    assert names(tmp_path) == []


def test_replacing_names_the_file_and_not_its_temporary_one(tmp_path):
    with full_disk(), pytest.raises(DiskError) as caught, replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("b")
    assert str(caught.value).startswith(f"{tmp_path / 'a.txt'} cannot be written")
