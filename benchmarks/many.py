"""Selection at a million samples: greedy where rounds are many, and every method that is to be quick.

python -m benchmarks.many
"""

from __future__ import annotations

import sys
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.claims import Input, Row
from benchmarks.synthetic import Shape, drawn, power_law
from core.matrix.postings import postings
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.inputs import SampleInfo
from core.selection.registry import METHODS
from core.selection.run import select

SAMPLES, FEW_SAMPLES, TOPICS, K = 1_000_000, 52_000, 1024, 8
FEATURES, MEAN_SIZE = 131_072, 70
OPTIONS = {"quality": {"score": "score"}, "reference-guided": {"reference": "set:some"}}


def topics_like(n_samples: int, scale: int) -> Input:
    """As topics are: a fixed number of few features a sample, the frequencies after a power law."""
    shape = Shape(power_law(max(TOPICS // scale, 2 * K)).density, np.ones(1))
    return Input("as topics", drawn(shape, n_samples // scale, n_samples // scale * K))


def many_rounds(scale: int = 1) -> list[Row]:
    """Claim 8: sae-greedy goes round after round, as samples have few of few features."""
    large, small = topics_like(SAMPLES, scale), topics_like(FEW_SAMPLES, scale)
    rows = []
    for item, part, limit in ((large, 10, 4.0), (small, 1, 0.5)):
        budget = item.matrix.n_samples // part
        seconds, order = item.run(budget)
        rows.append(Row(8, f"sae-greedy, {budget:,} in order; {item.name}", seconds, "limit", limit,
                        note=f"{order.round[-1]:,} rounds"))  # fmt: skip
    return rows


def quick_methods(scale: int = 1) -> list[Row]:
    """Claim 9: a tenth of a million samples by every quick method, posting lists at hand."""
    n = SAMPLES // scale
    item = Input("drawn", drawn(power_law(FEATURES // scale), n, n * MEAN_SIZE))
    return methods(item.matrix, item.name)


def methods(matrix: FeatureMatrix, name: str) -> list[Row]:
    """The same of any matrix: select() from Python, timed once after what is compiled and kept is there."""
    rng, n = np.random.default_rng(0), matrix.n_samples
    info = SampleInfo(rng.integers(1, 300, n), rng.integers(1, 300, n), {"score": rng.random(n)})
    some, rows = {"set:some": tuple(range(0, n, 50))}, []
    postings(matrix)
    for method, entry in METHODS.items():
        if entry.quick:
            spec = SelectionSpec(method, max(n // 10, 1), options=OPTIONS.get(method, {}), sets=some)
            seconds = timed(matrix, spec, info)
            rows.append(Row(9, f"{method}, {spec.budget:,}; {name}", seconds, "limit", 5))
    return rows


def timed(matrix: FeatureMatrix, spec: SelectionSpec, info: SampleInfo) -> float:
    """Seconds of one selection, once the kernels are compiled."""
    few = FeatureMatrix.from_sets([{0, 1}, {1, 2}, {2}] * 10, matrix.n_features)
    few_info = SampleInfo(np.ones(30, int), np.arange(30), {"score": np.arange(30.0)})
    sets = dict.fromkeys(spec.sets, (0, 3))
    select(few, SelectionSpec(spec.method, 5, options=spec.options, sets=sets), few_info)
    begin = time.perf_counter()
    select(matrix, spec, info)
    return time.perf_counter() - begin


def main() -> None:
    """Print both tables."""
    shown = Table("task", "seconds", "limit", "met")
    scale = 100 if "--quick" in sys.argv else 1
    for row in [*many_rounds(scale), *quick_methods(scale)]:
        shown.add_row(f"{row.task} [dim]{row.note}[/dim]", f"{row.ours:.3g}", f"{row.other:g}", str(row.met))
    Console(width=130).print(shown)


if __name__ == "__main__":
    main()
