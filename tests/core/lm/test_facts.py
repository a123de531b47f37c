"""What a model's files say of it, against what the loaded model says."""

import json

import pytest

from core.lm.facts import gguf_head, model_facts
from core.lm.sources import load_lm


def test_a_folder_says_what_the_loaded_model_is(tiny_lm):
    facts, lm = model_facts(str(tiny_lm)), load_lm(str(tiny_lm), "cpu", "float32")
    assert (facts.n_layers, facts.d_model, facts.context) == (lm.n_layers, lm.d_model, 512)
    assert facts.n_bytes >= 4 * sum(p.numel() for p in lm.model.parameters())
    assert facts.tokenizer == tiny_lm / "tokenizer.json" and not facts.problem


@pytest.mark.parametrize(
    ("config", "sizes"),
    [
        ({"n_embd": 768, "n_layer": 12, "n_positions": 1024}, (12, 768, 1024)),
        ({"text_config": {"hidden_size": 9, "num_hidden_layers": 3}, "vision_config": {"hidden_size": 7}}, (3, 9, 0)),
        ({}, (0, 0, 0)),
    ],
)
def test_sizes_have_many_names(tmp_path, config, sizes):
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(b"12345")
    facts = model_facts(str(tmp_path))
    assert (facts.n_layers, facts.d_model, facts.context) == sizes
    assert facts.n_bytes == 5 and facts.tokenizer is None and not facts.problem


def test_a_gguf_file_says_what_the_reader_of_its_own_package_says(tmp_path):
    from gguf import GGUFReader, GGUFWriter

    path = tmp_path / "small.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_tags(["a", "list"])
    writer.add_block_count(30)
    writer.add_embedding_length(576)
    writer.add_context_length(8192)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["x"] * 9)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    facts = model_facts(str(path))
    assert (facts.n_layers, facts.d_model, facts.context) == (30, 576, 8192)
    assert "converted once" in facts.note and not facts.problem
    read = GGUFReader(path).fields
    assert {key: value for key, value in gguf_head(path) if value is not None} == {
        key: read[key].contents() for key in read if key.startswith(("general.arch", "llama."))
    }
    path.write_bytes(path.read_bytes()[:90])
    assert not model_facts(str(path)).problem, "a file that is cut short still has its head"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("no/model:here", "neither a folder, a GGUF file nor a hub id"),
        ("org/unheard-of", "cannot be reached"),
        ("empty", "config.json is missing"),
        ("text.gguf", "is no GGUF file"),
        ("bin", "no .safetensors weights"),
        ("broken", "cannot be read"),
    ],
)
def test_what_cannot_be_loaded_has_its_sentence(tmp_path, monkeypatch, source, told):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    for name in ("empty", "bin", "broken"):
        (tmp_path / name).mkdir()
    (tmp_path / "text.gguf").write_text("hello")
    (tmp_path / "bin" / "config.json").write_text("{}")
    (tmp_path / "broken" / "config.json").write_text("{")
    (tmp_path / "broken" / "model.safetensors").touch()
    assert told in model_facts(source).problem
