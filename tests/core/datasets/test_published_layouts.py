"""Records as trainers document them and public data sets hold them, each with its messages or the sentence it gets."""

import json

import pytest

from tests.reading import failure, read

CALL = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Porto"}'}}
TOOL = {"type": "function", "function": {"name": "weather"}}
ASKED = {"from": "human", "value": "q"}

READ = {
    "openai, weights": (
        {
            "messages": [
                {"role": "user", "content": "a"}, {"role": "assistant", "content": "bad", "weight": 0},
                {"role": "user", "content": "c"}, {"role": "assistant", "content": "good", "weight": 1},
            ]
        },
        [("user", "a"), ("assistant", "bad", 0), ("user", "c"), ("assistant", "good")],
    ),
    "openai, developer and tool calls": (
        {
            "messages": [
                {"role": "developer", "content": "be brief"}, {"role": "user", "content": "weather?"},
                {"role": "assistant", "content": None, "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "1", "content": "12"}, {"role": "assistant", "content": "12 degrees"},
            ],
            "tools": [TOOL],
        },
        [
            ("system", "be brief"), ("user", "weather?"), ("assistant", json.dumps([CALL])), ("tool", "12"),
            ("assistant", "12 degrees"),
        ],
    ),
    "openai, function call": (
        {
            "messages": [
                {"role": "user", "content": "weather?"},
                {"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": "{}"}},
                {"role": "function", "name": "weather", "content": "12"}, {"role": "assistant", "content": "12"},
            ]
        },
        [
            ("user", "weather?"), ("assistant", '{"name": "weather", "arguments": "{}"}'), ("tool", "12"),
            ("assistant", "12"),
        ],
    ),
    "axolotl, segments": (
        {"segments": [{"label": False, "text": "Hello\n"}, {"label": True, "text": "hi!"}]},
        [("user", "Hello\n"), ("assistant", "hi!")],
    ),
    "llama-factory, every role": (
        {
            "conversations": [
                ASKED, {"from": "function_call", "value": "{}"}, {"from": "observation", "value": "seen"},
                {"from": "gpt", "value": "a"},
            ],
            "system": "s",
        },
        [("system", "s"), ("user", "q"), ("assistant", "{}"), ("tool", "seen"), ("assistant", "a")],
    ),
    "llama-factory, kto": (
        {"conversations": [ASKED, {"from": "gpt", "value": "a"}], "kto_tag": False},
        [("user", "q"), ("assistant", "a", 0)],
    ),
    "llama-factory, alpaca kto": (
        {"instruction": "q", "input": "", "output": "a", "kto_tag": True}, [("user", "q"), ("assistant", "a")]
    ),
    "retrieved passages": (
        {"query": "q", "passages": ["one", "two"], "answer": "a"}, [("user", 'q\n\n["one", "two"]'), ("assistant", "a")]
    ),
    "a number for an answer": ({"question": "how many", "answer": 42}, [("user", "how many"), ("assistant", "42")]),
    "a truth for an answer": ({"question": "is it", "answer": True}, [("user", "is it"), ("assistant", "true")]),
    "p3": ({"inputs_pretokenized": "q", "targets_pretokenized": "a"}, [("user", "q"), ("assistant", "a")]),
    "speakers and utterances": (
        {"turns": [{"speaker": "user", "utterance": "q"}, {"speaker": "assistant", "utterance": "a"}]},
        [("user", "q"), ("assistant", "a")],
    ),
    "keys in any case": ({" Prompt": "q", "COMPLETION ": "a"}, [("user", "q"), ("assistant", "a")]),
    "lmsys": (
        {
            "conversation_id": "1", "model": "m", "turn": 1,
            "conversation": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
        },
        [("user", "q"), ("assistant", "a")],
    ),
    "p3 with its tokens": (
        {"inputs": [3, 4], "inputs_pretokenized": "q", "targets": [5], "targets_pretokenized": "a"},
        [("user", "q"), ("assistant", "a")],
    ),
    "p3, a wrong answer": (
        {"inputs": [3, 4], "inputs_pretokenized": "q", "targets": [5], "targets_pretokenized": "a",
         "is_correct": False},
        [("user", "q"), ("assistant", "a", 0)],
    ),
    "messages and the answer beside them": (
        {"messages": [{"role": "user", "content": "q"}], "reasoning": "think it over", "answer": "a"},
        [("user", "q"), ("assistant", "<think>\nthink it over\n</think>\n\na")],
    ),
    "turns called context": (
        {
            "context": [
                {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"},
                {"role": "user", "content": "q2"},
            ],
            "response": "a2", "feedback": ["fine"],
        },
        [("user", "q"), ("assistant", "a"), ("user", "q2"), ("assistant", "a2")],
    ),
    "cohere": (
        {"messages": [{"role": "User", "content": "q"}, {"role": "Chatbot", "content": "a"}]},
        [("user", "q"), ("assistant", "a")],
    ),
    "question and answer as speakers": (
        {"messages": [{"role": "question", "content": "q"}, {"role": "answer", "content": "a"}]},
        [("user", "q"), ("assistant", "a")],
    ),
    "instruction and response as speakers": (
        {"messages": [{"role": "instruction", "content": "q"}, {"role": "response", "content": "a"}]},
        [("user", "q"), ("assistant", "a")],
    ),
    "a blank system turn beside a system column": (
        {"system": "s", "conversations": [{"from": "system", "value": ""}, ASKED, {"from": "gpt", "value": "a"}]},
        [("system", "s"), ("user", "q"), ("assistant", "a")],
    ),
    "oasst, a deleted reply and a refused one": (
        {
            "prompt": {
                "text": "q", "role": "prompter", "replies": [
                    {"text": "spam", "role": "assistant", "deleted": True, "replies": []},
                    {"text": "bad", "role": "assistant", "rank": 0, "review_result": False, "replies": []},
                    {"text": "a", "role": "assistant", "deleted": False, "review_result": True, "replies": [
                        {"text": "q2", "role": "prompter", "deleted": "True", "replies": []}
                    ]},
                ],
            }
        },
        [("user", "q"), ("assistant", "a")],
    ),
    "dailydialog": ({"dialog": ["q", "a"]}, [("user", "q"), ("assistant", "a")]),
}  # fmt: skip
MARKS = "a conversation with the marks of a chat template"
TOLD = {
    "trl, chatml text": ({"text": "<|im_start|>user\nhi<|im_end|>"}, f"{MARKS} (<|im_start|>)"),
    "trl, llama text": ({"text": "[INST] hi [/INST] yo"}, f"{MARKS} ([INST])"),
    "trl, human and assistant": ({"text": "### Human: hi### Assistant: yo"}, f"{MARKS} (### Human:)"),
    "trl, plain text": ({"text": "Once upon a time."}, "plain text without turns"),
    "dpo": ({"prompt": "q", "chosen": "a", "rejected": "b"}, "option columns, messages=chosen"),
    "llama-factory, ranked": (
        {"conversations": [ASKED], "chosen": {"from": "gpt", "value": "a"}, "rejected": {"from": "gpt", "value": "b"}},
        "holds two answers, chosen and rejected: choose one by the option columns, messages=chosen",
    ),
    "arena": (
        {name: [{"role": "user", "content": "q"}] for name in ("conversation_a", "conversation_b")},
        "messages=conversation_a",
    ),
    "openai, preference": (
        {
            "input": {"messages": [{"role": "user", "content": "q"}]},
            "preferred_output": [{"role": "assistant", "content": "a"}],
            "non_preferred_output": [{"role": "assistant", "content": "b"}],
        },
        "messages=preferred_output",
    ),
    "a pair whose question is no text": (
        {"question": {"full_text": "q"}, "answer_0": "a", "answer_1": "b"},
        "response=answer_0 and prompt= with the column that holds the question as text; question is an object",
    ),
    "glaive, function calling": (
        {"system": "SYSTEM: s", "chat": "USER: q\n\n\nASSISTANT: a <|endoftext|>"},
        "chat is a conversation with the marks of a chat template (USER:)",
    ),
    "mt-bench": (
        {"question_id": 1, "category": "writing", "turns": ["q1", "q2"]},
        "turns holds questions alone, as in MT-Bench",
    ),
    "a list of objects for answers": ({"prompt": "q", "answers": [{"answer": "a"}]}, "answers is a list, not text"),
    "an image": (
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}, {"role": "assistant", "content": "a"}]},
        "has a part that is not text",
    ),
    "a list for an answer": ({"question": "q", "answer": ["a", "b"]}, "answer is a list, not text"),
    "an object for an answer": ({"question": "q", "answer": {"x": 1}}, "answer is an object, not text"),
}


def file_of(save, record):
    return save("".join(json.dumps({**record, "n": i}) + "\n" for i in range(2)))


@pytest.mark.parametrize("name", READ)
def test_a_published_layout_is_read(name, save):
    record, wanted = READ[name]
    samples, _ = read(file_of(save, record), skip_bad=False)
    for sample in samples:
        assert [(m.role, m.content, m.weight) for m in sample.messages] == [(*turn, 1)[:3] for turn in wanted]


@pytest.mark.parametrize("name", TOLD)
def test_what_is_no_sample_is_told_in_a_sentence(name, save):
    record, words = TOLD[name]
    text = failure(file_of(save, record))
    assert words in text and "none of its 2 rows can be used: each" in text and "\n" not in text


SAID = [{"role": "user", "content": "q"}]
PAIRS = {
    "helpsteer": ({"context": SAID, "response1": "a", "response2": "b"}, "response1"),
    "ultrainteract": ({"trajectory": [{"from": "user", "value": "q"}], "chosen": "a", "rejected": "b"}, "chosen"),
    "openai": (TOLD["openai, preference"][0], "preferred_output"),
    "arena, texts in JSON": ({"prompt": '["q"]', "response_a": '["a"]', "response_b": '["b"]'}, "response_a"),
    "a prompt that is JSON": ({"prompt": json.dumps(SAID), "chosen": "a", "rejected": "b"}, "chosen"),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_advice_on_a_pair_works(save, name):
    record, column = PAIRS[name]
    path = file_of(save, record)
    assert f"choose one by the option columns, messages={column}." in failure(path)
    samples, _ = read(path, columns={"messages": column}, skip_bad=False)
    assert [(m.role, m.content) for m in samples[0].messages] == [("user", "q"), ("assistant", "a")]


def test_lists_of_questions_and_answers_as_json_are_rounds(save):
    record = {"prompt": '["q", "r"]', "response_a": '["a", null]', "response_b": "[]"}
    for columns in ({"messages": "response_a"}, {"prompt": "prompt", "response": "response_a"}):
        samples, _ = read(file_of(save, record), columns=columns, skip_bad=False)
        assert [m.content for m in samples[0].messages] == ["q", "a", "r", ""]


def test_text_in_the_words_of_a_template_may_be_an_answer(save):
    record = {"prompt": "q", "chosen": "USER: in <s>", "rejected": "b"}
    samples, _ = read(file_of(save, record), columns={"messages": "chosen"}, skip_bad=False)
    assert samples[0].response == "USER: in <s>"
    text = failure(file_of(save, {"chat": "USER: q"}), columns={"messages": "chat"})
    assert "chat is a conversation with the marks of a chat template (USER:)" in text


@pytest.mark.parametrize(("which", "answer"), [("chosen", "a"), ("rejected", "b")])
def test_a_ranked_answer_is_read_after_its_conversation(save, which, answer):
    record, _ = TOLD["llama-factory, ranked"]
    samples, report = read(file_of(save, record), columns={"messages": which}, skip_bad=False)
    assert [(m.role, m.content) for m in samples[0].messages] == [("user", "q"), ("assistant", answer)]
    assert list(report.columns_unread) == ["rejected" if which == "chosen" else "chosen"]


@pytest.mark.parametrize(
    "record",
    [
        {"question": "q", "context": "c", "answers": {"text": ["a"], "answer_start": [0]}},
        {"query": "q", "answers": ["a"], "contexts": []},
        {
            "messages": [
                {"role": "user", "content": "q", "thinking": None, "tool_calls": []},
                {"role": "assistant", "content": "a", "thinking": "hm", "documents": [[], {"x": None}]},
            ]
        },
    ],
)
def test_what_is_empty_is_not_told_as_unread(save, record):
    _, report = read(file_of(save, record), skip_bad=False)
    assert report.columns_unread == {}


def test_other_right_answers_are_named_however_short(save):
    _, report = read(file_of(save, {"question": "q", "answers": ["a", "b"]}))
    assert report.columns_unread == {"answers": 2}
    assert any("not read: answers (2 rows)" in text for text in report.warnings)
