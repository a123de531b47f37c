"""The kernels on bfloat16, against torch's own operators and against sorting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.matrix.bf16 import k_largest_scaled, rounded, wide
from tests.strategies import quick, seeds


def halves(x):
    import torch

    return torch.from_numpy(np.asarray(x, np.float32)).bfloat16()


@quick
@given(st.lists(st.floats(-(2.0**126), 2.0**126, width=32)))
def test_numbers_are_rounded_as_torch_rounds_them(numbers):
    import torch

    made = np.array([rounded(np.float32(x)) for x in numbers], np.uint16)
    assert made.tolist() == halves(numbers).view(torch.uint16).tolist()
    assert [float(wide(x)) for x in made] == halves(numbers).float().tolist()


@quick
@given(seeds, st.integers(1, 9), st.sampled_from([1, 6, 70, 700]), st.sampled_from([0.0, 1.0]))
def test_the_k_largest_are_chosen_as_the_definition_says(seed, k, features, floor):
    import torch

    k, rng = min(k, features), np.random.default_rng(seed)
    pre, scale = halves(rng.integers(-4, 5, (5, features))), halves(rng.integers(1, 3, features))  # many ties
    column, value = np.empty((5, k), np.int64), np.empty((5, k), np.float32)
    given_, by = (x.view(torch.uint16).numpy() for x in (pre, scale))
    k_largest_scaled(given_, by, np.float32(floor), column, value, 0, 5)
    for row, columns, values in zip((pre * scale).float().numpy(), column, value, strict=True):
        best = [f for f in sorted(range(features), key=lambda f: (-row[f], f))[:k] if row[f] > floor]
        assert columns[values > floor].tolist() == best
        assert values[: len(best)].tolist() == row[best].tolist() and (values[len(best) :] == -np.inf).all()


@pytest.mark.parametrize("threads", [1, 3])
def test_norm_and_rotation_give_what_transformers_gives_in_any_number_of_threads(threads, monkeypatch):
    import torch
    from transformers.models.llama.modeling_llama import LlamaRMSNorm, apply_rotary_pos_emb

    from core.lm.quick import rms_norm, rotate

    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    torch.manual_seed(0)
    norm, x = LlamaRMSNorm(48, 1e-5).bfloat16(), torch.randn(4, 100, 48).bfloat16()
    with torch.inference_mode():
        norm.weight.copy_(torch.randn(48))
        made, own = rms_norm(x, norm.weight, 1e-5), norm(x)
        assert (made != own).float().mean() < 1e-3  # the last bit, by the order of a sum
        torch.testing.assert_close(made, own, rtol=2**-6, atol=0)
        q, cos, sin = torch.randn(4, 3, 100, 16).bfloat16(), *torch.randn(2, 1, 100, 16).bfloat16()
        assert torch.equal(rotate(q, cos, sin), apply_rotary_pos_emb(q, q, cos, sin)[0])
