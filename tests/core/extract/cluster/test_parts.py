"""Parts without Ray: workers in this process, whatever the order, a lost answer, a worker that starts anew."""

import random
from dataclasses import replace

import pytest

from core.errors import ModelError
from core.extract import run
from core.extract.cluster.assembly import Assembly
from core.extract.cluster.blocks import blocks, readings
from core.extract.cluster.parts import Parts
from core.extract.cluster.worker import Worker
from core.extract.pipeline import read
from core.extract.run import extract
from tests.stores import content_of
from tests.tiny import write_data


def in_any_order(pipeline, writer, todo, on_progress):
    """An engine: two workers, of which one is replaced in the middle, and some chunks twice."""
    parts, rng = Parts(writer.path.with_suffix(".parts")), random.Random(1)

    def worker():
        return Worker(pipeline.config, pipeline.digests, parts)

    assembly, workers = Assembly(writer, parts, pipeline.n_features), [worker(), worker()]
    left = readings(todo.starts, todo.n_samples, run.CHUNK, parts.has)
    rows = [row for reading in left for row in blocks(reading, read(pipeline.config).files, None)]
    rng.shuffle(rows)
    for i, row in enumerate([*rows, *rows[:3]]):
        if i == len(rows) // 2:
            workers[0] = worker()
        one = rng.choice(workers)
        one(row)
        if i % 3 == 0:
            one(row)  # its answer was lost: asked for again
        assembly.advance()
    parts.clear()


@pytest.mark.parametrize("kind", ["topk", "jumprelu", "none"])
def test_the_store_is_that_of_a_single_process(tiny, tiny_saes, tmp_path, monkeypatch, quick_map, kind):
    monkeypatch.setattr(run, "CHUNK", 8)
    data = write_data(tmp_path / "data.jsonl", 90)
    config = replace(tiny.config, data=str(data), sae=str(tiny_saes.get(kind, "")))
    stores = []
    for name, engine in (("single", None), ("parts", in_any_order)):
        (tmp_path / name).mkdir()
        stores.append(extract(config, tmp_path / name, engine=engine))
    single, assembled = map(content_of, stores)
    assert stores[0].name == stores[1].name and single.keys() == assembled.keys()
    for name, rows in single.items():
        assert assembled[name] == rows, name
    assert not (tmp_path / "parts" / f"{stores[1].stem}.parts").exists()


def test_a_part_is_what_was_written(tiny, tmp_path, monkeypatch):
    made, chunk_of = [], run.chunk_of
    monkeypatch.setattr(run, "chunk_of", lambda *a: made.append(chunk_of(*a)) or made[-1])
    monkeypatch.setattr(run, "finish", lambda *a: tmp_path)
    monkeypatch.setattr(run, "note_finished", lambda *a: None)
    extract(tiny.config, tmp_path)
    parts = Parts(tmp_path / "parts")
    for first, chunk in enumerate(made):
        parts.write(first, chunk)
        found = parts.read(first)
        assert found.noted == chunk.noted and parts.has(first)
        for name in ("samples", "originals", "activations", "candidates"):
            assert getattr(found, name).equals(getattr(chunk, name)), name
        parts.remove(first)
        assert not parts.has(first)
    assert made


def test_another_model_is_refused(tiny, tmp_path):
    with pytest.raises(ModelError, match="another sae"):
        Worker(tiny.config, {"model": digest_of(tiny), "sae": "other"}, Parts(tmp_path))


def digest_of(tiny):
    from core.extract.pipeline import load

    return load(tiny.config).lm.digest
