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
    python -m benchmarks.proof --again docs/proof.json   # the results anew from the runs that the file holds
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from core.cli.app import main
from core.proof.results import write_results
from core.proof.store import ProofStore, take_over

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


def again(path: Path) -> None:
    """Write the results of a file anew from its runs, which stay as they are."""
    content = json.loads(path.read_text(encoding="utf-8"))
    with TemporaryDirectory() as folder:
        store, source = ProofStore(Path(folder) / "proof.duckdb"), np.array(content["sources"])
        store.begin(content["shared"], np.arange(len(source)), source)
        take_over(store, path)
        write_results(store, path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--again", type=Path, metavar="FILE", help="only write the results of this file anew")
    task.add_argument("--store", help="the pool, with the score column")
    parser.add_argument("--out", type=Path, default=Path("docs/proof.json"))
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--budgets", default=",".join(map(str, BUDGETS)))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--score", default="ifd")
    asked = vars(parser.parse_args())
    if path := asked.pop("again"):
        again(path)
    else:
        raise SystemExit(main(arguments(**asked)))
