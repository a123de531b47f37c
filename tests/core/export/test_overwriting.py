"""Nothing is overwritten unless it is asked for: neither the data nor what an earlier export wrote."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core.errors import DataError
from core.export.folder import export
from core.schema import SelectionSpec
from core.selection.run import select
from core.session.sample_info import info_of
from core.store.meta import data_of
from core.store.reader import open_store
from tests.factories import alpaca, tiny_store


@pytest.fixture
def store(tmp_path: Path):
    return open_store(tiny_store(tmp_path / "store", alpaca(5), [{0, 1, 2}, {2, 3}, {4}, {0, 1}, {5, 6}]))


@pytest.fixture(autouse=True)
def folders(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()


def choose(store, **changes):
    spec = SelectionSpec(**({"budget": 2, "theta": 0.5} | changes))
    return select(store.matrix(spec.scope), spec, info_of(store))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_another_selection_needs_another_name_or_force(store, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    export(choose(store), store, path)
    before = content(tmp_path)
    with pytest.raises(DataError, match=r"c\.jsonl exists and is another file: give another name, or --force"):
        export(choose(store, budget=3), store, path)
    assert content(tmp_path) == before
    export(choose(store, budget=3), store, path, force=True)
    assert json.loads((tmp_path / "c.manifest.json").read_text())["n_records"] == 3


def test_the_same_export_may_be_repeated(store, tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    first = export(choose(store), store, path)
    manifest = tmp_path / "c.manifest.json"
    manifest.write_text(json.dumps(first | {"created": "long ago", "tool": "SAElect 0"}))
    assert export(choose(store), store, path)["rows"] == first["rows"]


def test_a_second_format_under_one_stem_keeps_the_manifest_of_the_first(store, tmp_path: Path) -> None:
    """It was overwritten, and the first file could not be replayed any more."""
    export(choose(store), store, tmp_path / "c.jsonl")
    before = content(tmp_path)
    with pytest.raises(DataError, match=r"c\.manifest\.json exists"):
        export(choose(store), store, tmp_path / "c.parquet", "parquet")
    assert content(tmp_path) == before


@pytest.mark.parametrize("other", ["c.rejects.jsonl", "c.manifest.json"])
def test_what_is_written_beside_the_file_is_no_exception(store, tmp_path: Path, other: str) -> None:
    (tmp_path / other).write_text("mine")
    with pytest.raises(DataError, match="exists and is another file"):
        export(choose(store), store, tmp_path / "c.jsonl")
    assert content(tmp_path) == {other: b"mine"}


def test_no_force_replaces_the_data(store, tmp_path: Path) -> None:
    data = Path(*data_of(store.meta))
    before = data.read_bytes()
    with pytest.raises(DataError, match="is the data"):
        export(choose(store), store, data, force=True)
    named = data.with_name("d.rejects.jsonl")
    shutil.copy(data, named)
    store.meta["config"]["data"] = str(named)
    with pytest.raises(DataError, match="is the data"):
        export(choose(store), store, data.with_name("d.jsonl"), force=True)
    assert data.read_bytes() == named.read_bytes() == before
