"""What is left of a conversation without its prompt, by any chat template."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lm.chat import PLAIN_TEMPLATE, tokenize
from core.schema import Message, Sample
from core.scoring.answer_scores import Task
from core.scoring.sample_scores import RESPONSE, answer_alone
from tests.tiny import CHATML, WORDS

GENERATION = CHATML + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
THINKING = GENERATION.replace(
    "<|im_start|>{{ m['role'] }}\n{{", "<|im_start|>{{ m['role'] }}\n{{ '<t>' if m.role[0] == 'a' }}{{"
)
INSTRUCT = (
    "{% for m in messages %}{{ '[' + m['content'] + ']' if m['role'] == 'user' else ' ' + m['content'] }}{% endfor %}"
)
SYSTEM_LAST = (  # as Mistral does: the system prompt goes in front of the last user turn
    "{% for m in messages %}{% if m['role'] != 'system' %}[{{ m['role'] }}]"
    "{% if loop.index0 >= messages | length - 2 %}({{ messages[0]['content'] }}){% endif %}"
    "{{ m['content'] }}{% endif %}{% endfor %}"
)
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}" + GENERATION
ONE = [("user", "sort"), ("assistant", "sea")]
TWO = [("system", "help"), *ONE, ("user", "why"), ("assistant", "sky")]
UNTRAINED = [("user", "sort"), ("assistant", "sea", 0), ("user", "why"), ("assistant", "sky")]
BOS = "<|im_start|>"


@pytest.mark.parametrize(
    ("template", "turns", "kept"),
    [
        (GENERATION, ONE, "<|im_start|>assistant\nsea<|im_end|>\n"),
        (CHATML, ONE, "<|im_start|>assistant\nsea<|im_end|>\n"),
        (GENERATION, UNTRAINED, "<|im_start|>assistant\nsky<|im_end|>\n"),
        (THINKING, ONE, "<|im_start|>assistant\n<t>sea<|im_end|>\n"),
        (PLAIN_TEMPLATE, ONE, BOS + "Assistant: sea\n\n"),
        (NO_SYSTEM, [("system", "help"), *ONE], BOS + "Assistant: sea\n\n"),
        ("{{ bos_token }}" + INSTRUCT, ONE, BOS + " sea"),
        (INSTRUCT, ONE, "] sea"),
        ("{{ bos_token }}" + SYSTEM_LAST, TWO, BOS + "[assistant]sea[user](help)why[assistant](help)sky"),
    ],
)
def test_what_is_left_without_the_prompt(tokenizer, monkeypatch, template, turns, kept):
    monkeypatch.setattr(tokenizer, "chat_template", template)
    sample = Sample(0, tuple(Message(*turn) for turn in turns), None)
    (item,) = tokenize([sample], tokenizer, 200)
    left = answer_alone(sample, item, tokenizer)
    assert "".join(item.piece(t) for t in np.flatnonzero(left)) == kept


says = st.lists(st.sampled_from([*WORDS, "🎉", "assistant\n", "\n\n", " "]), max_size=8).map(" ".join)
turns_of_talk = st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), says), max_size=6)


@settings(max_examples=150)
@given(before=turns_of_talk, answer=says, after=turns_of_talk, most=st.integers(8, 120), which=st.integers(0, 3))
def test_without_the_prompt_the_response_stays_whole(tokenizer, before, answer, after, most, which):
    template = (CHATML, GENERATION, PLAIN_TEMPLATE, INSTRUCT)[which]
    sample = Sample(
        0, tuple(Message(*t) for t in [*before, ("user", "why"), ("assistant", answer + "sky"), *after]), None
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer, "chat_template", template)
        (item,) = tokenize([sample], tokenizer, most)
        response = item.segment == RESPONSE
        if not response.any():
            return
        left = answer_alone(sample, item, tokenizer)
    assert left[response].all() and not response[np.flatnonzero(left)[0]]
    first = int(np.argmax(response))
    assert (item.segment[:first][left[:first]] == 0).sum() <= (template == INSTRUCT)  # there the prompt may touch it


def test_what_is_compared_is_the_first_answer_that_is_trained_on(tmp_path):
    sample = Sample(0, tuple(Message(*turn) for turn in UNTRAINED), None)
    ((gold, other),) = Task([sample], ["wind"], None, tmp_path).pairs
    assert gold.messages == sample.messages
    assert other.messages == (*sample.messages[:3], Message("assistant", "wind"))
