"""Selection: its time and memory against a bare pass over the data, against other packages, and against fixed limits.

Every ratio comes from one run on the same inputs: a real store with --store, and matrices drawn after it (without a
store, after a power law; see benchmarks.synthetic). Kernels are compiled beforehand; a time is the best of five, or of
as many as half a second holds, of one beyond 100 M entries, and not repeated once that takes a minute. The other
packages (benchmarks/requirements.txt) run beside our pins, so in this process; they break ties in ways of their own.

    python -m benchmarks.selection --store STORE.duckdb --out docs/selection.json

--out also draws the time against the number of entries, here as docs/selection-scaling.svg.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import numba
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import synthetic
from benchmarks.claims import Input, Row, from_store
from benchmarks.many import many_rounds, quick_methods
from benchmarks.peers import apricot, compared, submodlib
from benchmarks.synthetic import apart, best_of, exponent
from benchmarks.variants import variants
from core.explain.certificates import certificate
from core.explain.credit import ledger
from core.schema import SelectionSpec
from core.selection.inputs import SampleInfo
from core.selection.run import select

ROOT = Path(__file__).resolve().parents[1]
N, F, ENTRIES = 52_000, 131_072, 16_700_000
PEER_SAMPLES, PEER_BUDGET = 10_000, 500
MEAN_SIZE, SCALING = 300, (1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000, 300_000_000)
MISSING = "peer not installed: pip install -r benchmarks/requirements.txt"
MET = {None: "–", True: "yes", False: "NO"}
FIRST_CALL = """
from core.schema import FeatureMatrix, SelectionSpec
from core.selection import select
assert len(select(FeatureMatrix.from_sets([{0, 1}, {1, 2}, {3}], 4), SelectionSpec(budget=2)).rows) == 2
"""


def one_round(item: Input) -> list[Row]:
    """Claim 1: greedy until everything is covered, against one pass over the data."""
    with tempfile.TemporaryDirectory() as folder:
        synthetic.write(Path(folder), item.matrix.indptr, item.matrix.feature)
        found = apart(synthetic.measure, Path(folder), item.matrix.n_features)
    whole, _ = item.run(found["picks"])
    bare, csr = found["bare_s"], found["csr_bytes"] / 1e6
    note = f"{found['picks']:,} picks"
    held = "peak, matrix and posting lists included; neither has the values, which greedy does not read"
    return [
        Row(1, f"one round, kernel; {item.name}", found["round_s"], "bare pass", bare, 3, note=note),
        Row(1, f"one round, select(); {item.name}", whole, "bare pass", bare, 3, note=note),
        Row(1, f"memory; {item.name}", found["growth_bytes"] / 1e6, "the CSR", csr, 3, "MB", note=held),
    ]


def against_peers(item: Input, budget: int) -> list[Row]:
    """Claim 2: the same budget by other packages.

    Preparing, which is posting lists here and sets of features or a sparse matrix there, is counted for both, for
    neither, or, as when a store is open and its posting lists are kept, for the other only.
    """
    search, chosen = item.run(budget)
    whole, rows = item.anew(chosen.spec), []
    for name, task, target in (("submodlib", submodlib, 100), ("apricot", apricot, 400)):
        both, searching, note, valid = None, None, MISSING, True
        with suppress(ImportError):
            preparing, searching, picks = task(item.matrix, budget)
            both = preparing + searching
            note, valid = compared(item.matrix, chosen.rows, picks)
        for part, ours, other in (
            ("on an open store, theirs from the matrix", search, both),
            ("both from the matrix", whole, both),
            ("search alone", search, searching),
        ):
            what = f"k = {budget}, {part}; {item.name}"
            rows.append(Row(2, what, ours, name, other, target, more=True, note=note, valid=valid))
    return rows


def whole_order(item: Input) -> Row:
    """Claim 3 for one input: all rounds."""
    seconds, order = item.run(item.matrix.n_samples)
    note = f"{order.round[-1]} rounds; with the transpose {item.anew(order.spec):.3g} s"
    return Row(3, f"all samples in order; {item.name}", seconds, "limit", 1, note=note)


def at_scale(points: list[dict[str, float]]) -> list[Row]:
    """Claim 3 for the largest input of `points`."""
    most = points[-1]
    name = f"drawn {most['samples']:,} × {most['features']:,}, {most['entries'] / 1e6:.3g} M"
    note = f"entries to the power of {exponent(points, 'round_s'):.3f}"
    return [
        Row(3, f"one round; {name}", most["round_s"], "limit", 4, note=note),
        Row(3, f"one round with the transpose; {name}", most["transpose_s"] + most["round_s"], "limit", 12),
        Row(3, f"peak memory; {name}", most["peak_bytes"] / 1e6, "limit", 4000, unit="MB"),
    ]


def other_methods(item: Input) -> list[Row]:
    """Claim 4: the other methods that order all samples by features, and the accounts of a selection."""
    n = item.matrix.n_samples
    (_, order), (_, tenth) = item.run(n), item.run(n // 10)
    times = {f"{method}, all samples": item.run(n, method)[0] for method in ("sae-simscale", "instag")}
    times |= {f"{method}, a tenth": item.run(n // 10, method)[0] for method in ("sae-simscale", "instag")}
    times["ledger"], _ = best_of(lambda: ledger(item.matrix, tenth, order))
    times["certificate"], _ = best_of(lambda: certificate(item.matrix, tenth))
    return [Row(4, f"{what}; {item.name}", seconds, "limit", 1) for what, seconds in times.items()] + [in_tokens(item)]


def in_tokens(item: Input) -> Row:
    """Claim 4: sae-greedy with a tenth of the tokens, of which each sample has as many as features: two selections."""
    info = SampleInfo(np.maximum(item.matrix.counts, 1), np.zeros(item.matrix.n_samples, np.int64))
    spec = SelectionSpec("sae-greedy", int(info.tokens.sum()) // 10, unit="tokens", theta=item.theta)
    select(item.matrix, spec, info)
    seconds, found = best_of(lambda: select(item.matrix, spec, info))
    return Row(
        4, f"sae-greedy, a tenth of the tokens; {item.name}", seconds, "limit", 2, note=f"{len(found.rows):,} picks"
    )


def veto(item: Input, budget: int) -> list[Row]:
    """Claim 5: a new selection after a veto on a feature that a pick in the middle is credited with."""
    _, before = item.run(budget)
    book = ledger(item.matrix, before)
    middle = next(k for k in range(budget // 2, budget) if book.ptr[k + 1] > book.ptr[k])
    spec = replace(before.spec, vetoes={int(book.feature[book.ptr[middle]]): "ignore"})
    (going_on, after), (anew, plain) = item.timed(spec, before), item.timed(spec)
    kept = int(np.argmax(np.append(after.rows != before.rows, True)))
    note = f"credited to pick {middle + 1:,}; the first {kept:,} picks stay"
    valid = np.array_equal(after.rows, plain.rows)
    return [
        Row(5, f"veto, budget {budget:,}, {how}; {item.name}", seconds, "limit", 0.1, note=note, valid=valid)
        for how, seconds in (("going on", going_on), ("from the start", anew))
    ]


def first_call() -> Row:
    """Claim 6: a process that imports, selects from three samples and ends; numba's cache is there."""
    command = [sys.executable, "-c", FIRST_CALL]
    subprocess.run(command, cwd=ROOT, check=True)
    seconds, _ = best_of(lambda: subprocess.run(command, cwd=ROOT, check=True))
    return Row(6, "first call in a fresh process", seconds, "limit", 2)


def plain_forms(item: Input) -> list[Row]:
    """Claim 7: what the kernels do in a less obvious way is faster than the plain form."""
    return [
        Row(7, f"{what}; {item.name}", ours, "plain form", plain, 1.05, more=True)
        for what, (ours, plain) in variants(item.matrix).items()
    ]


def tables(rows: list[Row], points: list[dict[str, float]]) -> list[Table]:
    """The figures for a person."""
    shown = Table("claim", "task", "ours", "peer or limit", "ratio", "target", "met")
    for row in rows:
        other = row.against if row.other is None else f"{row.against} {row.other:,.4g} {row.unit}"
        ratio, target = "–" if row.ratio is None else f"{row.ratio:,.3g}", f"{'≥' if row.more else '≤'} {row.target:g}"
        task = f"{row.task}\n[dim]{row.note}[/dim]" if row.note else row.task
        shown.add_row(str(row.claim), task, f"{row.ours:,.3g} {row.unit}", other, ratio, target, MET[row.met])
    sizes = Table("samples", "entries", "transpose s", "bare pass s", "one round s", "peak MB")
    for point in points:
        times = (f"{point[name]:.3g}" for name in ("transpose_s", "bare_s", "round_s"))
        sizes.add_row(f"{point['samples']:,}", f"{point['entries']:,}", *times, f"{point['peak_bytes'] / 1e6:,.0f}")
    return [shown, sizes]


def save(target: Path, rows: list[Row], points: list[dict[str, float]]) -> None:
    """Write the figures as JSON, and the plot next to them."""
    figures = {
        "cores": os.cpu_count(),
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "numba": numba.__version__},
        "rows": [asdict(row) | {"ratio": row.ratio, "met": row.met} for row in rows],
        "scaling": points,
        "exponents": {field: exponent(points, field) for field in ("round_s", "transpose_s")},
    }
    target.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    target.with_name(f"{target.stem}-scaling.svg").write_text(synthetic.plot(points), encoding="utf-8")


def main() -> None:
    """Run every claim, print the tables, save the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", help="a feature store; default: only drawn matrices, after a power law")
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    parser.add_argument("--quick", action="store_true", help="a hundredth of every size, to see that it all runs")
    args = parser.parse_args()
    scale, log = 100 if args.quick else 1, Console(stderr=True).print
    if args.quick:
        synthetic.LEAST = 0.0
    stores = [from_store(args.store)] if args.store else []
    shape = synthetic.shape_of(stores[0].matrix, F // scale) if stores else synthetic.power_law(F // scale)
    big = Input("drawn", synthetic.drawn(shape, N // scale, ENTRIES // scale))
    few = PEER_SAMPLES // scale
    small = [*(item.head(few) for item in stores), Input("drawn", synthetic.drawn(shape, few, few * ENTRIES // N))]
    rows = [first_call(), whole_order(big), *veto(big, N // scale // 10), *plain_forms(big)]
    for item in [*stores, big]:
        log(item.name)
        rows += one_round(item) + other_methods(item)
    for item in small:
        log(f"other packages; {item.name}")
        rows += against_peers(item, min(PEER_BUDGET // scale, item.matrix.n_samples // 20))
    log("many rounds, and every quick method at a million samples")
    rows += [*many_rounds(scale), *quick_methods(scale)]
    points = synthetic.scaling(
        shape, [size // scale for size in (SCALING[::2] if args.quick else SCALING)], MEAN_SIZE, log
    )
    rows = sorted([*rows, *at_scale(points)], key=lambda row: row.claim)
    Console(width=150).print(*tables(rows, points))
    if args.out:
        save(args.out, rows, points)


if __name__ == "__main__":
    main()
