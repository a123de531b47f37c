"""Files in other encodings than UTF-8, and damaged UTF-8."""

import json

import pytest

from tests.reading import read


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
