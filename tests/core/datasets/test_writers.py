"""Writing records to a file."""

import csv
import json

import pytest

from core.datasets.writers import FORMATS, write_records
from core.errors import DataError
from tests.reading import GOOD


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
        ([{"a": json.loads("[" * 900 + "]" * 900)}], "parquet", "parquet cannot hold a (nested too deeply)"),
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
