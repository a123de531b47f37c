"""What leaves: the records as they came in, a reason for each that stays, and a manifest that makes it again."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.datasets.samples import read_samples
from core.errors import DataError, SaelectError, SelectionError, StoreError
from core.export.folder import export, replay
from core.export.formats import curated_bytes, format_of, preview
from core.export.manifest import manifest_json, read_manifest
from core.export.settings import Shape
from core.schema import SelectionSpec
from core.selection.run import select
from core.session.sample_info import info_of
from core.store.reader import open_store
from tests.factories import alpaca, tiny_store


@pytest.fixture(scope="module")
def store(tiny):
    return open_store(tiny.store)


@pytest.fixture(autouse=True)
def cache(tiny, monkeypatch) -> None:
    """The tiny store lies in the cache."""
    monkeypatch.setenv("SAELECT_CACHE", str(tiny.store.parent))


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


@pytest.mark.parametrize("format", ["jsonl", "json", "parquet"])
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
            assert line["reason"].startswith("banned by hand")
        elif blocked in features:
            assert re.fullmatch(rf"excluded: it has “.+” \(feature {blocked}\)", line["reason"])
        else:
            assert line["reason"].startswith("redundant" if features <= covered else "budget")
            assert line["admission_budget"] > len(selection.rows)
        for row in line["covered_by"]:
            assert features & set(matrix.row(row).tolist())


def test_rejects_can_be_left_out(store, tmp_path: Path) -> None:
    export(choose(store), store, tmp_path / "curated.jsonl", rejected=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curated.jsonl", "curated.manifest.json"]


def test_a_reject_names_the_kept_rows_that_cover_it_and_the_one_most_like_it(store) -> None:
    from core.explain.covers import smallest_cover
    from core.explain.rejects import COVERING, rejects
    from core.explain.similar_samples import most_similar_kept
    from core.session.sample_info import info_of

    selection, matrix = choose(store), store.matrix().at(0.5)
    source = store.sample_columns()["source_row"]
    for reject in rejects(selection, store, info_of(store)):
        row = int(np.flatnonzero(source == reject["row"])[0])
        assert reject["covered_by"] == source[smallest_cover(matrix, selection, row).rows[:COVERING]].tolist()
        near, similarity = most_similar_kept(matrix, selection, row, 1)
        assert [reject["most_similar"]] == (source[near].tolist() or [None])
        assert reject["similarity"] == pytest.approx(similarity[0] if len(near) else 0, abs=1e-4)


def test_a_changed_manifest_is_refused(store, tmp_path: Path) -> None:
    export(choose(store), store, tmp_path / "curated.jsonl")
    path = tmp_path / "curated.manifest.json"
    manifest = json.loads(path.read_text())
    for change, error, words in (
        ({"rows": manifest["rows"][:-1]}, SelectionError, "1 rows differ"),
        ({"sha256": "0"}, SelectionError, "sha256"),
        ({"store": {"key": "0" * 16, "path": "gone"}}, StoreError, "nor in .*: give --store"),
    ):
        path.write_text(json.dumps({**manifest, **change}))
        with pytest.raises(error, match=words):
            replay(path)
    for change in ({"rows": 5}, {"files": None}, {"store": "x"}, {"spec": []}):
        path.write_text(json.dumps({**manifest, **change}))
        with pytest.raises(SaelectError, match=f"its {next(iter(change))} cannot be used"):
            read_manifest(path)
    path.write_text("{}")
    with pytest.raises(SaelectError, match="its file, format, order, rows, sha256, spec, store cannot be used"):
        read_manifest(path)


def test_what_is_made_again_goes_into_a_folder_that_is_there(store, tmp_path: Path) -> None:
    export(choose(store), store, tmp_path / "curated.jsonl")
    (tmp_path / "there").mkdir()
    again = replay(tmp_path / "curated.manifest.json", tmp_path / "there")
    assert again == tmp_path / "there" / "curated.jsonl" and again.is_file()


def test_the_format_is_that_of_the_files_name() -> None:
    """`export --out x.csv` wrote JSON Lines under that name."""
    named = {
        "a.csv": "csv",
        "b.parquet": "parquet",
        "c.JSON": "json",
        "d.jsonl": "jsonl",
        "e.txt": "jsonl",
        "f": "jsonl",
    }
    assert {name: format_of(Path(name)) for name in named} == named


def test_a_manifest_names_no_folder_of_this_machine(store, tmp_path: Path, monkeypatch) -> None:
    export(choose(store), store, tmp_path / "curated.jsonl")
    text = (tmp_path / "curated.manifest.json").read_text()
    assert json.loads(text)["store"] == {"key": store.key, "path": store.path.name}
    assert not [folder for folder in (store.path.parent, tmp_path, Path.home()) if str(folder) in text]
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "elsewhere"))
    with pytest.raises(StoreError, match="give --store"):
        replay(tmp_path / "curated.manifest.json")
    assert replay(tmp_path / "curated.manifest.json", store=store.path) == tmp_path / "curated.jsonl"


def test_an_older_manifest_finds_its_store_where_it_was(store, tmp_path: Path, monkeypatch) -> None:
    export(choose(store), store, tmp_path / "curated.jsonl")
    path = tmp_path / "curated.manifest.json"
    found = json.loads(path.read_text())
    path.write_text(json.dumps(found | {"store": {"key": store.key, "path": str(store.path)}}))
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "elsewhere"))
    assert replay(path) == tmp_path / "curated.jsonl"


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


@pytest.fixture
def gapped(tmp_path: Path):
    """Six samples; the input's third row cannot be read, so rows of the store and of the input differ after it."""
    records = alpaca(6)
    records.insert(2, {"instruction": "no answer", "output": ""})
    return open_store(tiny_store(tmp_path, records, [{0, 1, 2}, {2, 3}, {4}, {0, 1}, {5, 6, 7}, {2}]))


@pytest.mark.parametrize("method", ["sae-greedy", "sae-simscale", "longest-response", "longest-prompt", "random"])
def test_a_prefix_of_the_full_order_can_be_replayed(gapped, tmp_path: Path, method: str) -> None:
    prefix = choose(gapped, method=method, budget=6).prefix(3)
    curated = {"c.jsonl": curated_bytes(prefix, gapped)}
    (tmp_path / "c.manifest.json").write_text(manifest_json(prefix, gapped, Shape(), curated))
    records = [json.loads(line) for line in replay(tmp_path / "c.manifest.json").read_text().splitlines()]
    assert records == raw_of(gapped, sorted(prefix.rows))


def test_the_data_are_never_overwritten(gapped, tmp_path: Path) -> None:
    before = sorted((p.name, p.read_bytes()) for p in tmp_path.iterdir())
    with pytest.raises(DataError, match="is the data that was selected from"):
        export(choose(gapped, budget=3), gapped, tmp_path / "data.jsonl")
    with pytest.raises(DataError, match="cannot be written"):
        export(choose(gapped, budget=3), gapped, tmp_path / "none" / "c.jsonl")
    assert sorted((p.name, p.read_bytes()) for p in tmp_path.iterdir()) == before


def test_rejects_name_rows_of_the_input(gapped, tmp_path: Path) -> None:
    export(choose(gapped, budget=3, bans=(3,)), gapped, tmp_path / "c.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "c.rejects.jsonl").read_text().splitlines()]
    told = [(line["row"], line["reason"].split(":")[0], line["covered_by"]) for line in lines]
    assert told == [(3, "budget", []), (4, "banned by hand", [0]), (6, "redundant", [0])]


def test_a_method_blind_to_features_rejects_nothing_as_redundant(gapped, tmp_path: Path) -> None:
    export(choose(gapped, method="random", budget=1), gapped, tmp_path / "c.jsonl")
    lines = (tmp_path / "c.rejects.jsonl").read_text().splitlines()
    assert all(json.loads(line)["reason"].startswith("budget") for line in lines)


def test_numbers_of_numpy_are_replayed(gapped, tmp_path: Path) -> None:
    selection = choose(gapped, budget=3, vetoes={np.int64(9): "ignore"}, pins=(np.int64(1),))
    export(selection, gapped, tmp_path / "c.jsonl")
    assert replay(tmp_path / "c.manifest.json") == tmp_path / "c.jsonl"


@pytest.mark.parametrize("change", [{"x": 1}, {"theta": "a"}, {"vetoes": []}, {"budget": "3"}, {"pins": None}])
def test_a_spec_of_another_shape_gets_one_sentence(gapped, tmp_path: Path, change: dict) -> None:
    export(choose(gapped, budget=3), gapped, tmp_path / "c.jsonl")
    path = tmp_path / "c.manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"spec": manifest["spec"] | change}))
    with pytest.raises(DataError, match="spec is not one that SAElect wrote"):
        replay(path)


@pytest.mark.parametrize("order", ["input", "pick"])
@pytest.mark.parametrize("format", ["jsonl", "json", "parquet"])
def test_the_preview_is_the_beginning_of_the_file_in_its_format(store, format: str, order: str) -> None:
    selection = choose(store)
    text, language = preview(selection, store, format, order)
    whole = curated_bytes(selection, store, "jsonl" if format == "parquet" else format, order).decode()
    assert language == "json"
    if format == "json":
        assert json.loads(text) == json.loads(whole)[:3]
    else:
        assert whole.startswith(text) and text.count("\n") == 3
