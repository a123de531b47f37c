"""sae-gain: seconds for a tenth of 52,000 samples × 8,192 features with 10 million entries, for each of its returns.

Features are drawn after a power law, values at random. First: with the quantiles that clip the values, as for a matrix
not seen before; then: with them kept. Kernels are compiled beforehand. At most 2 s for the default, power 0.5.

    python -m benchmarks.gain
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.synthetic import drawn, power_law
from core.matrix.concave import SHAPES
from core.schema import SelectionSpec
from core.selection.run import select

N, F, ENTRIES, BUDGET = 52_000, 8_192, 10_000_000, 5_200


def main() -> None:
    """Measure and print."""
    matrix = drawn(power_law(F), N, ENTRIES)
    value = np.random.default_rng(0).lognormal(size=len(matrix.feature)).astype(np.float32)
    table = Table(
        "returns", "first", "then", title=f"{N:,} × {F:,}, {len(value) / 1e6:.1f} M entries, budget {BUDGET:,}"
    )
    small = drawn(power_law(64), 100, 500)
    for shape in SHAPES:
        spec = SelectionSpec("sae-gain", BUDGET, options={"returns": shape})
        select(small, replace(spec, budget=10))
        seconds, own = [], replace(matrix, value=value)
        for _ in range(2):
            started = perf_counter()
            select(own, spec)
            seconds.append(f"{perf_counter() - started:.2f} s")
        table.add_row(shape, *seconds)
    Console().print(table)


if __name__ == "__main__":
    main()
