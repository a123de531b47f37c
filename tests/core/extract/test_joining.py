"""Joined stores against one extraction of the joined data."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import StoreError
from core.extract import joining
from core.extract.joining import join
from core.extract.run import extract
from core.scoring.columns import finished_columns, score_folder
from core.store.meta import data_named
from core.store.reader import open_store


@pytest.fixture
def parts(tiny, tmp_path, quick_map, monkeypatch):
    """Stores of the first 12 and the other 18 of the tiny data's samples, and one of all, in their order."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    lines, stores = tiny.data.read_text().splitlines(keepends=True), []
    for name, part in (("head", lines[:12]), ("tail", lines[12:])):
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(part))
        stores.append(extract(replace(tiny.config, data=str(path)), tmp_path))
    return stores, tiny.store


def test_joined_is_extracted_together(parts):
    stores, whole = parts
    joined, whole = open_store(join(stores)), open_store(whole)
    a, b = joined.matrix(), whole.matrix()
    assert np.array_equal(a.indptr, b.indptr) and np.array_equal(a.feature, b.feature)
    assert np.allclose(a.value, b.value, atol=1e-4)
    assert np.allclose(joined.embeddings(), whole.embeddings(), atol=1e-2)
    assert [s.raw for s in joined.samples()] == [s.raw for s in whole.samples()]
    assert [s.source for s in joined.samples()] == ["head"] * 12 + ["tail"] * 18
    assert joined.sample_columns()["source_row"].tolist() == list(range(30))
    assert data_named(joined.meta) == "head.jsonl + tail.jsonl" and joined.n_samples == 30
    for feature in a.feature[:20].tolist():
        strong = [[c for c in s.contexts(feature) if c["bin"] == 0] for s in (joined, whole)]
        assert {c["sample_id"] for c in strong[0]} == {c["sample_id"] for c in strong[1]}
        assert joined.logit_lens(feature)["promoted"][0][0] == whole.logit_lens(feature)["promoted"][0][0]


def test_scores_of_all_are_joined(parts):
    stores = [open_store(p) for p in parts[0]]
    for i, store in enumerate(stores):
        folder = score_folder(store)
        folder.mkdir(parents=True)
        np.save(folder / "ifd.npy", np.arange(store.n_samples) + 100.0 * i)
    np.save(score_folder(stores[0]) / "perplexity.npy", np.ones(12))
    found = finished_columns(open_store(join([s.path for s in stores])))
    assert list(found) == ["ifd"]
    assert found["ifd"].tolist() == [*range(12), *(100.0 + i for i in range(18))]


def test_a_note_names_its_file_once(parts, tiny, tmp_path):
    path = tmp_path / "twice.jsonl"
    path.write_text(2 * tiny.data.read_text().splitlines(keepends=True)[0])
    stores = [parts[0][1], extract(replace(tiny.config, data=str(path)), tmp_path)]
    assert open_store(join(stores)).meta["warnings"] == [
        f"{path}: 1 row is an exact duplicate of an earlier row. It was not removed.",
        "There are no topics: they are learnt from at least 64 samples with tokens.",
    ]


def test_a_stop_in_the_middle(parts, monkeypatch, tmp_path):
    stores, _ = parts

    def stop(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(joining, "finish", stop)
        with pytest.raises(KeyboardInterrupt):
            join(stores)
    again = join(stores)
    assert open_store(again).n_samples == 30
    assert join(stores) == again


def test_what_cannot_be_joined(parts, tiny_jumprelu, tiny, tmp_path):
    stores, _ = parts
    with pytest.raises(StoreError, match="two stores or more, each once"):
        join([stores[0], stores[0]])
    with pytest.raises(StoreError, match="made with another sae"):
        join([stores[0], tiny_jumprelu.store])
    cut = extract(replace(tiny.config, max_tokens=32), tmp_path)
    with pytest.raises(StoreError, match=r"has max_tokens 32, .* has 64"):
        join([stores[0], cut])


def test_the_command(parts, capsys):
    from core.cli.app import main

    assert main(["join", *map(str, parts[0])]) == 0
    found = open_store(capsys.readouterr().out.strip())
    assert found.n_samples == 30 and json.loads(json.dumps(found.meta))["config"]["limit"] is None
