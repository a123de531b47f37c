"""What is understood of data before anything is extracted."""

import json

import numpy as np
import pytest
from transformers import AutoTokenizer

from core.datasets.samples import read_samples
from core.errors import DataError
from core.extract.preview import ROWS, SHOWN, preview, token_counts


def write(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return [str(path)]


def pairs(n):
    return [{"id": i, "question": f"What is {i}?", "reply": "It is a number " * (1 + i % 5)} for i in range(n)]


def test_the_first_samples_their_columns_and_their_languages(tmp_path):
    german = {"question": "Was ist das hier für ein Ding?", "reply": "Das ist ein Haus und nicht mehr."}
    data = write(tmp_path / "a.jsonl", [*pairs(40), german])
    found = preview(data)
    assert list(found.samples) == list(read_samples(data))[:SHOWN]
    assert found.report.columns == ["id", "question", "reply"]
    assert found.report.parts == {"prompt": "question", "response": "reply"}
    assert found.languages == {"English": 40, "German": 1} and found.whole and not found.problem
    assert found.texts[0] == "What is 0?\n\nIt is a number " and len(found.texts) == 41
    assert found.report.format == "JSON Lines"


def test_columns_can_be_chosen_and_bad_rows_are_told(tmp_path):
    rows = [{"a": "Say it.", "b": "It.", "c": "Something else that is longer than it."}] * 3 + [{"a": "Only a"}]
    found = preview(write(tmp_path / "a.jsonl", rows), {"prompt": "a", "response": "c"})
    assert [m.content for m in found.samples[0].messages] == ["Say it.", rows[0]["c"]]
    assert [bad.position for bad in found.report.skipped] == ["line 4"]
    assert any("1 row of 4 skipped" in warning for warning in found.report.warnings)


def test_what_needs_a_choice_has_its_sentence_and_its_columns(tmp_path):
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    data = write(tmp_path / "a.jsonl", [{"chosen": turns, "rejected": turns}] * 5)
    found = preview(data)
    assert "messages=chosen" in found.problem and not found.samples
    assert found.report.columns == ["chosen", "rejected"]
    assert len(preview(data, {"messages": "chosen"}).samples) == 5


def test_no_more_than_the_first_rows_are_read(tmp_path):
    data = write(tmp_path / "a.jsonl", pairs(ROWS + 50))
    found = preview(data)
    assert found.report.rows_read == len(found.texts) == ROWS and not found.whole
    assert len(preview(data, rows=7).texts) == 7


def test_what_is_no_data_is_an_error(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4")
    for source in (tmp_path / "a.pdf", tmp_path / "missing.jsonl"):
        with pytest.raises(DataError):
            preview([str(source)])


def test_tokens_are_those_of_the_tokenizer(tiny_lm, tiny):
    texts = [*preview([str(tiny.data)]).texts, "", "🎉 naïve"]
    tokenizer = AutoTokenizer.from_pretrained(tiny_lm)
    expected = [len(tokenizer(text, add_special_tokens=False).input_ids) for text in texts]
    assert token_counts(texts, tiny_lm / "tokenizer.json").tolist() == expected
    assert token_counts(["", "abc", "abcde"], None).tolist() == [0, 1, 2]
    assert token_counts([], None).dtype == np.int64
