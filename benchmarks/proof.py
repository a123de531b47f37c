"""Which selection trains best: nine methods, two budgets, three seeds, one base model, measured on held-out answers.

The pool is four data sets in one store, 300 samples of each held out; sequences are cut at 256 tokens. On two cores it
takes a night: it can be stopped at any time, goes on where it was, and says what it has. Several processes may fill one
grid, each on its own core (OMP_NUM_THREADS=1). On another machine it goes on from the results file.

    python -m core extract --data DATA.json --model MODEL --sae SAE --skip-bad   # each of the four
    cp -r docs/proof-scores/. cache/scores/              # spares the next line, hours on two cores
    python -m core score --store DATA.duckdb --columns ifd                    # each of the four
    python -m core join DATA1.duckdb DATA2.duckdb DATA3.duckdb DATA4.duckdb
    python -m core ban --store POOL.duckdb --without ifd                 # prompts that leave an answer no room
    python -m benchmarks.proof --store POOL.duckdb --out docs/proof.json
"""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.app import main

METHODS = (
    "full",
    "random",
    "longest-response",
    "sae-greedy",
    "sae-simscale",
    "kmq",
    "kmq-iterative",
    "repr-filter",
    "hybrid",
)
BUDGETS = (300, 1000)


def arguments(store: str, out: Path, methods: str, budgets: str, seeds: int, score: str) -> list[str]:
    """What `python -m core prove` is asked for."""
    grid = ["--methods", methods, "--budgets", budgets, "--seeds", str(seeds), "--score", score]
    return ["prove", "--store", store, *grid, "--held-out", "300", "--max-tokens", "256", "--out", str(out)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", required=True, help="the pool, with the score column")
    parser.add_argument("--out", type=Path, default=Path("docs/proof.json"))
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--budgets", default=",".join(map(str, BUDGETS)))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--score", default="ifd")
    raise SystemExit(main(arguments(**vars(parser.parse_args()))))
