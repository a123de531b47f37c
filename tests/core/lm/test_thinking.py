"""Chat templates that rewrite answers: where each turn is then, and that no token of a response is lost."""

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lm.chat import render, tokenize
from core.schema import SEGMENTS
from tests.core.lm.conftest import sample
from tests.tiny import CHATML

# Each does what templates of its family do, in few words.
QWEN3 = (  # thinking is kept in the last turn, in a form of its own, and dropped in earlier ones
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
LLAMA3 = (  # trims, and begins with a text of its own
    "{{ bos_token }}{% for m in messages %}{% if loop.first and m['role'] != 'system' %}[h]system[/h]\n\nsky sea[e]"
    "{% endif %}[h]{{ m['role'] }}[/h]\n\n{{ m['content'] | trim }}[e]{% endfor %}"
)
GEMMA = (  # refuses a system turn, calls the assistant model
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "[turn]{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n{{ m['content'] | trim }}[/turn]\n{% endfor %}"
)
MISTRAL = (  # puts the system turn in front of the last question, and refuses turns that do not alternate
    "{% set system = messages[0]['content'] + '\n\n' if messages[0]['role'] == 'system' else '' %}"
    "{% set turns = messages[1:] if system else messages %}{{ bos_token }}{% for m in turns %}"
    "{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('not in turn') }}{% endif %}"
    "{% if m['role'] == 'user' %}[INST] {{ system if loop.index0 >= turns | length - 2 else '' }}{{ m['content'] }}"
    "[/INST]{% else %} {{ m['content'] }}[end]{% endif %}{% endfor %}"
)
FAMILIES = {"Qwen3": QWEN3, "DeepSeek-R1": DEEPSEEK_R1, "Llama-3": LLAMA3, "Gemma": GEMMA, "Mistral": MISTRAL}
THINKING = [("user", "sky"), ("assistant", "<think>\nwhy\n</think>\n\nblue"), ("user", "sea"),
            ("assistant", "<think>wind</think>answer ")]  # fmt: skip
WHOLE = "<think>\nwhy\n</think>\n\nblue<think>wind</think>answer"


def texts(item):
    """The text of each segment's tokens."""
    parts = {name: np.flatnonzero(item.segment == i) for i, name in enumerate(SEGMENTS)}
    return {name: "".join(map(item.piece, tokens)).strip() for name, tokens in parts.items()}


@pytest.mark.parametrize(
    ("template", "response", "restored"),
    [
        (QWEN3, "<think>\nwhy\n</think>\n\nbluewind\n</think>\n\nanswer", True),
        (DEEPSEEK_R1, WHOLE, True),
        (LLAMA3, WHOLE, False),
        (GEMMA, WHOLE, False),
        (MISTRAL, WHOLE, False),
        (CHATML, WHOLE, False),
    ],
)
def test_what_a_template_drops_of_an_answer_is_read_as_plain_text(with_template, template, response, restored):
    (item,) = tokenize([sample(*THINKING)], with_template(template), 1000)
    assert texts(item) == {"prompt": "sky", "response": response, "later": "sea"}
    assert item.restored == restored and "".join(item.pieces) == item.text


@pytest.mark.parametrize(
    ("template", "response"), [(QWEN3, THINKING[1][1]), (DEEPSEEK_R1, THINKING[1][1]), (CHATML, THINKING[1][1])]
)
def test_a_template_that_asks_how_a_content_begins(with_template, template, response):
    asking = "{% if messages[0]['content'].startswith('sky') %}[A] blue {% endif %}" + template
    (item,) = tokenize([sample(*THINKING[:2])], with_template(asking), 1000)
    assert texts(item)["prompt"] == "sky" and texts(item)["response"] == response
    last = np.flatnonzero(item.segment == 1)[-1]
    assert not "".join(item.pieces[last + 1 :]).count("blue")  # not that of the template


def test_an_answer_of_thinking_alone_is_a_response(with_template):
    (item,) = tokenize([sample(("user", "sky"), ("assistant", "<think>why</think>"))], with_template(DEEPSEEK_R1), 99)
    assert texts(item) == {"prompt": "sky", "response": "<think>why</think>", "later": ""}
    assert item.restored and "<think>why</think>[end]" in item.text


def test_what_is_not_trained_on_stays_as_the_template_has_it(with_template):
    turns = [THINKING[0], (*THINKING[1], 0), *THINKING[2:]]
    (item,) = tokenize([sample(*turns)], with_template(QWEN3), 1000)
    assert not item.restored
    assert texts(item) == {"prompt": "sky", "response": "wind\n</think>\n\nanswer", "later": "bluesea"}


says = st.text(st.sampled_from("abw🎉é \n<|>[]/"), max_size=12)
thinks = st.builds("<think>{}</think>{}".format, says, says)


@settings(max_examples=60)
@given(st.sampled_from(sorted(FAMILIES)), says, st.lists(st.tuples(says | thinks, says), min_size=1, max_size=3), says)
def test_every_character_of_an_answer_is_in_the_response(tokenizer, family, system, exchanges, last):
    """The response's tokens hold all of each answer that is not blank, in order."""
    turns = [("system", system)] if system else []
    turns += [turn for answer, question in exchanges for turn in (("user", "q" + question), ("assistant", answer))]
    turns += [("user", "q"), ("assistant", "z" + last)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenizer, "chat_template", FAMILIES[family])
        rendered = render(sample(*turns).messages, tokenizer)
    answers = [content for role, content in turns if role == "assistant"]
    own = [rendered.text[start:end] for start, end, index in rendered.spans if index == 1]
    letters = [
        "".join(c for c in re.sub("</?think>", "", text) if c.isalpha()) for text in ("".join(answers), "".join(own))
    ]
    assert letters[0] == letters[1]


TEMPLATES = sorted((Path(find_spec("trl").origin).parent / "chat_templates").glob("*.jinja"))
gap = st.sampled_from(["<think>", "</think>", "\n", " ", "[THINK]", "[/THINK]", "\ue000", "\ue001"])


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.stem)
@settings(max_examples=15)
@given(data=st.data())
def test_every_word_of_real_templates_is_in_its_segment(tokenizer, path, data):
    """Each word of a content is unlike all others: those that a template lets through must be where they belong, and
    those of answers are all let through.
    """
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
        text, spans, _ = render(sample(*turns).messages, tokenizer)
    first, seen = roles.index("a"), set()
    for match in re.finditer(r"w(\d)x\d", text):
        i = int(match[1])
        segment = 1 if roles[i] == "a" else 2 if i > first else 0
        inside = {index for start, end, index in spans if start <= match.start() and match.end() <= end}
        assert inside == {segment}, (match[0], text, spans)
        seen.add(match[0])
    assert {f"w{i}x{k}" for i, role in enumerate(roles) if role == "a" for k in range(4)} <= seen
