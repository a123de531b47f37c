"""Sparse encodings against sae-lens's dense ones; what cannot be loaded says why."""

import json
import shutil
from types import SimpleNamespace

import pytest

from core.errors import ModelError
from core.sae import encoders
from core.sae.autoencoder import SparseAutoencoder, check_fit
from core.sae.loading import at_hand, decoder_directions, load_sae, sae_digest
from core.system.files import PROJECT
from tests.tiny import FEATURES, HIDDEN, random_sae


def wrapped(sae):
    return SparseAutoencoder("test", sae, "", "blocks.1.hook_resid_post", None)


@pytest.mark.parametrize("floor", [0.0, 0.4])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("topk", {}),
        ("topk", {"rescale_acts_by_decoder_norm": True}),
        ("topk", {"apply_b_dec_to_input": False}),
        ("topk", {"normalize_activations": "layer_norm"}),
        ("jumprelu", {}),
        ("jumprelu", {"apply_b_dec_to_input": False}),
        ("jumprelu", {"normalize_activations": "constant_norm_rescale"}),
        ("standard", {}),
        ("standard", {"apply_b_dec_to_input": False}),
        ("gated", {}),
    ],
)
def test_sparse_equals_dense(kind, options, floor):
    import torch

    sae = random_sae(kind, **options)
    x = torch.randn(2500, HIDDEN, generator=torch.Generator().manual_seed(2))  # more than one block
    with torch.inference_mode():
        token, feature, value = wrapped(sae).encode_sparse(x, floor)
        dense = sae.encode(x)
    assert (value > floor).all() and (token.diff() >= 0).all()
    rebuilt = torch.zeros_like(dense)
    rebuilt[token, feature] = value
    expected = torch.where(dense > floor, dense, 0.0)
    assert (expected > 0).any(1).any() and not (expected > 0).all()
    torch.testing.assert_close(rebuilt, expected, atol=1e-5, rtol=1e-5)
    assert len(token) == int((rebuilt > 0).sum())


def test_the_options_matter():
    import torch

    x = torch.randn(50, HIDDEN, generator=torch.Generator().manual_seed(2))
    sets = []
    for options in ({}, {"rescale_acts_by_decoder_norm": True}, {"apply_b_dec_to_input": False}):
        token, feature, _ = wrapped(random_sae("topk", **options)).encode_sparse(x)
        sets.append({*zip(token.tolist(), feature.tolist(), strict=True)})
    assert sets[0] != sets[1] and sets[0] != sets[2]


def test_no_tokens_give_no_triples():
    import torch

    assert [len(column) for column in wrapped(random_sae("topk")).encode_sparse(torch.zeros(0, HIDDEN))] == [0, 0, 0]


def test_a_folder(tiny_saes):
    sae = load_sae(str(tiny_saes["jumprelu"]))
    assert (sae.d_in, sae.d_sae, sae.hook_point) == (HIDDEN, FEATURES, "blocks.1.hook_resid_post")
    assert sae.folder == tiny_saes["jumprelu"] and len(sae.digest) == 64
    assert not any(p.requires_grad for p in sae.sae.parameters())
    assert load_sae(str(tiny_saes["topk"])).digest != sae.digest
    assert str(load_sae(str(tiny_saes["topk"]), dtype="bfloat16").sae.W_enc.dtype) == "torch.bfloat16"


def test_unfolded_input_scaling_is_refused(tmp_path):
    random_sae("topk", normalize_activations="expected_average_only_in").save_model(tmp_path)
    with pytest.raises(ModelError, match="never folded into the weights"):
        load_sae(str(tmp_path))


@pytest.mark.parametrize("missing", ["cfg.json", "sae_weights.safetensors"])
def test_missing_files(tiny_saes, tmp_path, missing):
    copy = shutil.copytree(tiny_saes["topk"], tmp_path / "copy")
    (copy / missing).unlink()
    with pytest.raises(ModelError, match=f"holds no SAE: {missing} is missing"):
        load_sae(str(copy))


@pytest.mark.parametrize("what", ["no json", "no width", "other architecture", "cut off", "other shape"])
def test_a_broken_folder_is_one_sentence(tiny_saes, tmp_path, what):
    copy = shutil.copytree(tiny_saes["topk"], tmp_path / "copy")
    config = json.loads((copy / "cfg.json").read_text())
    weights = (copy / "sae_weights.safetensors").read_bytes()
    text = {
        "no json": "{",
        "no width": json.dumps({k: v for k, v in config.items() if k != "d_in"}),
        "other architecture": json.dumps(config | {"architecture": "nonesuch"}),
        "cut off": json.dumps(config),
        "other shape": json.dumps(config | {"d_sae": 17}),
    }[what]
    (copy / "cfg.json").write_text(text)
    if what == "cut off":
        (copy / "sae_weights.safetensors").write_bytes(weights[:2000])
    with pytest.raises(ModelError, match="cannot be loaded as an SAE") as caught:
        load_sae(str(copy))
    assert "\n" not in str(caught.value)


def test_unknown_names_without_network(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match=r"not a folder|neither a folder"):
        load_sae("no-such-release/layer_1")


def test_width_and_hook_point_must_fit():
    model = SimpleNamespace(name="LM", n_layers=4, d_model=HIDDEN)
    sae = wrapped(random_sae("topk"))
    assert check_fit(model, sae, sae.hook_point) == 2
    with pytest.raises(ModelError, match="does not say which hook point"):
        check_fit(model, sae, "")
    with pytest.raises(ModelError, match="width 32, the residual stream of LM is 48 wide"):
        check_fit(SimpleNamespace(name="LM", n_layers=4, d_model=48), sae, sae.hook_point)


def test_the_decoder_stays_in_main_memory_where_encoding_does_not_read_it(tmp_path):
    for kind, options, stays in (
        ("topk", {}, True),
        ("jumprelu", {}, True),
        ("topk", {"rescale_acts_by_decoder_norm": True}, True),
        ("gated", {}, False),
        ("topk", {"normalize_activations": "layer_norm"}, False),
    ):
        folder = tmp_path / f"{kind} {options}"
        random_sae(kind, **options).save_model(folder)
        sae = load_sae(str(folder), device="meta").sae
        assert sae.W_dec.device.type == ("cpu" if stays else "meta"), (kind, options)
        assert {w.device.type for name, w in sae.named_parameters() if name != "W_dec"} == {"meta"}


@pytest.mark.parametrize("kind", ["topk", "jumprelu", "standard"])
def test_encoding_does_not_read_a_decoder_that_stayed(kind):
    import torch

    sae, x = random_sae(kind), torch.randn(50, HIDDEN, generator=torch.Generator().manual_seed(2))
    expected = wrapped(sae).encode_sparse(x)
    sae.W_dec = torch.nn.Parameter(torch.empty_like(sae.W_dec, device="meta"))  # reading it would fail
    assert all(torch.equal(a, b) for a, b in zip(wrapped(sae).encode_sparse(x), expected, strict=True))


def test_decoder_directions_leave_the_encoder_unread(tmp_path):
    import tracemalloc

    import numpy as np
    import torch
    from safetensors.torch import save_file

    wanted = torch.randn(2000, 300)
    save_file({"W_dec": wanted, "W_enc": wanted.T.contiguous()}, tmp_path / "sae_weights.safetensors")
    (tmp_path / "cfg.json").write_text("{}")
    digest = sae_digest(str(tmp_path))
    tracemalloc.start()
    found = decoder_directions(str(tmp_path), digest)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.3 * found.nbytes  # the whole file is twice as large
    assert found.dtype == np.float32 and np.array_equal(found, wanted.numpy())


def test_an_architecture_is_one_function_and_one_entry(monkeypatch, tmp_path):
    import torch
    from sae_lens import StandardSAE, StandardSAEConfig, register_sae_class, registry

    class SquaredSAEConfig(StandardSAEConfig):
        @classmethod
        def architecture(cls):
            return "squared"

    class SquaredSAE(StandardSAE):
        def encode(self, x):
            return super().encode(x) ** 2

    def squared_triples(sae, x, floor):
        pre = encoders.pre_activations(sae, x).relu() ** 2
        token, feature = (pre > floor).nonzero(as_tuple=True)
        return token, feature, pre[token, feature]

    monkeypatch.setattr(registry, "SAE_CLASS_REGISTRY", dict(registry.SAE_CLASS_REGISTRY))
    register_sae_class("squared", SquaredSAE, SquaredSAEConfig)
    SquaredSAE(SquaredSAEConfig(HIDDEN, FEATURES)).save_model(tmp_path)
    with pytest.raises(ModelError, match="'squared' is none of topk, standard"):
        load_sae(str(tmp_path))
    monkeypatch.setitem(encoders.ENCODERS, "squared", squared_triples)
    sae, x = load_sae(str(tmp_path)), torch.randn(50, HIDDEN, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        token, feature, value = sae.encode_sparse(x)
        torch.testing.assert_close(sae.sae.encode(x)[token, feature], value)
        assert len(value) == int((sae.sae.encode(x) > 0).sum()) > 0


def test_what_the_project_ships_is_found_after_the_project_was_moved(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gone = "/elsewhere/SAElect/assets/sae-smollm2-135m-layer15"
    assert at_hand(gone) == str(PROJECT / "assets" / "sae-smollm2-135m-layer15")
    assert at_hand("assets/sae-smollm2-135m-layer15") == at_hand(gone)
    own = tmp_path / "sae-smollm2-135m-layer15"
    own.mkdir()
    assert at_hand(str(own)) == str(own)
    for name in ("", "org/model", "release/sae_id"):
        assert at_hand(name) == name
