"""What a peak shows: the word that its token is part of, and whether it stands in code."""

from __future__ import annotations

import re
import unicodedata

# Scripts written without blanks between words (Thai, Lao, Burmese, Khmer, Japanese, Chinese): each token is a word.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
LETTER = re.compile(r"[^\W\d_]")
MARKS = re.compile(r"[{}()\[\];=<>_\\$#&*+/|`@^%]|\w[.:]+(?=\w)|[a-z](?=[A-Z])|->|[\"'](?=\w)")
MOST = 0.12  # code marks a visible character, from which a line is code
LINE = 16  # visible characters that tell; where a line has fewer, its surroundings are looked at too


def word_at(before: str, token: str, after: str) -> str:
    """The word that a token is part of, in small letters; "" for a token without letters.

    A name such as findIndex or first_name has several words. Of a token with several, it is the first.
    """
    letter = LETTER.search(token)
    if letter is None:
        return ""
    if UNSPACED.search(token):
        return token.strip()
    text = before + token + after
    start = len(before) + letter.start()
    end = start + 1
    while start and goes_on(text[start - 1], text[start]):
        start -= 1
    while end < len(text) and goes_on(text[end - 1], text[end]):
        end += 1
    return text[start:end].casefold()


def goes_on(one: str, two: str) -> bool:
    """Whether two characters that follow each other are of one word."""
    return is_letter(one) and is_letter(two) and not (one.islower() and two.isupper())


def is_letter(character: str) -> bool:
    """A letter, or a mark that belongs to one, as the vowel signs of Hindi do."""
    return character.isalpha() or (character >= "\u0300" and unicodedata.category(character)[0] == "M")


def in_code(before: str, token: str, after: str, fenced: bool) -> bool:
    """Whether a token stands in code, markup, a formula or an address: between fences, or in a line of their marks."""
    line = before[before.rfind("\n") + 1 :] + token + after.partition("\n")[0]
    text = line if visible(line) >= LINE else before + token + after
    return fenced or len(MARKS.findall(text)) > MOST * visible(text)


def visible(text: str) -> int:
    """How many characters of a text are not blank."""
    return sum(map(len, text.split()))
