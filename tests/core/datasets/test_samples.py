"""Reading instruction data: layouts, bad rows, and what is no data file."""

import gzip
import json

import pytest

from core.datasets.samples import file_digest, read_samples
from core.errors import DataError
from core.schema import Message
from tests.reading import GOOD, failure, read, read_one, reason

# ------------------------------------------------------------------------------------------------------- layouts


@pytest.mark.parametrize(
    "stand_in", ["", " ", "No input", "<no input>", "noinput", "N/A", "n/a", "<noinput>.", "NO INPUT"]
)
def test_alpaca_stand_ins_are_no_input(save, stand_in):
    assert read_one(save, {**GOOD, "input": stand_in}).prompt == "Say hi"


@pytest.mark.parametrize("text", ["Na", "None of it", "🙂", "?", "+", "无", "No input is ever lost", "0"])
def test_alpaca_inputs_that_only_look_empty_are_kept(save, text):
    assert read_one(save, {**GOOD, "input": text}).prompt == f"Say hi\n\n{text}"


@pytest.mark.parametrize("asked", ["instruction", "prompt", "question", "query"])
@pytest.mark.parametrize("answered", ["output", "completion", "response", "answer"])
def test_pairs(save, asked, answered):
    sample = read_one(save, {answered: "4", asked: "2+2?"})
    assert sample.messages == (Message("user", "2+2?"), Message("assistant", "4"))
    assert list(sample.raw) == [answered, asked]


def test_alpaca_with_only_an_input_and_dolly_context(save):
    assert read_one(save, {"instruction": " ", "input": "Q", "output": "A"}).prompt == "Q"
    assert read_one(save, {"instruction": None, "input": "Q", "output": "A"}).prompt == "Q"
    assert read_one(save, {"instruction": "I", "context": "C", "response": "A"}).prompt == "I\n\nC"


@pytest.mark.parametrize("asked", ["instruction", "prompt", "question", "query"])
@pytest.mark.parametrize("beside", ["input", "context"])
def test_an_input_is_read_whatever_the_prompt_is_called(save, asked, beside):
    record = {asked: "Summarise.", beside: "A long text about trees.", "output": "Trees."}
    assert read_one(save, record).prompt == "Summarise.\n\nA long text about trees."
    assert read_one(save, {**record, beside: "N/A"}).prompt == "Summarise."
    mapped = {**record, "q": record[asked]}
    assert read_one(save, mapped, columns={"prompt": "q"}).prompt == "Summarise.\n\nA long text about trees."
    assert read_one(save, mapped, columns={"prompt": "q", "input": "none"}).prompt == "Summarise."


def test_an_input_that_is_the_prompt_is_read_once(save):
    assert read_one(save, {"input": "Q", "output": "A"}).prompt == "Q"
    assert read_one(save, {"input": "Q", "context": "C", "output": "A"}).prompt == "Q\n\nC"
    assert read_one(save, {"instruction": "I", "input": "", "context": "C", "output": "A"}).prompt == "I\n\nC"


def test_columns_that_were_read_and_those_that_were_not_are_named(save):
    notes = {"notes": "Five words at the least", "more": "and a few of these too"}
    records = [
        {"id": "a", "question": "Q", "context": "C", "answer": "A", "category": "open qa", "notes": "short", "n": 4},
        {"id": "b", "question": "Q", "tools": ["f"], "answer": "A", "dataset": "a name of many words", **notes},
        {"id": "c", "question": notes["notes"] + "?", "context": None, "answer": "A", "notes": notes["notes"]},
        {"id": "d", "question": "Q", "answer": "A", **notes},
    ]
    _, report = read(save(json.dumps(records)))
    assert report.columns_read == ["question", "context", "answer"]
    assert report.columns_unread == {"tools": 1, "notes": 2, "more": 2}
    assert report.warnings[0].endswith(
        ": columns read: question, context, answer; not read: tools (1 row), notes (2 rows), more (2 rows); "
        "choose by the option columns."
    )
    assert not read(save(json.dumps([GOOD, {**GOOD, "output": "yes"}])))[1].warnings


def test_of_many_columns_that_were_not_read_the_first_are_named(save):
    many = {f"c{i}": f"text {i} of five words" for i in range(30)}
    _, report = read(save(json.dumps([{**GOOD, **many}])))
    assert len(report.columns_unread) == 30
    assert "c19 (1 row) and 10 more; choose" in report.warnings[0] and "c20" not in report.warnings[0]


def test_columns_beside_a_conversation_are_named_unless_it_holds_them(save):
    turns = [{"role": "user", "content": "what do you say to that?"}, {"role": "assistant", "content": "n"}]
    record = {"messages": turns, "prompt": "what do you say to that?", "system": "be as brief as you can"}
    samples, report = read(save(json.dumps([record, {**record, "summary": "some one says what to that"}])))
    assert samples[0].messages[0].role == "system" and report.columns_read == ["messages", "system"]
    assert report.columns_unread == {"summary": 1}


def test_system_field_comes_first(save):
    sample = read_one(save, {"system_prompt": "Be brief", "question": "Q", "response": "A"})
    assert [m.role for m in sample.messages] == ["system", "user", "assistant"]


SPEAKERS = {
    "human": "user",
    "User": "user",
    "gpt": "assistant",
    "Assistant": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "bot": "assistant",
    "MODEL": "assistant",
    "system": "system",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
}


@pytest.mark.parametrize(("speaker", "role"), SPEAKERS.items())
@pytest.mark.parametrize(("who", "what"), [("from", "value"), ("role", "content")])
def test_sharegpt_speakers(save, speaker, role, who, what):
    turns = [{who: speaker, what: "a"}, {who: "gpt", what: "b"}]
    assert read_one(save, {"conversations": turns}).messages[0] == Message(role, "a")


def test_sharegpt_may_start_with_an_answer(save):
    sample = read_one(save, {"conversations": [{"from": "gpt", "value": "b"}]})
    assert (sample.prompt, sample.response) == ("", "b")


def test_lima_strings_alternate(save):
    roles = [m.role for m in read_one(save, {"conversations": ["a", "b", "c"]}).messages]
    assert roles == ["user", "assistant", "user"]


def test_openai_messages_with_parts_and_tool_calls(save):
    calls = [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]
    turns = [
        {"role": "system", "content": "S"},
        {"role": "user", "content": [{"type": "text", "text": "U"}, {"type": "text", "text": "V"}]},
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "content": "T"},
        {"role": "assistant", "content": "A"},
    ]
    sample = read_one(save, {"messages": turns})
    assert [m.role for m in sample.messages] == ["system", "user", "assistant", "tool", "assistant"]
    assert sample.messages[1].content == "U\nV"
    assert json.loads(sample.messages[2].content) == calls


def test_a_conversation_outranks_a_pair_unless_it_is_null(save):
    turns = [{"role": "user", "content": "m"}, {"role": "assistant", "content": "n"}]
    assert read_one(save, {"prompt": "p", "response": "r", "messages": turns}).prompt == "m"
    assert read_one(save, {"prompt": "p", "response": "r", "messages": None}).prompt == "p"


def test_output_wins_over_response_and_a_difference_is_told(save):
    samples, report = read(save(json.dumps([{**GOOD, "response": "other"}, {**GOOD, "response": "hi"}])))
    assert [s.response for s in samples] == ["hi", "hi"]
    assert any("differ in 1 row;" in w and "output" in w and "option columns" in w for w in report.warnings)
    chosen, report = read(save(json.dumps([{**GOOD, "response": "other"}])), columns={"response": "response"})
    assert chosen[0].response == "other" and not report.warnings


def test_columns_map_every_part(save):
    record = {"q": "Q", "ctx": "C", "a": 7, "sys": "S", "prompt": "no", "output": "no"}
    columns = {"prompt": "q", "response": "a", "input": "ctx", "system": "sys"}
    sample = read_one(save, record, columns=columns)
    assert [m.content for m in sample.messages] == ["S", "Q\n\nC", "7"]
    assert read_one(save, {"talk": ["Q", "A"]}, columns={"messages": "talk"}).response == "A"
    assert "output is missing" in reason(save, {"x": 1}, columns={"response": "output", "prompt": "instruction"})
    assert "to column names" in failure(save(json.dumps([record])), columns={"answer": "a"})


@pytest.mark.parametrize("part", ["system", "input"])
def test_a_column_that_no_row_has_is_told(save, part):
    path = save(json.dumps([GOOD, {**GOOD, "output": "ho", "late": "x"}]))
    _, report = read(path, columns={part: "nope"})
    assert [text.split(": ", 1)[1] for text in report.warnings] == [
        f"{part}=nope: no row has such a column, and nothing was read from it."
    ]
    assert not read(path, columns={part: "late"})[1].warnings


def test_source_and_scores(save):
    record = {**GOOD, "source": "web", "score": 4, "helpful_quality": "2.5", "Reward": float("nan"), "complexity": True}
    sample = read_one(save, record)
    assert sample.source == "web"
    assert sample.scores == {"score": 4.0, "helpful_quality": 2.5}
    assert read_one(save, {**GOOD, "source": 3, "dataset": "d"}).source == "d"


# ------------------------------------------------------------------------------------------------------ bad rows


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({**GOOD, "output": None}, "row 1: output is null"),
        ({**GOOD, "output": " \n"}, "row 1: output is blank (value: ' \\n')"),
        ({"instruction": "a"}, "no response field"),
        ({"instruction": " ", "input": "", "output": "x"}, "instruction is blank and there is no input"),
        ({"output": "x"}, "no prompt field"),
        ({**GOOD, "output": ["x"]}, "output is a list, not text (value: ['x'])"),
        ({"prompt": {"a": 1}, "completion": "x"}, "prompt is an object, not text"),
        ({"prompt": None, "completion": "x"}, "row 1: prompt is null"),
        ({"foo": 1, "bar": 2}, "no field that is known ('foo, bar'); name them with the option columns"),
        ({"conversations": []}, "conversations has no turns"),
        ({"conversations": None}, "conversations is null, not a list of turns"),
        ({"conversations": "hello"}, "conversations is text, not a list"),
        ({"conversations": "[{"}, "conversations is not valid JSON"),
        ({"conversations": ["only a question"]}, "no assistant turn"),
        ({"conversations": [{"from": "gpt", "value": " "}]}, "only blank assistant turns"),
        ({"conversations": [{"from": "alien", "value": "x"}]}, "conversations[0] has an unknown or missing speaker"),
        ({"conversations": [{"value": "x"}]}, "unknown or missing speaker"),
        ({"conversations": [["a", "b"]]}, "conversations[0] is not an object"),
        ({"messages": [{"role": "assistant", "content": None}]}, "messages[0] has no text"),
        ({"messages": [{"role": "assistant", "content": 3}]}, "messages[0].content is not text"),
        ({"messages": [{"role": "user", "content": [{"image_url": "u"}]}]}, "has a part that is not text"),
        ("text", "not an object with named fields (value: 'text')"),
        (None, "not an object with named fields"),
    ],
)
def test_bad_rows_say_why(save, record, words):
    assert words in reason(save, record)


def test_default_raises_after_the_last_row_with_the_first_ten(save):
    path = save(json.dumps([GOOD] + [{"output": ""}] * 12 + [GOOD]))
    reader = read_samples(path)
    assert [next(reader).row, next(reader).row] == [0, 13]
    with pytest.raises(DataError) as caught:
        next(reader)
    lines = str(caught.value).splitlines()
    assert "12 of 14 rows cannot be used" in lines[0] and "skip_bad" in lines[0]
    assert len(lines) == 12 and lines[-1] == "  and 2 more"
    assert reader.report.n_skipped == 12 and list(reader) == []


def test_all_rows_bad_is_an_error_even_when_skipping(save):
    assert "no row is left" in failure(save('[{"a": 1}]'), skip_bad=True)


def test_values_are_shortened_and_escaped(save):
    text = reason(save, {**GOOD, "output": ["\x1b[31m" + "x" * 9999]})
    assert len(text) < 250 and "\x1b" not in text


def test_duplicates_are_kept_and_counted(save):
    samples, report = read(save(json.dumps([GOOD, {**GOOD, "id": 2}, {**GOOD, "output": "ho"}])))
    assert len(samples) == 3 and report.n_duplicates == 1
    assert any("1 row is an exact duplicate of an earlier row. It was not removed." in w for w in report.warnings)


def test_limit_stops_early_and_must_be_positive(save):
    path = save(json.dumps([GOOD] * 9))
    samples, report = read(path, limit=4)
    assert len(samples) == report.rows_read == 4
    assert failure(path, limit=0) == "limit must be at least 1, got 0."


# ------------------------------------------------------------------------------------------------- files and hub


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"[]", "holds no rows"),
        (b"[", "holds no rows"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"<!DOCTYPE html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"PAR1 and nothing", "damaged or incomplete Parquet"),
        (b"\x01\x02\x00\x00\x05,\x00\x00\x00", "binary file"),
        (b"\x04\x22\x4d\x18\x64\x40", "packed by lz4: unpack it"),
        (b"]\x00\x00\x80\x00\xff", "packed by lzma"),
        (b"\x1f\x9d\x90abc", "packed by compress"),
        (gzip.compress(b"name" + b"\x00" * 300)[:-9], "breaks off in its gzip data, and is no text: fetch it again"),
        (b"\xff\xfe\x00\xd8\x00", "is empty|columns|binary|CSV"),
    ],
)
def test_files_that_hold_no_data(save, content, words):
    text = failure(save(content))
    assert any(word in text for word in words.split("|"))
    assert "\n" not in text


def test_missing_file_folder_and_no_permission(tmp_path, monkeypatch):
    assert all("does not exist" in failure(missing) for missing in (tmp_path / "no.json", "data/no.json"))
    assert "holds no JSON, JSON Lines, CSV, Parquet or Arrow file" in failure(tmp_path)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "x").write_text("[]")
    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert failure(tmp_path / "x").endswith("cannot be read: Permission denied.")


def test_file_digest_is_that_of_the_bytes(save):
    assert file_digest(save(b"abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_digest(save(b"abd")) != file_digest(save(b"abc"))
