"""Texts of two languages, and answers in another one than their prompts."""

from __future__ import annotations

import re

from core.studies.health.finding import RESPONSE, Seen, Span, Texts
from core.topics.code import FENCE, LINE
from core.topics.language import NOISE, is_english, is_latin, language, language_of_prose

# Languages that a model of letters confuses in short texts: one of a family never counts as foreign to another.
FAMILIES = (
    {"no", "da", "sv"}, {"hr", "sr", "bs", "sl", "mk", "bg"}, {"id", "ms", "tl"}, {"es", "gl", "pt", "ca"},
    {"cs", "sk"}, {"hi", "mr", "ne"}, {"ru", "uk", "be", "bg", "mk"}, {"nl", "af"}, {"et", "fi"},
    {"fa", "ur", "ps", "ar"}, {"az", "tr", "uz"},
)  # fmt: skip
NAMES = re.compile(  # a prompt that names a language may ask for it
    r"""translat|\b(?:english|german|french|spanish|italian|portuguese|dutch|russian|chinese|mandarin|japanese|korean
    |arabic|hindi|turkish|polish|swedish|danish|norwegian|finnish|greek|latin|hebrew|thai|vietnamese|indonesian|malay
    |urdu|bengali|tamil|persian|farsi|czech|hungarian|romanian|ukrainian|swahili|tagalog|catalan|welsh|irish|afrikaans
    |esperanto|croatian|serbian|bulgarian|slovak|hawaiian|language)\b
    |übersetz|\b(?:deutsch|englisch|französisch|spanisch|italienisch|chinesisch|japanisch)e?[nrs]?\b
    |traduc|traduz|tradui|\b(?:ingl[eé]s|alem[aá]n|franc[eé]s|español|italiano|portugués|chino)\b
    |\b(?:anglais|allemand|espagnol|français|italien|inglese|tedesco|francese|spagnolo|inglês|alemão)\b
    |翻译|翻譯|翻訳|[英中德法日韩俄][文语語]|西班牙语|번역|영어|перевод|перевед|англий|немец
    |ترجم|tłumacz|vertaal|çevir|अनुवाद""",
    re.IGNORECASE | re.VERBOSE,
)
LEAST_PART = 60  # letters of a paragraph in another language; scripts other than Latin need a third of that
MOST, PART = 6, 160  # paragraphs that are read, and characters of each
SHARE = 0.25  # of a text's letters that a second language must have


def alike(one: str, other: str) -> bool:
    """Whether two languages are the same, of one family, or one of them is not known."""
    return one == other or not one or not other or any({one, other} <= family for family in FAMILIES)


def parts(text: str) -> list[tuple[str, int, int]]:
    """(language, start, stop) of the MOST longest paragraphs that are long enough to tell, those of code left out."""
    text = FENCE.sub(lambda block: " " * len(block[0]), text) if "```" in text else text
    lines = [(match.start(), match.end()) for match in re.finditer(r"[^\n]{20,}", text)]
    found = []
    for start, stop in sorted(sorted(lines, key=lambda line: line[0] - line[1])[:MOST]):
        if LINE.search(text[start:stop]):
            continue
        head = text[start : min(start + PART, stop)]
        if is_english(head):
            found.append(("en", start, stop))
            continue
        prose = NOISE.sub(" ", head)
        letters = sum(map(str.isalpha, prose))
        if letters >= (LEAST_PART if is_latin(prose) else LEAST_PART // 3) and (code := language_of_prose(prose)):
            found.append((code, start, stop))
    return found


def mixed(texts: Texts) -> Seen | None:
    """An answer with paragraphs in two languages, though its prompt names none."""
    if "\n" not in texts.response:
        return None
    own = parts(texts.response)
    size: dict[str, int] = {}
    for code, start, stop in own:
        size[code] = size.get(code, 0) + stop - start
    ranked = sorted(size, key=lambda code: (-size[code], code))
    second = next((code for code in ranked[1:] if not alike(ranked[0], code)), "")
    if not second or size[second] < SHARE * sum(size.values()) or NAMES.search(texts.prompt):
        return None
    spans = tuple(Span(RESPONSE, start, stop) for code, start, stop in own if code == second)
    return Seen(spans, f"{ranked[0]} and {second}")


def mismatch(texts: Texts) -> Seen | None:
    """An answer in another language than its prompt, which names none and holds no text in that of the answer."""
    answer = language(texts.response)
    asked = language(texts.prompt) if answer else ""
    if alike(asked, answer) or NAMES.search(texts.prompt):
        return None
    own = parts(texts.prompt)
    if len(own) > 1 and any(alike(answer, code) for code, _, _ in own):
        return None
    return Seen((Span(RESPONSE, 0, len(texts.response)),), f"asked in {asked}, answered in {answer}")
