"""The language of a text, told by py3langid's model from the prose alone; code, addresses and numbers are left out."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from core.topics.code import ADDRESS, HINT, split_code
from core.topics.identifier import Identifier

# The languages that are told apart, by their ISO 639 codes: those that much text on the web is written in.
CALLED = {  # in English
    "af": "Afrikaans", "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali",
    "bs": "Bosnian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "ga": "Irish", "gl": "Galician", "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "is": "Icelandic", "it": "Italian",
    "ja": "Japanese", "ka": "Georgian", "kk": "Kazakh", "km": "Khmer", "kn": "Kannada", "ko": "Korean",
    "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian", "ml": "Malayalam", "mn": "Mongolian", "mr": "Marathi",
    "ms": "Malay", "my": "Burmese", "ne": "Nepali", "nl": "Dutch", "no": "Norwegian", "pa": "Punjabi", "pl": "Polish",
    "ps": "Pashto", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "si": "Sinhala", "sk": "Slovak",
    "sl": "Slovenian", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil",
    "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
UNKNOWN = "unknown"  # what a language is called that could not be told
CODES = (*CALLED, "nn", "zxx")
SAME = {"nn": "no", "zxx": ""}  # Nynorsk counts as Norwegian; what is no language
LATIN_LEAST, OTHER_LEAST = 24, 6  # letters from which on a language is told, of the Latin script and of others
SURE, SHORT, SURER = 0.55, 80, 0.9  # probability that it takes; below SHORT letters another one
READ = 600  # characters that are read of a text, from its beginning
FUNCTION_WORDS = """
    the a an and or but if of to in on at as by for from with into about over is are was were be been being am has have
    had do does did can could will would should may might must not no than then that this these those there here it its
    i you your we our they their them he she his her what which who how when where why while also such some any all
    each more most other only very so
"""
ENGLISH = frozenset(FUNCTION_WORDS.split())  # of which no other language has many
LEAST_ENGLISH, PLAIN = 6, 0.33  # of them in a text that is plainly English: how many, and which share of the words
LATIN = 0.95  # of its letters that are plain ones
NOISE = re.compile(rf"{ADDRESS}|\S+@\S+|<[^<>]{{0,200}}>|[\d_#*|=`~{{}}\[\]\\/$%^+<>]+|\b[A-Z]{{2,}}\b")


@cache
def identifier() -> Identifier:
    """The model of CODES, loaded once."""
    return Identifier(CODES)


@lru_cache(maxsize=4096)  # several checks ask for the texts of a batch
def language(text: str) -> str:
    """The ISO 639 code of a text's language; "" where it is too short, holds no prose, or cannot be told."""
    head = text[:READ]
    return "en" if is_english(head) else language_of_prose(prose_of(head))


def is_english(text: str) -> bool:
    """Whether a text is plainly English, by its function words: most texts are, and need no model then."""
    if not text.isascii() and len(text.encode("ascii", "ignore")) < LATIN * len(text):
        return False
    if HINT.search(text):
        return False  # there may be code in it, whose words count for nothing
    words = text.lower().split()
    n = sum(word in ENGLISH for word in words)
    return n >= LEAST_ENGLISH and n > PLAIN * len(words)


def language_of_prose(prose: str) -> str:
    """As `language`, of text without code."""
    letters = sum(map(str.isalpha, prose[: 4 * SHORT]))
    if letters < (LATIN_LEAST if is_latin(prose) else OTHER_LEAST):
        return ""
    code, probability = identifier().classify(prose)
    sure = probability >= (SURER if letters < SHORT and is_latin(prose) else SURE)
    return SAME.get(code, code) if sure else ""


def prose_of(text: str) -> str:
    """The words of a text, without code, addresses, marks, numbers and abbreviations."""
    return " ".join(NOISE.sub(" ", split_code(text)[0]).split())


def is_latin(text: str) -> bool:
    """Whether most of a text's letters are below the Greek ones."""
    return text.isascii() or 2 * sum(letter < "\u0370" for letter in text) > len(text)


def language_name(code: str) -> str:
    """What a language is called in English; UNKNOWN for what is none of CALLED, such as ""."""
    return CALLED.get(code, UNKNOWN)
