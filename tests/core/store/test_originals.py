"""Records as they stood: to the byte for lines of JSON, to the type for rows of Arrow."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.originals import JsonText, Packed, pack
from core.datasets.samples import read_samples
from core.datasets.writers import write_records
from core.errors import DataError
from core.store.originals import originals_table
from tests.reading import FIXTURE

ASKED = {"prompt": "a", "completion": "b"}


def kept(table: pa.Table, tmp_path: Path) -> list:
    """The originals of a Parquet file's rows, through the reader, as a store keeps them and gives them back."""
    pq.write_table(table, tmp_path / "x.parquet", use_compliant_nested_type=False)
    samples = list(read_samples(tmp_path / "x.parquet"))
    rows = originals_table(samples, 5)
    assert rows["sample_id"].to_pylist() == [5]
    return back(rows)


def back(rows: pa.Table) -> list:
    found = zip(*(rows[name].to_pylist() for name in ("rows", "is_json", "data")), strict=True)
    return [one for packed in found for one in Packed(*packed).unpacked()]


def written(records: list, tmp_path: Path, format: str) -> bytes:
    write_records(records, tmp_path / "out", format)
    return (tmp_path / "out").read_bytes()


# ------------------------------------------------------------------------------------------------ rows of Arrow

INT = {f"{sign}int{n}": getattr(pa, f"{sign}int{n}")() for sign in ("", "u") for n in (8, 16, 32, 64)}
PLAIN = st.sampled_from([pa.string(), pa.large_string(), pa.bool_(), pa.float64(), pa.float32(), *INT.values()])
RICH = st.sampled_from(
    [
        pa.binary(), pa.large_binary(), pa.binary(3), pa.timestamp("ms"), pa.timestamp("us"), pa.timestamp("ns"),
        pa.timestamp("us", "Europe/Tallinn"), pa.date32(), pa.time64("us"), pa.duration("us"), pa.decimal128(12, 4),
        pa.decimal256(60, 3), pa.dictionary(pa.int32(), pa.string()), pa.float16(),
        pa.map_(pa.string(), pa.int64()), pa.null(),
    ]
)  # fmt: skip
TYPES = st.recursive(
    PLAIN | RICH,
    lambda inner: st.one_of(
        st.builds(pa.list_, inner),
        st.builds(pa.large_list, inner),
        st.builds(lambda one, two: pa.struct([pa.field("é 1", one), pa.field("b", two)]), inner, inner),
    ),
    max_leaves=3,
)


def value(draw, kind: pa.DataType):
    """A value of a type, extremes and null included, as pyarrow takes it."""
    types = pa.types
    if types.is_null(kind) or draw(st.integers(0, 5)) == 0:
        return None
    if types.is_struct(kind):
        return {field.name: value(draw, field.type) for field in kind}
    if types.is_map(kind):
        return [(name, 2**60 + 1) for name in draw(st.lists(st.text(max_size=3), max_size=2, unique=True))]
    if types.is_list(kind) or types.is_large_list(kind):
        return [value(draw, kind.value_type) for _ in range(draw(st.integers(0, 2)))]
    if types.is_integer(kind):
        width, signed = kind.bit_width, types.is_signed_integer(kind)
        return draw(st.integers(-(2 ** (width - 1)) if signed else 0, 2 ** (width - signed) - 1))
    if types.is_floating(kind):
        width = kind.bit_width
        number = draw(st.floats(width=width))
        return np.float16(number) if width == 16 else number
    return draw(st.booleans()) if types.is_boolean(kind) else rich_value(draw, kind)


def rich_value(draw, kind: pa.DataType):
    """The same of a type that JSON has not, or of text."""
    types = pa.types
    if types.is_decimal(kind):
        return Decimal(draw(st.integers(-(10**11), 10**11))).scaleb(-kind.scale)
    if types.is_fixed_size_binary(kind):
        return draw(st.binary(min_size=3, max_size=3))
    if types.is_binary(kind) or types.is_large_binary(kind):
        return draw(st.binary(max_size=5))
    if types.is_timestamp(kind) or types.is_duration(kind) or types.is_time64(kind):
        return pa.scalar(draw(st.integers(0, 86_399_999_999)), pa.int64()).cast(kind)
    if types.is_date32(kind):
        return pa.scalar(draw(st.integers(-700_000, 2_900_000)), pa.int32()).cast(kind)
    return draw(st.text(max_size=5))


@st.composite
def tables(draw, kinds=TYPES):
    """A table of rows that can be read as samples, with columns of any types, nullable or not, and metadata."""
    n = draw(st.integers(1, 4))
    fields = [pa.field(name, pa.string()) for name in ASKED]
    columns = [pa.array([text] * n) for text in ASKED.values()]
    for i in range(draw(st.integers(1, 3))):
        kind = draw(kinds)
        array = pa.array([value(draw, kind) for _ in range(n)], kind)
        metadata = draw(st.none() | st.just({"unit": "m"}))
        fields.append(pa.field(f"c{i}", kind, nullable=array.null_count > 0 or draw(st.booleans()), metadata=metadata))
        columns.append(array)
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, metadata={"of": "a test"}))


def parquet_of(content: bytes) -> pa.Table:
    return pq.ParquetFile(io.BytesIO(content)).read()


@FIXTURE
@given(tables())
def test_parquet_in_is_parquet_out_with_the_same_schema(tmp_path, table):
    originals = kept(table, tmp_path)
    given = parquet_of((tmp_path / "x.parquet").read_bytes())
    found = parquet_of(written(originals, tmp_path, "parquet"))
    assert found.schema.equals(given.schema, check_metadata=True)
    assert found.combine_chunks().equals(given.combine_chunks()) or str(found) == str(given)  # NaN is not itself


@FIXTURE
@given(tables(), st.sampled_from(["jsonl", "json", "csv"]))
def test_text_holds_the_values_exactly_or_says_which_column_it_cannot_hold(tmp_path, table, format):
    originals = kept(table, tmp_path)
    (tmp_path / "out").write_text("old")
    try:
        content = written(originals, tmp_path, format).decode()
    except DataError as error:
        assert f"{format} cannot hold" in str(error) and "in the column c" in str(error) and "write " in str(error)
        assert (tmp_path / "out").read_text() == "old"
        return
    rows = table.to_pylist()
    if format == "csv":
        for cells, row in zip(csv.DictReader(io.StringIO(content, newline="")), rows, strict=True):
            assert cells == {name: cell(one) for name, one in row.items()}
        return
    found = json.loads(content) if format == "json" else [json.loads(line) for line in content.split("\n")[:-1]]
    assert found == rows


def cell(one):
    return one if isinstance(one, str) else "" if one is None else json.dumps(one)


@FIXTURE
@given(tables(PLAIN))
def test_json_holds_every_plain_type(tmp_path, table):
    finite = all(not isinstance(v, float) or np.isfinite(v) for row in table.to_pylist() for v in row.values())
    if not finite:
        return
    content = written(kept(table, tmp_path), tmp_path, "jsonl").decode()
    assert [json.loads(line) for line in content.split("\n")[:-1]] == table.to_pylist()


@pytest.mark.parametrize(
    ("array", "format", "words"),
    [
        (pa.array([b"x"]), "jsonl", "jsonl cannot hold binary in the column c0: write parquet instead."),
        (pa.array([1], pa.timestamp("ns", "UTC")), "json", "cannot hold timestamp[ns, tz=UTC] in the column c0"),
        (pa.array([[1]]), "csv", "csv cannot hold list<element: int64> in the column c0: write jsonl or parquet"),
        (pa.array([float("nan")]), "jsonl", "jsonl cannot hold NaN or infinity in the column c0"),
        (pa.array([Decimal("1.50")]), "csv", "csv cannot hold decimal128(3, 2) in the column c0"),
    ],
)
def test_what_a_format_cannot_hold_is_named(tmp_path, array, format, words):
    table = pa.table({**{name: [text] for name, text in ASKED.items()}, "c0": array})
    with pytest.raises(DataError) as caught:
        written(kept(table, tmp_path), tmp_path, format)
    assert words in str(caught.value).replace("item:", "element:")


def test_rows_of_files_with_other_columns_are_one_file_or_a_sentence(tmp_path):
    one, two = (pa.table({**{k: [v] for k, v in ASKED.items()}, name: [1]}) for name in ("x", "y"))
    found = parquet_of(written([one, two], tmp_path, "parquet"))
    assert found.to_pylist() == [{**ASKED, "x": 1, "y": None}, {**ASKED, "x": None, "y": 1}]
    with pytest.raises(DataError, match="parquet cannot hold these records"):
        written([one, one.set_column(2, "x", pa.array(["text"]))], tmp_path, "parquet")
    mixed = written([one, JsonText('{"prompt": "c", "completion": "d", "x": 7}')], tmp_path, "parquet")
    assert parquet_of(mixed).to_pylist() == [{**ASKED, "x": 1}, {"prompt": "c", "completion": "d", "x": 7}]


# -------------------------------------------------------------------------------------------------- lines of JSON


NUMBERS = st.sampled_from(["1.0", "1e5", "-0.0", "1E-7", "12345678901234567890123", "0.10000000000000000555", "NaN"])
SPACES = st.sampled_from(["", " ", "  ", "\t"])


@st.composite
def lines(draw, line_break="", plain=False):
    """Records as JSON written by no library: odd spaces, numbers, escapes and keys that stand twice."""
    space = SPACES if not line_break else SPACES | st.just(line_break)
    texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
    out = []
    for i in range(draw(st.integers(1, 4))):
        parts = [(json.dumps("prompt"), json.dumps(f"{i} \u00e9", ensure_ascii=draw(st.booleans())))]
        parts += [(json.dumps("completion"), json.dumps(draw(texts) + "x", ensure_ascii=draw(st.booleans())))]
        parts += [(f'"n{k}"', draw(NUMBERS)) for k in range(draw(st.integers(0, 2)))]
        if not plain and draw(st.booleans()):
            parts += [('"n0"', '{"a" : [1 , {} , "\\u00e9\\/"]}'), ('"z"', "1"), ('"z"', "2")]
        body = ",".join(f"{draw(space)}{name}{draw(space)}:{draw(space)}{text}" for name, text in parts)
        out.append("{" + body + draw(space) + "}")
    return out


@FIXTURE
@given(lines(), st.sampled_from(["\n", "\r\n"]))
def test_lines_leave_to_the_byte(tmp_path, texts, end):
    path = tmp_path / "x.jsonl"
    path.write_bytes("".join(text + end for text in texts).encode())
    found = back(originals_table(list(read_samples(path)), 0))
    assert written(found, tmp_path, "jsonl").decode() == "".join(text + "\n" for text in texts)
    assert written(found, tmp_path, "json").decode() == "[\n" + ",\n".join(texts) + "\n]\n"


@FIXTURE
@given(lines("\n  "))
def test_records_of_an_array_keep_every_character_but_their_line_breaks(tmp_path, texts):
    path = tmp_path / "x.json"
    path.write_text("[" + ",\n".join(texts) + "]", newline="")
    found = written(back(originals_table(list(read_samples(path)), 0)), tmp_path, "jsonl").decode().split("\n")[:-1]
    assert ["".join(line.split()) for line in found] == ["".join(text.split()) for text in texts]
    assert list(map(repr, map(json.loads, found))) == list(map(repr, map(json.loads, texts)))


@FIXTURE
@given(lines(plain=True))
def test_parquet_of_lines_holds_their_values_or_says_so(tmp_path, texts):
    try:
        rows = parquet_of(written(list(map(JsonText, texts)), tmp_path, "parquet")).to_pylist()
    except DataError as error:
        assert "parquet cannot hold n" in str(error)
        return
    for row, text in zip(rows, texts, strict=True):
        given = json.loads(text)
        assert all(row[name] == one or one != one for name, one in given.items())
        assert all(one is None for name, one in row.items() if name not in given)


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([{"a": [1]}], "csv cannot hold lists and objects in the column a: write jsonl or parquet instead."),
        ([{"a": 1}, {"a": "1"}], "numbers beside text in the column a"),
        ([{"a": None}, {"a": ""}], "null beside the empty text in the column a"),
        ([{"a": ""}, {"b": "x"}], "null beside the empty text in the column a"),
    ],
)
def test_csv_refuses_what_a_reader_could_not_tell_apart(tmp_path, records, words):
    with pytest.raises(DataError, match="csv cannot hold") as caught:
        written(records, tmp_path, "csv")
    assert words in str(caught.value)


@pytest.mark.parametrize("records", [[JsonText(f"{i}") for i in range(6)], [pa.table({"n": [i]}) for i in range(6)]])
def test_only_the_wanted_of_a_pack_are_unpacked_in_their_order(records):
    (packed,) = pack(records)
    for places in ([], [4], [1, 2, 5], [3, 0]):
        assert packed.unpacked(places) == [records[place] for place in places]
    assert packed.unpacked() == records
