"""A tiny model and a few tokenized exchanges."""

import pytest

from core.lm.sources import load_lm
from core.sae.train.activations import mix
from core.schema import Message


@pytest.fixture(scope="module")
def lm_and_items(tiny_lm, tokenizer):
    texts = [("sort the list of numbers", "write a poem"), ("why", "sky is blue in python 🎉")] * 4
    sources = [[(Message("user", q), Message("assistant", a)) for q, a in texts]]
    return load_lm(str(tiny_lm), "cpu", "float32"), mix(sources, tokenizer, 10_000, 48, seed=0)
