"""How a decision is told, by the details of its event: which rows or features, and what was said of them."""

from __future__ import annotations

from typing import Any

from core.schema import NOUNS
from core.selection.quotas import parsed
from core.system.shown import many

DEFAULT_LENS = "tokens"  # of a decision that names none: those recorded before there was another


def some(noun: str, numbers: list[int]) -> str:
    """One by its number, several by how many they are."""
    return f"{noun} {numbers[0]}" if len(numbers) == 1 else many(len(numbers), noun)


def copies(groups: list[list[int]]) -> list[int]:
    """The rows of groups of copies without the first of each, which stays."""
    return [row for _, *rows in groups for row in rows]


def replaced(detail: dict[str, Any]) -> str:
    """Which rows are banned as copies of which."""
    rows, (first, *_) = copies(detail["groups"]), detail["groups"]
    of = f"a {detail['what']} of row {first[0]}" if len(rows) == 1 else f"each a {detail['what']} of one that stays"
    return f"{some('row', rows)} banned, {of}"


def of_rows(detail: dict[str, Any]) -> str:
    """The rows of an event: row 12, 3 rows."""
    return some("row", detail["rows"] if "rows" in detail else [detail["row"]])


def of_features(detail: dict[str, Any]) -> str:
    """The features of an event as its lens calls them: topic 12, feature 7, 3 topics."""
    return some(NOUNS[detail.get("lens", DEFAULT_LENS)], detail.get("features") or [detail["feature"]])


def quoted(text: str) -> str:
    """A name or text after a colon, cut; nothing of an empty one."""
    return f": “{text[:59]}…”" if len(text) > 60 else f": “{text}”" if text else ""


def imported(detail: dict[str, Any]) -> str:
    """Decisions that were taken from a file, or from a saved selection."""
    if "of" in detail:
        return "decisions taken over from the selection" + quoted(detail["of"])
    return f"{many(len(detail['steps']), 'decision')} imported"


def boosted(detail: dict[str, Any]) -> str:
    """A boost, or that it was lifted."""
    if detail["factor"] == 1:
        return f"boost lifted from {of_features(detail)}"
    return f"boost ×{detail['factor']:g} on {of_features(detail)}"


def quotas_lifted(detail: dict[str, Any]) -> str:
    """Which quota was lifted, or how many."""
    found = detail["quotas"]
    return f"quota lifted: {parsed(found[0]).told()}" if len(found) == 1 else f"{many(len(found), 'quota')} lifted"
