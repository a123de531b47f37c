"""train-topics on the tiny stores."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from core.cli.topics import alike
from core.errors import StoreError
from core.store.reader import open_store
from core.topics.model import load_topics


def test_topics_of_several_stores(run, tiny, tiny_jumprelu, tmp_path) -> None:
    stores = [str(path) for path in (tiny.store, tiny_jumprelu.store, tiny.store)]
    asked = [word for store in stores for word in ("--store", store)]
    done = run("train-topics", *asked, "--n-topics", "16", "--k", "2", "--out", str(tmp_path / "topics"))
    assert done.status == 0 and "The topics → " in done.err, done.err
    topics, metrics = load_topics(tmp_path / "topics"), json.loads(done.out)
    assert (topics.n_features, topics.k, topics.model_name) == (16, 2, "lm")
    assert topics.hook_point == open_store(tiny.store).meta["config"]["hook_point"] != ""
    assert metrics == json.loads((tmp_path / "topics" / "metrics.json").read_text())
    assert metrics["held_out"] == 3 and metrics["coherence_features"] >= 0
    data = json.loads((tmp_path / "topics" / "training.json").read_text())["data"]
    assert data == [{"data": "data.jsonl", "samples": 30}] * 3
    assert topics.encode(open_store(tiny.store).embeddings()).counts.max() == 2


def test_too_few_samples_are_one_sentence(run, tiny, tmp_path) -> None:
    done = run("train-topics", "--store", str(tiny.store), "--out", str(tmp_path / "topics"))
    assert done.status == 2 and "need at least 64 samples with tokens, got 30" in done.err
    assert not (tmp_path / "topics").exists()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"digests": {"model": "other"}}, "b.duckdb was made with another model than a.duckdb"),
        ({"digests": {"model": "m", "encoder": "e"}}, "another encoder"),
        ({"config": {"model": "x/lm", "hook_point": "h2"}}, "b.duckdb has hook_point h2, a.duckdb has h1"),
    ],
)
def test_stores_of_other_vectors_do_not_mix(change, text) -> None:
    def store(name, **meta):
        same = {"digests": {"model": "m"}, "config": {"model": "x/lm", "hook_point": "h1"}}
        return SimpleNamespace(path=SimpleNamespace(name=f"{name}.duckdb"), meta=same | meta)

    assert alike([store("a"), store("c")]) == ("lm", "h1")
    with pytest.raises(StoreError, match=text):
        alike([store("a"), store("b", **change)])
