"""Topics of vectors: against sae-lens's own encode, and against the definition by brute force."""

import json

import numpy as np
import pytest

from core.errors import ModelError
from core.topics.model import CENTRING, CONFIG, WEIGHTS, load_topics, prepared
from tests.tiny import FEATURES, HIDDEN, random_sae


def topics_folder(folder, **options):
    """A random TopK SAE of sae-lens, saved, and a random centring beside it."""
    from safetensors.numpy import save_file

    random_sae("topk", **options).save_model(folder)
    rng = np.random.default_rng(2)
    mean, direction = rng.normal(size=HIDDEN), rng.normal(size=HIDDEN) / 9
    save_file({"mean": mean.astype("f4"), "mean_direction": direction.astype("f4")}, folder / CENTRING)
    return folder


def vectors(n=40, seed=0):
    x = np.random.default_rng(seed).normal(size=(n, HIDDEN)).astype(np.float32) * 3
    x[5] = 0
    return x


@pytest.mark.parametrize("rescaled", [True, False])
@pytest.mark.parametrize("input_bias", [True, False])
def test_encode_and_decode_are_sae_lens_s_own_on_prepared_vectors(tmp_path, rescaled, input_bias):
    import torch
    from sae_lens import SAE

    folder = topics_folder(tmp_path, rescale_acts_by_decoder_norm=rescaled, apply_b_dec_to_input=input_bias)
    topics, sae, x = load_topics(folder), SAE.load_from_disk(folder), vectors()
    x = np.delete(x, 5, axis=0)
    with torch.inference_mode():
        acts = sae.encode(torch.from_numpy(prepared(x, topics.mean, topics.mean_direction)))
        back = sae.decode(acts).numpy()
    matrix = topics.encode(x)
    dense = np.zeros((len(x), FEATURES), np.float32)
    dense[np.repeat(np.arange(len(x)), matrix.counts), matrix.feature] = matrix.value
    np.testing.assert_allclose(dense, acts.numpy(), atol=1e-5)
    np.testing.assert_allclose(topics.decode(matrix), back, atol=1e-4)
    assert (topics.n_features, topics.d_in, topics.k) == (FEATURES, HIDDEN, 6)
    assert (topics.model_name, topics.hook_point) == ("tiny", "blocks.1.hook_resid_post")


def test_preparing_is_centring_scaling_and_centring_again():
    x, mean, direction = vectors()[:3], np.full(HIDDEN, 0.5, np.float32), np.full(HIDDEN, 0.1, np.float32)
    for row, found in zip(x, prepared(x, mean, direction), strict=True):
        moved = [v - 0.5 for v in row]
        length = sum(v * v for v in moved) ** 0.5
        np.testing.assert_allclose(found, [v / length - 0.1 for v in moved], atol=1e-6)
    np.testing.assert_array_equal(prepared(mean[None], mean, direction)[0], -direction)  # no length to divide by


def test_blocks_float16_and_samples_without_tokens(tmp_path, monkeypatch):
    topics, x = load_topics(topics_folder(tmp_path)), vectors()
    whole = topics.encode(x)
    assert whole.counts[5] == 0 and whole.counts.max() == 6 and (whole.value > 0).all()
    monkeypatch.setattr("core.topics.model.BLOCK_NUMBERS", 7 * FEATURES)
    blocks = topics.encode(x)
    np.testing.assert_array_equal(blocks.indptr, whole.indptr)
    np.testing.assert_array_equal(blocks.feature, whole.feature)
    np.testing.assert_allclose(blocks.value, whole.value, rtol=1e-5)
    half = topics.encode(x.astype(np.float16))
    assert (half.feature == topics.encode(x.astype(np.float16).astype(np.float32)).feature).all()
    none = topics.encode(x[:0])
    assert (none.n_samples, none.n_features, len(none.value)) == (0, FEATURES, 0)


def test_vectors_that_cannot_be_encoded(tmp_path):
    topics, x = load_topics(topics_folder(tmp_path)), vectors()
    with pytest.raises(ModelError, match=r"width 32, these have shape \(40, 31\)"):
        topics.encode(x[:, :-1])
    x[7, 2] = np.inf
    with pytest.raises(ModelError, match="vector of sample 7 is not finite"):
        topics.encode(x)


def test_the_digest_changes_with_the_weights_and_with_the_centring(tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = topics_folder(tmp_path)
    digests = [load_topics(folder).digest, load_topics(folder).digest]
    for name, part in ((WEIGHTS, "b_enc"), (CENTRING, "mean")):
        arrays = load_file(folder / name)
        arrays[part] = arrays[part] + 1
        save_file(arrays, folder / name)
        digests.append(load_topics(folder).digest)
    assert digests[0] == digests[1] and len(set(digests)) == 3


def test_folders_that_hold_no_topics(tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = topics_folder(tmp_path)
    config, centring = json.loads((folder / CONFIG).read_text()), load_file(folder / CENTRING)

    def refused(text, content=config, arrays=centring):
        (folder / CONFIG).write_text(json.dumps(content))
        save_file(arrays, folder / CENTRING)
        with pytest.raises(ModelError, match=text):
            load_topics(folder)

    refused("architecture must be topk", {**config, "architecture": "jumprelu"})
    refused("without normalisation", {**config, "normalize_activations": "expected_average_only_in"})
    refused("k must be from 1 to 96, got 97", {**config, "k": 97})
    refused("KeyError", {name: value for name, value in config.items() if name != "k"})
    refused("cannot be loaded", [])
    refused("arrays do not fit together", arrays={**centring, "mean": centring["mean"][1:]})
    (folder / WEIGHTS).write_bytes(b"no weights")
    refused("cannot be loaded as topics: SafetensorError")
    for name in (CENTRING, WEIGHTS, CONFIG):
        (folder / name).unlink()
        with pytest.raises(ModelError, match=f"holds no topics: {name} is missing"):
            load_topics(folder)
