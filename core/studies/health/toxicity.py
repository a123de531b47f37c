"""Insults, threats and obscene words: by a small list of words in five languages, no model."""

from __future__ import annotations

import re

from core.studies.health.finding import RESPONSE, Seen, Texts, spans_of
from core.studies.health.phrases import has

PATTERNS = (
    r"\b(?:mother)?fuck(?:ing|er|ers|ed|s)?\b|\b(?:bull)?shit(?:ty|head)?\b|\bassholes?\b|\bbitch(?:es)?\b|\bcunts?\b",
    r"\b(?:bastard|dickhead|whore|slut|wanker|scumbag|jackass|douchebag|prick|twat)(?:e?s)?\b|\bretard(?:ed|s)?\b",
    r"\bkill yourself\b|\bi(?:['’]ll| will) kill you\b|\byou(?:['’]re| are) (?:so )?(?:worthless|pathetic)\b",
    r"\barschl(?:och|öcher)\b|\bscheiße\w*|\bverfickt\w*|\bfick dich\b|\bhurensohn\b|\bwichser\w*|\bschlampen?\b",
    r"\bputas?\b|\bmierda\b|\bgilipollas\b|\bcabr(?:ón|ones)\b|\bpendejos?\b|\bcoño\b",
    r"\bputain\b|\bmerde\b|\bconnards?\b|\bconnasse\b|\bsalope\b|\benculés?\b|傻逼|操你妈|去死吧|他妈的",
)
LISTED = re.compile("|".join(PATTERNS), re.IGNORECASE)
HINTS = (  # one of which every pattern has: a search for plain text is fast
    "fuck", "shit", "asshole", "bitch", "cunt", "bastard", "dickhead", "whore", "slut", "wanker", "scumbag", "jackass",
    "douchebag", "prick", "twat", "retard", "kill you", "worthless", "pathetic", "arschl", "scheiß",
    "verfickt", "fick dich", "hurensohn", "wichser", "schlampe", "puta", "mierda", "gilipollas", "cabr",
    "pendejo", "coño", "merde", "conna", "salope", "enculé", "傻逼", "操你妈", "去死吧", "他妈的",
)  # fmt: skip


def toxicity(texts: Texts) -> Seen | None:
    """An answer with one of the words."""
    if not has(texts.response, HINTS):
        return None
    spans = spans_of(RESPONSE, LISTED.finditer(texts.response))
    return Seen(spans) if spans else None
