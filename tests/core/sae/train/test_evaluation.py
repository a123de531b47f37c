"""Measuring an SAE: against cross-entropies and activations that transformers and sae-lens give."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.sae.loading import load_sae
from core.sae.train.evaluation import dead_share, evaluate


def perfect(d_sae):
    """An SAE that gives back what it reads; its features are the input, so half of them are negative."""
    return SimpleNamespace(cfg=SimpleNamespace(d_sae=d_sae), encode=lambda x: x, decode=lambda acts: acts)


def test_a_perfect_sae_recovers_everything(lm_and_items):
    lm, items = lm_and_items
    metrics = evaluate(lm, perfect(lm.d_model), items, 2, batch_tokens=64)
    assert metrics["ce_recovered"] == pytest.approx(1, abs=1e-5) and metrics["explained_variance"] == pytest.approx(1)
    assert metrics["ce_sae"] == pytest.approx(metrics["ce_clean"])
    assert 0 < metrics["l0"] < lm.d_model
    assert metrics["tokens"] <= sum(int((i.segment >= 0).sum()) for i in items)


def test_an_sae_of_zeros_recovers_nothing(lm_and_items):
    lm, items = lm_and_items
    sae = perfect(lm.d_model)
    sae.decode = lambda acts: 0 * acts
    metrics = evaluate(lm, sae, items, 2)
    assert metrics["ce_recovered"] == pytest.approx(0, abs=1e-6) and metrics["explained_variance"] < 0.1


def test_clean_cross_entropy_is_the_models_own(lm_and_items):
    import torch

    lm, items = lm_and_items
    losses = []
    for item in items:
        ids = torch.from_numpy(item.ids.astype(np.int64))
        logp = lm.model(input_ids=ids[None]).logits[0].log_softmax(-1)
        losses += [-float(logp[t - 1, ids[t]]) for t in np.flatnonzero(item.segment >= 0)]
    assert evaluate(lm, perfect(lm.d_model), items, 2)["ce_clean"] == pytest.approx(np.mean(losses), rel=1e-4)


def test_dead_share_counts_the_features_that_nothing_activates(lm_and_items, tiny_saes):
    import torch

    lm, items = lm_and_items
    sae = load_sae(str(tiny_saes["topk"]), dtype="float32")
    alive = torch.zeros(sae.d_sae, dtype=torch.bool)
    for item in items:
        states = lm.model(input_ids=torch.from_numpy(item.ids.astype(np.int64))[None], output_hidden_states=True)
        alive |= (sae.sae.encode(states.hidden_states[2][0, item.segment >= 0].bfloat16().float()) > 0).any(0)
    found = dead_share(lm, sae, items, 2, batch_tokens=64)
    assert found["dead_share"] == pytest.approx(1 - alive.float().mean().item())
    assert 0 < found["dead_share"] < 1
    assert found["dead_tokens"] == sum(int((i.segment >= 0).sum()) for i in items)


@pytest.mark.parametrize("n_blocks", [0, 4])
def test_the_ends_of_the_stream_can_be_measured_too(lm_and_items, n_blocks):
    lm, items = lm_and_items
    metrics = evaluate(lm, perfect(lm.d_model), items, n_blocks, batch_tokens=64)
    assert metrics["ce_sae"] == pytest.approx(metrics["ce_clean"]) != pytest.approx(metrics["ce_zero"])
