"""Groups of samples as a person chooses them: which there are, and what each is called."""

from __future__ import annotations

from core.session.findings import findings
from core.session.groups import is_rows
from core.session.languages import at_hand, commonest
from core.session.lasso import lasso_of
from core.session.search import languages_spoken, source_names
from core.topics.language import language_name
from pages.parts.address import get
from pages.parts.evidence import check_title
from pages.parts.text import whole
from pages.parts.view import View

REST, LASSO = "rest", "lasso:"
NAMES = {"kept": "kept", "left-out": "left out", "pinned": "pinned", "banned": "banned", REST: "all others"}


def group_choices(now: View) -> list[str]:
    """The groups that there are."""
    names = source_names(now.session)
    found = ["kept", "left-out", *(["pinned"] if now.state.pins else []), *(["banned"] if now.state.bans else [])]
    found += [f"source:{name}" for name in names] if len(names) > 1 else []
    if at_hand(now.session.store):
        codes = list(commonest(languages_spoken(now.session)))
        found += [f"language:{code}" for code in codes if code] if len(codes) > 1 else []
    found += [LASSO + get("lasso")] if len(lasso_of(get("lasso"))) else []
    named = {"set": now.state.sets, "tag": now.state.tags, "selection": now.state.selections}
    for kind, known in {**named, "search": now.state.searches, "health": findings(now.session)}.items():
        found += [f"{kind}:{name}" for name in known]
    return found


def group_name(name: str) -> str:
    """A group as the choice shows it."""
    kind, _, of = name.partition(":")
    if is_rows(name):
        return f"rows: {name}"
    if kind == "health":
        return f"finding: {check_title(of).lower()}"
    if kind == "language":
        return f"language: {language_name(of)}"
    if name.startswith(LASSO):
        return "the lasso on the map" if of == get("lasso") else "another lasso"
    return NAMES.get(name) or whole(f"{kind}: {of}" if of else name)
