"""What a selection is worth, in one small table: python -m benchmarks.worth docs/proof.json docs/proof-dirty.json

For each of ROWS and each pool and budget by how much the loss on held-out answers is lower than that of as many random
samples, in nats, with its 95 % interval; in bold what holds with all comparisons of its pool taken into account. Beside
it the share of these picks that is spoiled, where that is known. --into writes it to a text in place of its older self.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.proof import CLEANED
from benchmarks.proof_table import NOTHING, markdown, put_into, read_results, signed
from core.proof.config import LATER
from core.proof.default import read_proven
from core.proof.results import Result
from core.session.variants import without_usual

ROWS = {
    "random": "random",
    f"random:{CLEANED}": "random, healthy only",
    "longest-response": "longest responses",
    "repr-filter": "repr-filter",
    "kmq": "kMQ",
    "kmq-iterative": "kMQ, refined",
    "sae-greedy": "sae-greedy, tokens",
    "sae-greedy:lens=topics": "sae-greedy, topics",
    "sae-gain:lens=topics": "sae-gain, topics",
    f"sae-greedy:lens=topics+{CLEANED}": "sae-greedy, topics, healthy only",
}
POOLS = ("clean", "dirty")  # what the files are called here, in their order

Known = dict[tuple[str, int], Result]


def known(path: Path) -> Known:
    """The results of a file that were compared with random, by method, without the usual lens, and budget."""
    compared = [r for r in read_results(path) if np.isfinite(r.better)]
    return {(without_usual(r.method, LATER["lens"]), r.budget): r for r in compared}


def told(result: Result | None) -> str:
    """A difference with its interval, in bold if it holds; of one seed the difference alone."""
    if result is None:
        return NOTHING
    if not np.isfinite(result.low):
        return f"{signed(result.better)}, one seed"
    text = f"{signed(result.better)} ({signed(result.low)} to {signed(result.high)})"
    return f"**{text}**" if result.holds else text


def table(paths: Sequence[Path]) -> str:
    """The table: a column a pool and budget that has results, beside it one of what is spoiled where that is known."""
    pools = {name: known(path) for name, path in zip(POOLS, paths, strict=True)}
    spoiled = {name: read_proven(path).spoiled for name, path in zip(POOLS, paths, strict=True)}
    heads, columns = ["picked by"], [list(ROWS.values())]
    for name, budget in [(name, budget) for name, found in pools.items() for budget in sorted({b for _, b in found})]:
        heads.append(f"{name}, {budget:,} samples")
        columns.append(["0" if m == "random" else told(pools[name].get((m, budget))) for m in ROWS])
        if shares := spoiled[name]:
            heads.append("spoiled")
            columns.append([f"{shares[m, budget]:.0%}" if (m, budget) in shares else NOTHING for m in ROWS])
    return markdown(heads, [list(row) for row in zip(*columns, strict=True)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs=2, help="of the clean and of the dirty pool")
    parser.add_argument("--into", type=Path, help="A text with a table of the same columns.")
    asked = parser.parse_args()
    put_into(asked.into, table(asked.files)) if asked.into else print(table(asked.files))
