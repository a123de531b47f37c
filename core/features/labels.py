"""What features stand for: labels, who gave each one, and which one is shown.

A person's labels belong to a data set and are kept in the workspace, where they can be undone. All others belong to an
SAE, that of the tokens or that of the topics: those in `labels.json` beside its cfg.json, and those imported or made by
a model, in one SQLite file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.errors import StoreError
from core.store.reader import FeatureStore
from core.system.files import cache_dir
from core.system.sqlite import connection

SOURCES = ("manual", "imported", "shipped", "auto")  # in the order in which they are preferred
MOST_CHARACTERS = 200
HOLDS = "The labels"
JOINERS = "\u200c\u200d"  # format characters that scripts and emoji need
TABLE = """CREATE TABLE IF NOT EXISTS labels(
    sae TEXT, feature INTEGER, source TEXT, author TEXT, text TEXT, date TEXT, score REAL,
    PRIMARY KEY (sae, feature, source, author))"""
UPSERT = "INSERT OR REPLACE INTO labels(sae, feature, source, author, text, date, score) VALUES (?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True)
class Label:
    """What a feature stands for. `source`: one of SOURCES; `date`: ISO, UTC, or empty; `author`: the model, if one.

    score: the detection score in [0, 1] (the share of examples that a judge told apart by the label), None if unknown.
    """

    feature: int
    text: str
    source: str
    date: str = ""
    score: float | None = None
    author: str = ""


def cleaned(text: str, most: int = MOST_CHARACTERS) -> str:
    """One line without control characters, among them those that turn the direction, of at most `most` characters."""
    kept = (c for c in text if c.isspace() or c in JOINERS or not unicodedata.category(c).startswith("C"))
    line = " ".join("".join(kept).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def sae_of(store: FeatureStore, lens: str = "tokens") -> str:
    """The digest that tells the SAE of a lens from others; empty if the store has none, or does not say."""
    if lens == "topics":
        return (store.meta.get("topics") or {}).get("digest", "")
    return store.meta["digests"].get("sae", "")


class LabelBook:
    """The imported and automatic labels of one SAE. Any number of threads and processes may write at once."""

    def __init__(self, path: Path, sae: str) -> None:
        if not sae:
            raise StoreError("This feature store does not say which SAE these features are of: labels cannot be kept.")
        self.path, self.sae = path, sae

    def add(self, labels: Iterable[Label]) -> None:
        """Keep labels, all or none; one of the same feature, source and author is replaced. Raises as `connection`."""
        rows = [(self.sae, la.feature, la.source, la.author, la.text, la.date, la.score) for la in labels]
        with connection(self.path, HOLDS, TABLE, begin="IMMEDIATE") as db:
            db.executemany(UPSERT, rows)

    def labels(self) -> list[Label]:
        """All labels, by feature, source and author; a feature may have several. Raises as `connection` does."""
        if not self.path.exists():
            return []
        query = """SELECT feature, text, source, date, score, author FROM labels WHERE sae = ?
            ORDER BY feature, source, author"""
        with connection(self.path, HOLDS, TABLE) as db:
            found = [Label(*row) for row in db.execute(query, (self.sae,))]
        return [label for label in found if label.source in SOURCES]  # SQLite has no checksums: bytes may be others


def book_of(store: FeatureStore, lens: str = "tokens") -> LabelBook:
    """The imported and automatic labels of the SAE of a lens; raises StoreError if the store does not name one."""
    return LabelBook(cache_dir() / "labels.sqlite", sae_of(store, lens))
