"""The records of the input as they stood, out of a store: what export writes, to the byte and the type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import pyarrow as pa

from core.datasets.originals import JsonText, Packed, json_text, pack
from core.schema import Sample
from core.store.reader import FeatureStore
from core.store.tables import explained

AT_ONCE = 64  # packs of records that are held together


def originals(store: FeatureStore, rows: Iterable[int]) -> list[Any]:
    """The original of each of `rows`: a JsonText, or a pyarrow Table of its row (of its rows, if it had several).

    Stores before version 4 kept the values alone: their JSON is made of these. Raises StoreError for a row that is not
    there.
    """
    wanted = [int(row) for row in rows]
    asked, found = set(wanted), dict[int, Any]()
    packs = store.rows("SELECT sample_id, len(rows) FROM originals") if store.has("originals") else []
    needed = [first for first, n in packs if not asked.isdisjoint(range(first, first + n))]
    for first, sizes, is_json, data in _packs(store, needed):
        places = [place for place in range(len(sizes)) if first + place in asked]
        held = Packed(sizes, is_json, data).unpacked(places)
        found |= {first + place: one for place, one in zip(places, held, strict=True)}
    lacking = [row for row in wanted if row not in found]
    found |= {sample.row: JsonText(json_text(sample.raw)) for sample in store.samples(lacking)}
    return [found[row] for row in wanted]


def _packs(store: FeatureStore, needed: list[int]) -> Iterator[tuple[int, list[int], bool, bytes]]:
    """The packs that begin with these samples. One statement, as each reads the records of thousands of packs whatever
    it asks for; some packs at a time, as all are gigabytes.
    """
    sql = "SELECT sample_id, rows, is_json, data FROM originals WHERE sample_id IN (SELECT unnest(?::INTEGER[]))"
    with explained(store.path):
        found = store.cursor().execute(sql, [needed]) if needed else None
        while found and (some := found.fetchmany(AT_ONCE)):
            yield from some


def originals_table(samples: Sequence[Sample], first: int) -> pa.Table:
    """The rows of the table `originals` for samples that stand in the store one after another from `first` on."""
    packs = pack([JsonText(json_text(s.raw)) if s.original is None else s.original for s in samples])
    starts = list(accumulate((len(each.sizes) for each in packs), initial=first))[:-1]
    return pa.table(
        {
            "sample_id": pa.array(starts, pa.int32()),
            "rows": pa.array([each.sizes for each in packs], pa.list_(pa.int32())),
            "is_json": pa.array([each.is_json for each in packs], pa.bool_()),
            "data": pa.array([each.data for each in packs], pa.binary()),
        }
    )
