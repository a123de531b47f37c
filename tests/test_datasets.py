"""Reading and writing instruction data: containers, layouts, encodings, broken input, and the real files."""

import csv
import gzip
import json
import socket
import string
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import core.json_stream
import core.records
from core.datasets import FORMATS, file_digest, read_samples, write_records
from core.json_stream import BadRow
from core.schema import DataError, Message

GOOD = {"instruction": "Say hi", "input": "", "output": "hi"}
FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


@pytest.fixture
def save(tmp_path):
    """Write text or bytes to a file whose name says nothing, and give its path."""

    def write(content, encoding="utf-8"):
        path = tmp_path / "data.bin"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def read(path, **options):
    """All samples and the report, skipping bad rows unless told otherwise."""
    reader = read_samples(path, **{"skip_bad": True, **options})
    return list(reader), reader.report


def read_one(save, record, **options):
    """The single sample of a file with one record."""
    return read(save(json.dumps([record])), **options)[0][0]


def reason(save, record, **options):
    """Why a record is refused."""
    _, report = read(save(json.dumps([GOOD, record])), **options)
    assert report.rows_read == 2 and report.n_skipped == 1
    return str(report.skipped[0])


def failure(path, **options):
    """The text of the DataError that reading a file ends in."""
    with pytest.raises(DataError) as caught:
        list(read_samples(path, **options))
    return str(caught.value)


# ---------------------------------------------------------------------------------------------------- real files


@pytest.mark.parametrize(
    ("name", "rows", "skipped", "blank", "duplicates", "format"),
    [
        ("alpaca_9k.json", 9229, 4, 4, 0, "JSON array"),
        ("lima.jsonl", 1030, 0, 0, 0, "JSON Lines"),
        ("gsm8k_train.json", 7473, 0, 0, 0, "JSON array"),
        ("t0_50k.jsonl.gz", 55185, 0, 0, 1153, "JSON Lines"),
        ("code_alpaca.json", 4535, 0, 0, 0, "JSON array"),
        ("sharegpt_5k.json", 4996, 40, 40, 47, "JSON array"),
    ],
)
def test_real_files_are_read_to_the_last_row(shared_data, name, rows, skipped, blank, duplicates, format):
    n_good = 0
    reader = read_samples(shared_data / name, skip_bad=True)
    for _ in reader:
        n_good += 1
    report = reader.report
    assert n_good + report.n_skipped == report.rows_read == rows
    assert (report.n_skipped, report.n_blank_responses, report.n_duplicates) == (skipped, blank, duplicates)
    assert (report.format, report.encoding, report.truncated_at) == (format, "utf-8", None)


def test_real_sharegpt_tells_both_kinds_of_bad_row(shared_data):
    _, report = read(shared_data / "sharegpt_5k.json")
    reasons = [row.reason for row in report.skipped]
    assert reasons.count("conversations has no turns") == 33
    assert reasons.count("has no assistant turn") == 7


def test_real_raw_records_are_those_of_json_load(shared_data):
    path = shared_data / "sharegpt_5k.json"
    records = json.loads(path.read_text(encoding="utf-8"))
    for sample in read_samples(path, skip_bad=True):
        assert json.dumps(sample.raw) == json.dumps(records[sample.row])


def test_real_stand_ins_are_no_input(shared_data):
    samples, _ = read(shared_data / "alpaca_9k.json")
    bare = [s for s in samples if s.prompt == s.raw["instruction"]]
    assert 5563 + 100 < len(bare) < 5563 + 140
    assert all(len(s.raw["input"]) < 25 for s in bare)


def test_real_lima_turns_alternate_and_source_is_kept(shared_data):
    samples, _ = read(shared_data / "lima.jsonl")
    assert {s.source for s in samples} > {"stackexchange"}
    assert max(len(s.messages) for s in samples) == 20
    assert all(s.messages[0].role == "user" and s.messages[1].role == "assistant" for s in samples)


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
    assert any("1 row with the turns of an earlier row" in w for w in report.warnings)


def test_limit_stops_early_and_must_be_positive(save):
    path = save(json.dumps([GOOD] * 9))
    samples, report = read(path, limit=4)
    assert len(samples) == report.rows_read == 4
    assert failure(path, limit=0) == "limit must be at least 1, got 0."


# ----------------------------------------------------------------------------------------------------- containers

TEXT = st.text(st.characters(exclude_categories=()), max_size=40)  # lone surrogates too
LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
EXTRA = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
FILLED = TEXT.filter(str.strip)
RECORD = st.builds(
    lambda extra, asked, answered: {**extra, "instruction": asked, "output": answered},
    st.dictionaries(st.text(max_size=5).map("x{}".format), EXTRA, max_size=3),
    FILLED,
    FILLED,
)
CLEAN = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
FULL = CLEAN.filter(str.strip)


def dumped(records):
    return [json.dumps(record) for record in records]


@FIXTURE
@given(
    records=st.lists(RECORD, min_size=1, max_size=5), format=st.sampled_from(["json", "jsonl"]), zipped=st.booleans()
)
def test_json_round_trip(tmp_path, records, format, zipped):
    path = tmp_path / "x"
    write_records(records, path, format)
    if zipped:
        path.write_bytes(gzip.compress(path.read_bytes()))
    samples, report = read(path)
    assert dumped(s.raw for s in samples) == dumped(records)
    assert report.format == {"json": "JSON array", "jsonl": "JSON Lines"}[format]


@FIXTURE
@given(
    records=st.lists(
        st.builds(lambda *values: dict(zip(("prompt", "extra", "completion"), values, strict=True)), FULL, CLEAN, FULL),
        min_size=1,
        max_size=5,
    ),
    format=st.sampled_from(sorted(FORMATS)),
)
def test_text_round_trip_in_every_format(tmp_path, records, format):
    path = tmp_path / "x"
    write_records(records, path, format)
    assert dumped(s.raw for s in read(path)[0]) == dumped(records)


def test_parquet_keeps_nested_values(tmp_path):
    turns = [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]
    records = [{"id": i, "conversations": turns[: i + 1] + turns, "tags": ["x"] * i, "score": 0.5} for i in range(3)]
    write_records(records, tmp_path / "x", "parquet")
    samples, report = read(tmp_path / "x")
    assert dumped(s.raw for s in samples) == dumped(records) and report.format == "Parquet"


def test_csv_holds_nested_values_as_json(tmp_path):
    records = [{"conversations": ["a", "b"], "n": 3, "none": None}]
    write_records(records, tmp_path / "x", "csv")
    sample = read(tmp_path / "x")[0][0]
    assert sample.raw == {"conversations": '["a", "b"]', "n": "3", "none": ""}
    assert sample.response == "b"


@pytest.mark.parametrize("mark", ",;\t")
def test_csv_delimiters_and_lines(save, mark):
    content = f'\nprompt{mark}response\r\n"two\r\nlines"{mark}"a ""q"""\r\n\r\nx{mark}y\r\n'
    samples, report = read(save(content))
    assert [s.prompt for s in samples] == ["two\r\nlines", "x"] and samples[0].response == 'a "q"'
    assert report.format == "CSV"


def test_csv_bad_rows_name_their_line(save):
    content = 'prompt,response\na,b\na,b,c\n"x"y,z\nc,d\n"open,e\nf,g\n'
    samples, report = read(save(content))
    assert [s.row for s in samples] == [0, 3]
    assert [row.position for row in report.skipped] == ["line 3", "line 4", "line 6"]
    assert "3 values where the first line names 2 columns" in report.skipped[0].reason
    assert "a quote is not closed" in report.skipped[2].reason


def test_csv_headers_that_cannot_work(save):
    assert "at least two columns" in failure(save("just some prose\nand more\n"))
    assert "names a column twice" in failure(save("prompt,prompt\na,b\n"))


def test_long_csv_field(save):
    assert len(read(save("prompt,response\nq," + "x" * 300_000))[0][0].response) == 300_000


def test_object_around_one_list(save):
    wrapped = {"version": 1, "data": [GOOD, GOOD]}
    for content in (json.dumps(wrapped), json.dumps(wrapped, indent=1), '{"data": [\n' + json.dumps(GOOD) + "\n]}"):
        samples, report = read(save(content))
        assert {str(s.raw) for s in samples} == {str(GOOD)} and report.format == "JSON object"
    assert len(read(save(json.dumps(GOOD, indent=2)))[0]) == 1
    assert "several lists (train, test)" in failure(save(json.dumps({"train": [GOOD], "test": [GOOD]}, indent=1)))
    assert "at line 2" in failure(save('{"data": [\n {"instruction": "a" "b"}]}'))


def test_array_items_may_be_spread_over_lines_and_end_in_a_comma(save):
    samples, _ = read(save("\n [\n" + json.dumps(GOOD, indent=4) + " ,\n" + json.dumps(GOOD) + ",]\n\n"))
    assert [s.raw for s in samples] == [GOOD, GOOD]


def test_numbers_are_those_of_json_loads(save):
    text = '{"instruction": "a", "output": "b", "n": [12345678901234567890123, 1.0, 1e3, 0.1, -0.0, NaN, -Infinity]}'
    assert json.dumps(read(save(f"[{text}]"))[0][0].raw) == json.dumps(json.loads(text))


@FIXTURE
@given(st.lists(RECORD | EXTRA, min_size=1, max_size=6), st.integers(1, 50), st.booleans())
def test_a_window_of_any_size_gives_the_same_records(monkeypatch, tmp_path, records, block, indent):
    monkeypatch.setattr(core.records, "BLOCK", block)
    monkeypatch.setattr(core.json_stream, "BLOCK", block)
    path = tmp_path / "x"
    path.write_text(json.dumps(records, indent=1 if indent else None))
    assert dumped(r for _, r in core.json_stream.json_array(core.records.RecordFile(path))) == dumped(records)


@FIXTURE
@given(st.lists(RECORD, min_size=2, max_size=5), st.data())
def test_a_cut_array_gives_every_whole_record(tmp_path, records, data):
    text = json.dumps(records)
    cut = data.draw(st.integers(1, len(text) - 1))
    whole = sum(len(json.dumps(records[: n + 1])) - 1 <= cut for n in range(len(records)))
    path = tmp_path / "x"
    path.write_text(text[:cut])
    reader = read_samples(path)
    if not whole:
        with pytest.raises(DataError, match="holds no rows"):
            list(reader)
        return
    assert dumped(s.raw for s in reader) == dumped(records[:whole])
    assert reader.report.truncated_at.startswith(f"row {whole} (line 1")
    assert any("breaks off" in w for w in reader.report.warnings)


def test_a_broken_record_does_not_hide_the_ones_after_it(save):
    good = [{"id": i, "conversations": [{"from": "gpt", "value": "b"}]} for i in range(4)]
    lines = dumped(good)
    for broken in ('{"id": 1, "conversations": [{"from" "gpt"}]}', '{"id": 1, "x": [{', '{"id": ' + "9" * 5000 + "}"):
        content = "[" + ",\n".join([lines[0], broken, *lines[2:]]) + "]"
        samples, report = read(save(content))
        assert [s.raw for s in samples] == [good[0], *good[2:]]
        assert [s.row for s in samples] == [0, 2, 3]
        assert report.skipped[0].position == "row 1 (line 2)" and "JSON" in report.skipped[0].reason


def test_what_cannot_be_read_on_is_told(save):
    _, report = read(save('[{"instruction": "a", "output": "b"}, oops oops oops oops]'))
    assert "nothing after it could be read" in report.skipped[0].reason
    _, report = read(save(json.dumps([GOOD]) + "\n" + json.dumps([GOOD])))
    assert report.skipped[0] == BadRow("line 2", "text after the end of the array; it was not read")


def test_json_lines_bad_and_cut(save):
    good = json.dumps(GOOD)
    samples, report = read(save(f'{{"broken\n{good}\n\n{good} extra\n{good}\n{{"instruction": "cu'))
    assert [s.row for s in samples] == [1, 3]
    assert [row.position for row in report.skipped] == ["line 1", "line 4"]
    assert (report.rows_read, report.truncated_at, report.format) == (4, "line 6", "JSON Lines")
    assert read(save(f"# comment\n{good}\n"))[1].format == "JSON Lines"


def test_line_separators_inside_strings_end_no_line(save):
    text = "a\u2028b\u0085c\x1cd"
    content = json.dumps({"prompt": text, "response": "r"}, ensure_ascii=False)
    assert [s.prompt for s in read(save(content + "\r\n" + content))[0]] == [text, text]


@pytest.mark.parametrize("content", ["[" * 100_000, "[" + "[" * 100_000 + "]" * 100_001, '{"a":' * 100_000 + "\n{}"])
def test_deep_nesting_is_no_traceback(save, content):
    assert failure(save(content), skip_bad=True)


def test_a_deep_row_is_a_bad_row(save):
    deep = '{"instruction": "a", "output": "b", "x": ' + "[" * 5000 + "]" * 5000 + "}"
    for content in (
        f"[{json.dumps(GOOD)}, {deep}, {json.dumps(GOOD)}]",
        f"{json.dumps(GOOD)}\n{deep}\n{json.dumps(GOOD)}\n",
    ):
        samples, report = read(save(content))
        assert len(samples) == 2 and "nested too deeply" in report.skipped[0].reason


def test_damaged_gzip_gives_what_precedes_the_break(save):
    records = [{"prompt": f"{i} {i * 7919 % 10007}", "response": str(i**5)} for i in range(20_000)]
    packed = gzip.compress("\n".join(dumped(records)).encode())
    samples, report = read(save(packed[: len(packed) // 2]))
    assert 5000 < len(samples) < 15_000
    assert [s.raw for s in samples] == records[: len(samples)]
    assert report.truncated_at.startswith("line ")
    assert "gzip" in failure(save(packed[:12]))


def test_cut_gzip_csv_drops_the_unfinished_row(save):
    rows = "".join(f"{i},{i**9}\n" for i in range(20_000))
    packed = gzip.compress(f"prompt,response\n{rows}".encode())
    samples, report = read(save(packed[: len(packed) // 2]))
    assert all(s.response == str(int(s.prompt) ** 9) for s in samples)
    assert report.truncated_at


def test_hostile_text_passes_unchanged(save):
    texts = [
        "\x00\x1b]0;x\x07",
        "\ufeff\u202e\u200b",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "\ud800",
        "{{x}}",
    ]
    content = json.dumps([{"prompt": text, "response": text} for text in texts])
    assert [s.response for s in read(save(content))[0]] == texts


def test_half_characters_are_written_escaped(tmp_path):
    records = [{"prompt": "\ud800é", "response": "é"}, {"prompt": "é", "response": "é"}]
    write_records(records, tmp_path / "x", "jsonl")
    first, second = (tmp_path / "x").read_text(encoding="utf-8").splitlines()
    assert "\\ud800" in first and "é" not in first and "é" in second
    assert [s.raw for s in read(tmp_path / "x")[0]] == records


JUNK = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["messages", "conversations", "from", "value", "role", "content", "output", "instruction", "tool_calls"]
            ),
            inner | st.sampled_from(["gpt", "user"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@FIXTURE
@given(st.lists(JUNK, min_size=1, max_size=5))
def test_any_record_is_a_sample_or_a_bad_row(tmp_path, records):
    path = tmp_path / "x"
    path.write_text(json.dumps([GOOD, *records]))
    samples, report = read(path)
    assert len(samples) + report.n_skipped == report.rows_read == len(records) + 1
    assert all(s.response.strip() for s in samples)


@FIXTURE
@given(st.binary(max_size=200) | st.text(string.printable).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path, content):
    path = tmp_path / "x"
    path.write_bytes(content)
    try:
        list(read_samples(path, skip_bad=True))
    except DataError as error:
        assert str(error)


# ------------------------------------------------------------------------------------------------------ encodings


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("shape", ["array", "lines", "csv"])
def test_other_unicode_encodings_are_decoded_and_named(save, encoding, shape):
    record = {"prompt": "naïve 🙂", "response": "日本"}
    text = {
        "array": f"[{json.dumps(record, ensure_ascii=False)}]",
        "lines": json.dumps(record, ensure_ascii=False) + "\n",
    }
    content = text.get(shape, "prompt,response\nnaïve 🙂,日本\n")
    samples, report = read(save(content, encoding))
    assert samples[0].raw == record
    assert encoding in report.encoding or report.encoding in encoding
    assert any(report.encoding in w for w in report.warnings)


@pytest.mark.parametrize(("content", "encoding"), [("café “q” €", "cp1252"), ("caf\xe9 \x81", "latin-1")])
def test_legacy_encodings_are_decoded_and_named(save, content, encoding):
    samples, report = read(save(f"prompt,response\nx,{content}", encoding))
    assert samples[0].response == content
    assert report.encoding == encoding and f"was decoded as {encoding}" in report.warnings[0]


def test_damaged_utf8_spoils_only_its_row(save):
    good = json.dumps({"prompt": "é", "response": "é"}, ensure_ascii=False).encode()
    bad = good.replace("é".encode(), b"\xff")
    for content in (b"\n".join([good, bad, good]), b"[" + b",".join([good, bad, good]) + b"]"):
        samples, report = read(save(content))
        assert [s.response for s in samples] == ["é", "é"]
        assert "bytes that are not UTF-8" in report.skipped[0].reason


def test_a_character_cut_in_half_is_a_cut_file(save):
    content = json.dumps([{"prompt": "é", "response": "日"}] * 2, ensure_ascii=False).encode()
    samples, report = read(save(content[: content.rindex("日".encode()) + 1]))
    assert len(samples) == 1 and report.truncated_at.startswith("row 1")


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
        (b"\xff\xfe\x00\xd8\x00", "is empty|columns|binary|CSV"),
    ],
)
def test_files_that_hold_no_data(save, content, words):
    text = failure(save(content))
    assert any(word in text for word in words.split("|"))
    assert "\n" not in text


def test_missing_file_folder_and_no_permission(tmp_path, monkeypatch):
    assert "does not exist" in failure(tmp_path / "no.json")
    assert "does not exist" in failure("data/no.json")
    assert "is a folder" in failure(tmp_path)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "x").write_text("[]")
    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert failure(tmp_path / "x").endswith("cannot be read: Permission denied.")


def test_hub_out_of_reach_is_one_sentence(monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path))
    assert "cannot be reached: download the data first" in failure("org/name:train")


def test_hub_rows_come_through_the_datasets_library(monkeypatch, tmp_path):
    datasets = pytest.importorskip("datasets")
    asked = []

    def load(name, config, split):
        if name == "org/gone":
            raise FileNotFoundError("no such\ndata set")
        asked.append((name, config, split))
        assert (not core.records.hub_reachable()) == datasets.config.HF_HUB_OFFLINE
        return [GOOD, {**GOOD, "output": ""}]

    monkeypatch.setattr(core.records, "hub_reachable", lambda: True)
    monkeypatch.setattr(datasets, "load_dataset", load)
    samples, report = read("org/name@main:test[:10]")
    assert len(samples) == 1 and report.skipped[0].position == "row 1" and report.format == "Hugging Face hub"
    read("org/name")
    assert asked[:2] == [("org/name", "main", "test[:10]"), ("org/name", None, "train")]
    (tmp_path / "org___open_name").mkdir()  # a copy in the cache is read without asking the hub
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path))
    monkeypatch.setattr(core.records, "hub_reachable", lambda: False)
    before = datasets.config.HF_HUB_OFFLINE
    assert len(read("org/OpenName")[0]) == 1 and before == datasets.config.HF_HUB_OFFLINE
    monkeypatch.setattr(core.records, "hub_reachable", lambda: True)
    assert failure("org/gone").endswith("cannot be loaded from the Hugging Face hub: no such data set")
    assert len(file_digest("org/name")) == 64


def test_file_digest_is_that_of_the_bytes(save):
    assert file_digest(save(b"abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_digest(save(b"abd")) != file_digest(save(b"abc"))


# -------------------------------------------------------------------------------------------------------- writing


def test_a_failed_write_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "x"
    path.write_text("old")

    def records():
        yield GOOD
        raise ValueError("stop")

    for format in FORMATS:
        with pytest.raises(ValueError, match="stop"):
            write_records(records(), path, format)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("records", "format", "words"),
    [
        ([GOOD], "xlsx", "xlsx is not a format to write: choose one of jsonl, json, parquet, csv."),
        (["text"], "csv", "only records with named fields"),
        ([{"a": 1}, {"a": "x"}], "parquet", "parquet cannot hold a"),
        ([{"a": {}}], "parquet", "write jsonl instead"),
        ([{"a": "\ud800"}], "csv", "half a character"),
        ([{"a": "\ud800"}], "parquet", "write jsonl instead"),
        ([{"a": 10**30}], "parquet", "parquet cannot hold a"),
    ],
)
def test_what_cannot_be_written_is_told(tmp_path, records, format, words):
    with pytest.raises(DataError) as caught:
        write_records(records, tmp_path / "x", format)
    assert words in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_writing_to_a_missing_folder(tmp_path):
    with pytest.raises(DataError, match="cannot be written"):
        write_records([GOOD], tmp_path / "no" / "x", "json")


def test_no_records_make_an_empty_file(tmp_path):
    for format in FORMATS:
        write_records([], tmp_path / format, format)
    assert json.loads((tmp_path / "json").read_text()) == []


def test_written_csv_is_plain_csv(tmp_path):
    write_records([{"prompt": 'a,\r\n"b"', "response": " c "}], tmp_path / "x", "csv")
    with (tmp_path / "x").open(newline="", encoding="utf-8") as handle:
        assert list(csv.DictReader(handle)) == [{"prompt": 'a,\r\n"b"', "response": " c "}]


# --------------------------------------------------------------------------------------------------------- memory


def test_a_large_array_is_streamed(tmp_path):
    path = tmp_path / "large.json"
    record = json.dumps({"instruction": "i" * 100, "output": "o" * 5900})
    with path.open("w") as handle:
        handle.write("[" + ",\n".join([record] * 10_000) + "]")
    tracemalloc.start()
    try:
        n = sum(1 for _ in read_samples(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert n == 10_000 and path.stat().st_size > 60e6
    assert peak < 15e6
