"""What leaves: the records as they came in, a reason for each that stays, and a manifest that makes it again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.datasets import read_samples
from core.export import export, info_of, read_manifest, replay
from core.schema import SaelectError, SelectionError, SelectionSpec, StoreError
from core.selection import select
from core.store import open_store


@pytest.fixture(scope="module")
def store(tiny):
    return open_store(tiny.store)


def choose(store, **changes):
    """Greedy, eight samples of the tiny store."""
    spec = replace(SelectionSpec(budget=8, theta=0.5), **changes)
    return select(store.matrix(spec.scope), spec, info_of(store))


def raw_of(store, rows) -> list:
    return [s.raw for s in store.samples(rows)]


@pytest.mark.parametrize("format", ["jsonl", "json"])
@pytest.mark.parametrize("order", ["input", "pick"])
def test_records_leave_as_they_came_in(store, tiny, tmp_path: Path, format: str, order: str) -> None:
    selection, path = choose(store), tmp_path / f"curated.{format}"
    export(selection, store, path, format, order)
    rows = sorted(selection.rows) if order == "input" else selection.rows
    originals = {s.row: s.raw for s in read_samples(tiny.data)}
    assert raw_of(store, rows) == [originals[int(r)] for r in rows]
    text = path.read_text()
    found = json.loads(text) if format == "json" else [json.loads(line) for line in text.splitlines()]
    assert [json.dumps(r) for r in found] == [json.dumps(originals[int(r)]) for r in rows], "values and order of keys"


@pytest.mark.parametrize("format", ["jsonl", "json", "parquet", "csv"])
def test_replay_makes_the_same_bytes(store, tmp_path: Path, format: str) -> None:
    path = tmp_path / f"curated.{format}"
    export(choose(store, vetoes={3: "ignore"}, bans=(2,), pins=(5,)), store, path, format)
    before = path.read_bytes()
    path.unlink()
    assert replay(tmp_path / "curated.manifest.json") == path
    assert path.read_bytes() == before
    assert replay(tmp_path / "curated.manifest.json", tmp_path / "again").read_bytes() == before


def test_every_reject_has_a_reason(store, tmp_path: Path) -> None:
    matrix = store.matrix().at(0.5)
    plain = choose(store)
    blocked = int(matrix.row(int(plain.rows[0]))[0])
    selection = choose(store, vetoes={blocked: "block"}, bans=(1,))
    export(selection, store, tmp_path / "curated.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "curated.rejects.jsonl").read_text().splitlines()]
    assert [line["row"] for line in lines] == sorted(set(range(store.n_samples)) - set(selection.rows.tolist()))
    covered = set(np.concatenate([matrix.row(int(r)) for r in selection.rows]).tolist())
    for line in lines:
        features = set(matrix.row(line["row"]).tolist())
        assert line["redundancy"] == pytest.approx(len(features & covered) / len(features), abs=1e-4)
        if line["row"] == 1:
            assert line["reason"] == "banned by hand"
        elif blocked in features:
            assert line["reason"] == f"activates the vetoed feature {blocked}"
        else:
            assert line["reason"].startswith("redundant" if features <= covered else "budget")
            assert line["admission_budget"] > len(selection.rows)
        for row in line["covered_by"]:
            assert features & set(matrix.row(row).tolist())


def test_covering_picks_are_those_that_brought_most(store) -> None:
    from core.explain import covering_picks, ledger
    from core.export import COVERING, covering

    selection, matrix = choose(store), store.matrix().at(0.5)
    found = covering(matrix, ledger(matrix, selection).credit)
    for row in range(store.n_samples):
        assert found[row] == [c.rank for c in covering_picks(matrix, selection, row)][:COVERING]


def test_a_changed_manifest_is_refused(store, tmp_path: Path) -> None:
    export(choose(store), store, tmp_path / "curated.jsonl")
    path = tmp_path / "curated.manifest.json"
    manifest = json.loads(path.read_text())
    for change, error, words in (
        ({"rows": manifest["rows"][:-1]}, SelectionError, "1 rows differ"),
        ({"sha256": "0"}, SelectionError, "sha256"),
        ({"store": {"key": "0" * 16, "path": "gone"}}, StoreError, "neither where it was"),
    ):
        path.write_text(json.dumps({**manifest, **change}))
        with pytest.raises(error, match=words):
            replay(path)
    path.write_text("{}")
    with pytest.raises(SaelectError, match="has no"):
        read_manifest(path)


def test_replay_never_overwrites_another_file(store, tmp_path: Path) -> None:
    export(choose(store), store, tmp_path / "curated.jsonl")
    (tmp_path / "curated.jsonl").write_text("mine")
    with pytest.raises(SaelectError, match="different file"):
        replay(tmp_path / "curated.manifest.json")
    assert (tmp_path / "curated.jsonl").read_text() == "mine"


@pytest.mark.parametrize(("format", "order"), [("xml", "input"), ("jsonl", "best")])
def test_unknown_formats_and_orders_get_one_sentence(store, tmp_path: Path, format: str, order: str) -> None:
    with pytest.raises(SelectionError, match="use one of"):
        export(choose(store), store, tmp_path / "x", format, order)
    assert not list(tmp_path.iterdir())
