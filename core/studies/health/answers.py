"""Answers that are not whole: empty, very short, cut, not read, turning in a loop, or repeating the prompt."""

from __future__ import annotations

import re
from unicodedata import category

import numpy as np

from core.matrix.shingles import longest_loop
from core.session.cut import READ, read_of
from core.studies.health.finding import RESPONSE, Finding, Seen, Span, Texts, found
from core.studies.health.pool import Pool, words_in
from core.topics.code import LINE, split_code

SHORT = 3  # words: answers of fewer are very short
MARK = re.compile(r"^[ \t]*(```|~~~)", re.MULTILINE)  # that opens or closes a code block
SENTENCE = ".!?…。！？．｡؟۔।॥\u0589\u1362"  # the last two: Armenian, Ethiopic
STOP = SENTENCE + ";；:："
ENDS = re.compile(rf"(?<!\d)[{re.escape(SENTENCE)}][\"'”’»)\]}}*_]*(?=\s|$)|[。！？]")  # of sentences, inside a text
CLOSERS = "\"'”’»›)]}*_`~>|」』）】》"
OPENERS = {"(": ")", "[": "]", "{": "}"}
# Articles, prepositions and conjunctions of six languages: something follows them.
FOLLOWED = """
    a an the and or but of to for with from into onto than that which whose because although though while unless as at
    by in on its their your our my his during between through including such
    der die das dem den des einen einem einer eines und oder aber dass weil wenn als wie für mit von bei gegen ohne
    zur zum im am vom ins sowie sondern
    el la los las un una unos unas del al de en con por para sin sobre que porque como su sus pero desde hasta
    le les une des du et ou mais au aux dans par pour sans sur avec qui leur ses ces cette
    os as um uma do da dos das em no na nos nas com seu sua
    il lo gli di della dei delle alla dal nel nella che
"""
HANGING = frozenset(FOLLOWED.split())
HANGING_CHINESE = (
    "因为",
    "由于",
    "例如",
    "比如",
    "包括",
    "以及",
    "或者",
    "而且",
    "并且",
    "但是",
    "如果",
    "虽然",
    "为了",
)
NOT_PROSE = ("|", "$", "\\", "<", "http", "```", "~~~")  # at the beginning of a line
ALONE = 8  # words of an answer of one line, from which on it is a sentence that ends with a mark
JOINTS = (",", "、", "，", " -", " –", " —", "-")  # that something follows
DASHES = ("-", "–", "—", "~", "(")  # after a quotation: who said it
LONE = 5  # words of a last line from which on it can be half a sentence
UNSPACED = 0x0E00  # characters from here on are words of their own, and a word has about two of them
LONGEST_LOOP, TIMES, LEAST_LOOP = 60, 4, 16  # words of a loop at most; how often in a row; words of all of it
REPEATED = 6  # words of a prompt from which on an answer that begins with it repeats it


def empty(texts: Texts) -> Seen | None:
    """Nothing but spaces and marks."""
    return None if any(letter.isalnum() for letter in texts.response) else Seen()


def very_short(texts: Texts) -> Seen | None:
    """One or two words, or so many characters of a script without spaces."""
    n = len(words_in(texts.response[:200])[0])
    return Seen((Span(RESPONSE, 0, len(texts.response)),)) if 0 < n < SHORT else None


def cut(texts: Texts) -> Seen | None:
    """An answer that ends in an open code block, on a word that begins something, or within a sentence of prose."""
    text = texts.response.rstrip()
    start = text.rfind("\n") + 1
    why = open_block(text) or hanging(text) or unfinished(text)
    return Seen((Span(RESPONSE, start, len(text)),), why) if why else None


def open_block(text: str) -> str:
    """What is open at the end of a text with code; "" where nothing is."""
    fences = MARK.findall(text)
    if len(fences) % 2:
        return "in a code block that is not closed"
    last = text.rsplit("\n", 1)[-1]
    is_open = any(text.count(mark) > text.count(closing) for mark, closing in OPENERS.items())
    is_code = is_open and not fences and (LINE.search(last) or last[-1:] in "{([")
    return "in code with open brackets" if is_code and split_code(text)[1] else ""


def hanging(text: str) -> str:
    """Whether a text ends with a comma, a hyphen or a word that something must follow."""
    if not text or MARK.search(text.rsplit("\n", 1)[-1]):
        return ""
    line = text.rsplit("\n", 1)[-1]
    if text.endswith(JOINTS) and length_of(line) >= LONE:
        return "on a comma or hyphen"
    last = text.rsplit(maxsplit=LONE - 1)
    follows = len(last) == LONE and last[-1] in HANGING
    return "on a word that something follows" if follows or line.endswith(HANGING_CHINESE) else ""


def length_of(line: str) -> float:
    """The words of a line, two characters of a script without spaces for one."""
    _, start, stop = words_in(line)
    alone = sum(ord(line[i]) >= UNSPACED for i, end in zip(start, stop, strict=True) if end == i + 1)
    return len(start) - alone / 2


def unfinished(text: str) -> str:
    """Whether the last line is prose that stops without a mark, where the text's other sentences have one."""
    last = text.rsplit("\n", 1)[-1].strip()
    if not text or category(text[-1])[0] not in "LM" or last.rsplit(maxsplit=1)[-1][0] in "#@":
        return ""  # what stops within a sentence ends on a letter; hashtags follow one
    if length_of(last) < LONE or looks_like_code(text, last):
        return ""
    before = [line.strip() for line in text[: len(text) - len(last)].split("\n") if length_of(line) >= LONE]
    closed = sum(line.rstrip(CLOSERS)[-1:] in STOP for line in before)
    ends = [match.end() for match in ENDS.finditer(last)]
    if ends:
        begun = last[ends[-1] :].strip()
        cut_off = begun[:1] not in DASHES and len(words_in(begun)[0]) > 1 and closed * 2 >= len(before)
    else:
        cut_off = closed == len(before) if before else is_sentence(last)
    return "within a sentence" if cut_off else ""


def is_sentence(line: str) -> bool:
    """Whether an answer of one line begins like a sentence and is as long as one, and no title or list of names."""
    words = line.split()
    small = sum(word[:1].islower() for word in words)
    return (
        len(words) >= ALONE
        and line[:1].isupper()
        and words[-1][:1].islower()
        and 2 * small > len(words)
        and "#" not in line
    )


def looks_like_code(text: str, last: str) -> bool:
    """Whether the last line of a text is code, an address, a row of a table or a formula."""
    if last.startswith(NOT_PROSE) or last.endswith(("|", "$", "`")) or "://" in last[-60:]:
        return True
    prose, code, _ = split_code(text)
    return bool(code) and (last in code or not prose.strip())


def not_read(pool: Pool) -> Finding:
    """Samples whose answer the model did not read, since the window was full before it."""
    rows = np.flatnonzero(read_of(pool.store) == READ.index("answer not read"))
    return found("answer-not-read", ((int(row), Seen()) for row in rows))


def loops(texts: Texts) -> Seen | None:
    """The same stretch of up to LONGEST_LOOP words TIMES times in a row or more."""
    number, start, stop = words_in(texts.response)
    first, end = longest_loop(number, LONGEST_LOOP, TIMES, LEAST_LOOP)
    if first == end or not any(c.isalpha() for c in texts.response[start[first] : stop[end - 1]]):
        return None  # numbers alone are a table
    whole = Span(RESPONSE, int(start[first]), int(stop[end - 1]))
    return None if is_code(texts.response, whole) else Seen((whole,))


def is_code(text: str, span: Span) -> bool:
    """Whether most of a stretch of a text is code, where repeating is in order."""
    code = split_code(text)[1]
    part = text[span.start : span.stop]
    return bool(code) and sum(line in code for line in part.split("\n")) * 2 > part.count("\n") + 1


def repeats_prompt(texts: Texts) -> Seen | None:
    """An answer that begins with the whole prompt."""
    asked = words_in(texts.prompt)[0]
    if len(asked) < REPEATED or len(texts.response) < len(texts.prompt) // 2:
        return None
    answer, _, stop = words_in(texts.response[: 2 * len(texts.prompt) + 100])
    if len(answer) < len(asked) or not np.array_equal(answer[: len(asked)], asked):
        return None
    return Seen((Span(RESPONSE, 0, int(stop[len(asked) - 1])),))
