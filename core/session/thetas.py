"""The table of θ of a scope and a lens: as extraction left it, else computed once for a store and kept in the cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from core.matrix.threshold import ThetaRow, theta_table
from core.schema import FeatureMatrix
from core.store.reader import FeatureStore
from core.system.files import cache_dir
from core.system.kept import loaded, write_json


def table_of(store: FeatureStore, scope: str, lens: str, matrix: Callable[[], FeatureMatrix]) -> list[ThetaRow]:
    """The table; `matrix` gives the matrix that it is computed from where no table is kept for this very file."""
    known = store.thetas(scope, lens)
    if not known:
        path, file = cache_dir("thetas") / f"{store.key}-{lens}-{scope}.json", store.path.stat()
        stamp = [file.st_size, file.st_mtime_ns]
        kept = loaded(path)
        if not isinstance(kept, dict) or kept.get("stamp") != stamp:
            kept = {"stamp": stamp, "rows": [asdict(row) for row in theta_table(matrix())]}
            write_json(path, kept)
        known = kept["rows"]
    return [ThetaRow(**row) for row in known]
