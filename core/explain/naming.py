"""How features are spoken of in sentences: by name, those that stand for wording and format by their number alone."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass

from core.schema import NOUNS
from core.system.shown import many

LONGEST = 60  # characters of a name in a sentence
NAMED = 2  # features named in a list


@dataclass(frozen=True)
class Names:
    """name_of: a feature's name, its number or nothing where it has none; wording: the features that are counted and
    not named, because they stand for wording and format (see `features.kinds`).
    """

    name_of: Callable[[int], str] = str
    wording: Container[int] = frozenset()

    def quoted(self, feature: int, lens: str) -> str:
        """“the name” in quotes and on one line, or topic 12 where there is none."""
        name = " ".join(self.name_of(int(feature)).split())
        if name in ("", str(feature)):
            return f"{NOUNS[lens]} {feature}"
        return f"“{name}”" if len(name) <= LONGEST else f"“{name[: LONGEST - 1]}…”"

    def numbered(self, features: Iterable[int], lens: str) -> str:
        """“the name” (topic 12) and “another” (topic 40), the first few of `features`."""
        features, parts = list(map(int, features)), []
        for feature in features[:NAMED]:
            name, number = self.quoted(feature, lens), f"{NOUNS[lens]} {feature}"
            parts.append(name if name == number else f"{name} ({number})")
        if len(features) > NAMED:
            parts.append(many(len(features) - NAMED, f"more {NOUNS[lens]}"))
        return enumerated(parts)

    def listed(self, features: Iterable[int], lens: str) -> str:
        """“A”, “B”, 3 more topics and 12 features of wording and format: the first of `features` by name."""
        features = [int(f) for f in features]
        meant = [f for f in features if f not in self.wording]
        names = list(dict.fromkeys(self.quoted(f, lens) for f in meant))
        parts, formal = names[:NAMED], len(features) - len(meant)
        if more := len(meant) - len(parts):
            parts.append(many(more, f"more {NOUNS[lens]}"))
        if formal:
            parts.append(f"{many(formal, NOUNS[lens])} of wording and format")
        return enumerated(parts)


def enumerated(parts: list[str]) -> str:
    """A, B and C."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
