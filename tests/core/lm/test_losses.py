"""Losses of a model whose head caps its logits."""

import numpy as np
import pytest

from core.lm.language_model import LanguageModel
from core.lm.losses import mean_losses
from tests.tiny import random_lm


def test_a_head_that_caps_its_logits(tokenizer):
    import torch

    torch.manual_seed(0)
    model = random_lm("gemma2", len(tokenizer), initializer_range=0.5, final_logit_softcapping=2.0)
    lm = LanguageModel("capped", model.eval(), tokenizer, "")
    ids = torch.randint(0, len(tokenizer), (1, 40))
    with torch.inference_mode():
        whole = lm.model(input_ids=ids, labels=ids).loss.item()
    scored = np.arange(40) > 0
    ((_, (mean,)),) = mean_losses(lm, [(ids[0].numpy(), scored)], 64)
    assert mean == pytest.approx(whole, rel=1e-5)
