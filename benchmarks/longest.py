"""How long each computation of the page Longest response takes: python -m benchmarks.longest [STORE.duckdb]

At 52,000 samples × 131,072 features with 16.7 M entries, drawn as benchmarks.synthetic says (after the store's shape if
one is given) with values and lengths added; and, on the store, what has to be read from it. Best of five, seconds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.synthetic import best_of, drawn, power_law, shape_of
from core.features.kinds import kinds_of
from core.matrix.covering import coverage_curve
from core.matrix.threshold import QUANTILES
from core.matrix.transpose import transpose
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.inputs import SampleInfo
from core.selection.run import select
from core.session.session import Session, open_session
from core.store.places import token_places
from core.studies.beyond_length import by_relative_gain, in_length_bins
from core.studies.growth import growth
from core.studies.length import by_theta, correlation, scope_counts
from core.studies.length_features import decomposition
from core.studies.matched_sets import costs, enrichment, length_matched

N, F, ENTRIES, BUDGET = 52_000, 131_072, 16_700_000, 2_600


def synthetic(session: Session | None) -> tuple[FeatureMatrix, SampleInfo]:
    """A matrix with exponential values, and token counts that follow the number of features."""
    shape = shape_of(session.matrix("all", session.default_theta()[0]), F) if session else power_law(F)
    matrix, rng = drawn(shape, N, ENTRIES), np.random.default_rng(1)
    value = rng.exponential(10, len(matrix.feature)).astype(np.float32)
    tokens = (matrix.counts * rng.lognormal(0, 0.2, N)).astype(np.int64) // 3 + 1
    return replace(matrix, value=value), SampleInfo(tokens // 4, tokens - tokens // 4)


def tasks(matrix: FeatureMatrix, info: SampleInfo) -> dict[str, Callable[[], Any]]:
    """What the page computes from the matrix, by name."""
    spec, tokens, thetas = SelectionSpec(budget=BUDGET), info.tokens, np.quantile(matrix.value[:100_000], QUANTILES)
    sets = {m: select(matrix, replace(spec, method=m), info).rows for m in ("longest-response", "random", "sae-greedy")}
    longest, everyone = sets["longest-response"], np.ones(N, bool)
    return {
        "r with intervals, one scope": lambda: correlation(tokens, matrix.counts),
        "r against θ": lambda: by_theta(matrix, tokens, QUANTILES, np.maximum.accumulate(thetas)),
        "decomposition": lambda: decomposition(matrix, tokens),
        "length-matched random": lambda: length_matched(info.response_tokens, longest, everyone),
        "enrichment": lambda: enrichment(matrix, longest, sets["random"]),
        "costs of three sets": lambda: costs(matrix, sets, tokens, info.response_tokens),
        "a coverage curve of all samples": lambda: coverage_curve(matrix, np.argsort(-tokens)),
        "greedy, for comparison": lambda: select(matrix, spec, info),
        "greedy in length bins": lambda: in_length_bins(matrix, spec, info, tokens),
        "greedy by relative gain": lambda: by_relative_gain(matrix, spec, info, tokens),
    }


def reads(session: Session) -> dict[str, Callable[[], Any]]:
    """What the page asks of a store, by name."""
    store, theta = session.store, session.default_theta()[0]
    places = token_places(store)
    return {
        "counts of all scopes": lambda: scope_counts(session, theta),
        "places of all tokens": lambda: token_places(store),
        "kinds of all features, by the rules": lambda: kinds_of(store.db),
        "growth": lambda: growth(store, places, theta),
    }


def report(title: str, found: dict[str, Callable[[], Any]]) -> None:
    """Print the time of each task."""
    table = Table("computation", "seconds", title=title, title_justify="left")
    for name, task in found.items():
        task()
        table.add_row(name, f"{best_of(task)[0]:.3f}")
    Console(width=100).print(table)


def main(path: Path | None = None) -> None:
    """Time everything on a drawn matrix and, if one is given, on a store."""
    session = open_session(path) if path else None
    matrix, info = synthetic(session)
    transpose(matrix.indptr, matrix.feature, matrix.n_features)
    report(f"{N:,} samples, {len(matrix.feature):,} entries, budget {BUDGET:,}", tasks(matrix, info))
    if session:
        report(f"{session.store.n_samples:,} samples of {session.store.key}", reads(session))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
