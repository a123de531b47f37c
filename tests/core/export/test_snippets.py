"""The lines that load an export, with the libraries where they are installed, else against the documented keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from core.datasets.writers import write_records
from core.export.forms import FORMS, in_form
from core.export.snippets import TRAINERS, snippets
from core.schema import Message, Sample

SYSTEM, ASK, ANSWER = Message("system", "Be short."), Message("user", "write a poem"), Message("assistant", "wind ✓")
MORE, LAST = Message("user", "about the sea"), Message("assistant", "sea and wind")
CONVERSATIONS = [(SYSTEM, ASK, ANSWER, MORE, LAST), (ASK, ANSWER), (ASK, LAST, MORE, ANSWER)]
PYTHON = [to for to, writers in TRAINERS.items() if any(language == "python" for _, language, _ in writers)]

# Their documented keys: docs/config-reference and docs/dataset-formats of axolotl, data/README.md of LLaMA-Factory.
AXOLOTL = {
    "path", "ds_type", "type", "field_messages", "field_tools", "message_property_mappings", "roles",
}  # fmt: skip
COLUMNS = {"prompt", "query", "response", "history", "messages", "system", "tools"}


def written(folder: Path, to: str, format: str, tools: str = "") -> tuple[Path, list]:
    samples = [Sample(i, turns, {"messages": i, "tools": tools}) for i, turns in enumerate(CONVERSATIONS)]
    records = list(in_form(samples, range(len(samples)), to))
    path = folder / f"curated.{format}"
    write_records(records, path, format)
    return path, records


def text_of(path: Path, to: str, records: list, language: str) -> str:
    (found,) = [s for s in snippets(str(path), path.suffix[1:], to, tuple(records[0])) if s.language == language]
    return found.text


def test_every_form_has_its_lines() -> None:
    assert list(TRAINERS) == list(FORMS)


@pytest.mark.parametrize("format", ["jsonl", "json", "parquet"])
@pytest.mark.parametrize("to", FORMS)
def test_datasets_loads_every_form(tmp_path: Path, to: str, format: str) -> None:
    from datasets import load_dataset

    path, records = written(tmp_path, to, format)
    loader = "parquet" if format == "parquet" else "json"
    assert load_dataset(loader, data_files=str(path), split="train", cache_dir=str(tmp_path)).to_list() == records


@pytest.mark.parametrize("tools", ["", '[{"name": "f"}]'])
@pytest.mark.parametrize("to", ["messages", "prompt-completion"])
def test_trl_reads_them_as_conversations(tmp_path: Path, tokenizer, to: str, tools: str) -> None:
    from datasets import load_dataset

    data_utils = pytest.importorskip("trl.data_utils")
    path, _ = written(tmp_path, to, "jsonl", tools)
    for example, turns in zip(
        load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path)), CONVERSATIONS, strict=True
    ):
        assert data_utils.is_conversational(example)
        assert example.get("tools") == (tools or None)
        found = data_utils.maybe_apply_chat_template(example, tokenizer)
        chat = [{"role": turn.role, "content": turn.content} for turn in turns]
        whole = tokenizer.apply_chat_template(chat, tokenize=False)
        if to == "messages":
            assert found["text"] == whole
        else:
            assert found["prompt"] + found["completion"] == whole
            assert turns[-1].content in found["completion"] and turns[-2].content not in found["completion"]


@pytest.mark.parametrize("to", PYTHON)
def test_the_lines_for_python_run(tmp_path: Path, tiny_lm: Path, monkeypatch, to: str) -> None:
    pytest.importorskip("trl")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    path, records = written(tmp_path, to, "jsonl")
    code = text_of(path, to, records, "python").replace('"MODEL"', repr(str(tiny_lm)))
    code = code.replace("max_length=None)", "max_length=None, use_cpu=True, bf16=False, report_to=[])")
    found: dict = {}
    exec(compile(code, "snippet", "exec"), found)
    assert len(found["data"]) == len(CONVERSATIONS)
    if to != "original":
        assert found["config"].max_length is None
        assert (tmp_path / "trained").is_dir()


@pytest.mark.parametrize("tools", ["", '[{"name": "f"}]'])
@pytest.mark.parametrize("to", ["messages", "sharegpt"])
def test_axolotl_finds_the_turns_where_the_lines_say(tmp_path: Path, to: str, tools: str) -> None:
    path, records = written(tmp_path, to, "jsonl", tools)
    found = yaml.safe_load(text_of(path, to, records, "yaml"))
    (entry,) = found["datasets"]
    assert list(found) == ["datasets"] and set(entry) <= AXOLOTL
    assert (entry["path"], entry["ds_type"], entry["type"]) == (str(path), "json", "chat_template")
    assert ("field_tools" in entry) == bool(tools)
    names = entry["message_property_mappings"]
    roles = {name: role for role, names in entry.get("roles", {}).items() for name in names}
    for record, turns in zip(records, CONVERSATIONS, strict=True):
        got = [(turn[names["role"]], turn[names["content"]]) for turn in record[entry["field_messages"]]]
        assert [Message(roles.get(role, role), text) for role, text in got] == list(turns)


def test_axolotl_gets_alpaca_only_where_it_reads_all_of_it() -> None:
    def trainers(*fields: str) -> list[str]:
        return [each.trainer for each in snippets("c.jsonl", "jsonl", "alpaca", ("instruction", "output", *fields))]

    assert trainers("system") == trainers("history") == ["LLaMA-Factory, dataset_info.json"]
    assert trainers() == ["LLaMA-Factory, dataset_info.json", "axolotl"]


@pytest.mark.parametrize("tools", ["", '[{"name": "f"}]'])
def test_llama_factory_finds_the_turns_of_sharegpt(tmp_path: Path, tools: str) -> None:
    path, records = written(tmp_path, "sharegpt", "jsonl", tools)
    entry = json.loads(text_of(path, "sharegpt", records, "json"))["curated"]
    assert (entry["file_name"], entry["formatting"]) == ("curated.jsonl", "sharegpt")
    assert set(entry["columns"]) <= COLUMNS and ("tools" in entry["columns"]) == bool(tools)
    for record, turns in zip(records, CONVERSATIONS, strict=True):
        said = record[entry["columns"]["messages"]]
        first = said[0]["from"] == "system"
        assert [turn["from"] for turn in said[first:]] == ["human", "gpt"] * (len(said) // 2), "in odd and even places"
        assert [turn["value"] for turn in said] == [turn.content for turn in turns]


def test_llama_factory_finds_the_columns_of_alpaca(tmp_path: Path) -> None:
    path, records = written(tmp_path, "alpaca", "parquet")
    entry = json.loads(text_of(path, "alpaca", records, "json"))["curated"]
    assert (entry["file_name"], entry["formatting"]) == ("curated.parquet", "alpaca")
    assert set(entry["columns"]) <= COLUMNS and set(entry["columns"].values()) == set(records[0])


def test_a_path_with_quotes_stays_one_string() -> None:
    path = 'a "b" \\ c.jsonl'
    yaml_text = next(s.text for s in snippets(path, "jsonl", "messages") if s.language == "yaml")
    assert yaml.safe_load(yaml_text)["datasets"][0]["path"] == path
    python = snippets(path, "jsonl", "original")[0].text
    assert f"data_files={json.dumps(path)}" in python
