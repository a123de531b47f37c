"""Which selection trains best, in three grids of one base model, measured on held-out answers.

Sequences are cut at 256 tokens. A grid takes nights on two cores: it can be stopped at any time, goes on where it was,
and says what it has. With --select-only it keeps what the runs will train on, which benchmarks.proof_cells then does
from the data alone, on any machine. Several processes may fill one grid, each on its own core (OMP_NUM_THREADS=1). On
another machine it goes on from the results file. Asked for some --methods alone, it adds these to what is there.

**balanced**: four data sets in one store, 300 samples of each held out.

    python -m core extract --data DATA.json --model MODEL --sae SAE --skip-bad --max-tokens 512   # each of the four
    cp -r docs/proof-scores/. cache/scores/              # spares the next line, hours on two cores
    python -m core score --store DATA.duckdb --columns ifd                    # each of the four
    python -m core join DATA1.duckdb DATA2.duckdb DATA3.duckdb DATA4.duckdb
    python -m core ban --store POOL.duckdb --without ifd                 # prompts that leave an answer no room
    python -m benchmarks.proof balanced --store POOL.duckdb --out docs/proof.json

The file's runs were begun on a store that an earlier version made. To go on from them name a pool made so as the file's
`store_key` says, extract with the GGUF file of the demo's model, and check that θ is the file's: rows and held-out
samples are then the same, though not all picks (docs/evidence.md).

**dirty**: a skewed and dirty pool with a clean test set, with and without what the health checks for such defects find.

    python -m benchmarks.dirty_pool FOLDER --out dirty_pool.jsonl
    python -m core extract --data dirty_pool.jsonl --model MODEL --sae SAE --max-tokens 512
    python -m core score --store DIRTY.duckdb --columns ifd
    python -m benchmarks.proof dirty --store DIRTY.duckdb --out docs/proof-dirty.json

**target**: the same dirty pool and its runs, towards 50 clean samples of one source, measured on that source.

    python -m benchmarks.proof target --source gsm8k --store DIRTY.duckdb --out docs/proof-dirty.json
    python -m benchmarks.proof_table docs/proof-dirty.json --measured gsm8k

`python -m benchmarks.proof_table FILE` prints the tables of a file, `python -m benchmarks.proof again --out FILE` makes
its results anew of its runs.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.proof_table import stored
from core.cli.app import main
from core.proof.config import TEST
from core.proof.default import CLEAN
from core.proof.results import write_results
from core.session.session import Session, open_session, workspace_of
from core.studies.health import health
from core.studies.health.copies import left_of
from core.system.files import store_at

TARGET, UNHEALTHY = "target", "unhealthy"  # sets of the workspace
TOWARDS = f"lens=topics+reference=set:{TARGET}"
CLEANED = f"quota=set:{UNHEALTHY}<=0"
LENSES = ("lens=topics", "lens=tokens")
DATA = "sae-greedy:lens=topics+quota=source=data"
PAPERS = ("full", "random", "longest-response", "sae-greedy", "sae-simscale", "kmq", "kmq-iterative", "repr-filter",
          "hybrid")  # fmt: skip
SKEWED = tuple(f"{method}:{lens}" for method in ("sae-greedy", "sae-gain") for lens in LENSES)
GRIDS = {
    "balanced": (*PAPERS, "sae-gain:lens=topics", "sae-greedy:lens=topics", DATA, "sae-gain",
                 "sae-simscale:lens=topics", "hybrid:lens=topics"),
    "target": (f"reference-guided:{TOWARDS}", f"nearest:reference=set:{TARGET}", f"jaccard:{TOWARDS}"),
    "dirty": ("full", "random", "longest-response", "quality", "kmq", "kmq-iterative", *SKEWED,
              *(f"{method}+{CLEANED}" for method in SKEWED), f"random:{CLEANED}",
              *(f"{method}+quota=cluster=equal" for method in SKEWED)),
}  # fmt: skip
SPLIT, SPOILED = "part", "spoiled"  # columns of the dirty pool
DIRTY = ("--split", SPLIT, "--by", SPOILED, "--exact", "gsm8k", "--instructed", "200")
SHARED = {"balanced": ("--held-out", "300"), "target": DIRTY, "dirty": DIRTY}
EXAMPLES = 50
DEFECTS, DUPLICATES = ("cut-answers", "loops", "answer-does-not-fit"), ("exact-duplicates", "near-duplicates")


def arguments(grid: str, store: str, out: Path, methods: str, budgets: str, seeds: int) -> list[str]:
    """What `python -m core prove` is asked for."""
    asked = ["--methods", methods or ",".join(GRIDS[grid]), "--budgets", budgets, "--seeds", str(seeds)]
    return [
        "prove",
        "--store",
        store,
        *asked,
        *SHARED[grid],
        "--score",
        "ifd",
        "--max-tokens",
        "256",
        "--out",
        str(out),
    ]


def examples(source: np.ndarray, name: str, free: np.ndarray, seed: int = 0) -> list[int]:
    """EXAMPLES rows of the source of that name, text (N,), that are `free` bool (N,), at random, ascending."""
    rows = np.flatnonzero((source == name) & free)
    return sorted(np.random.default_rng([seed, 50]).choice(rows, EXAMPLES, replace=False).tolist())


def unhealthy(session: Session) -> list[int]:
    """The rows, ascending, that DEFECTS find, and of copies all but the first."""
    found = health(session.store, (*DEFECTS, *DUPLICATES))
    rows = {row for name in DEFECTS for row in found[name].rows.tolist()}
    none = np.zeros(session.store.n_samples)
    return sorted(rows.union(*(group[1:] for name in DUPLICATES for group in left_of(found[name], "first", none))))


def keep_sets(session: Session, grid: str, source: str) -> None:
    """Write the sets that a grid's methods name to the workspace, unless they are there."""
    workspace = workspace_of(session.store)
    known = workspace.state().sets
    if grid == "target" and TARGET not in known:
        free = (session.labels(SPLIT) != TEST) & (session.labels(SPOILED) == CLEAN)
        workspace.save_set(TARGET, examples(session.columns["source"].astype(str), source, free))
    if grid == "dirty" and UNHEALTHY not in known:
        workspace.save_set(UNHEALTHY, unhealthy(session))


def again(path: Path) -> None:
    """Write the results of a file anew from its runs, which stay as they are."""
    with TemporaryDirectory() as folder:
        picks = json.loads(path.read_text(encoding="utf-8")).get("picks", ())
        write_results(stored(path, Path(folder)), path, picks)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("grid", choices=[*GRIDS, "again"])
    parser.add_argument("--store", default="", help="the pool, with the score column")
    parser.add_argument("--out", type=Path, default=Path("docs/proof.json"))
    parser.add_argument("--methods", default="", help="of the grid, or others; default: all of it")
    parser.add_argument("--budgets", default="300,1000")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--source", default="gsm8k", help="of the target")
    parser.add_argument("--select-only", action="store_true", help="train nothing: benchmarks.proof_cells does, later")
    asked = vars(parser.parse_args())
    grid, source = asked["grid"], asked.pop("source")
    if grid == "again":
        again(asked["out"])
    else:
        only = ["--select-only"] if asked.pop("select_only") else []
        keep_sets(open_session(store_at(asked["store"])), grid, source)
        raise SystemExit(main([*arguments(**asked), *only]))
