"""Files that came through the browser."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.uploads import keep_upload, safe_name


def test_a_file_is_kept_once_under_its_content(tmp_path, monkeypatch):
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    first = keep_upload("a.jsonl", io.BytesIO(b"one"))
    assert first.read_bytes() == b"one" and first.parent.parent == tmp_path / "uploads"
    before = first.stat().st_mtime_ns
    assert keep_upload("a.jsonl", io.BytesIO(b"one")) == first and first.stat().st_mtime_ns == before
    assert keep_upload("b.jsonl", io.BytesIO(b"one")) == first.with_name("b.jsonl")
    assert keep_upload("a.jsonl", io.BytesIO(b"two")).parent != first.parent
    assert sorted(path.name for path in first.parent.iterdir()) == ["a.jsonl", "b.jsonl"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\my data (1).jsonl", "my data (1).jsonl"),
        (".hidden.json", "hidden.json"),
        ("-rf", "rf"),
        ("a;b|c'd.csv", "a_b_c_d.csv"),
        ("дані.parquet", "дані.parquet"),
        ("..", "data"),
        ("", "data"),
    ],
)
def test_names_are_made_safe(name, safe):
    assert safe_name(name) == safe


@given(st.text(max_size=300))
def test_any_name_is_one_of_a_file(name):
    safe = safe_name(name)
    assert 0 < len(safe.encode()) <= 200 and not set(safe) & set("/\\\0\n'\"$`;") and safe not in (".", "..")
    assert safe_name(safe) == safe
