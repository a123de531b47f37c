"""Folders of EleutherAI's sparsify, against what its SparseCoder computes."""

import json

import numpy as np
import pytest

from core.errors import ModelError
from core.lm.language_model import layers_needed
from core.sae.facts import sae_facts
from core.sae.loading import decoder_directions, load_sae, sae_digest
from tests.tiny import FEATURES, HIDDEN

K = 6


def made(folder, **config):
    """A random SAE as sparsify's `save_to_disk` writes it; returns its weights."""
    import torch
    from safetensors.torch import save_file

    generator = torch.Generator().manual_seed(4)
    shapes = {"encoder.weight": (FEATURES, HIDDEN), "encoder.bias": (FEATURES,)}
    shapes |= {"W_dec": (FEATURES, HIDDEN), "b_dec": (HIDDEN,)}
    weights = {name: 0.3 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    folder.mkdir(parents=True)
    save_file(weights, folder / "sae.safetensors")
    default = {"activation": "topk", "expansion_factor": 3, "normalize_decoder": True, "num_latents": 0, "k": K}
    default |= {"multi_topk": False, "skip_connection": False, "transcode": False, "d_in": HIDDEN}
    (folder / "cfg.json").write_text(json.dumps(default | config))
    return weights


@pytest.mark.parametrize("options", [{}, {"normalize_decoder": False, "num_latents": FEATURES}])
def test_a_sparsify_folder_is_read(tmp_path, options):
    import torch

    weights = made(tmp_path / "layers.1", **options)
    sae = load_sae(str(tmp_path / "layers.1"))
    x = torch.randn(300, HIDDEN, generator=torch.Generator().manual_seed(2))
    pre = ((x - weights["b_dec"]) @ weights["encoder.weight"].T + weights["encoder.bias"]).relu()
    top, which = pre.topk(K, dim=1)  # SparseCoder.encode
    expected = torch.zeros_like(pre).scatter(1, which, top)
    with torch.inference_mode():
        token, feature, value = sae.encode_sparse(x)
        found = torch.zeros_like(pre)
        found[token, feature] = value
        torch.testing.assert_close(found, expected)
        decoded = top[:, None] @ weights["W_dec"][which]  # (T, 1, k) @ (T, k, d_in)
        torch.testing.assert_close(sae.sae.decode(expected), decoded[:, 0] + weights["b_dec"], atol=1e-5, rtol=1e-5)
    assert (sae.d_in, sae.d_sae) == (HIDDEN, FEATURES)
    facts = sae_facts(str(tmp_path / "layers.1"))  # told without loading it
    assert (facts.d_in, facts.d_sae, facts.hook_point, facts.problem) == (HIDDEN, FEATURES, sae.hook_point, "")
    np.testing.assert_array_equal(decoder_directions(sae.name, sae.digest), weights["W_dec"].numpy())
    assert sae.digest == sae_digest(str(tmp_path / "layers.1"))


@pytest.mark.parametrize(
    ("name", "n_blocks"), [("layers.1", 2), ("model.layers.3", 4), ("h.0", 1), ("embed_tokens", 0)]
)
def test_the_folder_is_named_for_the_module_that_was_read(tmp_path, name, n_blocks):
    made(tmp_path / name)
    assert layers_needed(load_sae(str(tmp_path / name)).hook_point, 4) == n_blocks


def test_other_modules_are_not_the_residual_stream_and_other_names_say_nothing(tmp_path):
    for name in ("layers.1.mlp", "mine"):
        made(tmp_path / name)
    with pytest.raises(ModelError, match=r"'layers\.1\.mlp' is not on the residual stream"):
        layers_needed(load_sae(str(tmp_path / "layers.1.mlp")).hook_point, 4)
    assert load_sae(str(tmp_path / "mine")).hook_point == ""


@pytest.mark.parametrize("dtype", [None, "bfloat16"])
def test_the_dtype_is_that_of_the_file_or_the_wanted_one(tmp_path, dtype):
    made(tmp_path / "layers.1")
    assert str(load_sae(str(tmp_path / "layers.1"), dtype=dtype).sae.W_enc.dtype) == f"torch.{dtype or 'float32'}"


@pytest.mark.parametrize(
    "option", [{"transcode": True}, {"skip_connection": True}, {"signed": True}, {"activation": "groupmax"}]
)
def test_what_is_no_plain_topk_sae_is_refused(tmp_path, option):
    made(tmp_path / "layers.1", **option)
    with pytest.raises(ModelError, match=f"not a plain TopK SAE: {next(iter(option))} is"):
        load_sae(str(tmp_path / "layers.1"))


def test_a_damaged_folder_is_one_sentence(tmp_path):
    made(tmp_path / "layers.1")
    (tmp_path / "layers.1" / "cfg.json").write_text('{"d_in": 3}')
    with pytest.raises(ModelError, match="cannot be loaded as an SAE: KeyError: 'k'"):
        load_sae(str(tmp_path / "layers.1"))
