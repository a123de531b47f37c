"""The words of a text that can name something, each once: no function words, no numbers, code kept apart.

A word of the text's first paragraph, which is the prompt as a rule, is there a second time. Beside words stand marks:
`CODE` before a word of code, `IN` before the programming language, `SPEAKS` before the language of the prose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from core.topics.code import split_code
from core.topics.stop_words import CHINESE, STOP_WORDS, language_of

CODE, IN, SPEAKS = "`", "``", "@"
LONGEST = 4000  # characters of a text that are read, about as many as a model reads of it
HEAD = 300  # characters of the first paragraph that count twice
NO_PLURALS = {"news", "goods", "species", "series", "physics", "mars"}
RARER = 20  # times that a singular may be rarer than its plural
OFTEN = 0.3  # share of a word's places that have capitals, from which on it is written so
WORD = re.compile(r"[^\W\d_][^\W_]+")
BEGIN = re.compile(r"(?:\A|[.!?:\n])[\s\"'“‘*#(>-]*[^\W\d_]+")  # where anything has a capital
EAST = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
RUN = re.compile(r"[\u30a0-\u30ff]{2,}|[\u3400-\u9fff]+")  # katakana, Chinese characters; hiragana is grammar
IDENTIFIER = re.compile(r"[A-Za-z_]\w+")


def words_of(text: str) -> list[str]:
    """The words and marks of a text, as written but for capitals at the beginning of a sentence."""
    prose, code, language = split_code(text[:LONGEST])
    prose = BEGIN.sub(lambda found: found[0].lower(), prose)
    words, head = set(in_order(prose)), set(in_order(prose.split("\n\n", 1)[0][:HEAD]))
    low = {word.lower() for word in words}
    speaks = language_of(low)
    stop = STOP_WORDS.get(speaks, frozenset())
    own = [word for word in words if word.lower() not in stop]
    marks = [SPEAKS + speaks]
    marks += [IN + language, *{CODE + name for name in IDENTIFIER.findall(code)}] if code else []
    return [*own, *(word for word in own if word in head), *marks]


def in_order(text: str) -> list[str]:
    """All words of a text. Chinese is not written in words: pairs of characters stand for them (Nie et al. 2000)."""
    found = WORD.findall(text)
    if not EAST.search(text):
        return found
    out = [word for word in found if not EAST.search(word)]
    for run in RUN.findall(text):
        pairs = [run] if run[0] < "\u3400" else [run[i : i + 2] for i in range(len(run) - 1)]
        out += [pair for pair in pairs if not set(pair) & CHINESE]
    return out


def merged(forms: Sequence[str], count: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """(word int64 (V,), faces): which word each form is of, and how each word is written; marks are their own words.

    forms: as they stand in texts; count (V,): texts with each. Forms of a word differ in capitals, or in an ending of
    the plural when the singular is there too. A word is written as it mostly is; with capitals if it is OFTEN.
    """
    low = [form if form[0] in (CODE, SPEAKS) else form.lower() for form in forms]
    total: dict[str, int] = {}
    for name, n in zip(low, count.tolist(), strict=True):
        total[name] = total.get(name, 0) + n
    root = {name: singular(name, total) for name in total}
    face: dict[str, str] = {}  # of each root its commonest form
    for name in sorted(total, key=lambda name: (-total[name], name)):
        face.setdefault(root[name], name)
    shown = dict(zip(face.values(), face.values(), strict=True))
    for form, name, n in sorted(zip(forms, low, count.tolist(), strict=True), key=lambda t: (t[2], t[0])):
        if form != name and name in shown and n >= OFTEN * total[name]:
            shown[name] = form  # the commonest comes last
    number = {name: i for i, name in enumerate(face)}
    return np.array([number[root[name]] for name in low], np.int64), [shown[face[name]] for name in face]


def singular(word: str, total: Mapping[str, int]) -> str:
    """The singular of a lower-case word if that is one of the words too and not far rarer, else the word itself."""
    if len(word) < 4 or not word.endswith("s") or word.endswith("ss") or word in NO_PLURALS:
        return word
    tries = (word[:-1], word[:-2] if word.endswith("es") else "", word[:-3] + "y" if word.endswith("ies") else "")
    return next((one for one in tries if len(one) > 2 and total.get(one, 0) * RARER >= total[word]), word)
