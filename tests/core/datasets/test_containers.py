"""Containers of instruction data, whole, broken and hostile; reading in little memory."""

import gzip
import json
import string
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets import containers, json_array, json_window, packed
from core.datasets.rows import BadRow
from core.datasets.samples import read_samples
from core.datasets.writers import FORMATS, write_records
from core.errors import DataError
from tests.reading import FIXTURE, GOOD, failure, read, read_one

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


def test_csv_may_hold_a_conversation_as_json(tmp_path):
    record = {"conversations": '["a", "b"]', "n": 3, "none": None}
    write_records([record], tmp_path / "x", "csv")
    sample = read(tmp_path / "x")[0][0]
    assert sample.raw == {**record, "n": "3", "none": ""}
    assert sample.response == "b"


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
    monkeypatch.setattr(packed, "BLOCK", block)
    monkeypatch.setattr(json_window, "BLOCK", block)
    path = tmp_path / "x"
    path.write_text(json.dumps(records, indent=1 if indent else None))
    assert dumped(r.value for r in json_array.json_array(containers.RecordFile(path))) == dumped(records)


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


def test_what_stands_behind_a_record_is_told_with_a_remedy(save):
    good = json.dumps(GOOD)
    assert "a comma stands behind it: take it away" in failure(save(f"{good},\n{good},\n"))
    assert "another record stands behind it: write one record a line" in failure(save(good * 2))


@pytest.mark.parametrize(
    "value",
    [
        {"instruction": ["a", "b"], "output": ["c", "d"]},
        {"0": GOOD, "1": GOOD},
        {"columns": ["instruction", "output"], "index": [0], "data": [["a", "b"]]},
    ],
)
def test_records_in_one_object_in_another_way_are_told_with_a_remedy(save, value):
    assert "holds several records, such as a list for each column, write one record a line" in failure(
        save(json.dumps(value))
    )


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
        assert str(error).startswith(str(path))


# ------------------------------------------------------------------------------------------------ time and memory


@pytest.mark.parametrize("run", [" ", "<", "< ", ".", '"', "no ", "no input "])
def test_long_runs_cost_linear_time(save, run):
    text = run * 200_000 + "x"
    start = time.process_time()
    assert read_one(save, {**GOOD, "input": text}).prompt.endswith("x")
    assert read(save(json.dumps({"a": 1, "data": [{**GOOD, "output": text}]}, indent=1)))[0][0].response == text
    assert time.process_time() - start < 5


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
