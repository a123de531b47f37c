"""What pages may offer for options that name files or runs."""

import numpy as np
import pytest

from core.errors import DataError
from core.selection.method import KINDS
from core.selection.registry import METHODS
from core.session.listed import LISTED, listed, other_stores
from core.session.sample_info import info_of
from core.session.session import workspace_of
from core.store.reader import open_store
from tests.factories import KEY, alpaca, tiny_store

OTHER = "fedcba9876543210"


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache" / "other").mkdir(parents=True)
    cache = tmp_path / "cache"
    tiny_store(cache / "other", alpaca(2), [[0], [1]], key=OTHER).rename(cache / f"{OTHER}.duckdb")
    (cache / ("a" * 16 + ".duckdb")).write_bytes(b"no database")
    return open_store(tiny_store(cache, alpaca(3), [[0], [1], [2]]))


def test_references_are_sets_and_tags_with_samples_and_the_other_stores_of_the_cache_that_open(store):
    found = listed(store, "reference")
    assert list(found) == ["", OTHER] and list(other_stores(store)) == [OTHER]
    assert found[OTHER].startswith("data.jsonl · 2 · fedc")
    workspace_of(store).save_set("good", [1])
    workspace_of(store).save_set("empty", [])
    workspace_of(store).tag([0], "new")
    assert list(listed(store, "reference")) == ["", "set:good", "tag:new", OTHER]


def test_vectors_are_files_of_the_cache_folder_itself_and_are_read_by_their_name(store):
    folder = store.path.parent
    np.save(folder / "mine.npy", np.eye(3))
    (folder / "scores").mkdir()
    np.save(folder / "scores" / "ifd.npy", np.ones(3))
    np.save(folder.parent / "outside.npy", np.ones((3, 2)))
    assert list(listed(store, "vectors")) == ["residual", "mine.npy"]
    vectors = info_of(store).vectors
    assert vectors("mine.npy").tolist() == np.eye(3).tolist()
    assert vectors(str(folder.parent / "outside.npy")).shape == (3, 2), "a path stays possible on the command line"
    with pytest.raises(DataError, match=r"none\.npy"):
        vectors("none.npy")


def test_runs_are_those_on_this_store(store):
    folder = store.path.parent / "refine"
    for key, name in ((KEY, "b"), (KEY, "a"), (OTHER, "c")):
        (folder / key / name).mkdir(parents=True)
        (folder / key / name / "run.json").write_text("{}")
    (folder / KEY / "empty").mkdir()
    assert list(listed(store, "run")) == ["", "a", "b"]


def test_every_option_that_names_a_file_is_listed():
    assert set(LISTED) == set(KINDS) - {"score", "tags", "number", "choice"}
    defaults = {o.kind: o.default or "" for m in METHODS.values() for o in m.options if o.kind in LISTED}
    assert defaults == {"reference": "", "vectors": "residual", "run": ""}
