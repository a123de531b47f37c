"""Personal data in texts: addresses of mail, telephones, cards, bank accounts, addresses of machines, keys.

Each kind is a regular expression and a test of what it found. What is in examples only is no hit: example.com,
555 numbers, documentation addresses, numbers of versions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from itertools import accumulate, pairwise

from core.studies.health.finding import Seen, Span, Texts

MADE_UP = re.compile(
    r"(?:^|[@.])(?:example|test|invalid|localhost|(?:your)?(?:domain|company(?:name)?)|email|mail|site|website|xyz|abc|acme)\.\w+$"
    r"|\.(?:example|test|invalid|local)$",
    re.IGNORECASE,
)
NOT_NAMES = re.compile(
    r"^(?:user(?:name)?|your[._-]?(?:name|email)?|name|email|someone|me|you|j(?:ohn|ane)\.?doe|foo|bar|test|example|xxx+|abc|git|no-?reply)@",
    re.IGNORECASE,
)
FILES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".js", ".css", ".py", ".html")


def is_mail(text: str) -> bool:
    """An address that somebody may have: not of example.com, and none that stands for any."""
    domain = text.rsplit("@", 1)[-1]
    return not (MADE_UP.search(domain) or NOT_NAMES.search(text) or text.lower().endswith(FILES))


def luhn(digits: str) -> bool:
    """Whether a string of digits has a valid check digit by Luhn's formula (US patent 2,950,048)."""
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 * (d > 9) for d in doubled) % 10 == 0


def is_card(text: str) -> bool:
    """13 to 19 digits of a known issuer that pass Luhn's test: no few digits repeated, and none of TEST_CARDS."""
    digits = re.sub(r"\D", "", text)
    issuer = re.match(r"4|5[1-5]|2[2-7]|3[47]|3[068]|6(?:011|4[4-9]|5)|35|62", digits)
    plain = len(set(digits[1:-1])) <= 2 or digits in TEST_CARDS
    return bool(issuer) and 13 <= len(digits) <= 19 and not plain and luhn(digits)


def is_iban(text: str) -> bool:
    """An international bank account number of the right length whose remainder by 97 is 1 (ISO 13616, ISO 7064)."""
    plain = re.sub(r"\s", "", text).upper()
    return IBAN_LENGTHS.get(plain[:2]) == len(plain) and mod97(plain) == 1


def mod97(plain: str) -> int:
    """The remainder by 97 of an account number with its first four characters at its end, letters as 10 to 35."""
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97


def is_telephone(text: str) -> bool:
    """9 to 15 digits, of which four or more differ, no date, no 555 number, none of a run such as 123456789."""
    digits = re.sub(r"\D", "", text)
    if not 9 <= len(digits) <= 15 or len(set(digits)) < 4 or DATE.match(text):
        return False
    own = digits[-10:]
    return "555" not in (own[:3], own[3:6], own[-7:-4]) and own not in RUN  # of nine digits the last two differ


DATE = re.compile(r"(?:19|20)\d\d[-/. ][01]?\d[-/. ][0-3]?\d")
TEST_CARDS = frozenset(  # that payment services name in their manuals
    [
        "4242424242424242",
        "4111111111111111",
        "4012888888881881",
        "4222222222222",
        "5555555555554444",
        "5105105105105100",
        "2223003122003222",
        "378282246310005",
        "371449635398431",
        "378734493671000",
        "6011111111111117",
        "6011000990139424",
        "30569309025904",
        "38520000023237",
        "3530111333300000",
        "3566002020360505",
    ]
)
RUN = "01234567890123456789" + "98765432109876543210"


def is_machine(text: str) -> bool:
    """An address of the public internet: not private, reserved, or kept for documentation; no round number."""
    try:
        found = ip_address(text)
    except ValueError:
        return False
    return (
        found.is_global
        and not text.endswith((".0", ".0.1"))
        and text not in ("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.2.3.4")
    )


def is_key(text: str) -> bool:
    """Letters and digits as if by chance, not the stand-in of an example."""
    own = PREFIX.sub("", text)
    return text.startswith("-----") or (len(set(own)) > 7 and not STAND_IN.search(own))


PREFIX = re.compile(r"^(?:sk|pk|rk|gh.|xox.|hf|AKIA|ASIA|AIza|glpat|SG|npm)[-_.]?")
STAND_IN = re.compile(r"x{4}|\.\.\.|example|your|1234567", re.IGNORECASE)
IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "BR": 29, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18,
    "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26,
    "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25,
    "RO": 24, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29,
}  # fmt: skip
MAIL = re.compile(r"(?<![\w.+/-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,18}\b(?!\()")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
CARD = re.compile(
    r"(?<![\d.,/-])(?:(?:\d{4}[ -]?){3}\d{1,7}|3\d{3}[ -]?\d{6}[ -]?\d{4,5})(?![\d]|\.\d)"  # in fours, or 4-6-5
)
TELEPHONE = re.compile(  # international, of North America, within other countries
    r"(?<![\w.,/=#$€£%:-])(?<!\d )(?:\+\d{1,3}[ .-]?(?:\(0?\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,5}"
    r"|\(\d{3}\) ?\d{3}[ .-]?\d{4}|\d{3}[-. ]\d{3}[-. ]\d{4}"
    r"|0\d{2,4}(?: ?/ ?|[ -])\d{3,4}[ -]?\d{2,5}(?:[ -]?\d{1,4})?)(?![\w%]|[.,/:=-]\d)"
    # of China and of Spain, where a word before says so
    r"|(?:电话|手机|号码|拨打|致电|联系)(?:号码?|方式|是|为)*[ :：]{0,2}(1[3-9]\d(?:[ -]?\d{4}){2})(?!\d)"
    r"|\b(?:[Mm]óvil|[Tt]eléfono|[Tt]el\.?|[Ll]lám[ae]\w*)(?: (?:es|al|el|número))*[ :.]{1,3}"
    r"([6-9]\d\d(?:[ -]?\d{2,3}){2,3})(?!\d)"
)
MACHINE = re.compile(r"(?<![\w.:/-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d|/\d)")
KEY = re.compile(
    r"\b(?:sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}|[sprk]{2}_(?:live|test)_[A-Za-z0-9]{16,}|gh[posu]_[A-Za-z0-9]{30,}"
    r"|github_pat_\w{30,}|xox[abprs]-[A-Za-z0-9-]{10,}|hf_[A-Za-z0-9]{30,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35}"
    r"|glpat-[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|npm_[A-Za-z0-9]{36}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})"
    r"|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
)
# What a text must have for a kind to be looked for, its pattern, and a test of what the pattern found.
KINDS: dict[str, tuple[str, re.Pattern[str], Callable[[str], bool]]] = {
    "e-mail": ("@", MAIL, is_mail),
    "bank account": ("number", IBAN, is_iban),
    "card": ("number", CARD, is_card),
    "telephone": ("number", TELEPHONE, is_telephone),
    "IP address": ("dots", MACHINE, is_machine),
    "key": ("prefix", KEY, is_key),
}
VERSION = re.compile(r"(?:version|release|build|firmware|driver|\bv)[ .:]*$", re.IGNORECASE)
NUMBER = re.compile(r"\d(?:[ ().+/-]{0,3}[\dA-Z]){8}")  # no telephone, card or account does without one


DOTS = re.compile(r"\d\.\d{1,3}\.\d")  # and no address of a machine without this
PREFIXES = (  # of which every key has one
    "sk-", "_live_", "_test_", "ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "xox", "hf_", "AKIA", "ASIA", "AIza",
    "glpat-", "SG.", "npm_", "eyJ", "PRIVATE KEY",
)  # fmt: skip


def personal_data(texts: Texts) -> Seen | None:
    """Personal data anywhere in a sample; where kinds overlap, the first of KINDS counts."""
    spans, kinds = [], dict[str, None]()
    for segment, text in enumerate(texts):
        for kind, start, stop in personal_in(text):
            spans.append(Span(segment, start, stop))
            kinds[kind] = None
    return Seen(tuple(spans), ", ".join(kinds)) if spans else None


def personal_in(text: str) -> list[tuple[str, int, int]]:
    """(kind, start, stop) of the personal data in a text, by their places."""
    marks = {
        "@": "@" in text,
        "dots": bool(DOTS.search(text)),
        "number": bool(NUMBER.search(text)),
        "prefix": any(prefix in text for prefix in PREFIXES),
    }
    taken: list[tuple[str, int, int]] = []
    for kind, (mark, pattern, test) in KINDS.items():
        for match in pattern.finditer(text) if marks[mark] else ():
            start, stop = match.span(match.lastindex or 0)  # without the word before it
            free = all(stop <= a or b <= start for _, a, b in taken)
            if (
                free
                and test(text[start:stop])
                and not (kind == "IP address" and VERSION.search(text[max(start - 12, 0) : start]))
            ):
                taken.append((kind, start, stop))
    return sorted(taken, key=lambda one: one[1:])


def masked(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    """The text with the letters and digits in (start, stop) stretches as •, but for the first of each stretch."""
    letters = list(text)
    for start, stop in spans:
        letters[start + 1 : stop] = ["•" if letter.isalnum() else letter for letter in letters[start + 1 : stop]]
    return "".join(letters)


def covered(text: str) -> str:
    """A text with its personal data masked, to the character as long as before."""
    return masked(text, tuple((start, stop) for _, start, stop in personal_in(text)))


def covered_pieces(pieces: Sequence[str]) -> list[str]:
    """The pieces that a text is cut into, masked: what is personal may run over several of them."""
    text, ends = covered("".join(pieces)), accumulate(map(len, pieces), initial=0)
    return [text[start:stop] for start, stop in pairwise(ends)]
