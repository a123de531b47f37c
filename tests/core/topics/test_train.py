"""Training topics on small synthetic vectors: what they explain, what is saved, what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import SaelectError, SelectionError
from core.topics.model import load_topics, prepared
from core.topics.train import TopicConfig, batches, centring, explained_variance, split, train_topics, width

D_IN = 24
SMALL = TopicConfig(n_topics=32, k=4, passes=2, batch=64, least_steps=150)


def mixtures(n=800, seed=0):
    """Sums of two of 16 directions each, far from the origin: float16 (n, D_IN), as a store has them."""
    rng = np.random.default_rng(seed)
    directions = np.random.default_rng(9).normal(size=(16, D_IN))
    chosen = rng.integers(0, 16, (n, 2))
    return ((directions[chosen] * rng.uniform(0.5, 2, (n, 2, 1))).sum(1) + 5).astype(np.float16)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    told = []
    out = tmp_path_factory.mktemp("topics") / "new"
    facts = {"model_name": "tiny", "hook_point": "blocks.1.hook_resid_post", "data": ["a.json"]}
    return train_topics(mixtures(), SMALL, out, lambda *step: told.append(step), **facts), told


def test_topics_explain_samples_that_they_were_not_trained_on(trained):
    folder, told = trained
    topics, metrics = load_topics(folder), json.loads((folder / "metrics.json").read_text())
    assert (topics.n_features, topics.k, topics.d_in) == (32, 4, D_IN)
    assert (topics.model_name, topics.hook_point) == ("tiny", "blocks.1.hook_resid_post")
    assert metrics["explained_variance"] > 0.7 and metrics["held_out"] == 32 and metrics["dead_share"] < 0.5
    assert told == [(step, 150) for step in range(1, 151)]
    record = json.loads((folder / "training.json").read_text())
    assert (record["samples"], record["trained_on"], record["data"]) == (800, 768, ["a.json"])
    assert record["config"]["seed"] == 0


def test_the_saved_folder_is_an_sae_lens_sae_of_prepared_vectors(trained):
    import torch
    from sae_lens import SAE

    topics, x = load_topics(trained[0]), mixtures(100, seed=1).astype(np.float32)
    sae = SAE.load_from_disk(trained[0], dtype="float32")
    x = prepared(x, topics.mean, topics.mean_direction)
    with torch.inference_mode():
        acts = sae.encode(torch.from_numpy(x))
        residual = (torch.from_numpy(x) - sae.decode(acts)).pow(2).sum()
    matrix = topics.encode(mixtures(100, seed=1))
    assert (acts > 0).sum(1).tolist() == matrix.counts.tolist()
    np.testing.assert_allclose(acts[acts > 0].numpy(), matrix.value, rtol=1e-3, atol=1e-4)
    expected = 1 - float(residual) / ((x - x.mean(0)) ** 2).sum()
    assert explained_variance(topics, mixtures(100, seed=1)) == pytest.approx(expected, abs=1e-4)
    np.testing.assert_allclose(np.linalg.norm(topics.decoder, axis=1), 1, atol=1e-2)


def test_the_same_input_gives_the_same_topics(trained, tmp_path):
    again = train_topics(
        mixtures(), SMALL, tmp_path / "again", model_name="tiny", hook_point="blocks.1.hook_resid_post"
    )
    other = train_topics(mixtures(), replace(SMALL, seed=1), tmp_path / "other")
    assert load_topics(again).digest == load_topics(trained[0]).digest != load_topics(other).digest


def test_centring_is_the_mean_before_and_after_scaling():
    x = mixtures(50)
    mean, mean_direction = centring(x)
    moved = x.astype(np.float64) - x.astype(np.float64).mean(0)
    np.testing.assert_allclose(mean, x.astype(np.float64).mean(0), rtol=1e-6)
    np.testing.assert_allclose(mean_direction, (moved / np.linalg.norm(moved, axis=1)[:, None]).mean(0), atol=1e-6)
    np.testing.assert_allclose(prepared(x.astype(np.float32), mean, mean_direction).mean(0), 0, atol=1e-6)


def test_every_25th_sample_is_held_out_and_those_without_tokens_are_left_out():
    x = mixtures(200)
    x[[3, 49]] = 0
    shown, held_out = split(x, SMALL)
    assert held_out.tolist() == [24, 74, 99, 124, 149, 174, 199]
    assert sorted([*shown, *held_out, 3, 49]) == list(range(200))
    some = TopicConfig(most_samples=64)
    drawn, same = split(x, some)
    assert len(drawn) == 64 and set(drawn) < set(shown) and same.tolist() == held_out.tolist()
    assert drawn.tolist() == split(x, some)[0].tolist() == sorted(drawn)


def test_batches_show_every_row_once_before_any_comes_again():
    import torch

    stream = batches(torch.arange(10)[:, None], 4, seed=0)
    seen = torch.cat([next(stream) for _ in range(5)]).flatten().tolist()
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10)) and seen[:10] != seen[10:]


def test_the_number_of_topics_follows_the_number_of_samples():
    sizes = [0, 100, 1_000, 1_400, 9_225, 13_221, 34_000, 52_000, 1_000_000]
    assert [width(n) for n in sizes] == [64, 64, 64, 64, 512, 1024, 2048, 4096, 8192]


def test_what_cannot_be_trained_on(tmp_path):
    with pytest.raises(SaelectError, match="need at least 64 samples with tokens, got 63"):
        train_topics(mixtures(63), SMALL, tmp_path / "t")
    x = mixtures(100)
    x[17, 3] = np.nan
    with pytest.raises(SaelectError, match="vector of sample 17 is not finite"):
        train_topics(x, SMALL, tmp_path / "t")
    with pytest.raises(SaelectError, match="k must be smaller than the number of topics, got 8 of 8"):
        train_topics(mixtures(100), TopicConfig(n_topics=8), tmp_path / "t")
    with pytest.raises(SelectionError, match="passes must be a whole number of at least 1, got 0"):
        TopicConfig(passes=0)
    assert not (tmp_path / "t").exists()
