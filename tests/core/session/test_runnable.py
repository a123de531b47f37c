"""What stands in the place of a request that cannot run, and what a store lacks for a method."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import SelectionError, UnscoredError
from core.schema import SelectionSpec
from core.selection.registry import METHODS
from core.session.lacking import lacking
from core.session.runnable import runnable
from core.session.session import open_session, workspace_of
from tests.factories import alpaca, tiny_store

N = 12
DIGESTS = {"data": "d", "model": "m", "sae": "s"}


def store(folder, score, key="e" * 16, model="m"):
    """A session of N samples whose records have a score, `score(i)`, None for no column."""
    folder.mkdir(exist_ok=True)
    records = [{**record, "score": score(i)} for i, record in enumerate(alpaca(N))]
    records = [{k: v for k, v in r.items() if k != "score" or v is not None} for r in records]
    sets = [{i % 5, (3 * i) % 7} for i in range(N)]
    return open_session(tiny_store(folder, records, sets, key=key, digests={**DIGESTS, "model": model}))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    return tmp_path


def test_a_request_that_runs_is_as_it_was_asked_for(cache):
    session, spec = store(cache, float), SelectionSpec("quality", 4)
    found = runnable(session, spec)
    assert found.error is None and found.told == "" and found.selection.spec == spec
    assert found.selection.rows.tolist() == [11, 10, 9, 8] == found.order.rows[:4].tolist()


@pytest.mark.parametrize("method", ["quality", "kmq", "reference-guided", "hybrid", "kmq-iterative", "deita"])
def test_what_cannot_run_leaves_sae_greedy_in_its_place(cache, method):
    session = store(cache, lambda i: None)
    asked = SelectionSpec(method, 4, bans=(2,), vetoes={1: "ignore"}, weights="idf")
    found = runnable(session, asked)
    greedy = replace(asked, method="sae-greedy", weights="uniform")
    assert found.selection.rows.tolist() == session.selection(greedy).rows.tolist()
    assert isinstance(found.error, SelectionError) and found.told.startswith(str(found.error))
    assert found.told.endswith("what follows is by sae-greedy.")
    assert lacking(session, method)


def test_a_score_that_some_samples_lack_says_which(cache):
    found = runnable(store(cache, lambda i: 1.0 if i else float("nan")), SelectionSpec("quality", 4))
    assert isinstance(found.error, UnscoredError) and list(found.error.rows) == [0]
    assert found.selection.spec.method == "sae-greedy"


def test_vectors_that_do_not_fit_are_left_out_first(cache):
    np.save(cache / "short.npy", np.ones((3, 2)))
    found = runnable(store(cache, float), SelectionSpec("k-center", 4, options={"vectors": "short.npy"}))
    assert (found.selection.spec.method, found.selection.spec.options) == ("k-center", {})
    assert found.told.endswith("What follows is without it.")


def test_decisions_that_leave_nothing_are_no_matter_of_the_method(cache):
    with pytest.raises(SelectionError, match="leave none"):
        runnable(store(cache, float), SelectionSpec("quality", 1, bans=tuple(range(N))))


def test_what_a_store_lacks(cache):
    bare = store(cache, lambda i: None)
    assert {name: lacking(bare, name) for name in METHODS if lacking(bare, name)} == {
        name: tuple(need for need in method.needs if need in ("score", "run", "reference"))
        for name, method in METHODS.items()
        if {"score", "run", "reference"} & set(method.needs)
    }
    store(cache, float, "f" * 16, "another").store.close()
    assert lacking(bare, "reference-guided") == ("reference",), "a store of another model is none"
    workspace_of(bare.store).tag([1], "good")
    assert lacking(bare, "reference-guided") == (), "samples of a set or a tag are examples too"
    workspace_of(bare.store).undo()
    assert lacking(bare, "reference-guided") == ("reference",)
    store(cache, float, "d" * 16).store.close()
    assert lacking(bare, "reference-guided") == ()
