"""What is in the texts: personal data, wrong encodings, web pages, refusals, insults."""

from __future__ import annotations

import re

import pytest
from ftfy.badness import BADNESS_RE
from hypothesis import given, settings
from hypothesis import strategies as st

from core.studies.health.boilerplate import links_only, refusal, web_remains
from core.studies.health.encoding import PAIR, broken_encoding
from core.studies.health.finding import RESPONSE, Texts
from core.studies.health.personal import (
    DOTS,
    KEY,
    MACHINE,
    PREFIXES,
    TEST_CARDS,
    is_iban,
    luhn,
    masked,
    mod97,
    personal_data,
    personal_in,
)
from core.studies.health.phrases import AS_A_MODEL, DECLINES, PAGE, SORRY, SPEAKS, WEB_PAGE, has
from core.studies.health.toxicity import HINTS, PATTERNS, toxicity

FOUND = {
    "Write to anna.schmidt@web.de today.": "e-mail",
    "Escríbeme a maria.lopez+casa@correo.es": "e-mail",
    "请发邮件到 li.wei@qq.com。": "e-mail",
    "Überweise auf DE89 3704 0044 0532 0130 00 bitte.": "bank account",
    "IBAN: GB82WEST12345698765432": "bank account",
    "The card is 4539 1488 0343 6467.": "card",
    "Amex 374512896307412 was charged.": "card",
    "Call (212) 736-5000 now": "telephone",
    "Ruf mich an: +49 30 23125 1940": "telephone",
    "Tel. 030 / 2312 5194": "telephone",
    "手机号：13812345678": "telephone",
    "我的电话是 138 1234 5678。": "telephone",
    "Llámame al 612 34 56 78": "telephone",
    "Teléfono: +34 91 123 45 67": "telephone",
    "The server is 93.184.216.34, port 80.": "IP address",
    "token = ghp_a8Kd03mZqLr5TgVxW92bNcYe71UfHs4PjQk6": "key",
    "key: AKIAQ3EGSR7TW5LX2UYZ": "key",
    "-----BEGIN RSA PRIVATE KEY-----": "key",
}
NOT_FOUND = (
    "Write to user@example.com or you@yourdomain.com.",
    "decorators such as @app.route('/x') and a@b",
    "Call 555-123-4567 or (212) 555-0199.",
    "It is 3.14159265358979 and 1234567890123.",
    "In 2021-03-04 10:20:30 version 10.0.19.41 came out.",
    "Chrome version 96.0.4664.110 and 192.168.1.1, 127.0.0.1, 203.0.113.7",
    "The number 4539 1488 0343 6468 fails the test.",
    "DE89 3704 0044 0532 0130 01 is no account.",
    *(f"Pay with {card}." for card in sorted(TEST_CARDS)),
    "Try 4012 8888 8888 1881 or 3782-822463-10005 first.",
    "Call 212-555-1234, (555) 123-4567 or 0123-456-78.",
    "OPENAI_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxx",
    "From 1990 to 2020 the population grew from 1,234,567 to 2,345,678.",
    "print(f'{x:08d}', 123456789)",
    "圆周率是3.1415926535。",
    "订单编号：13812345678",
    "Im Jahr 1990 bis 2020 stieg der Preis von 612 34 56 auf 700.",
    "El teléfono se inventó en 1876.",
)


@pytest.mark.parametrize("text", FOUND)
def test_personal_data_is_found_by_kind_and_masked(text):
    ((kind, start, stop),) = personal_in(text)
    assert kind == FOUND[text]
    hidden = masked(text, ((start, stop),))
    assert len(hidden) == len(text) and hidden[:start] == text[:start] and hidden[stop:] == text[stop:]
    assert not any(letter.isalnum() for letter in hidden[start + 1 : stop])


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_personal_data_is_none(text):
    assert personal_in(text) == []


def test_all_segments_are_looked_at():
    seen = personal_data(Texts("Mail ann@web.de", "Fine.", "and call (212) 736-5000"))
    assert [span.segment for span in seen.spans] == [0, 2] and seen.detail == "e-mail, telephone"


@given(st.text("0123456789", min_size=1, max_size=20))
def test_luhn_is_the_sum_of_every_second_digit_doubled(digits):
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * 2 if place % 2 else int(digit)
        total += value if value < 10 else value // 10 + value % 10
    assert luhn(digits) == (total % 10 == 0)


@given(st.text("0123456789ABCXYZ", min_size=14, max_size=14))
def test_an_account_number_with_its_own_check_digits_is_valid(own):
    check = 98 - mod97(f"NO00{own}")
    assert mod97(f"NO{check:02d}{own}") == 1
    number = int("".join(str("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(c)) for c in f"{own}NO{check:02d}"))
    assert number % 97 == 1
    assert is_iban("NO93 8601 1117 947") and not is_iban("NO94 8601 1117 947")


@pytest.mark.parametrize(
    "text", ["schÃ¶ne GrÃ¼ÃŸe", "Â¿QuÃ© tal, aÃ±o nuevo?", "itâ€™s", "aÂ b", "lost \ufffd letters"]
)
def test_text_of_a_wrong_encoding_is_found(text):
    assert broken_encoding(Texts("", text)).spans[0].segment == RESPONSE


@pytest.mark.parametrize(
    "text", ["schöne Grüße", "¿Qué tal, año nuevo?", "it’s 5 €", "你好，世界", "x = 'plain'", "Ça va, où ?"]
)
def test_text_of_a_right_encoding_is_not(text):
    assert broken_encoding(Texts("", text)) is None


REFUSALS = (
    "As an AI language model, I do not have feelings.",
    "As a helpful AI assistant, I do not have feelings.",
    "As an advanced AI model I do not have feelings.",
    "I'm sorry, but I cannot help with that.",
    "Als KI-Sprachmodell habe ich keine Meinung.",
    "Es tut mir leid, aber ich kann dir damit nicht helfen.",
    "Como modelo de lenguaje, no tengo opiniones.",
    "Lo siento, pero no puedo ayudarte con eso.",
    "En tant que modèle de langage, je n'ai pas d'avis.",
    "作为一个人工智能语言模型，我没有感情。",
    "很抱歉，我无法回答这个问题。",
    "申し訳ありませんが、その質問にはお答えできません。",
    "I apologize, but I cannot provide instructions for that.",
    "Leider kann ich Ihnen dabei nicht helfen.",
    "Ich kann diese Anfrage nicht beantworten.",
    "Ich kann keine medizinischen Ratschläge geben.",
    "Es tut mir leid, ich darf dazu keine Auskunft geben.",
    "Als KI habe ich keine Gefühle.",
    "Ich bin nur ein KI-Modell und habe keine Gefühle.",
    "No puedo ofrecerte asesoramiento médico.",
    "Lamentablemente, no puedo ayudar con esa petición.",
    "Soy una IA y no tengo cuerpo.",
    "Como IA no tengo opiniones personales.",
    "我无法满足您的请求。",
    "不好意思，我没办法回答这个问题。",
    "我是AI语言模型，没有观点。",
)
ANSWERS = (
    "A language model predicts the next token of a text.",
    "I'm sorry for your loss. Take all the time you need.",
    "Ein Sprachmodell sagt das nächste Wort voraus.",
    "Un modelo de lenguaje predice la palabra siguiente.",
    "语言模型预测下一个词。",
    "def as_an_ai(model): return model",
    'def load(path):\n    raise OSError("I cannot help with that")',
    "Ich kann dir das gern erklären: Künstliche Intelligenz lernt aus Daten.",
    "Es tut mir leid, dass du krank bist. Gute Besserung!",
    "Lo siento mucho por tu pérdida.",
    "No puedo creer lo rápido que pasa el tiempo.",
    "对不起，我来晚了。",
    "不好意思，请问去火车站怎么走？",
    "我是人工智能专业的学生。",
)


@pytest.mark.parametrize("text", REFUSALS)
def test_refusals_are_found(text):
    assert refusal(Texts("What do you feel?", text)).spans


@pytest.mark.parametrize(
    ("phrases", "hints"),
    [(AS_A_MODEL, SPEAKS), (DECLINES, SORRY), (WEB_PAGE, PAGE), (PATTERNS, HINTS)],
    ids=["model", "declines", "page", "insult"],
)
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_a_phrase_matches_has_a_hint(phrases, hints, data):
    text = data.draw(st.sampled_from(phrases).flatmap(lambda one: st.from_regex(re.compile(one, re.IGNORECASE))))
    assert has(text, hints)


@settings(max_examples=150, deadline=None)
@given(st.from_regex(KEY), st.from_regex(MACHINE), st.from_regex(BADNESS_RE))
def test_what_a_search_looks_for_first_stands_in_all_that_it_finds(key, machine, broken):
    assert any(prefix in key for prefix in PREFIXES) and DOTS.search(machine) and PAIR.search(broken)


@pytest.mark.parametrize("text", ANSWERS)
def test_answers_are_no_refusals(text):
    assert refusal(Texts("What is it?", text)) is None


def test_a_late_apology_is_no_refusal_and_a_quoted_model_neither():
    assert (
        refusal(Texts("Tell a story", "Once upon a time. " * 20 + "I'm sorry, I cannot help you, said the fox."))
        is None
    )
    assert refusal(Texts("Fix: as an AI language model i am", "As an AI language model, I am …")) is None


@pytest.mark.parametrize(
    "text", ["<p>Hello</p><br/>", "Rust &amp; Go &nbsp; C", "Skip to main content\nNews\n© All rights reserved",
             "Impressum | Datenschutz | Alle Rechte vorbehalten", "返回顶部 | 上一篇 | 下一篇", "版权所有。隐私政策",
             "Haz clic aquí para leer más. Compartir en Facebook", "<div>你好</div>", "Hallo&nbsp;Welt&nbsp;!",
             "Wir verwenden Cookies. Alle Rechte vorbehalten.", "Todos los derechos reservados. Utilizamos cookies."]
)  # fmt: skip
def test_remains_of_web_pages_are_found(text):
    assert web_remains(Texts("Tell me about it", text)).spans


@pytest.mark.parametrize(
    "text",
    [
        "a < b and b > c",
        "```html\n<p>Hi</p><p>Ho</p>\n```",
        "We accept cookies and cake.",
        "R&D; B&B;",
        "Der Datenschutz ist wichtig. Das Impressum ist Pflicht.",
        "隐私政策说明公司收集哪些数据。",
        "La política de privacidad de una empresa explica qué datos recoge.",
    ],
)
def test_prose_and_code_are_no_web_pages(text):
    assert web_remains(Texts("Tell me about it", text)) is None
    assert web_remains(Texts("Write HTML", "<p>Hello</p><br/>")) is None


def test_answers_of_links_alone_are_found():
    assert links_only(Texts("Where?", "https://a.org/x\nhttps://b.org/y")).spans
    assert links_only(Texts("Wo?", "Siehe https://a.org/x"))
    assert links_only(Texts("¿Dónde?", "Mira https://a.org/x")) and links_only(
        Texts("在哪里？", "请看 https://a.org/x")
    )
    assert links_only(Texts("在哪里？", "你可以在手册里找到所有需要的信息：https://a.org/x")) is None
    assert links_only(Texts("Where?", "You will find all that you need in the handbook: https://a.org/x")) is None
    assert links_only(Texts("Shorten https://a.org/x", "https://b.io/y")) is None


def test_insults_are_found_as_words():
    assert toxicity(Texts("", "You are worthless.")).spans and toxicity(Texts("", "Du Arschloch!")).spans
    assert toxicity(Texts("", "¡Qué mierda!")).spans and toxicity(Texts("", "他妈的")).spans
    for fine in ("Scunthorpe, assess, classic", "You are kind.", "Sie ist schlau.", "computación", "好的"):
        assert toxicity(Texts("", fine)) is None
