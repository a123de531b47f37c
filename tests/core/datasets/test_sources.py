"""Where data comes from: several files, folders, saved datasets, patterns, standard input."""

import gzip
import io
import random
import sys
from types import SimpleNamespace

import pyarrow as pa
import pytest

from core.datasets.samples import data_digest, file_digest
from core.datasets.sources import natural, spooled
from core.datasets.writers import write_records
from tests.made_sources import PACKERS, asked, lines, prompts, shards
from tests.reading import GOOD, failure, read


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "parquet"])
def test_a_folder_of_shards_is_read_as_people_count(tmp_path, ending):
    samples, report = read(shards(tmp_path / "data", ending))
    assert "".join(s.prompt for s in samples) == "abcdef" and [s.row for s in samples] == list(range(6))
    assert [s.source for s in samples][::2] == [f"part-{n}.{ending}" for n in (1, 2, 10)]
    (told,) = report.warnings
    assert "not read" in told and "README.md" in told and "dataset_infos.json" in told and "hidden" not in told


@pytest.mark.parametrize("name", ["x.jsonlines", "x.pq", "x.JSONL.gz"])
def test_files_of_data_are_known_by_rarer_endings_too(tmp_path, name):
    write_records(asked("a"), tmp_path / name, "jsonl")
    assert prompts(tmp_path) == "a"
    assert "does not exist: check the path" in failure(f"data/{name}")


def test_a_feather_file_of_version_1_is_told_and_passed_over_in_a_folder(tmp_path):
    (tmp_path / "1.feather").write_bytes(b"FEA1\x00\x00\x00\x00FEA1")
    table = pa.Table.from_pylist(asked("b"))
    with pa.ipc.new_file(tmp_path / "2.feather", table.schema) as out:
        out.write_table(table)
    samples, report = read(tmp_path)
    assert [s.prompt for s in samples] == ["b"] and "not read, as they are no data" in report.warnings[0]
    assert "1.feather" in report.warnings[0] and "2.feather" not in report.warnings[0]
    assert "a Feather file of version 1: save it as Parquet" in failure(tmp_path / "1.feather")


def test_shards_may_be_compressed_each_in_its_own_way_and_lie_deeper(tmp_path):
    for i, (ending, pack) in enumerate(PACKERS.items()):
        path = tmp_path / "data" / f"split-{i % 2}" / f"{i}.jsonl{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pack(lines(asked([str(i)]))))
    (tmp_path / "data" / "empty.jsonl").touch()
    samples, report = read(tmp_path / "data")
    assert "".join(s.prompt for s in samples) == "02413"
    assert samples[0].source == "split-0/0.jsonl" and "empty.jsonl" in report.warnings[0]


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("format", ["jsonl", "json", "csv", "parquet"])
def test_every_container_in_every_compression(tmp_path, ending, format):
    plain = tmp_path / "plain"
    write_records(asked("abc"), plain, format)
    path = tmp_path / "x"
    path.write_bytes(PACKERS[ending](plain.read_bytes()))
    assert prompts(path) == "abc"


@pytest.mark.parametrize("ending", list(PACKERS)[1:])
def test_compressed_lines_that_break_off_are_read_as_far_as_they_go(tmp_path, ending):
    draw = random.Random(0)
    records = asked([f"{draw.getrandbits(256):x}" for _ in range(40_000)])  # several blocks in every compression
    path = tmp_path / "x"
    path.write_bytes(PACKERS[ending](lines(records))[:-1000])
    samples, report = read(path)
    assert 0 < len(samples) < len(records) and "breaks off" in report.warnings[-1]
    assert [s.raw for s in samples] == records[: len(samples)]


def test_a_record_without_end_does_not_fill_the_memory(tmp_path, monkeypatch):
    from core.datasets import json_window, readers

    for module in (json_window, readers):
        monkeypatch.setattr(module, "LONGEST", 3 << 20)
    path = tmp_path / "x"
    for content in ('{"output": "', '[{"output": "', '{\n"output": [\n"'):
        path.write_text(lines([GOOD]).decode() * (content[0] == "{" and content[1] != "\n") + content + "a" * (8 << 20))
        assert "characters: it is no conversation, or its end is missing" in failure(path)


def test_zstandard_is_read_up_to_the_break(tmp_path):
    content, path = random.Random(0).randbytes(160_000).hex(), tmp_path / "x"  # blocks of 128 KiB: two are whole
    path.write_bytes(
        PACKERS[".zst"](lines([{**GOOD, "output": content[i : i + 1000]} for i in range(0, 320_000, 1000)]))[:-9]
    )
    assert 240 < len(read(path)[0]) < 320


def test_several_sources_are_one_stream(tmp_path):
    folder = shards(tmp_path / "data")
    (tmp_path / "own.csv").write_text("question,answer,source\nx,y,mine\n")
    samples, _ = read([tmp_path / "own.csv", str(folder), folder / "part-2.jsonl"])
    assert "".join(s.prompt for s in samples) == "xabcdefcd"
    assert [s.source for s in samples][:2] == ["mine", "part-1.jsonl"] and [s.row for s in samples] == list(range(9))
    assert prompts(f"{folder}/part-*.jsonl") == "abcdef" and prompts(f"{tmp_path}/**/part-1*.jsonl") == "abef"
    assert "No data was named" in failure([])
    assert "does not exist" in failure(f"{folder}/none-*.jsonl")
    only = samples[1]
    assert read(folder / "part-1.jsonl")[0][0].source == "" and only.source


def test_messages_name_the_file_and_the_row(tmp_path):
    folder = shards(tmp_path / "data")
    with (folder / "part-2.jsonl").open("a") as out:
        out.write('{"instruction": "a"}\n{"a": [')
    text = failure(folder)
    assert "part-2.jsonl, line 3: has no" in text
    _, report = read(folder)
    assert report.truncated_at == "part-2.jsonl, line 4" and report.skipped[0].position == "part-2.jsonl, line 3"


def test_a_digest_is_of_what_is_read_in_its_order(tmp_path):
    one, two = (tmp_path / name for name in ("1.jsonl", "2.jsonl"))
    one.write_bytes(lines(asked("a")))
    two.write_bytes(lines(asked("b")))
    assert data_digest(one) == data_digest([str(one)]) == file_digest(one)
    assert data_digest([one, two]) == data_digest(tmp_path) == data_digest(f"{tmp_path}/*.jsonl")
    assert data_digest([one, two]) != data_digest([two, one])


def test_saved_datasets_are_read_by_their_folder(tmp_path):
    datasets = pytest.importorskip("datasets")
    one = datasets.Dataset.from_list(asked("abc"))
    one.save_to_disk(tmp_path / "one", num_shards=2)
    (tmp_path / "one" / "cache-0123.arrow").write_bytes((tmp_path / "one/data-00000-of-00002.arrow").read_bytes())
    assert prompts(tmp_path / "one") == "abc"
    datasets.DatasetDict(train=one, test=one).save_to_disk(tmp_path / "both")
    assert f"several splits (train, test): name one, such as {tmp_path / 'both' / 'train'}" in failure(
        tmp_path / "both"
    )
    assert prompts(tmp_path / "both" / "test") == "abc"
    datasets.DatasetDict(train=one).save_to_disk(tmp_path / "single")
    assert prompts(tmp_path / "single") == "abc"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("state.json", "not json", "state.json is damaged"),
        ("state.json", '{"_data_files": []}', "without rows"),
        ("state.json", '{"_data_files": [{"x": "1.jsonl"}]}', "names None, which is not in its folder"),
        ("state.json", '{"_data_files": [{"filename": "../1.jsonl"}]}', "names '../1.jsonl', which is not in"),
        ("state.json", '{"_data_files": [[], {}]}', "names [], which is not in its folder"),
        ("dataset_dict.json", "[" * 100_000, "dataset_dict.json is damaged"),
        ("dataset_dict.json", '{"splits": []}', "holds no splits."),
        ("dataset_dict.json", '{"splits": ["."]}', "names '.', which is not in its folder"),
        ("dataset_dict.json", '{"splits": [".."]}', "names '..', which is not in its folder"),
    ],
)
def test_what_a_saved_dataset_says_of_itself_is_not_trusted(tmp_path, name, content, words):
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / "1.jsonl").write_bytes(lines([GOOD]))
    (folder / name).write_text(content)
    assert words in failure(folder)


@pytest.mark.parametrize("name", ["state.json", "dataset_dict.json"])
@pytest.mark.parametrize("content", ["[]", '["train"]', "3", '{"step": 3}', '{"splits": 2, "_data_files": {}}'])
def test_files_of_that_name_by_other_tools_are_passed_over(tmp_path, name, content):
    (tmp_path / "1.jsonl").write_bytes(lines(asked("a")))
    (tmp_path / name).write_text(content)
    assert prompts(tmp_path) == "a"


@pytest.fixture
def piped(monkeypatch, tmp_path):
    """Standard input with the given bytes."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path / "cache"))

    def pipe(data, tty=False):
        spooled.cache_clear()
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: tty))

    yield pipe
    spooled.cache_clear()


def test_standard_input_is_read_as_often_as_needed(piped, tmp_path):
    content = gzip.compress(lines([*asked("ab"), {"instruction": "c"}]))
    piped(content)
    for _ in range(2):
        assert prompts("-", skip_bad=True) == "ab"
    (tmp_path / "same").write_bytes(content)
    assert data_digest("-") == file_digest(tmp_path / "same")
    assert failure("-").startswith("standard input: 1 of 3 rows cannot be used")
    piped(b"", tty=True)
    assert "Nothing is piped to standard input" in failure("-")
    piped(b"")
    assert "standard input is empty" in failure("-")


def test_names_in_the_order_of_their_numbers():
    names = ["part-10.json", "part-2.json", "a", "part-2-b", "7"]
    assert sorted(names, key=natural) == ["7", "a", "part-2-b", "part-2.json", "part-10.json"]


def test_ids_are_kept(tmp_path):
    rows = [{**GOOD, "id": 2**60 + 1}, {**GOOD, "UUID": "u-1", "id": None}, {**GOOD, "id": True}, GOOD]
    (tmp_path / "x").write_bytes(lines(rows))
    assert [s.id for s in read(tmp_path / "x")[0]] == [str(2**60 + 1), "u-1", "", ""]
