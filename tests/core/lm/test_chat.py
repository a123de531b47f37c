"""Chat templates to tokens and segments, against the characters they come from."""

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lm.chat import PLAIN_TEMPLATE, TEMPLATE_TOKEN, render, template_digest, template_of, tokenize
from core.schema import SEGMENTS, Message, Sample
from tests.tiny import CHATML

TRIMMING = CHATML.replace("m['content']", "m['content'] | trim")
QWEN3 = (  # what its template does with thinking: kept in the last turn, in a form of its own, dropped in earlier ones
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% set c = m['content'] %}"
    "{% if m['role'] == 'assistant' and '</think>' in c %}"
    "{% set thought = c.split('</think>')[0].split('<think>')[-1].strip('\n') %}"
    "{% set c = c.split('</think>')[-1].lstrip('\n') %}"
    "{% if loop.last %}<think>\n{{ thought }}\n</think>\n\n{% endif %}{{ c }}"
    "{% elif m['role'] == 'assistant' and loop.last %}<think>\n\n</think>\n\n{{ c }}"
    "{% else %}{{ c }}{% endif %}<|im_end|>\n{% endfor %}"
)
DEEPSEEK_R1 = (  # drops it everywhere
    "{% for m in messages %}{% if m['role'] == 'assistant' %}[A]{{ m['content'].split('</think>')[-1] }}[end]"
    "{% else %}[U]{{ m['content'] }}{% endif %}{% endfor %}"
)
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}" + CHATML
SYSTEM_LAST = (  # as Mistral does: the system prompt goes in front of the last user turn
    "{% for m in messages %}{% if m['role'] != 'system' %}[{{ m['role'] }}]"
    "{% if loop.index0 == messages | length - 2 %}({{ messages[0]['content'] }}){% endif %}"
    "{{ m['content'] }}{% endif %}{% endfor %}"
)


@pytest.fixture
def with_template(tokenizer, monkeypatch):
    def change(template):
        monkeypatch.setattr(tokenizer, "chat_template", template)
        return tokenizer

    return change


def sample(*turns):
    return Sample(7, tuple(Message(role, text) for role, text in turns), None)


def texts(item):
    """The text of each segment's tokens."""
    return {name: "".join(item.piece(t) for t in np.flatnonzero(item.segment == i)) for i, name in enumerate(SEGMENTS)}


def test_segments_of_one_exchange(tokenizer):
    item = tokenize([sample(("user", "sort the list"), ("assistant", "answer"))], tokenizer, 100)[0]
    assert item.row == 7 and item.n_dropped == 0
    assert texts(item) == {"prompt": "sort the list", "response": "answer", "later": ""}
    assert (item.count("prompt"), item.count("response")) == ((item.segment == 0).sum(), (item.segment == 1).sum())
    assert (
        "".join(item.pieces)
        == render(sample(("user", "sort the list"), ("assistant", "answer")).messages, tokenizer)[0]
    )
    special = np.isin(item.ids, tokenizer.convert_tokens_to_ids(["<|im_start|>", "<|im_end|>"]))
    assert (item.segment[special] == TEMPLATE_TOKEN).all()


def test_words_of_the_template_are_not_taken_for_content(tokenizer):
    for word in ("user", "system", "code", "You", "a", "m"):
        item = tokenize([sample(("user", word), ("assistant", "user"))], tokenizer, 100)[0]
        assert texts(item) == {"prompt": word, "response": "user", "later": ""}
        first = np.flatnonzero(item.segment == 0)[0]
        assert "".join(item.pieces[:first]).endswith("<|im_end|>\n<|im_start|>user\n")


def test_system_tool_and_later_turns(tokenizer):
    turns = [("system", "help"), ("user", "find"), ("assistant", "code"), ("tool", "returns"), ("user", "why"),
             ("assistant", "sky")]  # fmt: skip
    item = tokenize([sample(*turns)], tokenizer, 100)[0]
    assert texts(item) == {"prompt": "helpfind", "response": "codesky", "later": "returnswhy"}


@pytest.mark.parametrize("template", [CHATML, TRIMMING])
def test_blanks_around_contents_and_blank_contents(with_template, template):
    tokenizer = with_template(template)
    turns = [("user", "\n sort \n\n"), ("assistant", " "), ("user", ""), ("assistant", "\tanswer\n")]
    item = tokenize([sample(*turns)], tokenizer, 100)[0]
    assert {k: v.strip() for k, v in texts(item).items()} == {"prompt": "sort", "response": "answer", "later": ""}
    assert "".join(item.pieces) == render(sample(*turns).messages, tokenizer)[0]


def test_a_template_that_skips_empty_turns_does_not_lose_the_next(with_template):
    tokenizer = with_template(
        "{% for m in messages %}{% if m['content'] %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
        "{% endif %}{% endfor %}"
    )
    turns = [("user", "sky"), ("assistant", "blue"), ("user", ""), ("assistant", "sea"), ("user", "user"),
             ("assistant", "wind")]  # fmt: skip
    item = tokenize([sample(*turns)], tokenizer, 100)[0]
    assert texts(item) == {
        "prompt": "sky",
        "response": "blueseawind",
        "later": "user",
    }


def test_a_template_that_moves_the_system_turn(with_template):
    tokenizer = with_template(SYSTEM_LAST)
    turns = [("system", "code"), ("user", "sky"), ("assistant", "blue"), ("user", "why"), ("assistant", "sea")]
    item = tokenize([sample(*turns)], tokenizer, 100)[0]
    assert texts(item)["response"] == "bluesea"
    assert (texts(item)["prompt"], texts(item)["later"]) == ("skycode", "why")


def test_refused_turns_fall_back_to_the_plain_template(with_template):
    tokenizer = with_template(NO_SYSTEM)
    item = tokenize([sample(("system", "help"), ("user", "sky"), ("assistant", "blue"))], tokenizer, 100)[0]
    assert "".join(item.pieces) == "<|im_start|>System: help\n\nUser: sky\n\nAssistant: blue\n\n"
    assert texts(item)["response"].strip() == "blue"


def test_base_models_get_the_plain_template(with_template):
    tokenizer = with_template(None)
    assert template_of(tokenizer) == PLAIN_TEMPLATE
    item = tokenize([sample(("user", "sky"), ("assistant", "blue"))], tokenizer, 100)[0]
    assert item.ids[0] == tokenizer.bos_token_id and item.segment[0] == TEMPLATE_TOKEN
    assert texts(item)["prompt"].strip() == "sky"


def test_the_first_token_is_never_content(with_template):
    item = tokenize([sample(("user", "sky"), ("assistant", "x"))], with_template("{{ messages[0]['content'] }}"), 99)[0]
    assert item.segment[0] == TEMPLATE_TOKEN


def test_named_templates_and_their_digest(with_template):
    one = template_digest(with_template(CHATML))
    assert template_digest(with_template({"default": CHATML, "tool_use": "x"})) == one
    assert template_digest(with_template(TRIMMING)) != one


def test_truncation_counts(tokenizer):
    turns = sample(("user", "sort the list of numbers"), ("assistant", "code in python " * 30))
    whole, cut = (tokenize([turns], tokenizer, n)[0] for n in (10_000, 40))
    assert len(cut.ids) == 40 and cut.n_dropped == len(whole.ids) - 40
    assert cut.ids.tolist() == whole.ids[:40].tolist() and cut.segment.tolist() == whole.segment[:40].tolist()
    assert cut.pieces == whole.pieces[:40]


THINKING = [("user", "sky"), ("assistant", "<think>\nwhy\n</think>\n\nblue"), ("user", "sea"),
            ("assistant", "<think>wind</think>answer ")]  # fmt: skip


@pytest.mark.parametrize(
    ("template", "response"),
    [
        (QWEN3, "bluewind\n</think>\n\nanswer"),
        (DEEPSEEK_R1, "blueanswer"),
        (CHATML, "<think>\nwhy\n</think>\n\nblue<think>wind</think>answer"),
    ],
)
def test_a_template_that_drops_thinking_keeps_the_response(with_template, template, response):
    item = tokenize([sample(*THINKING)], with_template(template), 1000)[0]
    assert {name: text.strip() for name, text in texts(item).items()} == {
        "prompt": "sky",
        "response": response,
        "later": "sea",
    }


@pytest.mark.parametrize(
    ("template", "response"),
    [(QWEN3, "<think>\nwhy\n</think>\n\nblue"), (DEEPSEEK_R1, "blue"), (CHATML, THINKING[1][1])],
)
def test_a_template_that_asks_how_a_content_begins(with_template, template, response):
    asking = "{% if messages[0]['content'].startswith('sky') %}[A] blue {% endif %}" + template
    item = tokenize([sample(*THINKING[:2])], with_template(asking), 1000)[0]
    assert texts(item)["prompt"] == "sky" and texts(item)["response"].strip() == response
    last = np.flatnonzero(item.segment == 1)[-1]
    assert not "".join(item.pieces[last + 1 :]).count("blue")  # not that of the template


def test_only_thinking_is_no_response_where_it_is_dropped(with_template):
    item = tokenize([sample(("user", "sky"), ("assistant", "<think>why</think>"))], with_template(DEEPSEEK_R1), 99)[0]
    assert texts(item) == {"prompt": "sky", "response": "", "later": ""}


TEMPLATES = sorted((Path(find_spec("trl").origin).parent / "chat_templates").glob("*.jinja"))
gap = st.sampled_from(["<think>", "</think>", "\n", " ", "[THINK]", "[/THINK]", "\ue000", "\ue001"])


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.stem)
@settings(max_examples=15)
@given(data=st.data())
def test_every_word_of_real_templates_is_in_its_segment(tokenizer, path, data):
    """Each word of a content is unlike all others: those that a template lets through must be where they belong."""
    roles = data.draw(st.sampled_from(["ua", "sua", "uaua", "suaua", "uauta"]))
    names = {"u": "user", "a": "assistant", "s": "system", "t": "tool"}
    turns = []
    for i, role in enumerate(roles):
        gaps = data.draw(st.lists(gap, min_size=4, max_size=4)) if role == "a" else ["", " ", "\n", ""]
        thought = ["<think>\n", "\n</think>\n\n"] if role == "a" and data.draw(st.booleans()) else ["", " "]
        mixed = [gaps[0], thought[0], f"w{i}x0", gaps[1], f"w{i}x1", thought[1], f"w{i}x2", gaps[2], f"w{i}x3", gaps[3]]
        turns.append((names[role], "".join(mixed)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer, "chat_template", path.read_text(encoding="utf-8"))
        text, spans = render(sample(*turns).messages, tokenizer)
    first = roles.index("a")
    for match in re.finditer(r"w(\d)x\d", text):
        i = int(match[1])
        segment = 1 if roles[i] == "a" else 2 if i > first else 0
        inside = {index for start, end, index in spans if start <= match.start() and match.end() <= end}
        assert inside == {segment}, (match[0], text, spans)


nasty = st.text(
    st.one_of(st.sampled_from("🎉👩‍👩‍👧é\u202eאب\u0000\u2028 \n\ud83d\udc00<|>userim_"), st.characters()), max_size=30
)


@settings(max_examples=80)
@given(nasty, nasty)
def test_any_text_survives(tokenizer, question, answer):
    turns = sample(("user", question), ("assistant", answer))
    item = tokenize([turns], tokenizer, 10_000)[0]
    rendered = render(turns.messages, tokenizer)[0]
    assert "".join(item.pieces) == rendered
    assert len(item.pieces) == len(item.ids) == len(item.segment)
    for segment, content in ((0, question.strip()), (1, answer.strip())):
        tokens = np.flatnonzero(item.segment == segment)
        assert bool(len(tokens)) == bool(content)
        if content:
            start = rendered.index(f"<|im_start|>{('user', 'assistant')[segment]}\n") + len(
                ("user", "assistant")[segment]
            )
            assert content in "".join(item.piece(t) for t in tokens)
            assert item.starts[tokens[0]] > start
            assert (np.diff(tokens) == 1).all()


def test_an_answer_of_weight_0_is_no_response(tokenizer):
    turns = (("user", "sort"), ("assistant", "answer", 0), ("user", "list"), ("assistant", "sky"))
    item = tokenize([Sample(0, tuple(Message(*t) for t in turns), None)], tokenizer, 100)[0]
    assert texts(item) == {"prompt": "sort", "response": "sky", "later": "answerlist"}
    assert Message("assistant", "answer", 0).stored() == ["assistant", "answer", 0]
    assert Message("assistant", "answer").stored() == ["assistant", "answer"]
