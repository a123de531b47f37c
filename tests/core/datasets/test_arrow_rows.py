"""Records out of Parquet and Arrow: values that Python or UTF-8 has not, wherever they stand."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.datasets.writers import write_records
from core.errors import DataError
from tests.reading import read

ODD = {
    "not UTF-8": (pa.array([b"caf\xe9"]).view(pa.string()), b"caf\xe9"),
    "a far day": (pa.array([2**49], pa.timestamp("ms")), "19809-03-05 11:03:41.312"),
    "no such zone": (pa.array([1000], pa.timestamp("ms", "Mars/Phobos")), "1970-01-01 00:00:01.000"),
    "a long time": (pa.array([2**62], pa.duration("s")), str(2**62)),
}
AROUND = {
    "alone": (lambda array: array, lambda value: value),
    "in a list": (lambda array: pa.ListArray.from_arrays([0, 1], array), lambda value: [value]),
    "in an object": (lambda array: pa.StructArray.from_arrays([array], ["x"]), lambda value: {"x": value}),
    "in a map": (lambda array: pa.MapArray.from_arrays([0, 1], pa.array(["x"]), array), lambda value: [("x", value)]),
    "in a dictionary": (lambda array: pa.DictionaryArray.from_arrays([0], array), lambda value: value),
}


def arrow(path, **columns):
    table = pa.table(columns)
    with pa.ipc.new_stream(path, table.schema) as stream:
        stream.write_table(table)
    return table


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("around", AROUND)
def test_an_odd_value_of_a_column_that_is_not_read_stops_nothing(tmp_path, odd, around):
    (array, value), (wrap, wrapped) = ODD[odd], AROUND[around]
    table = arrow(tmp_path / "x", prompt=["q"], response=["a"], odd=wrap(array))
    (sample,), _ = read(tmp_path / "x")
    assert sample.response == "a" and sample.raw["odd"] == wrapped(value)
    for format in ("jsonl", "csv"):
        with pytest.raises(DataError, match="instead"):
            write_records([sample.original], tmp_path / "out", format)
    write_records([sample.original], tmp_path / "out", "parquet")
    if odd == "not UTF-8" and around == "alone":
        assert pq.read_table(tmp_path / "out").equals(table)
    with pytest.raises(DataError, match="parquet cannot hold"):
        write_records([sample.original, {"prompt": 1}], tmp_path / "out", "parquet")


@pytest.mark.parametrize("around", AROUND)
def test_damage_behind_text_that_is_not_utf8_is_seen(tmp_path, around):
    """To read it would end the process."""
    offsets = pa.py_buffer(np.array([0, 1 << 30, 1], np.int32))
    far = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"ab")])
    both = [pa.ListArray.from_arrays([0, 2], part) for part in (pa.array([b"\xe9", b"a"]).view(pa.string()), far)]
    odd = AROUND[around][0](pa.StructArray.from_arrays(both, ["x", "y"]))
    arrow(tmp_path / "x", prompt=["q"], response=["a"], odd=odd)
    with pytest.raises(DataError, match="damaged or incomplete Arrow"):
        read(tmp_path / "x")


def test_text_that_is_not_utf8_spoils_only_its_row(tmp_path):
    arrow(tmp_path / "x", prompt=pa.array([b"caf\xe9", b"q"]).view(pa.string()), response=["a", "b"])
    samples, report = read(tmp_path / "x")
    assert [s.row for s in samples] == [1]
    assert "prompt" in report.skipped[0].reason and report.skipped[0].value == repr(b"caf\xe9")


def test_a_column_whose_name_is_not_utf8_is_damage(tmp_path):
    pq.write_table(pa.table({"prompt": ["q"], "response": ["a"]}), tmp_path / "x")
    (tmp_path / "x").write_bytes((tmp_path / "x").read_bytes().replace(b"response", b"respons\xd4"))
    with pytest.raises(DataError, match="damaged or incomplete Parquet"):
        read(tmp_path / "x")


@pytest.mark.parametrize("bits", [0xFF, 0x80])
@pytest.mark.parametrize("kind", [pa.ipc.new_stream, pa.ipc.new_file])
def test_arrow_with_any_byte_changed_is_read_or_refused(tmp_path, kind, bits):
    table, path = pa.table({"prompt": ["q", "r"], "response": ["a", "b"]}), tmp_path / "x"
    with kind(path, table.schema) as out:
        out.write_table(table)
    whole, refused = path.read_bytes(), 0
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ bits]) + whole[i + 1 :])
        try:
            read(path)
        except DataError:
            refused += 1
    assert 0 < refused < len(whole)


def test_two_columns_of_one_name_are_refused(tmp_path):
    table = pa.table([["q"], ["a"], ["b"]], names=["prompt", "response", "response"])
    pq.write_table(table, tmp_path / "x")
    with pytest.raises(DataError, match="names a column twice, 'response': rename one"):
        read(tmp_path / "x")


def test_runs_are_written_as_their_values(tmp_path):
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array(["q"]))
    arrow(tmp_path / "x", prompt=runs, response=["a", "b"])
    samples, _ = read(tmp_path / "x")
    for format in ("jsonl", "json", "csv"):
        write_records([s.original for s in samples], tmp_path / "out", format)
        assert [s.raw for s in read(tmp_path / "out")[0]] == [s.raw for s in samples]
