"""One sample token by token, against what extraction stored of it."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelError, SelectionError, StoreError
from core.extract.run import extract
from core.extract.token_values import pipeline_of, token_values
from core.store.reader import open_store
from tests.tiny import spare_umap


@pytest.fixture(scope="module", params=["topk", "jumprelu"])
def store(request, tiny, tiny_saes, tmp_path_factory):
    """A store of the tiny model with either SAE."""
    if request.param == "topk":
        return open_store(tiny.store)
    with pytest.MonkeyPatch.context() as patch:
        spare_umap(patch)
        config = replace(tiny.config, sae=str(tiny_saes["jumprelu"]), floor=0.4)
        return open_store(extract(config, tmp_path_factory.mktemp("tokens")))


def test_the_largest_value_of_each_segment_is_the_stored_one(store):
    pipeline = pipeline_of(store)
    for row in range(store.n_samples):
        found, segments = token_values(store, row, pipeline), store.pieces(row)[1]
        best: dict[tuple[int, int], float] = {}
        for token, feature, value in zip(*found, strict=True):
            key = int(segments[token]), int(feature)
            best[key] = max(best.get(key, 0.0), float(value))
        stored = store.sample_features(row)
        keys = list(zip(stored["segment"].tolist(), stored["feature_id"].tolist(), strict=True))
        assert sorted(keys) == sorted(best)
        np.testing.assert_allclose([best[key] for key in keys], stored["value"], atol=1e-4)
        at_peak = {(t, f): v for t, f, v in zip(*(c.tolist() for c in found), strict=True)}
        peaks = zip(stored["peak"].tolist(), stored["feature_id"].tolist(), strict=True)
        np.testing.assert_allclose([at_peak[key] for key in peaks], stored["value"], atol=1e-4)


def test_another_sae_or_none_is_one_sentence(tiny, tiny_saes, tmp_path):
    path = tmp_path / tiny.store.name
    shutil.copy(tiny.store, path)
    for sae, said in ((tiny_saes["jumprelu"], "is not the one"), (tmp_path / "gone", "not a folder")):
        store = open_store(path)
        store.meta["config"]["sae"] = str(sae)
        with pytest.raises(ModelError, match=said):
            pipeline_of(store)


def test_another_model_is_one_sentence(tiny, tmp_path):
    folder = tmp_path / "lm"
    shutil.copytree(Path(tiny.config.model), folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "rope_theta": 1.0, "note": "changed"}))
    store = open_store(tiny.store)
    store.meta["config"] = asdict(replace(tiny.config, model=str(folder)))
    with pytest.raises(ModelError, match=r"model at .* is not the one"):
        pipeline_of(store)


def test_no_such_row(store):
    with pytest.raises((StoreError, SelectionError)):
        token_values(store, store.n_samples, pipeline_of(store))
