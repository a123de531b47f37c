"""Results of a proof in their file: by hand, taken over from another file, written by two processes."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from core.errors import LockedError, SelectionError, StoreError
from core.proof.results import results, write_results
from core.proof.store import ProofStore, Run, proofs_of, take_over
from tests.stores import held


def test_results_by_hand(tmp_path):
    source = np.array(["a", "a", "a", "b"])
    store = ProofStore(tmp_path / "p.duckdb")
    store.begin({"unit": "samples"}, np.arange(4), source)
    for method, seed, losses in (
        ("random", 0, [1, 2, 3, 8]),
        ("random", 1, [1, 2, 3, 6]),
        ("mine", 0, [1, 1, np.nan, 5]),
        ("mine", 1, [1, 1, np.nan, 7]),
    ):
        store.add(Run(method, 3, seed, np.arange(3), 30, 10, 2.0, 0.5, np.array(losses, float), {"t/acc": 0.5 + seed}))
    mine, random = results(store)
    assert (mine.method, mine.budget, mine.seeds, mine.samples, mine.tokens) == ("mine", 3, 2, 3, 30)
    assert mine.loss == pytest.approx(((1 + 5) / 2 + (1 + 7) / 2) / 2) and random.loss == pytest.approx(4.5)
    assert mine.spread == pytest.approx(np.std([3, 4], ddof=1))
    assert mine.better == pytest.approx((0.5 + 1) / 2)  # a: 0 and 1 on the two with a loss; b: 7 against 6
    assert mine.by_source == {"a": 1.0, "b": 6.0} and mine.scores == {"t/acc": 1.0}
    assert np.isnan(random.better) and store.has("mine", 3, 1) and not store.has("mine", 3, 2)
    assert [p.path for p in proofs_of(tmp_path)] == [store.path]
    mine, random = results(store, ["b"])
    assert (mine.loss, random.loss, mine.better, mine.by_source) == (6, 7, 1, {"b": 6.0})
    with pytest.raises(SelectionError, match="Nothing is measured on source 'c': the sources are a, b"):
        results(store, ["b", "c"])
    write_results(store, tmp_path / "r.json", [{"method": "mine", "budget": 3, "source": {"a": 1.0, "b": 0.0}}])
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["picks"][0]["source"] == {"a": 1, "b": 0}
    assert len(found["runs"]) == 4 and found["runs"][0]["losses"][2] is None and found["results"][0]["method"] == "mine"


def test_a_grid_moves_with_its_results_file(tmp_path):
    here, there = (ProofStore(tmp_path / name / "p.duckdb") for name in ("here", "there"))
    for store, folder in ((here, "/one"), (there, "/two")):
        store.path.parent.mkdir()
        store.begin({"model": f"{folder}/tiny.gguf", "pins": (1,), "theta": 1.5}, np.arange(3), np.array(list("aab")))
    costs = {"tokens": 30, "trained_tokens": 10, "seconds": 2.0}
    losses, own = np.array([1, np.nan, 0.1 + 0.2]), Run("mine", 3, 0, np.arange(2), 9, 9, 9.0, 9.0, np.ones(3))
    here.add(Run("mine", 3, 0, np.arange(3), **costs, training_loss=0.5, losses=losses, scores={"t/acc": 0.5}))
    here.add(Run("base", 0, 0, np.arange(0), **costs, training_loss=np.nan, losses=losses, refined="run"))
    write_results(here, tmp_path / "r.json")
    take_over(there, tmp_path / "r.json")
    write_results(there, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == (tmp_path / "r.json").read_text()
    assert "/one" not in (tmp_path / "r.json").read_text()
    for mine, theirs in zip(there.runs(), here.runs(), strict=True):
        for name, value in asdict(theirs).items():
            np.testing.assert_equal(getattr(mine, name), value)
    here.add(replace(own, seed=1))
    write_results(here, tmp_path / "r.json")
    there.add(replace(own, seed=2))
    take_over(there, tmp_path / "r.json")
    assert [run.seed for run in there.runs() if run.method == "mine"] == [0, 1, 2] and there.runs()[1].tokens == 30


@pytest.mark.parametrize(("text", "why"), [
    ("{", "holds no results of a proof"), ("[]", "holds no results of a proof"),
    ('{"runs": [{"rows": [], "losses": [], "training_loss": 1, "more": 1}]}', "holds no results of a proof"),
    ('{"shared": {"model": "", "unit": "tokens", "seed": 1}, "runs": []}', "a proof with another seed, unit: write"),
])  # fmt: skip
def test_a_results_file_of_another_proof(text, why, tmp_path):
    store = ProofStore(tmp_path / "p.duckdb")
    store.begin({"unit": "samples"}, np.arange(1), np.array(["a"]))
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(StoreError, match=why):
        take_over(store, tmp_path / "r.json")
    assert not store.runs() and (tmp_path / "r.json").read_text() == text


def test_a_run_waits_for_another_process_and_is_kept_once(tmp_path, monkeypatch):
    store = ProofStore(tmp_path / "p.duckdb")
    store.begin({"unit": "samples"}, np.arange(1), np.array(["a"]))
    run = Run("random", 3, 0, np.arange(3), 30, 10, 2.0, 0.5, np.ones(1))
    with held(store.path, until="time.sleep(1.5)"):
        with monkeypatch.context() as patch, pytest.raises(LockedError, match="is being written by another process"):
            patch.setattr("core.proof.store.PATIENCE", 0.1)
            store.add(run)
        store.add(run)
    store.add(run)
    assert len(store.runs()) == 1


def test_no_proof(tmp_path):
    with pytest.raises(StoreError, match="There is no proof"):
        ProofStore(tmp_path / "none.duckdb").runs()
    (tmp_path / "other.duckdb").write_text("not a database")
    assert proofs_of(tmp_path) == []
