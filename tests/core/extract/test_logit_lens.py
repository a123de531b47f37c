"""The logit lens against the model's own head; the norm read off its answers; the tables of a finished store."""

from itertools import pairwise

import numpy as np
import pytest

from core.extract.logit_lens import TOKENS, final_norm, fold_norm, logit_lens
from core.lm.language_model import LanguageModel
from core.lm.sources import load_lm
from core.sae.loading import load_sae
from core.store.reader import open_store
from tests.tiny import random_lm


@pytest.fixture(scope="module")
def lm(tiny):
    return load_lm(tiny.config.model, "cpu", "float32")


def test_lens_ranks_tokens_as_the_models_own_head_does(lm, tiny):
    import torch

    decoder = load_sae(tiny.config.sae).sae.W_dec.detach().float().numpy()[:7]
    with torch.inference_mode():  # a residual stream that is the direction alone, and its opposite
        lm.model.base_model.norm.weight.copy_(torch.linspace(0.5, 2, lm.d_model))
        logits = lm.model.lm_head(lm.model.base_model.norm(torch.from_numpy(decoder)))[:, : len(lm.tokenizer)]
    seen = []
    found = logit_lens(lm, decoder, seen.append)
    for i, row in enumerate(logits):
        for name, sign in (("promoted", -1), ("suppressed", 1)):
            order = np.argsort(sign * row.numpy(), kind="stable")[:TOKENS]
            assert found[name][i] == [lm.tokenizer.decode([t]) for t in order]
    assert seen[-1] == 7 and all(a >= b for row in found["promoted_logits"] for a, b in pairwise(row))


@pytest.mark.parametrize("kind", ["gpt2", "gemma2", "llama"])
def test_any_norm_is_found_and_folded(kind):
    import torch

    model = random_lm(kind, 40, hidden_size=16, num_attention_heads=2)
    found = LanguageModel(kind, model, None, "")
    norm = final_norm(found)
    assert norm is (model.transformer.ln_f if kind == "gpt2" else model.model.norm)
    with torch.no_grad():
        norm.weight.copy_(torch.randn(16))
        if kind == "gpt2":
            norm.bias.copy_(torch.randn(16))
    x = torch.randn(5, 16)
    weight = norm.weight + (kind == "gemma2")
    centred = x - x.mean(1, keepdim=True) if kind == "gpt2" else x
    torch.testing.assert_close(fold_norm(x, norm), (centred * weight).detach(), atol=1e-4, rtol=1e-3)
    assert fold_norm(x, None) is x


def test_a_store_holds_the_lens_and_the_map_of_its_active_features(tiny):
    store = open_store(tiny.store)
    active = store.features()["feature_id"].tolist()
    directions = store.directions()
    assert directions["feature_id"].tolist() == active and np.isfinite(directions["x"]).all()
    assert np.ptp(directions["x"]) > 0
    for feature in active[:5]:
        lens = store.logit_lens(feature)
        assert len(lens["promoted"]) == len(lens["suppressed"]) == TOKENS
        assert min(v for _, v in lens["promoted"]) >= max(v for _, v in lens["suppressed"])
    silent = next(f for f in range(store.n_features + 1) if f not in active)
    assert store.logit_lens(silent) == {"promoted": [], "suppressed": []}
