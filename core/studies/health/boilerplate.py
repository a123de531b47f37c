"""What stands in many answers and says nothing: refusals, a model speaking of itself, remains of web pages, links."""

from __future__ import annotations

import re

from core.studies.health.answers import is_code
from core.studies.health.finding import RESPONSE, Seen, Texts, spans_of
from core.studies.health.phrases import AS_A_MODEL, DECLINES, PAGE, SORRY, SPEAKS, WEB_PAGE, has, pattern
from core.studies.health.pool import words_in
from core.topics.code import ADDRESS

SELF, REFUSES, CRAWL = pattern(AS_A_MODEL), pattern(DECLINES), pattern(WEB_PAGE)
HEAD = 240  # characters of an answer in which it says that it will not answer
TAG = re.compile(
    r"</?(?:p|br|div|span|a|img|ul|ol|li|table|tr|td|th|h[1-6]|b|i|em|strong|font|script|style|iframe)\b[^<>\n]{0,300}/?>"
    r"|&(?:nbsp|amp|lt|gt|quot|#\d{2,5});",
    re.IGNORECASE,
)
WEB = re.compile(  # prompts whose answers may hold tags
    r"\b(?:html?|xml|css|web ?(?:page|site)s?|tags?|markup|javascript|react|template|svg|php|jsx?|code)\b",
    re.IGNORECASE,
)
LEAST_TAGS, LEAST_CRAWL = 2, 2  # tags, and different phrases of web pages, from which on they are remains
LINK = re.compile(ADDRESS + r"|\[[^\]\n]*\]\((?:https?://|www\.)[^)\s]*\)", re.IGNORECASE)
LEAST_BESIDE = 4  # words beside each link, from which on an answer is more than links


def refusal(texts: Texts) -> Seen | None:
    """An answer that speaks of itself as a model, or declines at its beginning, in ten languages."""
    speaks = spans_of(RESPONSE, SELF.finditer(texts.response)) if has(texts.response, SPEAKS) else ()
    if speaks and SELF.search(texts.prompt):  # it is what was asked about
        speaks = ()
    head = texts.response[:HEAD]
    declines = spans_of(RESPONSE, REFUSES.finditer(head)) if has(head, SORRY) else ()
    declines = tuple(span for span in declines if not is_code(head, span))  # the message of an error
    what = " and ".join(word for word, seen in (("speaks as a model", speaks), ("declines", declines)) if seen)
    return Seen((*speaks, *declines), what) if what else None


def web_remains(texts: Texts) -> Seen | None:
    """Tags and entities of HTML in the prose of an answer that is not about them, or phrases of web pages around it."""
    crawl = list(CRAWL.finditer(texts.response)) if has(texts.response, PAGE, LEAST_CRAWL) else []
    spans = spans_of(RESPONSE, iter(crawl)) if len({match[0].lower() for match in crawl}) >= LEAST_CRAWL else ()
    if ("<" in texts.response or "&" in texts.response) and "```" not in texts.response:
        tags = spans_of(RESPONSE, TAG.finditer(texts.response))
        spans += tags if len(tags) >= LEAST_TAGS and not WEB.search(texts.prompt) else ()
    return Seen(spans) if spans else None


def links_only(texts: Texts) -> Seen | None:
    """An answer of links and next to nothing else."""
    if "://" not in texts.response and "www." not in texts.response.lower():
        return None
    links = spans_of(RESPONSE, LINK.finditer(texts.response))
    if not links or LINK.search(texts.prompt):
        return None
    beside = len(words_in(LINK.sub(" ", texts.response))[0])
    return Seen(links) if beside < LEAST_BESIDE * len(links) else None
