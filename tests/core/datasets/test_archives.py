"""Zip and tar archives: whole, damaged, hostile."""

import gzip
import io
import tarfile
import warnings
import zipfile

import pytest

from core.datasets.samples import data_digest, file_digest, read_samples
from core.errors import DataError
from tests.made_sources import PACKERS, asked, lines, shards
from tests.reading import failure, read


def archived(folder, path, kind):
    """The folder's files in an archive, with a link and a name that leads out of it."""
    if kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
            for each in folder.iterdir():
                out.write(each, f"../{each.name}")
            link = zipfile.ZipInfo("link.jsonl")
            link.external_attr = 0o120777 << 16
            out.writestr(link, "/etc/passwd")
        return
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as out:
        for each in folder.iterdir():
            out.add(each, f"../{each.name}")
        member = tarfile.TarInfo("link.jsonl")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(member)
    path.write_bytes(PACKERS[kind](plain.getvalue()))


@pytest.mark.parametrize("kind", ["zip", *PACKERS])
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_an_archive_is_read_where_it_is(tmp_path, kind, ending):
    path = tmp_path / "here" / "x"
    path.parent.mkdir()
    archived(shards(tmp_path / "data", ending), path, kind)
    samples, report = read(path)
    assert "".join(s.prompt for s in samples) == "abcdef" and samples[0].source == f"../part-1.{ending}"
    assert any("links, which were not followed: link.jsonl" in text for text in report.warnings)
    assert [p.name for p in path.parent.iterdir()] == ["x"]
    assert data_digest(path) == file_digest(path)


def test_a_damaged_or_encrypted_archive_is_one_sentence(tmp_path):
    path = tmp_path / "x.zip"
    archived(shards(tmp_path / "data"), path, "zip")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "damaged" in failure(path) or "zip archive" in failure(path)
    for place, value in ((8, 1), (10, 93)):  # of a member in the directory at the end: its flags, its method
        changed = bytearray(whole)
        changed[whole.index(b"PK\x01\x02") + place] = value
        path.write_bytes(changed)
        assert failure(path).endswith("is encrypted or packed in a rare way: unpack it, and name the folder.")


def test_a_zip_with_any_byte_changed_is_read_or_refused(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("a.jsonl", lines(asked("ab")))
    whole = path.read_bytes()
    told = set()
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :])
        try:
            list(read_samples(path))
        except DataError as error:
            told.add(str(error))
    assert f"{path}: a.jsonl has damaged zip data: fetch it again." in told


@pytest.mark.parametrize("kind", ["gzip", "zip", "tar.gz"])
def test_a_bomb_stops_at_a_limit_that_can_be_set(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("SAELECT_UNPACK_GB", "0.003")
    path, record = tmp_path / "x", lines(asked(["a" * 1000]))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.jsonl").write_bytes(record * 2000)
    if kind == "gzip":
        path.write_bytes(gzip.compress(record * 2000))
    else:
        archived(tmp_path / "data", path, "zip" if kind == "zip" else ".gz")
    text = failure(path)
    assert "unpacks to more than 0.003 GB" in text and "SAELECT_UNPACK_GB" in text and "\n" not in text
    monkeypatch.setenv("SAELECT_UNPACK_GB", "1")
    assert len(read(path)[0]) == 2000
    monkeypatch.setenv("SAELECT_UNPACK_GB", "much")
    assert "must be a number of GB, got 'much'" in failure(path)


@pytest.mark.parametrize("kind", ["", ".gz"])
def test_a_tar_that_is_cut_between_its_members_says_so(tmp_path, kind):
    archived(shards(tmp_path / "data"), tmp_path / "whole", "")
    whole, path = (tmp_path / "whole").read_bytes(), tmp_path / "x"
    assert not any("end mark" in text for text in read(tmp_path / "whole")[1].warnings)
    for cut in range(0, len(whole), tarfile.BLOCKSIZE // 2):
        path.write_bytes(PACKERS[kind](whole[:cut]))
        try:
            samples, report = read(path)
        except DataError:
            continue
        assert len(samples) == 6 or any("no end mark: it may be cut off" in text for text in report.warnings)


def test_empty_members_are_passed_over_and_of_one_name_the_last_is_read(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as out, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's, of a name that is there already
        for name, texts in (("a.jsonl", "a"), ("b.jsonl", "bc"), ("a.jsonl", "d"), ("c.jsonl", "")):
            out.writestr(name, lines(asked(texts)))
    samples, report = read(path)
    assert "".join(s.prompt for s in samples) == "dbc"
    assert "empty: c.jsonl" in report.warnings[0] and "the last was read: a.jsonl" in report.warnings[1]
