"""Calls of tools in the form messages: as they stand in the record, through datasets and into a chat template."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.samples import read_samples
from core.datasets.writers import write_records
from core.errors import DataError
from core.export.calls import has_calls, turns_with_calls
from core.export.formats import curated_bytes
from core.export.forms import in_form
from core.schema import SelectionSpec
from core.selection.run import select
from core.session.sample_info import info_of
from core.store.reader import open_store
from tests.factories import tiny_store
from tests.strategies import quick

WEATHER = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Łódź", "days": 2}'}}
CLOCK = {"type": "function", "function": {"name": "clock", "arguments": {"zone": 2}}}
CONVERSATION = [
    {"role": "system", "content": "Use tools."},
    {"role": "user", "content": "Is it warm?"},
    {"role": "assistant", "content": None, "tool_calls": [WEATHER, CLOCK]},
    {"role": "tool", "tool_call_id": "c1", "name": "weather", "content": "21"},
    {"role": "assistant", "content": "It is 21 °C."},
]
PLAIN = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
TEMPLATE = """{% for m in messages %}<{{ m.role }}>{{ m.content or '' }}{% for c in m.tool_calls or [] %}
{% set given = c.function.arguments %}call {{ c.function.name }} {{ given if given is string else given | tojson }}
{% endfor %}{% if m.tool_call_id %}[{{ m.tool_call_id }}]{% endif %}{% endfor %}"""


def samples(folder: Path, *conversations: list) -> list:
    path = folder / "data.jsonl"
    write_records([{"messages": turns, "tools": [{"name": "weather"}]} for turns in conversations], path, "jsonl")
    return list(read_samples(path))


def test_calls_stay_as_they_are(tmp_path: Path) -> None:
    found = list(in_form(samples(tmp_path, CONVERSATION, PLAIN), [0, 1], "messages"))
    called = dict(CONVERSATION[2], content="")
    assert [record["messages"] for record in found] == [[*CONVERSATION[:2], called, *CONVERSATION[3:]], PLAIN]
    assert json.loads(found[0]["tools"]) == [{"name": "weather"}]


def test_they_reach_a_chat_template_through_datasets(tmp_path: Path, tokenizer) -> None:
    from datasets import load_dataset

    records = list(in_form(samples(tmp_path, CONVERSATION, PLAIN), [0, 1], "messages"))
    path = tmp_path / "curated.jsonl"
    write_records(records, path, "jsonl")
    loaded = load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))

    def told(turns: list) -> str:
        return tokenizer.apply_chat_template(turns, chat_template=TEMPLATE, tokenize=False)

    assert [told(example["messages"]) for example in loaded] == [told(CONVERSATION), told(PLAIN)]
    assert 'call weather {"city": "Łódź", "days": 2}' in told(loaded[0]["messages"])


@pytest.mark.parametrize(
    "spoilt",
    [
        {"tool_calls": [{"name": "weather", "arguments": "{}"}]},
        {"tool_calls": [{**WEATHER, "index": 0}]},
        {"tool_calls": [{**WEATHER, "type": "custom"}]},
        {"tool_calls": [WEATHER], "function_call": {"name": "f", "arguments": "{}"}},
        {"tool_calls": [WEATHER], "audio": {"id": "a"}},
        {"function_call": {"name": "f", "arguments": "{}"}},
        {"content": [{"type": "tool_use", "name": "f", "input": {}}]},
    ],
)
def test_calls_of_another_form_are_refused(tmp_path: Path, spoilt: dict) -> None:
    turns = [*CONVERSATION[:2], {"role": "assistant", "content": "", **spoilt}, *CONVERSATION[4:]]
    (sample,) = samples(tmp_path, turns)
    assert has_calls(sample) and turns_with_calls(sample) is None
    with pytest.raises(DataError, match=r"^Row 7 has a tool call that is not of OpenAI's form"):
        list(in_form([sample], [7], "messages"))


def test_a_list_that_is_not_the_conversation_is_not_taken(tmp_path: Path) -> None:
    """A rejected answer has calls of its own; what is exported is what was read."""
    path = tmp_path / "data.jsonl"
    record = {"chosen": CONVERSATION, "rejected": [*CONVERSATION[:2], {"role": "assistant", "content": "No idea."}]}
    path.write_text(json.dumps(record))
    (sample,) = read_samples(path, columns={"messages": "rejected"})
    assert turns_with_calls(sample) == record["rejected"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    records = [{"messages": CONVERSATION}, {"messages": PLAIN}]
    return open_store(tiny_store(tmp_path_factory.mktemp("calls"), records, [{0}, {1}]))


@pytest.mark.parametrize("format", ["jsonl", "json", "parquet", "csv"])
def test_a_format_that_would_change_them_says_so(store, format: str) -> None:
    selection = select(store.matrix(), SelectionSpec(budget=2, theta=0.5), info_of(store))
    if format in ("jsonl", "json"):
        assert b'"tool_call_id": "c1"' in curated_bytes(selection, store, format, to="messages")
    else:
        with pytest.raises(DataError, match=f"{format} cannot hold the .*: take jsonl"):
            curated_bytes(selection, store, format, to="messages")


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(str.strip)
json_values = st.recursive(st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner, max_size=2))
calls = st.fixed_dictionaries(
    {"function": st.fixed_dictionaries({"name": texts, "arguments": texts | st.dictionaries(texts, json_values)})},
    optional={"id": texts, "type": st.just("function")},
)
answers = st.fixed_dictionaries({"role": st.just("assistant"), "content": texts}) | st.fixed_dictionaries(
    {
        "role": st.just("assistant"),
        "content": st.just("") | texts,
        "tool_calls": st.lists(calls, min_size=1, max_size=2),
    }
)


@quick
@given(st.lists(answers, min_size=1, max_size=3))
def test_any_call_of_openais_form_is_held(answers) -> None:
    turns = [turn for answer in answers for turn in ({"role": "user", "content": "?"}, answer)]
    with tempfile.TemporaryDirectory() as folder:
        (sample,) = samples(Path(folder), turns)
    assert next(iter(in_form([sample], [0], "messages")))["messages"] == turns
