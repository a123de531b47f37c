"""Forms for trainers: what they hold is read back unchanged, what they do not hold is refused and nothing written."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.samples import read_samples
from core.datasets.writers import write_records
from core.errors import DataError, SelectionError
from core.export.folder import export, replay
from core.export.formats import curated_bytes, fields_of, preview
from core.export.forms import FORMS, in_form
from core.schema import Message, Sample, SelectionSpec
from core.selection.run import select
from core.session.sample_info import info_of
from core.store.reader import open_store
from tests.factories import tiny_store
from tests.strategies import quick

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
FITTING = ("messages", "prompt-completion", "alpaca", "sharegpt")
CHAT = [
    {"role": "system", "content": "Be short."},
    {"role": "user", "content": "One?"},
    {"role": "assistant", "content": "1"},
    {"role": "user", "content": "Two?"},
    {"role": "assistant", "content": "2 ✓"},
]
TOOLS = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]


@st.composite
def exchanges(draw, askers=("user",), most=4, system=True) -> tuple[Message, ...]:
    """Askers and assistant in turn, behind a system turn or none."""
    found = [Message("system", draw(texts))] if system and draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, most))):
        found += [Message(draw(st.sampled_from(askers)), draw(texts)), Message("assistant", draw(texts))]
    return tuple(found)


any_turns = st.lists(
    st.builds(Message, st.sampled_from(["system", "user", "assistant", "tool"]), texts), min_size=1, max_size=7
).filter(lambda turns: any(turn.role == "assistant" for turn in turns))


HELD = {
    "messages": any_turns.map(tuple),
    "prompt-completion": exchanges(("user", "tool")),
    "sharegpt": exchanges(("user", "tool")),
    "alpaca": exchanges(),
}


def shaped(to: str, *conversations: tuple[Message, ...]) -> list:
    samples = [Sample(i, tuple(messages), {}) for i, messages in enumerate(conversations)]
    return list(in_form(samples, range(len(samples)), to))


def read_back(records: list, format: str) -> list:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "curated"
        write_records(records, path, format)
        return [sample.messages for sample in read_samples(path)]


@quick
@given(
    to_and_conversations=st.sampled_from(FITTING).flatmap(
        lambda to: st.tuples(st.just(to), st.lists(HELD[to], min_size=1, max_size=3))
    ),
    format=st.sampled_from(["jsonl", "json", "parquet"]),
)
def test_what_is_written_is_read_back(to_and_conversations, format) -> None:
    to, conversations = to_and_conversations
    assert read_back(shaped(to, *conversations), format) == conversations


@quick
@given(st.lists(exchanges(), min_size=1, max_size=3))
def test_prompt_and_completion_are_the_conversation(conversations) -> None:
    for record, conversation in zip(shaped("prompt-completion", *conversations), conversations, strict=True):
        assert len(record["completion"]) == 1
        found = [Message(turn["role"], turn["content"]) for turn in record["prompt"] + record["completion"]]
        assert tuple(found) == conversation


@quick
@given(st.lists(exchanges(), min_size=1, max_size=3))
def test_history_is_the_earlier_exchanges(conversations) -> None:
    """As LLaMA-Factory reads it: system, then history, then instruction and output."""
    for record, conversation in zip(shaped("alpaca", *conversations), conversations, strict=True):
        found = [Message("system", record["system"])] if record.get("system") else []
        for asked, answered in [*record.get("history", []), [record["instruction"], record["output"]]]:
            found += [Message("user", asked), Message("assistant", answered)]
        assert tuple(found) == conversation


@pytest.fixture
def chats(tmp_path: Path):
    """Four samples of the input's rows 0, 2, 3, 4: one exchange, two, with a system turn, with tools."""
    records = [
        {"messages": CHAT[1:3]},
        {"messages": []},
        {"messages": CHAT[1:]},
        {"messages": CHAT},
        {"messages": CHAT, "tools": TOOLS},
    ]
    (tmp_path / "store").mkdir()
    return open_store(tiny_store(tmp_path / "store", records, [{0}, {1}, {2}, {3}]))


def choose(store, budget: int):
    spec = SelectionSpec(budget=budget, theta=0.5)
    return select(store.matrix(spec.scope), spec, info_of(store))


def lines(store, to: str, budget: int = 3) -> list:
    return [json.loads(line) for line in curated_bytes(choose(store, budget), store, to=to).splitlines()]


def test_the_forms_as_they_are_documented(chats) -> None:
    assert lines(chats, "messages") == [{"messages": CHAT[1:3]}, {"messages": CHAT[1:]}, {"messages": CHAT}]
    assert lines(chats, "prompt-completion")[2] == {"prompt": CHAT[:4], "completion": CHAT[4:]}
    first, _, third = lines(chats, "alpaca")
    assert first == {"instruction": "One?", "input": "", "output": "1", "system": "", "history": []}
    assert third == {
        "instruction": "Two?", "input": "", "output": "2 ✓", "system": "Be short.", "history": [["One?", "1"]]
    }  # fmt: skip
    assert lines(chats, "sharegpt")[0] == {
        "conversations": [{"from": "human", "value": "One?"}, {"from": "gpt", "value": "1"}]
    }
    assert lines(chats, "original")[2] == {"messages": CHAT}


def test_tools_are_carried_as_text_and_all_records_have_the_same_fields(chats) -> None:
    for to in ("messages", "prompt-completion", "sharegpt"):
        records = lines(chats, to, 4)
        assert [record["tools"] for record in records[:3]] == [None] * 3
        assert json.loads(records[3]["tools"]) == TOOLS
        assert fields_of(choose(chats, 4), chats, to) == tuple(records[0])
        assert "tools" not in fields_of(choose(chats, 3), chats, to)


def test_a_form_that_cannot_hold_a_row_names_it_and_writes_nothing(chats, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^Row 4 has tools, which the form alpaca cannot hold: [^.]*\.$"):
        export(choose(chats, 4), chats, tmp_path / "c.jsonl", to="alpaca")
    with pytest.raises(DataError, match=r"csv cannot hold the lists in messages of the form messages"):
        export(choose(chats, 3), chats, tmp_path / "c.csv", "csv", to="messages")
    with pytest.raises(SelectionError, match="Unknown form 'chatml': use one of original, messages, prompt-completion"):
        export(choose(chats, 3), chats, tmp_path / "c.jsonl", to="chatml")
    with pytest.raises(DataError, match="Row 4 has tools"):
        preview(choose(chats, 4), chats, "jsonl", "input", 1, to="alpaca")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_alpaca_of_single_exchanges_goes_into_csv(chats) -> None:
    found = curated_bytes(choose(chats, 1), chats, "csv", to="alpaca").decode()
    assert found.splitlines() == ["instruction,input,output", "One?,,1"]


@pytest.mark.parametrize("to", FORMS)
@pytest.mark.parametrize("format", ["jsonl", "json", "parquet"])
def test_replay_makes_the_same_bytes(chats, tmp_path: Path, to: str, format: str) -> None:
    path = tmp_path / f"c.{format}"
    assert export(choose(chats, 3), chats, path, format, "pick", to=to)["form"] == to
    before = path.read_bytes()
    path.unlink()
    assert replay(tmp_path / "c.manifest.json", store=chats.path).read_bytes() == before


def test_a_manifest_without_a_form_is_of_the_original(chats, tmp_path: Path) -> None:
    manifest = export(choose(chats, 3), chats, tmp_path / "c.jsonl")
    before = (tmp_path / "c.jsonl").read_bytes()
    del manifest["form"]
    (tmp_path / "c.manifest.json").write_text(json.dumps(manifest))
    assert replay(tmp_path / "c.manifest.json", store=chats.path).read_bytes() == before


USER, ANSWER = {"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}
CALL = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}
ODD = {"role": "assistant", "content": "", "tool_calls": [{"name": "f", "arguments": "{}"}]}
GEMINI = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}


@pytest.mark.parametrize(
    ("record", "forms", "words"),
    [
        ({"messages": [USER, ANSWER], "images": ["a.png"]}, FITTING, "has images"),
        ({"messages": [USER, CALL, ANSWER]}, FITTING[1:], "has a tool call"),
        ({"messages": json.dumps([USER, CALL, ANSWER])}, FITTING[1:], "has a tool call"),
        ({"messages": [USER, ODD, ANSWER]}, FITTING, "has a tool call"),
        ({"messages": [USER, CALL | {"function_call": {"name": "g"}}, ANSWER]}, FITTING, "has a tool call"),
        ({"conversations": [USER, {"from": "function_call", "value": "{}"}, ANSWER]}, FITTING, "has a tool call"),
        ({"contents": [GEMINI, ANSWER]}, FITTING, "has a tool call"),
        ({"messages": [USER, ANSWER, USER, ANSWER | {"weight": 0}]}, FITTING, "not to be learned"),
        ({"messages": [USER, ANSWER | {"weight": 0}, USER, ANSWER]}, ("messages", *FITTING[2:]), "not to be learned"),
        ({"messages": [USER, ANSWER | {"reasoning_content": "because"}]}, (), ""),
        ({"messages": [USER, ANSWER, USER]}, FITTING[1:], "does not end with a response"),
        ({"messages": [USER, USER, ANSWER]}, FITTING[2:], "has a turn of user in place 2"),
        ({"messages": [USER, ANSWER, {"role": "system", "content": "x"}, USER, ANSWER]}, FITTING[2:], "in place 3"),
        ({"messages": [ANSWER]}, FITTING[1:], "(no turn of a user|of assistant in place 1)"),
        ({"messages": [{"role": "system", "content": "x"}, ANSWER]}, FITTING[1:], "(a user|of assistant in place 2)"),
        ({"messages": [USER, ANSWER, {"role": "tool", "content": "x"}, ANSWER]}, ("alpaca",), "of tool in place 3"),
    ],
)
def test_what_a_form_cannot_hold(tmp_path: Path, record: dict, forms: tuple[str, ...], words: str) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps(record))
    (sample,) = read_samples(path)
    for to in FITTING:
        if to in forms:
            with pytest.raises(DataError, match=f"^Row 7 .*{words}.*the form {to}"):
                list(in_form([sample], [7], to))
        else:
            assert list(in_form([sample], [7], to))


def test_tools_that_are_an_empty_list_are_none() -> None:
    sample = Sample(0, (Message("user", "?"), Message("assistant", "!")), {"tools": "[]"})
    assert list(in_form([sample], [0], "alpaca")) == [{"instruction": "?", "input": "", "output": "!"}]
