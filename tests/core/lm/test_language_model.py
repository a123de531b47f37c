"""Running a model up to a hook point: against the hidden states that transformers gives."""

from types import SimpleNamespace

import pytest

from core.errors import ModelError
from core.lm.language_model import (
    LanguageModel,
    layers_needed,
    middle_hook_point,
    on_residual,
    only_token_embeddings,
    residual,
    sinks,
)
from core.lm.sources import load_lm


@pytest.fixture(scope="module")
def lm(tiny_lm):
    return load_lm(str(tiny_lm), "cpu", "float32")


@pytest.fixture(scope="module")
def gpt2():
    """A random GPT-2 of 3 blocks, with learned positions; its blocks are `h` and it has LayerNorms."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(vocab_size=300, n_positions=64, n_embd=32, n_layer=3, n_head=4, initializer_range=0.2)
    return LanguageModel("gpt2", GPT2LMHeadModel(config).eval(), None, "")


def some_ids():
    import torch

    return torch.randint(0, 300, (3, 17), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("hook_point", "n_blocks"),
    [
        ("hook_embed", 0),
        ("blocks.0.hook_resid_pre", 0),
        ("blocks.1.hook_resid_pre", 1),
        ("blocks.1.hook_resid_post", 2),
        ("model.layers.1", 2),
        ("layers.1", 2),
        ("transformer.h.1", 2),
        ("blocks.3.hook_resid_post", 4),
    ],
)
def test_hook_points(hook_point, n_blocks):
    assert layers_needed(hook_point, 4) == n_blocks


@pytest.mark.parametrize("hook_point", ["blocks.1.attn.hook_z", "blocks.1.hook_mlp_out", "model.layers.1.mlp", "", "x"])
def test_other_hook_points_are_refused(hook_point):
    with pytest.raises(ModelError, match="not on the residual stream: use blocks"):
        layers_needed(hook_point, 4)


@pytest.mark.parametrize("hook_point", ["blocks.4.hook_resid_post", "model.layers.4", "blocks.4.hook_resid_pre"])
def test_hook_points_beyond_the_model(hook_point):
    with pytest.raises(ModelError, match="4 blocks"):
        layers_needed(hook_point, 4)


@pytest.mark.parametrize(("n_layers", "block"), [(30, 14), (4, 1), (5, 1), (2, 0), (1, 0)])
def test_the_middle_is_after_half_of_the_blocks(n_layers, block):
    hook_point = middle_hook_point(SimpleNamespace(n_layers=n_layers))
    assert hook_point == f"blocks.{block}.hook_resid_post"
    assert layers_needed(hook_point, n_layers) == max(n_layers // 2, 1)


def test_residual_is_the_hidden_state_of_a_full_forward(lm):
    import torch

    ids = torch.randint(0, 300, (3, 17), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        states = lm.model(input_ids=ids, output_hidden_states=True).hidden_states
        for n in (0, 1, 2, 3):  # 0: what the first block reads
            torch.testing.assert_close(residual(lm, ids, n), states[n])


def test_padding_on_the_right_changes_nothing(lm):
    import torch

    ids = torch.randint(2, 300, (1, 9), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        padded = torch.nn.functional.pad(ids, (0, 6))
        torch.testing.assert_close(residual(lm, padded, 2)[:, :9], residual(lm, ids, 2))


def test_an_error_in_the_model_leaves_no_hook(lm):
    import torch

    before = [len(block._forward_hooks) for block in lm.model.model.layers]
    with pytest.raises(IndexError):
        residual(lm, torch.full((1, 2), 10_000), 2)
    residual(lm, torch.zeros((1, 2), dtype=torch.int64), 2)
    assert [len(block._forward_hooks) for block in lm.model.model.layers] == before


def test_sinks_are_far_longer_than_the_median():
    import torch

    norm = torch.tensor([[50.0, 1, 2, 3, 4], [11, 1, 1, 1, 100]])
    assert sinks(norm).tolist() == [[True, False, False, False, False], [True, False, False, False, True]]
    real = torch.tensor([[True] * 5, [True, True, False, False, False]])
    assert sinks(norm, real)[1].tolist()[:2] == [True, False]
    assert sinks(torch.tensor([10.0, 1, 1])).tolist() == [False] * 3
    few = torch.tensor([[300.0, 2, 2, 0, 0, 0, 0, 0]])  # the median is that of the real tokens
    assert sinks(few, few > 0).sum() == 1


@pytest.mark.parametrize("which", ["lm", "gpt2"])
def test_after_the_last_block_the_stream_is_that_before_the_final_norm(which, request):
    import torch

    lm = request.getfixturevalue(which)
    norm = lm.model.model.norm if which == "lm" else lm.model.transformer.ln_f
    before = []
    with torch.inference_mode():
        handle = norm.register_forward_pre_hook(lambda _, inputs: before.append(inputs[0]))
        normed = lm.model(input_ids=some_ids(), output_hidden_states=True).hidden_states[-1]
        handle.remove()
        found = residual(lm, some_ids(), layers_needed(f"blocks.{lm.n_layers - 1}.hook_resid_post", lm.n_layers))
        torch.testing.assert_close(norm(found), normed)
    torch.testing.assert_close(found, before[0])
    assert not torch.allclose(found, normed, atol=0.1)


def test_before_the_first_block_positions_are_in(gpt2):
    import torch

    with torch.inference_mode():
        states = gpt2.model(input_ids=some_ids(), output_hidden_states=True).hidden_states
        torch.testing.assert_close(residual(gpt2, some_ids(), 0), states[0])
        assert not torch.allclose(states[0], gpt2.model.transformer.wte(some_ids()), atol=0.01)
    assert not only_token_embeddings(gpt2.model)


def test_hook_embed_is_the_token_embedding(lm):
    import torch

    assert only_token_embeddings(lm.model)
    found = residual(lm, some_ids(), layers_needed("hook_embed", lm.n_layers))
    torch.testing.assert_close(found, lm.model.get_input_embeddings()(some_ids()))


@pytest.mark.parametrize("n_blocks", [0, 2, 4])
@pytest.mark.parametrize("which", ["lm", "gpt2"])
def test_what_is_put_into_the_stream_is_what_the_rest_reads(which, n_blocks, request):
    import torch

    lm = request.getfixturevalue(which)
    n_blocks = min(n_blocks, lm.n_layers)
    other, ids = some_ids().flip(1), some_ids()
    with torch.inference_mode():
        wanted, plain = lm.model(input_ids=other).logits, lm.model(input_ids=ids).logits
        stream = residual(lm, other, n_blocks)
        handle = on_residual(lm, n_blocks, lambda _: stream)
        swapped = lm.model(input_ids=ids).logits
        handle.remove()
        torch.testing.assert_close(swapped, wanted)
        torch.testing.assert_close(lm.model(input_ids=ids).logits, plain)
