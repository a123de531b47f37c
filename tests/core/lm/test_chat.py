"""Chat templates to tokens and segments, against the characters they come from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lm.chat import GAP, PLAIN_TEMPLATE, TEMPLATE_TOKEN, render, template_digest, template_of, tokenize
from core.lm.window import tokens_read
from core.schema import SEGMENTS, Message, Sample
from tests.core.lm.conftest import sample
from tests.tiny import CHATML

TRIMMING = CHATML.replace("m['content']", "m['content'] | trim")
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}" + CHATML
SYSTEM_LAST = (  # as Mistral does: the system prompt goes in front of the last user turn
    "{% for m in messages %}{% if m['role'] != 'system' %}[{{ m['role'] }}]"
    "{% if loop.index0 == messages | length - 2 %}({{ messages[0]['content'] }}){% endif %}"
    "{{ m['content'] }}{% endif %}{% endfor %}"
)


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
        == render(sample(("user", "sort the list"), ("assistant", "answer")).messages, tokenizer).text
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
    assert "".join(item.pieces) == render(sample(*turns).messages, tokenizer).text


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


def test_what_is_read_of_a_long_sample(tokenizer):
    turns = sample(("user", "sort the list of numbers " * 9), ("assistant", "code in python " * 30))
    whole, cut = (tokenize([turns], tokenizer, n)[0] for n in (None, 40))
    assert whole.n_dropped == 0 and "".join(whole.pieces) == whole.text == cut.text
    assert len(cut.ids) == 40 and cut.n_dropped == len(whole.ids) - 40 and cut.n_tokens == len(whole.ids)
    assert cut.place.tolist() == tokens_read(whole.segment, 40).tolist()
    assert cut.ids.tolist() == whole.ids[cut.place].tolist()
    assert cut.segment.tolist() == whole.segment[cut.place].tolist()
    assert cut.whole == whole.whole == {name: whole.count(name) for name in SEGMENTS}
    assert [cut.piece(i) for i in range(40)] == [whole.pieces[i] for i in cut.place]
    (gap,) = np.flatnonzero(np.diff(cut.place) > 1)
    assert [i for i, piece in enumerate(cut.pieces) if GAP in piece] == [gap]
    assert cut.pieces[gap] == whole.pieces[cut.place[gap]] + GAP


nasty = st.text(
    st.one_of(st.sampled_from("🎉👩‍👩‍👧é\u202eאب\u0000\u2028 \n\ud83d\udc00<|>userim_"), st.characters()), max_size=30
)


@settings(max_examples=80)
@given(nasty, nasty)
def test_any_text_survives(tokenizer, question, answer):
    turns = sample(("user", question), ("assistant", answer))
    item = tokenize([turns], tokenizer, 10_000)[0]
    rendered = render(turns.messages, tokenizer).text
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
