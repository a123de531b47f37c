"""Other packages that maximize coverage (benchmarks/requirements.txt), and whether their picks compare with ours."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from benchmarks import synthetic
from benchmarks.synthetic import best_of
from core.matrix.covering import coverage_curve
from core.schema import FeatureMatrix


def submodlib(matrix: FeatureMatrix, budget: int) -> tuple[float, float, np.ndarray]:
    """Seconds to prepare and to search, and the picks, of submodlib's SetCover with LazyGreedy."""
    from submodlib import SetCoverFunction

    n, f = matrix.n_samples, matrix.n_features
    preparing, function = best_of(lambda: SetCoverFunction(n, [set(matrix.row(i).tolist()) for i in range(n)], f))
    searching, picks = best_of(lambda: function.maximize(budget=budget, optimizer="LazyGreedy", show_progress=False))
    return preparing, searching, np.array([row for row, _ in picks], np.int64)


def apricot(matrix: FeatureMatrix, budget: int) -> tuple[float, float, np.ndarray]:
    """The same of apricot's MaxCoverage with its default optimizer; here it keeps what it would compile each time."""
    from apricot import MaxCoverageSelection
    from apricot.functions import maxCoverage
    from scipy.sparse import csr_matrix

    for name in ("calculate_gains_sparse", "calculate_gains_sieve_sparse"):
        setattr(maxCoverage, name, lru_cache(getattr(maxCoverage, name)))
    entries = (np.ones(len(matrix.feature)), matrix.feature.copy(), matrix.indptr)  # apricot wants to write
    preparing, sparse = best_of(lambda: csr_matrix(entries, (matrix.n_samples, matrix.n_features)))
    MaxCoverageSelection(min(20, budget)).fit(sparse)  # compiles; 20: both stages of the optimizer
    searching, selector = best_of(lambda: MaxCoverageSelection(budget).fit(sparse))
    return preparing, searching, np.asarray(selector.ranking, np.int64)


def compared(matrix: FeatureMatrix, ours: np.ndarray, theirs: np.ndarray) -> tuple[str, bool]:
    """What both cover, and whether every pick of both is a greedy one: then they differ by ties at most."""
    a, b = (int(coverage_curve(matrix, rows)[-1]) for rows in (ours, theirs))
    valid = len(ours) == len(theirs)
    valid &= all(synthetic.is_greedy(matrix.indptr, matrix.feature, rows, matrix.n_features) for rows in (ours, theirs))
    same = "the same coverage" if a == b else "the same coverage but for ties"
    return f"{same if valid else 'NOT BOTH GREEDY'}: {a:,} and {b:,}", valid
