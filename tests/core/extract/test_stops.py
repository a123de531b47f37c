"""Unfinished extractions: what they say, and what going on gives."""

import shutil
from pathlib import Path

import pytest

from core.errors import StoreError
from core.extract import projection, run
from core.extract.run import extract
from core.store.reader import open_store
from tests.stores import active_sets, held


def test_unfinished_stores_say_so(tiny, tmp_path, monkeypatch, quick_map):
    def stop(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(projection, "sample_map", stop)
    with pytest.raises(KeyboardInterrupt):
        extract(tiny.config, tmp_path)
    partial = tmp_path / f"{tiny.store.stem}.partial.duckdb"
    with pytest.raises(StoreError, match="is unfinished: run the same extract command again"):
        open_store(partial)
    with pytest.raises(StoreError, match="There is no feature store"):
        open_store(tmp_path / tiny.store.name)
    copied = tmp_path / "elsewhere" / partial.name
    copied.parent.mkdir()
    shutil.copy(partial, copied)
    with held(copied), pytest.raises(StoreError, match="is being written by another process"):
        extract(tiny.config, copied.parent)


@pytest.mark.parametrize("where", ["sample_map", "finish", "rename"])
def test_a_stop_in_the_last_steps(tiny, tmp_path, where, quick_map):
    def stop(*_args):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        if where == "sample_map":
            patch.setattr(projection, "sample_map", stop)
        elif where == "finish":
            patch.setattr(run.StoreWriter, "finish", stop)
        else:
            patch.setattr(Path, "replace", stop)
        with pytest.raises(KeyboardInterrupt):
            extract(tiny.config, tmp_path)
    path = extract(tiny.config, tmp_path)
    assert active_sets(path) == active_sets(tiny.store) and [p.name for p in tmp_path.glob("*.duckdb*")] == [path.name]
