"""Answers that are not whole, in several languages and in code."""

from __future__ import annotations

import pytest

from core.studies.health.answers import cut, empty, loops, repeats_prompt, very_short
from core.studies.health.finding import RESPONSE, Texts

CUT = (
    "The capital of France is Paris. It lies on the Seine and has about two million",
    "There are many reasons for that, such as the",
    "First, boil the water.\nThen add the pasta and stir it.\nAfter ten minutes take the pot off the",
    "Berlin ist die Hauptstadt. Sie liegt an der Spree und hat fast vier Millionen",
    "Man nimmt dazu am besten einen Topf mit",
    "Madrid es la capital de España. Está en el centro del país y tiene más de tres millones",
    "北京是中国的首都。它位于华北平原的北部，人口超过",
    "Here is the code:\n```python\ndef f(x):\n    return x",
    "def f(x):\n    if x:\n        return g(x,\n            [1, 2",
    "We need eggs, milk, flour,",
    "首先，打开这个文件。然后，再把它保存，",
    "我认为这个问题很复杂，因为",
    "El perro es un animal doméstico. Vive con las personas desde",
    "Die Sonne ist ein Stern. Sie besteht hauptsächlich aus",
)
WHOLE = (
    "The capital of France is Paris. It lies on the Seine.",
    "Paris",
    "The capital of France is Paris",
    "1. Apples\n2. Pears and plums from the garden\n3. Cherries that were picked this very morning",
    "Berlin ist die Hauptstadt. Sie liegt an der Spree.",
    "„Das ist gut.“",
    "Madrid es la capital de España.",
    "北京是中国的首都。它位于华北平原的北部。",
    "กรุงเทพฯ เป็นเมืองหลวงของประเทศไทย",
    "Here is the code:\n```python\ndef f(x):\n    return x\n```",
    "def f(x):\n    return [x, 1]",
    "SELECT name FROM users WHERE age > 30",
    "Roses are red,\nviolets are blue,\nsugar is sweet,\nand so are you",
    "It is done (as asked).",
    "步骤如下：\n1. 打开文件。\n2. 保存文件",
    "春眠不觉晓\n处处闻啼鸟\n夜来风雨声\n花落知多少",
    "他说：“你好。”",
    "Mit freundlichen Grüßen\nAnna Schmidt",
    "¡Hola! ¿Qué tal?",
    "Read more at https://a.org/this/is/long and https://b.org/x",
    "",
)


@pytest.mark.parametrize("text", CUT)
def test_cut_answers_are_found_at_their_end(text):
    (span,) = cut(Texts("", text + "\n")).spans
    assert span.segment == RESPONSE and span.stop == len(text) and text[span.start : span.stop].strip()


@pytest.mark.parametrize("text", WHOLE)
def test_whole_answers_are_not(text):
    assert cut(Texts("", text)) is None


def test_empty_and_very_short_answers():
    assert empty(Texts("x", " \n…")) and not empty(Texts("x", "好")) and not empty(Texts("x", "0"))
    assert very_short(Texts("x", "Yes.")) and very_short(Texts("x", "是的")) and very_short(Texts("x", "Sehr gut"))
    assert very_short(Texts("x", "Sí.")) and very_short(Texts("x", "None")) and not very_short(Texts("x", "x = f(1)"))
    assert not very_short(Texts("x", "Es un perro")) and not very_short(Texts("x", "Das ist ein Hund"))
    assert (
        not very_short(Texts("x", "Not at all"))
        and not very_short(Texts("x", "北京是首都"))
        and not very_short(Texts("x", ""))
    )


@pytest.mark.parametrize(
    "text",
    [
        "I like it very much. " * 6,
        "Ja, das stimmt so. " * 8,
        "Sí, claro que sí. " * 5,
        "我不知道该怎么办。" * 4,
        "哈" * 20,
        "很好很好" * 5,
        "la " * 20,
    ],
)
def test_loops_are_found(text):
    (span,) = loops(Texts("", f"Well then: {text}")).spans
    assert span.start >= len("Well then: ") - 5 and span.stop <= len(text) + 11


@pytest.mark.parametrize(
    "text",
    ["Row, row, row your boat, gently down the stream.", "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", "No, no, no, no!",
     "```\n" + "x = x + y * z\n" * 8 + "```", "哈哈哈哈", "一闪一闪亮晶晶，满天都是小星星。",
     "Poco a poco, poco a poco se llega lejos.",
     "Die Katze schläft. Der Hund schläft. Das Kind schläft. Alle schlafen."],
)  # fmt: skip
def test_what_repeats_in_order_is_no_loop(text):
    assert loops(Texts("", text)) is None


def test_an_answer_that_begins_with_the_whole_prompt_repeats_it():
    prompt = "Was ist die Hauptstadt von Frankreich, und wo liegt sie?"
    (span,) = repeats_prompt(Texts(prompt, f"{prompt.upper()} Paris, an der Seine.")).spans
    assert (span.start, span.stop) == (0, len(prompt) - 1)
    assert repeats_prompt(Texts("法国的首都是哪里？", "法国的首都是哪里？巴黎。"))
    assert repeats_prompt(Texts(prompt, "Die Hauptstadt von Frankreich ist Paris, und sie liegt an der Seine.")) is None
    assert repeats_prompt(Texts("Say yes", "Say yes")) is None
