"""Loading language models, and running them up to a hook point."""

import json
import shutil

import pytest

from core.errors import ModelError
from core.lm.sources import converted_gguf, load_lm, locate, resolve_device, resolve_dtype


@pytest.fixture(scope="module")
def lm(tiny_lm):
    return load_lm(str(tiny_lm), "cpu", "float32")


def copy_of(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


def test_what_a_loaded_model_says_of_itself(lm):
    assert (lm.n_layers, lm.d_model, lm.dtype, lm.device.type) == (4, 32, "float32", "cpu")
    assert len(lm.digest) == 64


def test_the_digest_follows_the_weights_not_the_folder(lm, tiny_lm, tmp_path):
    from safetensors.torch import load_file, save_file

    copy = copy_of(tiny_lm, tmp_path)
    assert load_lm(str(copy), "cpu", "float32").digest == lm.digest
    weights = load_file(copy / "model.safetensors")
    weights["model.embed_tokens.weight"] += 1
    save_file(weights, copy / "model.safetensors", {"format": "pt"})
    assert load_lm(str(copy), "cpu", "float32").digest != lm.digest


def test_pickled_weights_are_refused(tiny_lm, tmp_path):
    import torch

    copy = copy_of(tiny_lm, tmp_path)
    (copy / "model.safetensors").unlink()
    torch.save({}, copy / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"no \.safetensors weights.*convert them first"):
        load_lm(str(copy), "cpu", "float32")


def broken(folder, what):
    if what == "cut off":
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:5000])
    elif what == "no config":
        (folder / "config.json").unlink()
    elif what == "unknown type":
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"model_type": "nonesuch"}))
    elif what == "no tokenizer":
        for path in folder.glob("tokenizer*"):
            path.unlink()
    elif what == "other shape":
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"intermediate_size": 32}))


@pytest.mark.parametrize("what", ["cut off", "no config", "unknown type", "no tokenizer", "other shape"])
def test_a_broken_folder_is_one_sentence(tiny_lm, tmp_path, what):
    copy = copy_of(tiny_lm, tmp_path)
    broken(copy, what)
    with pytest.raises(ModelError, match="cannot load") as caught:
        load_lm(str(copy), "cpu", "float32")
    assert "\n" not in str(caught.value)


def test_an_unknown_hub_id_without_network(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="cannot be reached: connect to the network once, or give a local folder"):
        locate("nobody/nothing-7b")
    with pytest.raises(ModelError, match="neither a folder, a GGUF file nor a hub id"):
        locate("./no/such/folder")


def test_a_damaged_gguf_file_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(200))
    with pytest.raises(ModelError, match="GGUF") as caught:
        load_lm(str(path), "cpu", "float32")
    assert "\n" not in str(caught.value)


def test_dtype_and_device_words():
    assert resolve_dtype("float32", "cpu") == "float32" and resolve_dtype("auto", "cpu") in ("bfloat16", "float32")
    assert resolve_device("cpu") == "cpu"
    with pytest.raises(ModelError, match="float32, bfloat16"):
        resolve_dtype("float23", "cpu")
    with pytest.raises(ModelError, match="device"):
        resolve_device("warp9")


def test_two_processes_may_convert_the_same_file(tiny_lm, tmp_path, monkeypatch):
    import transformers

    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))
    path, found, lm = tmp_path / "m.gguf", [], load_lm(str(tiny_lm), "cpu", "float32")
    path.write_bytes(b"weights")

    def other_process(*_, **__):
        if not found:
            found.append(None)
            found.append(converted_gguf(path))  # from beginning to end, while the first has not written yet
        return lm.tokenizer

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", lambda *_, **__: lm.model)
    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", other_process)
    folder = converted_gguf(path)
    assert folder == found[1] and (folder / "model.safetensors").exists()
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]
