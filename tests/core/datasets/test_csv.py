"""CSV files: delimiters, headers, bad rows, cut ones."""

import gzip
import random

import pytest

from tests.reading import failure, read


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


def test_excel_names_the_delimiter_and_leaves_columns_without_names(save):
    samples, _ = read(save("sep=;\nprompt;response\nq;a\n"))
    assert samples[0].raw == {"prompt": "q", "response": "a"}
    samples, _ = read(save(",prompt,response,,\n0,q,a,,x\n"))
    assert samples[0].raw == {"column 1": "0", "prompt": "q", "response": "a", "column 4": "", "column 5": "x"}
    assert read(save(",prompt,response\n0,q,a\n"))[0][0].raw[""] == "0"


def test_a_csv_without_a_header_is_told_so(save):
    for content in ("What is 2+2?,It is 4\nWhat is 3+3?,It is 6\n", "a,b\n1,2\n3,4\n"):
        assert failure(save(content)).endswith("must name its columns: write the names above the data if it does not.")


def test_long_csv_field(save):
    assert len(read(save("prompt,response\nq," + "x" * 300_000))[0][0].response) == 300_000


def test_cut_gzip_csv_drops_the_unfinished_row(save):
    rows = "".join(f"{i},{i**9}\n" for i in range(20_000))
    packed = gzip.compress(f"prompt,response\n{rows}".encode())
    samples, report = read(save(packed[: len(packed) // 2]))
    assert all(s.response == str(int(s.prompt) ** 9) for s in samples)
    assert report.truncated_at
    header = gzip.compress(b"prompt,response" + random.Random(0).randbytes(100).hex().encode())
    assert "holds no rows, since the file breaks off in line 1" in failure(save(header[:-20]))
