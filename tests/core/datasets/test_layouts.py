"""Random conversations, written in every layout, are read back unchanged, and no text is lost without a word."""

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.layouts import Columns, RowError, messages
from core.datasets.layouts.columns import PROSE, strings
from core.datasets.rows import BLOCK
from core.schema import Message
from tests.layout_writers import WRITERS, Layout, Talk, talks, texts, turns
from tests.reading import FIXTURE, read

few = settings(max_examples=40)
PROSE_TEXT = "these are five words and more of nothing"


def columns_of(layout: Layout) -> Columns:
    return Columns(dict(layout.columns))


@pytest.mark.parametrize("name", WRITERS)
@few
@given(st.data())
def test_a_conversation_is_read_back_unchanged(name, data):
    layout = WRITERS[name]
    talk = data.draw(talks(layout.most, layout.system))
    columns = columns_of(layout)
    record = json.loads(json.dumps(layout.write(talk)))
    written = json.dumps(record)
    assert messages(record, columns) == talk.messages()
    assert json.dumps(record) == written  # the record itself is not changed


@pytest.mark.parametrize("name", WRITERS)
@few
@given(st.data())
def test_no_text_is_lost_without_a_word(name, data):
    """Every text of five words stands in a message, or its column or the member of a turn is named."""
    layout = WRITERS[name]
    record = layout.write(data.draw(talks(layout.most, layout.system)))
    places = [record, *(each for value in record.values() if isinstance(value, list) for each in value)]
    place = data.draw(st.sampled_from([p for p in places if isinstance(p, dict)]))
    key = data.draw(st.sampled_from(["comment", "notes to self", "context", "thinking", "background", "user", "extra"]))
    if key in place:
        return
    place[key] = data.draw(st.sampled_from([PROSE_TEXT, [PROSE_TEXT], {"inner": [{"deep": PROSE_TEXT}]}]))
    columns = columns_of(layout)
    try:
        turns = messages(record, columns)
    except RowError:
        return
    named = {name for left in columns.unread for name in left.split(".")} | {b for _, b in columns.choices}
    for column, value in record.items():
        for text in (t for t in strings(value) if PROSE.match(t)):
            whole = any(text in turn.content or json.dumps(text)[1:-1] in turn.content for turn in turns)
            assert whole or {column, key} & named or (isinstance(record[column], str) and text[0] in "[\n")


@pytest.mark.parametrize("name", WRITERS)
def test_each_is_read_from_a_file(name, save):
    layout = WRITERS[name]
    two = [Talk("", (("why so", "thus"),)), Talk("", (("how", "so"), ("and then", "this"))[: layout.most])]
    path = save("\n".join(json.dumps(layout.write(talk)) for talk in two))
    samples, _ = read(path, columns=dict(layout.columns), skip_bad=False)
    assert [s.messages for s in samples] == [talk.messages() for talk in two]
    single, _ = read(save(json.dumps(layout.write(two[1]))), columns=dict(layout.columns))
    assert [s.messages for s in single] == [two[1].messages()]  # one line, which could be an object around a list


FORMS = {
    "JSON": lambda turns: json.dumps(turns),
    "JSON of each": lambda turns: [*map(json.dumps, turns)],
    "a list for each member": lambda turns: {key: [turn[key] for turn in turns] for key in turns[0]},
    "pairs, as Arrow's maps are": lambda turns: [[*turn.items()] for turn in turns],
    "an object around them": lambda turns: {"messages": turns},
}


@pytest.mark.parametrize("form", FORMS)
@few
@given(st.data())
def test_turns_in_any_form(form, data):
    talk = data.draw(talks())
    who, what, user, bot = data.draw(
        st.sampled_from([("role", "content", "user", "assistant"), ("from", "value", "human", "gpt")])
    )
    said = [*map(dict, turns(talk, who, what, user=user, assistant=bot))]
    columns = Columns(None)
    assert messages({"conversations": FORMS[form](said)}, columns) == talk.messages()
    assert messages({"prompt": FORMS[form](said[:-1]), "response": FORMS[form](said[-1:])}, columns) == talk.messages()
    assert not columns.unread


def test_what_stands_beside_a_list_for_each_member_is_told():
    folded, columns = {"role": ["user", "assistant"], "content": ["q", "a"], "tool_calls": None}, Columns(None)
    found = messages({"conversations": folded | {"system": "You are brief."}}, columns)
    assert [m.content for m in found] == ["q", "a"] and columns.unread == {"conversations.system": 1}


@pytest.mark.parametrize(
    "text", ['[{"name": "f"}]', '["a"]', '{"role": "x"}', "[1]", '[{"role": "chef", "content": "a"}]', "[{"]
)
def test_json_that_is_no_turns_is_text(text):
    found = messages({"prompt": text, "response": text}, Columns(None))
    assert [m.content for m in found] == [text, text]


@few
@given(talks(), st.sampled_from([0, -1]))
def test_a_written_dialogue_is_what_is_asked_about_or_an_answer(talk, first):
    text, answer = json.dumps(turns(talk)[first:]), "A refund was asked for"
    about = [{"prompt": text, "response": answer}, {"instruction": text, "conversations": answer}]
    for record in [*about, {"prompt": "Write one.", "response": text}]:
        assert [m.content for m in messages(record, Columns(None))] == [*record.values()]


LISTS = [("similar", [{"problem": "p", "solution": "s"}]), ("tools", [{"name": "f"}]), ("x", [{"y": 1}, {"y": 2}])]


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("beside", [LISTS[:1], LISTS[1:2], LISTS], ids=len)
@pytest.mark.parametrize("indent", [None, 1])
def test_a_record_alone_is_no_object_around_records(name, beside, indent, save):
    """Whatever lists of objects stand in it, and whether it is on one line or more."""
    layout, talk = WRITERS[name], Talk("", (("why so", "thus"),))
    written = layout.write(talk)
    for record in (written | dict(beside), dict(beside) | written):
        if name == "ultrachat":  # `data` is what stands around records, too
            continue
        samples, _ = read(save(json.dumps(record, indent=indent)), columns=dict(layout.columns), skip_bad=False)
        assert [s.messages for s in samples] == [talk.messages()]


@pytest.mark.parametrize(
    ("around", "name"),
    [
        ({}, "rows"), ({"version": 1}, "dialog"), ({"input": "a file", "data_name": "d"}, "rows"),
        ({"query": "q"}, "rows"),
        ({"input": "a file", "output": "run-1"}, "data"), ({"user": "bob", "solution": "v1"}, "data"),
        ({"query": "select"}, "response"), ({"input": "a file"}, "output"), ({"context": "c"}, "answers"),
        ({"name": "n"}, "turns"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("indent", "note"), [(None, ""), (1, ""), (None, "n" * BLOCK)], ids=["line", "lines", "long"])
def test_an_object_around_records_is_none(around, name, indent, note, save):
    """On one line, on more, and on one that is longer than what is looked at."""
    rows = [{"instruction": "q", "output": "a"}, {"instruction": "Q", "output": "A", "note": note}]
    samples, _ = read(save(json.dumps(around | {name: rows}, indent=indent)), skip_bad=False)
    assert [s.response for s in samples] == ["a", "A"]


@FIXTURE
@given(st.lists(talks(), min_size=1, max_size=4), st.sampled_from(["\n", "\n\n", ""]), st.sampled_from([None, 1]))
def test_an_array_of_turns_is_a_conversation(save, many, between, indent):
    """One a line, or in an array around them."""
    said = [turns(talk) for talk in many]
    one_a_line = between.join(json.dumps(each, indent=indent) for each in said)
    for text in (one_a_line, json.dumps(said, indent=indent)):
        samples, report = read(save(text), skip_bad=False)
        assert [s.messages for s in samples] == [talk.messages() for talk in many]
        assert [json.loads(str(s.original))["messages"] for s in samples] == said and not report.columns_unread


def test_a_conversation_with_a_malformed_turn_is_not_read(save):
    said = [json.dumps(turns(Talk("", ((f"q{i}", "a"),)))) for i in range(3)]
    samples, report = read(save(f"{said[0]}\n{said[1].replace('user', 'us' + chr(10))}\n{said[2]}"))
    assert [s.prompt for s in samples] == ["q0", "q2"] and report.n_skipped == 1


@pytest.mark.parametrize("beside", [{}, {"conversation_id": 1}])
@pytest.mark.parametrize("write", [json.dumps, lambda rows: "\n".join(map(json.dumps, rows))], ids=["array", "lines"])
def test_rows_with_mapped_columns_are_no_turns(save, beside, write):
    rows = [{"speaker": "customer", "message": f"q{i}", "agent_text": f"a{i}"} | beside for i in range(3)]
    samples, _ = read(save(write(rows)), columns={"prompt": "message", "response": "agent_text"}, skip_bad=False)
    assert [(s.prompt, s.response) for s in samples] == [("q0", "a0"), ("q1", "a1"), ("q2", "a2")]


@FIXTURE
@given(st.data())
def test_conversations_before_the_break_are_read(save, data):
    """Wherever the text ends, and wherever the compressed data does, which the window may meet far ahead."""
    said = [turns(Talk("", ((f"q{i}", "a"),))) for i in range(50)]
    text = "\n".join(map(json.dumps, said))
    end = data.draw(st.integers(len(json.dumps(said[0])) + 1, len(text) - 1))
    n = text[:end].count("]")
    packed = gzip.compress(text[:end].encode())
    for content in (text[:end], packed[:-8]):  # the latter without the sum at the end
        samples, report = read(save(content), skip_bad=False)
        assert [s.prompt for s in samples] == [f"q{i}" for i in range(n)]
        whole = text[:end].rstrip().endswith("]")
        assert whole or report.truncated_at == f"row {n} (line {n + 1})"


@few
@given(texts(), texts(), texts(), st.sampled_from(["reasoning_content", "thinking", "reasoning"]))
def test_reasoning_comes_before_the_answer(question, thought, answer, name):
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer, name: thought}]
    wanted = answer if thought in answer else f"<think>\n{thought}\n</think>\n\n{answer}"
    assert messages({"messages": turns}, Columns(None))[1].content == wanted
    beside = {"question": question, name: thought, "answer": answer}
    assert messages(beside, Columns(None))[1].content == wanted


@pytest.mark.parametrize("switch", ["on", "Off", "true", "False", "none", "N/A", " ", True, None])
@pytest.mark.parametrize("name", ["reasoning", "thinking"])
def test_a_word_that_switches_reasoning_on_or_off_is_none(switch, name):
    answer = {"role": "assistant", "content": "a", name: switch}
    question = {"role": "user", "content": "q", name: switch}
    for record in ({"messages": [question, answer]}, {"input": [question], "output": "a", name: switch}):
        columns = Columns(None)
        assert messages(record, columns) == (Message("user", "q"), Message("assistant", "a"))
        assert switch is True or not columns.unread
    with pytest.raises(RowError, match="output is null"):
        messages({"input": "q", "output": None, name: switch}, Columns(None))


@few
@given(st.data())
def test_not_a_number_is_null(data):
    """pandas writes one for the other."""
    record = {"instruction": "q", "input": "i", "output": "a", "system": "s", "history": [["q", "a"]], "notes": "n"}
    blank = data.draw(st.sets(st.sampled_from([*record])))

    def found(null):
        columns = Columns(None)
        try:
            return messages({k: null if k in blank else v for k, v in record.items()}, columns), columns.unread
        except RowError as error:
            return error.reason, error.field, error.blank

    assert found(float("nan")) == found(None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<|im_start|>user\nhi<|im_end|>", "marks of a chat template"),
        ("[INST] hi [/INST] ho", "marks of a chat template"),
        ("<start_of_turn>user\nhi", "marks of a chat template"),
        ("### Human: hi### Assistant: ho", "marks of a chat template"),
        ("Once upon a time", "plain text without turns"),
    ],
)
def test_text_alone_is_refused_in_a_sentence(text, words):
    with pytest.raises(RowError, match=words):
        messages({"text": text}, Columns(None))


@pytest.mark.parametrize(
    "pair", [("chosen", "rejected"), ("response_a", "response_b"), ("conversation_a", "conversation_b")]
)
def test_two_answers_ask_which(pair):
    with pytest.raises(RowError, match=rf"two answers, {pair[0]} and {pair[1]}: .* messages={pair[0]}"):
        messages({"prompt": "p", pair[0]: "a", pair[1]: "b"}, Columns(None))
    chosen = messages({"prompt": "p", pair[0]: "a", pair[1]: "b"}, Columns({"messages": pair[1]}))
    assert chosen == (Message("user", "p"), Message("assistant", "b"))


def test_calls_and_results_of_tools():
    use = {"type": "tool_use", "name": "f", "input": {"a": 1, "b": None}}
    parts = [
        {"role": "user", "content": "ask"},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, use]},
        {"role": "user", "content": [{"type": "tool_result", "content": "4"}]},
        {"role": "assistant", "content": None, "function_call": {"name": "g", "arguments": "{}"}},
    ]
    found = messages({"messages": parts}, Columns(None))
    assert found == (
        Message("user", "ask"),
        Message("assistant", '<think>\nhm\n</think>\n\n{"name": "f", "input": {"a": 1}}'),
        Message("tool", "4"),
        Message("assistant", '{"name": "g", "arguments": "{}"}'),
    )


def test_several_instances_are_exchanges_and_other_replies_are_named():
    record = {"instruction": "Add", "instances": [{"input": "1 1", "output": "2"}, {"input": "2 2", "output": "4"}]}
    found = [m.content for m in messages(record, Columns(None))]
    assert found == ["Add\n\n1 1", "2", "Add\n\n2 2", "4"]
    columns = Columns(None)
    replies = [{"role": "assistant", "text": "no", "rank": 1}, {"role": "assistant", "text": "yes", "rank": 0}]
    tree = {"prompt": {"role": "prompter", "text": "q", "replies": replies}}
    assert [m.content for m in messages(tree, columns)] == ["q", "yes"] and columns.unread == {"prompt.replies": 1}
