"""Files in layouts that public data sets and trainers use, each with the outcome that it should have."""

import json
from pathlib import Path

import pytest

from tests.reading import failure, read

MESSAGES = (
    "alpaca_history.json", "conversation_input_output.jsonl", "gemini_contents.jsonl", "gpt_then_function_call.json",
    "preference_lists.jsonl", "trl_prompt_completion.jsonl",
)  # fmt: skip


def case(folder, name):
    """What should come out, the samples, and the report."""
    wanted = json.loads((folder / f"{name}.expected.json").read_text(encoding="utf-8"))
    columns = dict(part.split("=") for part in wanted.get("columns", "").split(",") if part) or None
    samples, report = read(folder / name, columns=columns, skip_bad=False)
    assert len(samples) == wanted["rows"] == report.rows_read and not report.skipped
    return wanted, samples, report


def test_every_case_is_tried(shared_cases):
    names = {path.name.removesuffix(".expected.json") for path in shared_cases.glob("*.expected.json")}
    source = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in names if f'"{name}"' not in source} == set()


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(shared_cases, name):
    wanted, samples, _ = case(shared_cases, name)
    for sample, turns in zip(samples, wanted["messages"], strict=True):
        assert [m.role for m in sample.messages] == [role for role, _ in turns]
        assert all(text in (None, m.content) for m, (_, text) in zip(sample.messages, turns, strict=True))
        assert all(m.content for m in sample.messages)


def test_what_a_call_of_gemini_says_is_kept(shared_cases):
    _, samples, report = case(shared_cases, "gemini_contents.jsonl")
    call, result = (m.content for m in samples[4].messages[2:4])
    assert json.loads(call) == {"name": "look_up", "args": {"topic": "Turn this in"}}
    assert json.loads(result)["response"]["found"] == samples[4].messages[4].content
    assert report.columns_unread == {}


def test_a_preference_pair_asks_which(shared_cases):
    text = failure(shared_cases / "preference_lists.jsonl")
    assert "none of its 20 rows can be used: each holds two answers, chosen and rejected" in text
    assert text.endswith("messages=chosen.") and "\n" not in text
    _, _, report = case(shared_cases, "preference_lists.jsonl")
    assert report.columns_unread == {"rejected": 20}


def test_answers_labelled_bad_are_told_and_are_no_response(shared_cases):
    wanted, samples, report = case(shared_cases, "kto_labels.jsonl")
    for sample in samples:
        assert [(m.role, m.content) for m in sample.messages] == [
            (m["role"], m["content"]) for m in (*sample.raw["prompt"], *sample.raw["completion"])
        ]
        assert bool(sample.response) == sample.raw["label"]
    assert any(f"{wanted['undesirable']} rows" in text and "label is false" in text for text in report.warnings)


def test_choices_and_context_are_in_the_prompt_and_the_answer_in_words(shared_cases):
    wanted, samples, report = case(shared_cases, "multiple_choice.jsonl")
    assert all(text in samples[0].prompt for text in wanted["first_prompt_must_hold"])
    for sample in samples:
        answer = sample.raw["answer"]
        place = answer if isinstance(answer, int) else "ABCD".index(answer)
        assert sample.response == sample.raw["choices"][place] and sample.raw["context"] in sample.prompt
    assert report.columns_unread == {}
    columns = dict(part.split("=") for part in wanted["columns_try"].split(" ")[0].split(","))
    mapped, _ = read(shared_cases / "multiple_choice.jsonl", columns=columns)
    assert [s.messages for s in mapped] == [s.messages for s in samples]


def test_reasoning_is_in_the_answer(shared_cases):
    wanted, samples, _ = case(shared_cases, "reasoning_content.jsonl")
    for sample, want in zip(samples, wanted["want"], strict=True):
        assert sample.prompt == want["user"]
        assert all(text in sample.response for text in want["assistant_holds"])


def test_arguments_of_other_tools_are_in_no_text(shared_cases):
    wanted, samples, report = case(shared_cases, "tool_calls_padded.parquet")
    clean, _ = read(shared_cases / "tool_calls_clean.jsonl")
    for sample, same, call in zip(samples, clean, wanted["calls"], strict=True):
        assert sample.messages == same.messages and [m.role for m in sample.messages] == wanted["roles"]
        assert json.loads(sample.messages[1].content)[0]["function"] == call
    assert report.columns_unread == {"tools": 16}


def test_inputs_that_are_no_text_stand_in_the_prompt(shared_cases):
    wanted, samples, _ = case(shared_cases, "input_not_text.jsonl")
    for sample, value in zip(samples, wanted["inputs"], strict=True):
        first, beside = sample.prompt.split("\n\n")
        assert (first, json.loads(beside)) == (sample.raw["instruction"], value)


def test_ids_and_characters_are_untouched(shared_cases):
    _, samples, _ = case(shared_cases, "ids_and_images.parquet")
    assert samples[0].raw["id"] == 2**53 + 1 and samples[1].raw["images"][0]["bytes"].startswith(b"\x89PNG")
    _, samples, _ = case(shared_cases, "multi_token_characters.jsonl")
    for sample in samples:
        assert (sample.prompt, sample.response) == (sample.raw["instruction"], sample.raw["output"])


def test_a_saved_dataset_is_read_by_its_folder_and_by_its_file(shared_cases):
    folder = shared_cases / "saved_dataset"
    wanted = json.loads((shared_cases / "saved_dataset.expected.json").read_text(encoding="utf-8"))
    (samples, report), (same, _) = read(folder), read(folder / "data-00000-of-00001.arrow")
    assert [s.raw for s in samples] == [s.raw for s in same] and len(samples) == wanted["rows_inside"]
    assert report.format == "Arrow" and report.warnings == []
    for about in ("state.json", "dataset_info.json"):
        text = failure(folder / about)
        assert "save_to_disk" in text and "name its folder" in text and "\n" not in text
