"""Texts of two languages, and answers in another one than their prompts."""

from __future__ import annotations

import pytest

from core.studies.health.finding import Texts
from core.studies.health.language import alike, mismatch, mixed, parts
from tests.sentences import SENTENCES as TEXTS


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
