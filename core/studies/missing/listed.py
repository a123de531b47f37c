"""The list of what is missing: each feature with its name, counts and what to collect; as CSV or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from core.errors import SelectionError
from core.explain.naming import Names
from core.schema import NOUNS
from core.store.reader import FeatureStore
from core.studies.health.places import covered_sample
from core.studies.missing.lacking import Missing
from core.system.kept import plain
from core.system.shown import many

CHARACTERS = 200  # of an example's prompt and response
HAS = {"topics": "of", "tokens": "with"}  # samples of a topic, with a feature


def listed(found: Missing, names: Mapping[int, str], lens: str) -> list[dict[str, Any]]:
    """A row for each feature: its number and name, the samples and the share of them here and there, weight, how many
    to add, the rows of the reference that show it, and what to collect.
    """
    called = Names(lambda feature: names.get(feature, ""))
    columns = zip(found.feature.tolist(), found.here.tolist(), found.there.tolist(), found.weight.tolist(),
                  found.add.tolist(), found.rows, strict=True)  # fmt: skip
    return [
        {
            NOUNS[lens]: feature, "name": names.get(feature, ""),
            "here": here, "share_here": here / max(found.n_here, 1),
            "there": there, "share_there": there / max(found.n_there, 1),
            "weight": weight, "add": add, "rows": rows.tolist(),
            "collect": to_collect(called.quoted(feature, lens), lens, add, here / max(found.n_here, 1),
                                  there / max(found.n_there, 1)),
        }
        for feature, here, there, weight, add, rows in columns
    ]  # fmt: skip


def to_collect(name: str, lens: str, add: int, here: float, there: float) -> str:
    """What to collect of one feature, in a sentence; here, there: the shares of samples that have it."""
    own = f"{here:.1%}" if here else "none"
    return f"Collect about {many(add, 'sample')} {HAS[lens]} {name}: {there:.1%} of the reference have it, {own} here."


def in_short(found: Missing, names: Mapping[int, str], lens: str) -> str:
    """How much of the reference the data covers, and what it lacks most."""
    noun = NOUNS[lens]
    told = f"{found.covered:.1%} of the {found.n_features:,} {noun}s of the reference are here"
    told += f", {found.covered_weight:.1%} by how often they occur there."
    if not len(found.feature):
        return f"{told} None is missing or far rarer."
    first = Names(lambda feature: names.get(feature, "")).numbered(found.feature[:2], lens)
    return f"{told} {many(len(found.feature), noun)} missing or far rarer, above all {first}."


# --- files


def written(rows: list[dict[str, Any]], format: str, store: FeatureStore) -> bytes:
    """The list as a file, csv or jsonl; JSON lines hold the beginnings of the examples, which are of `store`,
    with personal data masked.

    Raises SelectionError for another format.
    """
    if format not in FORMATS:
        raise SelectionError(f"The list is written as csv or jsonl, not as {format!r}: name the file so.")
    return FORMATS[format](rows, store).encode("utf-8", "replace")  # half characters are no UTF-8


def as_csv(rows: list[dict[str, Any]], store: FeatureStore) -> str:
    """A line for each feature; the rows that show it stand in one cell, with spaces."""
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "rows": " ".join(map(str, row["rows"]))} for row in rows)
    return out.getvalue()


def as_json_lines(rows: list[dict[str, Any]], store: FeatureStore) -> str:
    """A line for each feature, with the beginnings of its examples."""
    wanted = sorted({row for one in rows for row in one["rows"]})
    masked = map(covered_sample, store.samples(wanted))  # before it is cut: a half of what is personal is not known
    begun = {
        sample.row: {"prompt": sample.prompt[:CHARACTERS], "response": sample.response[:CHARACTERS]}
        for sample in masked
    }
    full = [one | {"examples": [begun[row] for row in one["rows"]]} for one in rows]
    return "".join(json.dumps(plain(one)) + "\n" for one in full)


FORMATS = {"csv": as_csv, "jsonl": as_json_lines}
