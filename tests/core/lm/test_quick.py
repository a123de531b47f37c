"""A model with quick parts: the same residual stream, its own parts where they do not fit or gradients are wanted."""

import pytest
import torch

from core.lm.quick import quick_gate, quicken
from tests.tiny import random_lm

IDS = torch.arange(2 * 90).view(2, 90) % 50


def model_of(kind: str, dtype=torch.bfloat16):
    torch.manual_seed(0)
    return random_lm(kind, 50).to(dtype).eval()


@pytest.mark.parametrize(("kind", "parts"), [("llama", 9), ("qwen3", 13), ("gpt2", 0)])
def test_a_model_gives_the_same_states_as_without_quick_parts(kind, parts):
    plain, quickened = model_of(kind), model_of(kind)
    drawn = torch.get_rng_state()
    with torch.inference_mode():
        before = plain(IDS, output_hidden_states=True).hidden_states
        assert quicken(quickened) == parts
        assert torch.equal(torch.get_rng_state(), drawn)  # nobody else's numbers change
        after = quickened(IDS, output_hidden_states=True).hidden_states
    for own, quick in zip(before, after, strict=True):
        assert (own != quick).float().mean() < 0.02
        torch.testing.assert_close(own, quick, rtol=0.02, atol=0.02)


def test_parts_of_another_kind_stay():
    """Gemma's normalisation multiplies by 1 + weight."""
    model = model_of("gemma2")
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight.copy_(torch.randn(weight.shape))
    quicken(model)
    assert not [m for m in model.modules() if type(m).__name__.endswith("RMSNorm") and "forward" in vars(m)]


def test_gradients_go_through_the_models_own_parts():
    plain, quickened = model_of("llama"), model_of("llama")
    quicken(quickened)
    for model in (plain, quickened):
        model(IDS, labels=IDS).loss.backward()
    for own, quick in zip(plain.parameters(), quickened.parameters(), strict=True):
        assert torch.equal(own.grad, quick.grad)


def test_float32_is_left_alone():
    assert quicken(model_of("llama", torch.float32)) == 0


def test_a_gate_is_the_models_own_to_the_bit():
    (own,) = [m for m in model_of("llama").modules() if type(m).__name__ == "LlamaMLP"][:1]
    x = torch.randn(3, 70, own.gate_proj.in_features).bfloat16() * 20
    with torch.inference_mode():
        expected = own(x)
        assert quick_gate(own) and "forward" in vars(own)
        assert torch.equal(own(x), expected)
