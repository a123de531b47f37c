"""Which language a text is in."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.topics.identifier import Identifier
from core.topics.language import CALLED, CODES, UNKNOWN, language, language_name
from tests.sentences import SENTENCES


@pytest.mark.parametrize("code", SENTENCES)
def test_languages_are_told(code):
    assert language(SENTENCES[code]) == code


@pytest.mark.parametrize(
    "text", ["", "Ok.", "12345 67890", "https://a.org/the/way/to/it", "x = f(y)\nreturn g(x, y)\n", "BMW X5"]
)
def test_what_holds_no_prose_has_none(text):
    assert language(text) == ""


def test_code_does_not_count():
    code = "```python\nfor value in the_list_of_values:\n    print(value, 'and the other one of them')\n```\n"
    assert language(code + SENTENCES["de"]) == "de"


@cache
def models():
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    theirs = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    theirs.set_languages(list(CODES))
    return Identifier(CODES), theirs


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60) | st.sampled_from(list(SENTENCES.values())))
def test_the_compiled_model_says_what_py3langid_does(text):
    ours, theirs = models()
    (name, probability), (other, expected) = ours.classify(text), theirs.classify(text)
    assert probability == pytest.approx(expected, abs=1e-3) and (name == other or expected < 0.6)


def test_every_language_has_a_name():
    assert (language_name("de"), language_name(""), language_name("tlh")) == ("German", UNKNOWN, UNKNOWN)
    assert {language_name(code) for code in models()[0].names} - {UNKNOWN} == set(CALLED.values())
