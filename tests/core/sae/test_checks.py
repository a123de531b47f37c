"""SAEs that sae-lens reads wrongly, or not at all: read right, refused in a sentence, or noted; with made SAEs."""

import json

import pytest

from core.errors import ModelError
from core.sae.autoencoder import check_fit
from core.sae.loading import load_sae
from tests.tiny import FEATURES, HIDDEN, random_lm, random_sae


def vectors(n=300):
    import torch

    return torch.randn(n, HIDDEN, generator=torch.Generator().manual_seed(2))


def rebuilt(sae, x):
    """What `encode_sparse` gives, as a dense (T, d_sae)."""
    import torch

    with torch.inference_mode():
        token, feature, value = sae.encode_sparse(x)
    dense = torch.zeros(len(x), sae.d_sae)
    dense[token, feature] = value
    return dense


def assert_encodes_as(sae, reference, x):
    """The loaded SAE's triples are sae-lens's `encode` by the SAE that was saved, what is above 0."""
    import torch

    with torch.inference_mode():
        expected = reference.encode(x).clamp(min=0)
    assert (expected > 0).any()
    torch.testing.assert_close(rebuilt(sae, x), expected, atol=1e-5, rtol=1e-5)


def change(folder, config=None, weights=None):
    """Edit cfg.json and the weights of a saved SAE: by functions of the dictionary, which return the new one."""
    from safetensors.torch import load_file, save_file

    if config:
        path = folder / "cfg.json"
        path.write_text(json.dumps(config(json.loads(path.read_text()))))
    if weights:
        path = folder / "sae_weights.safetensors"
        save_file(weights(load_file(path)), path)


def saved(folder, kind, config=None, weights=None, **options):
    """A random SAE, saved to `folder` and then changed there; returns it as it was."""
    sae = random_sae(kind, **options)
    sae.save_model(folder)
    change(folder, config, weights)
    return sae


def refused(folder, said):
    with pytest.raises(ModelError, match=said) as caught:
        load_sae(str(folder))
    assert "\n" not in str(caught.value) and str(folder) in str(caught.value)


@pytest.mark.parametrize("apply_b_dec", [True, False])
def test_whitening_that_was_not_folded_in_is_refused_and_a_folded_one_is_right(tmp_path, apply_b_dec):
    import torch

    options = {"normalize_activations": "covariance_whitening", "apply_b_dec_to_input": apply_b_dec}
    whitened = saved(tmp_path / "raw", "topk", **options)
    refused(tmp_path / "raw", r"whitening \(covariance_whitening\) was never folded into the weights")
    x, mean = vectors(), torch.linspace(-1, 1, HIDDEN)
    matrix = torch.eye(HIDDEN) + 0.1 * torch.randn(HIDDEN, HIDDEN, generator=torch.Generator().manual_seed(3))
    folded = random_sae("topk", **options)
    folded.fold_activation_whitening(mean, matrix, torch.linalg.inv(matrix))
    folded.save_model(tmp_path / "folded")
    with torch.inference_mode():
        expected = whitened.encode((x - mean) @ matrix)  # what it was trained on
    torch.testing.assert_close(rebuilt(load_sae(str(tmp_path / "folded")), x), expected, atol=1e-4, rtol=1e-4)


def test_input_scaling_that_was_not_folded_in_is_refused_and_a_folded_one_is_right(tmp_path):
    import torch

    scaled = saved(tmp_path / "raw", "topk", normalize_activations="expected_average_only_in")
    refused(tmp_path / "raw", r"scaling \(expected_average_only_in\) was never folded into the weights")
    folded = random_sae("topk", normalize_activations="expected_average_only_in")
    folded.fold_activation_norm_scaling_factor(0.25)
    folded.save_model(tmp_path / "folded")
    with torch.inference_mode():
        expected = scaled.encode(0.25 * vectors())
    torch.testing.assert_close(rebuilt(load_sae(str(tmp_path / "folded")), vectors()), expected, atol=1e-5, rtol=1e-5)


def test_abstopk_leaves_negative_activations_out_and_says_so(tmp_path):
    import torch

    reference = saved(tmp_path, "abstopk")
    sae = load_sae(str(tmp_path))
    with torch.inference_mode():
        assert (reference.encode(vectors()) < 0).any()
    assert_encodes_as(sae, reference, vectors())
    assert len(sae.notes) == 1 and "fires below zero it is left out" in sae.notes[0]


@pytest.mark.parametrize("called", ["standard", "topk", "gated"])
@pytest.mark.parametrize("name", ["threshold", "topk_threshold"])
def test_a_batchtopk_with_a_threshold_called_otherwise_is_refused(tmp_path, called, name):
    def rename(config):
        return config | {"architecture": called, "k": 6}

    saved(tmp_path, "jumprelu", rename, lambda w: {(name if k == "threshold" else k): v for k, v in w.items()})
    refused(tmp_path, f"called {called} but its weights have a threshold.*save_inference_model")


def test_a_batchtopk_training_folder_is_refused_and_its_inference_model_is_right(tmp_path):
    import torch
    from sae_lens import SAE, BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig

    training = BatchTopKTrainingSAE(BatchTopKTrainingSAEConfig(d_in=HIDDEN, d_sae=FEATURES, k=6, decoder_init_norm=1.0))
    training.topk_threshold = torch.tensor(0.3, dtype=torch.double)
    training.save_model(tmp_path / "training")
    training.save_inference_model(tmp_path / "inference")
    refused(tmp_path / "training", "'batchtopk' is none of topk, standard, .*save_inference_model")
    assert_encodes_as(load_sae(str(tmp_path / "inference")), SAE.load_from_disk(tmp_path / "inference"), vectors())


def test_a_jumprelu_without_threshold_is_refused(tmp_path):
    saved(tmp_path, "jumprelu", weights=lambda w: {k: v for k, v in w.items() if k != "threshold"})
    refused(tmp_path, "called jumprelu but its weights have no threshold")


def test_an_architecture_that_reads_sequences_is_refused(tmp_path):
    from sae_lens import SAE

    config = {"architecture": "temporal", "d_in": 512, "d_sae": 512, "metadata": {"sae_lens_version": "6.54.0"}}
    SAE.from_dict(config).save_model(tmp_path)
    refused(tmp_path, "'temporal' is none of")


def version_3(hook="blocks.1.hook_resid_post", **options):
    """The config that sae-lens 3 wrote: flat, `hook_name`, the activation function by name."""

    def write(config):
        flat = {"d_in": HIDDEN, "d_sae": FEATURES, "dtype": "torch.float32", "device": "cpu", "model_name": "tiny"}
        flat |= {"architecture": "standard", "activation_fn_str": "relu", "activation_fn_kwargs": {}}
        flat |= {"hook_name": hook, "hook_layer": 1, "hook_head_index": None, "prepend_bos": True, "context_size": 128}
        flat |= {"finetuning_scaling_factor": False, "normalize_activations": "none", "apply_b_dec_to_input": True}
        return flat | {"sae_lens_training_version": "3.0.0", "dataset_path": "x", "sparsity": None} | options

    return write


@pytest.mark.parametrize("activation", ["relu", "topk"])
def test_a_config_of_version_3_is_read(tmp_path, activation):
    kwargs = {"activation_fn_kwargs": {"k": 6}} if activation == "topk" else {}
    kind = "topk" if activation == "topk" else "standard"
    reference = saved(tmp_path, kind, version_3(activation_fn_str=activation, **kwargs))
    sae = load_sae(str(tmp_path))
    assert (sae.hook_point, sae.d_sae, sae.notes) == ("blocks.1.hook_resid_post", FEATURES, ())
    assert_encodes_as(sae, reference, vectors())


def test_an_older_config_without_activation_function_is_read(tmp_path):
    def version_1(config):
        return {"d_in": HIDDEN, "d_sae": FEATURES, "dtype": "float32", "hook_point": "blocks.1.hook_resid_pre"}

    reference = saved(tmp_path, "standard", version_1)
    assert load_sae(str(tmp_path)).hook_point == "blocks.1.hook_resid_pre"
    assert_encodes_as(load_sae(str(tmp_path)), reference, vectors())


@pytest.mark.parametrize("options", [{"activation_fn_str": "tanh-relu"}, {"activation_fn_str": "topk"}])
def test_an_activation_function_that_would_be_read_as_relu_is_refused(tmp_path, options):
    saved(tmp_path, "standard", version_3(**options))
    refused(tmp_path, f"its activation function is '{options['activation_fn_str']}', not relu")


def with_factor(value):
    import torch

    return lambda weights: weights | {"scaling_factor": torch.full((FEATURES,), value)}


def test_an_old_scaling_factor_of_ones_is_read(tmp_path):
    reference = saved(tmp_path, "standard", version_3(), with_factor(1.0))
    assert_encodes_as(load_sae(str(tmp_path)), reference, vectors())


@pytest.mark.parametrize("tuned", [True, False])
def test_another_old_scaling_factor_is_refused(tmp_path, tuned):
    saved(tmp_path, "standard", version_3(finetuning_scaling_factor=tuned), with_factor(1.5))
    refused(tmp_path, "weights have a scaling_factor .* that sae-lens no longer applies")


@pytest.mark.parametrize("centred", [True, False])
def test_an_sae_for_centred_weights_is_noted(tmp_path, centred, recwarn):
    def centre(config):
        return config | {"metadata": config["metadata"] | {"model_from_pretrained_kwargs": kwargs}}

    kwargs = {"center_writing_weights": centred, "fold_ln": True}  # the latter leaves the residual stream as it is
    saved(tmp_path, "topk", centre)
    notes = load_sae(str(tmp_path)).notes
    assert [("centred weights (center_writing_weights)" in note) for note in notes] == [True] * centred
    assert not [w for w in recwarn if "from_pretrained_kwargs" in str(w.message)]


def test_notes_reach_the_store_and_the_command_line(tiny, tmp_path, quick_map, capsys):
    from dataclasses import replace

    from core.cli.data import run_extraction
    from core.store.reader import open_store

    saved(tmp_path / "sae", "abstopk")
    note = load_sae(str(tmp_path / "sae")).notes[0]
    config = replace(tiny.config, sae=str(tmp_path / "sae"), limit=10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
        path = run_extraction(config)
    assert note in open_store(path).meta["warnings"]
    assert note in " ".join(capsys.readouterr().err.split())


def test_hook_embed_needs_a_model_without_positions(tmp_path):
    from types import SimpleNamespace

    saved(tmp_path, "topk", hook_name="hook_embed")
    sae = load_sae(str(tmp_path))
    llama = SimpleNamespace(name="L", n_layers=2, d_model=HIDDEN, model=random_lm("llama", 40))
    gpt2 = SimpleNamespace(name="G", n_layers=2, d_model=HIDDEN, model=random_lm("gpt2", 40))
    assert check_fit(llama, sae, sae.hook_point) == 0
    with pytest.raises(ModelError, match="to which G adds others"):
        check_fit(gpt2, sae, sae.hook_point)
