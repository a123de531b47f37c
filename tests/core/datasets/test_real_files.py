"""Real data files, read to the last row."""

import json

import pytest

from core.datasets.samples import read_samples
from tests.reading import read


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
