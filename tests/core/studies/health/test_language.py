"""Which language a text is in, mixtures and answers in another one."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.studies.health.finding import Texts
from core.studies.health.identifier import Identifier
from core.studies.health.language import CODES, alike, language, mismatch, mixed, parts

TEXTS = {
    "en": "The library opens at nine in the morning and closes late in the evening on most days.",
    "de": "Die Bibliothek öffnet um neun Uhr morgens und schließt an den meisten Tagen erst spät am Abend.",
    "es": "La biblioteca abre a las nueve de la mañana y cierra tarde por la noche casi todos los días de la semana.",
    "zh": "图书馆每天早上九点开门，大多数日子晚上很晚才关门，周末也开放。",
    "fr": "La bibliothèque ouvre à neuf heures du matin et ferme tard le soir la plupart des jours de la semaine.",
    "ru": "Библиотека открывается в девять часов утра и закрывается поздно вечером почти каждый день недели.",
    "ja": "図書館は朝九時に開いて、ほとんどの日は夜遅くまで開いています。",
    "ar": "تفتح المكتبة أبوابها في التاسعة صباحا وتغلق في وقت متأخر من المساء في معظم أيام الأسبوع.",
}


@pytest.mark.parametrize("code", TEXTS)
def test_languages_are_told(code):
    assert language(TEXTS[code]) == code


@pytest.mark.parametrize(
    "text", ["", "Ok.", "12345 67890", "https://a.org/the/way/to/it", "x = f(y)\nreturn g(x, y)\n", "BMW X5"]
)
def test_what_holds_no_prose_has_none(text):
    assert language(text) == ""


def test_code_does_not_count():
    code = "```python\nfor value in the_list_of_values:\n    print(value, 'and the other one of them')\n```\n"
    assert language(code + TEXTS["de"]) == "de"


@cache
def models():
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    theirs = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    theirs.set_languages(list(CODES))
    return Identifier(CODES), theirs


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60) | st.sampled_from(list(TEXTS.values())))
def test_the_compiled_model_says_what_py3langid_does(text):
    ours, theirs = models()
    (name, probability), (other, expected) = ours.classify(text), theirs.classify(text)
    assert probability == pytest.approx(expected, abs=1e-3) and (name == other or expected < 0.6)


def test_answers_in_another_language_are_found():
    seen = mismatch(Texts(TEXTS["de"], TEXTS["en"]))
    assert seen.detail == "asked in de, answered in en" and mismatch(Texts(TEXTS["zh"], TEXTS["es"]))
    assert mismatch(Texts(TEXTS["de"], TEXTS["de"])) is None
    assert mismatch(Texts("Ok?", TEXTS["de"])) is None


@pytest.mark.parametrize(
    "ask", ["Translate into German: ", "Übersetze ins Deutsche: ", "Traduce al alemán: ", "翻译成德语："]
)
def test_translations_are_asked_for(ask):
    assert mismatch(Texts(ask + TEXTS["es"], TEXTS["de"])) is None


def test_a_text_in_the_prompt_may_be_answered_in_its_language():
    assert mismatch(Texts(f"{TEXTS['en']}\n{TEXTS['fr']}", TEXTS["fr"])) is None


def test_mixtures_are_found_by_paragraph():
    both = f"{TEXTS['en']}\n\n{TEXTS['es']}"
    seen = mixed(Texts("Tell me about it", both))
    assert seen.detail == "en and es" or seen.detail == "es and en"
    assert {code for code, _, _ in parts(both)} == {"en", "es"}
    assert mixed(Texts("Give it in English and in Spanish", both)) is None
    assert mixed(Texts("Tell me about it", f"{TEXTS['zh']}\n{TEXTS['zh']}")) is None
    assert (
        mixed(
            Texts("Tell me", f"{TEXTS['en']}\n```\nla variable es de la clase que se usa en el programa principal\n```")
        )
        is None
    )


def test_a_family_is_not_foreign_to_itself():
    assert alike("no", "da") and alike("", "en") and not alike("en", "de")
