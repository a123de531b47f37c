"""Splits and weights: parts that together are the whole, and weights that stand beside records left as they were."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.errors import SelectionError
from core.export.curated import curated_files
from core.export.folder import replay
from core.export.formats import curated_bytes
from core.export.manifest import manifest_json
from core.export.sampling import SAMPLING, sampling_weights
from core.export.settings import Shape
from core.schema import SelectionSpec
from core.selection.run import select
from core.session.sample_info import info_of
from core.settings import settings_of
from core.store.reader import open_store
from tests.factories import alpaca, random_matrix, tiny_store

N = 40


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    records = [
        {"messages": [{"role": "system", "content": "Hm."}] * (i == 7) + [
            {"role": "user", "content": r["instruction"]}, {"role": "assistant", "content": r["output"]}
        ], "source": "ab"[i % 4 == 0], "id": f"r{i}"}
        for i, r in enumerate(alpaca(N))
    ]  # fmt: skip
    matrix, _ = random_matrix(np.random.default_rng(0), N)
    sets = [set(matrix.row(i).tolist()) for i in range(N)]
    topics = [{i % 3: 1.0, 3 + i % 2: 0.5} if i % 7 else {} for i in range(N)]
    return open_store(tiny_store(tmp_path_factory.mktemp("shape"), records, sets, topics=topics))


def choose(store, method="sae-greedy", budget=20):
    spec = SelectionSpec(method, budget, theta=0.5)
    return select(store.matrix(), spec, info_of(store))


def lines(content: bytes) -> list:
    return [json.loads(line) for line in content.decode().splitlines()]


@pytest.mark.parametrize("order", ["pick", "source", "tokens"])
def test_train_and_validation_together_are_the_whole(store, order: str) -> None:
    selection = choose(store)
    files = curated_files(selection, store, Shape(order=order, validation=0.25, split_seed=4))
    assert list(files) == ["train.jsonl", "validation.jsonl"]
    whole = lines(curated_bytes(selection, store, order=order))
    train, held = map(lines, files.values())
    assert [record for record in whole if record in train] == train
    assert [record for record in whole if record in held] == held
    assert (len(train), len(held)) == (15, 5)


@pytest.mark.parametrize("format", ["jsonl", "json", "parquet"])
def test_both_parts_have_the_fields_and_types_of_all(store, format: str) -> None:
    """The system turn of one record is a column of all, as `datasets` wants the columns of all splits to be equal."""
    selection = choose(store, "longest-prompt", N)
    files = curated_files(selection, store, Shape(format, to="alpaca", validation=0.3))
    if format == "parquet":
        train, held = (pq.read_table(io.BytesIO(content)) for content in files.values())
        assert train.schema == held.schema and "system" in train.column_names
        assert (len(train), len(held)) == (28, 12)
    else:
        parts = [lines(c) if format == "jsonl" else json.loads(c) for c in files.values()]
        assert {tuple(record) for part in parts for record in part} == {("instruction", "input", "output", "system")}


def test_no_validation_is_one_file(store) -> None:
    assert list(curated_files(choose(store), store, Shape("parquet"))) == ["train.parquet"]
    with pytest.raises(SelectionError, match="leaves none of 20 records"):
        curated_files(choose(store), store, Shape(validation=1.0))
    with pytest.raises(SelectionError, match="validation must be a number of at least 0"):
        Shape(validation=-1)
    with pytest.raises(SelectionError, match="Unknown sampling 'size'"):
        Shape(sampling="size")


def test_weights_are_those_of_the_records_for_training(store) -> None:
    selection = choose(store)
    files = curated_files(selection, store, Shape(order="source", validation=0.2, sampling="gain"))
    assert files.keys() == {"train.jsonl", "validation.jsonl", "weights.jsonl"}
    train, found = lines(files["train.jsonl"]), lines(files["weights.jsonl"])
    assert [record["messages"] for record in train] == [
        store.samples([line["row"]])[0].raw["messages"] for line in found
    ], "line by line"
    assert [line["id"] for line in found] == [f"r{line['row']}" for line in found]
    gain = {row: max(g, 1) for row, g in zip(selection.rows.tolist(), selection.gains.tolist(), strict=True)}
    mean = np.mean([gain[line["row"]] for line in found])
    assert [line["weight"] for line in found] == pytest.approx([gain[line["row"]] / mean for line in found], abs=1e-6)


@pytest.mark.parametrize("by", ["source", "topic"])
def test_a_group_is_drawn_as_often_as_it_occurs_in_the_data(store, by: str) -> None:
    selection, topic = choose(store, "random", 17), [i % 3 if i % 7 else None for i in range(N)]
    group = {"source": store.sample_columns()["source"].tolist(), "topic": topic}[by]
    weight = sampling_weights(selection, store, by)
    assert len(set(group)) == len({group[row] for row in selection.rows})
    for name, n in Counter(group).items():
        mine = [group[row] == name for row in selection.rows]
        assert weight[mine].sum() / weight.sum() == pytest.approx(n / N)


@pytest.mark.parametrize("by", SAMPLING)
def test_weights_are_positive_and_1_on_average(store, by: str) -> None:
    for method in ("sae-greedy", "random"):
        weight = sampling_weights(choose(store, method), store, by)
        assert weight.shape == (20,) and (weight > 0).all() and weight.mean() == pytest.approx(1)


@pytest.mark.parametrize("to", ["original", "messages"])
@pytest.mark.parametrize("format", ["jsonl", "json", "parquet"])
def test_replay_makes_every_file_again(store, tmp_path: Path, format: str, to: str) -> None:
    selection, shape = choose(store), Shape(format, "tokens", to, 0.2, 5, "topic")
    files = curated_files(selection, store, shape)
    manifest = tmp_path / "manifest.json"
    manifest.write_text(manifest_json(selection, store, shape, files))
    assert replay(manifest, store=store.path) == tmp_path / f"train.{format}"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path != manifest} == files
    (tmp_path / "elsewhere").mkdir()
    replay(manifest, tmp_path / "elsewhere", store.path)
    assert {path.name: path.read_bytes() for path in (tmp_path / "elsewhere").iterdir()} == files
    changed = json.loads(manifest.read_text()) | {"split_seed": 6}
    manifest.write_text(json.dumps(changed))
    with pytest.raises(SelectionError, match="sha256 is not"):
        replay(manifest, store=store.path)


def test_the_command_line_knows_every_kind_of_weights() -> None:
    assert settings_of(Shape)["sampling"].choices == ("none", *SAMPLING)
