"""Greedy over shards at a size that is never in memory at once: seconds, peak memory, and what it covers.

    python -m benchmarks.shards --samples 10000000 --shards 10 --budget 2000

Shards are drawn one at a time, sets of 32 draws with density ∝ rank^−0.8 over 65,536 features, and kept on disk. First
a tenth of the samples is selected from whole and over the same number of shards, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from core.explain.shard_certificates import certificate_over
from core.schema import FeatureMatrix, SelectionSpec
from core.selection.sharded import select_sharded

FEATURES, DRAWS = 65_536, 32
POWER = 5  # of a uniform number: the inverse of the distribution whose density falls as rank^−0.8


def drawn(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(counts uint8 (n,), feature int32 (nnz,)) of `n` sets, sorted and each feature once a set."""
    feature = (FEATURES * np.random.default_rng(seed).random((n, DRAWS), np.float32) ** POWER).astype(np.int32)
    feature.sort(axis=1)
    kept = np.ones(feature.shape, bool)
    kept[:, 1:] = feature[:, 1:] != feature[:, :-1]
    return kept.sum(1, dtype=np.uint8), feature[kept]


def write(folder: Path, samples: int, shards: int) -> None:
    """Draw the shards, one at a time."""
    ends = np.linspace(0, samples, shards + 1).astype(int)
    for i, n in enumerate(np.diff(ends).tolist()):
        for name, array in zip(("counts", "feature"), drawn(i, n), strict=True):
            np.save(folder / f"{i}-{name}.npy", array)


def read(folder: Path, shards: int) -> Iterator[FeatureMatrix]:
    """The shards, one at a time."""
    for i in range(shards):
        counts, feature = (np.load(folder / f"{i}-{name}.npy") for name in ("counts", "feature"))
        indptr = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        yield FeatureMatrix(indptr, feature, np.ones(len(feature), np.float32), FEATURES)


def measured(samples: int, shards: int, parts: int, budget: int) -> dict[str, float]:
    """Draw `samples` in `parts`, select over `shards` of them (1: joined to one matrix) and certify."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        write(folder, samples, parts)
        if shards == 1:
            joined(folder, parts)
        begun = time.perf_counter()
        chosen = select_sharded(lambda: read(folder, shards), SelectionSpec("sae-greedy", budget=budget))
        selected = time.perf_counter()
        found = certificate_over(lambda: read(folder, shards), chosen)
        certified = time.perf_counter()
    return {
        "samples": samples, "shards": shards, "budget": budget, "covered": found.covered, "at least": found.share,
        "select_s": selected - begun, "certify_s": certified - selected,
        "peak_GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }  # fmt: skip


def joined(folder: Path, parts: int) -> None:
    """One shard of all parts, in their place."""
    for name in ("counts", "feature"):
        np.save(folder / f"0-{name}.npy", np.concatenate([np.load(folder / f"{i}-{name}.npy") for i in range(parts)]))


def main() -> None:
    """Print a line for each size as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=10_000_000)
    parser.add_argument("--shards", type=int, default=10)
    parser.add_argument("--budget", type=int, default=2_000)
    given = parser.parse_args()
    few = given.samples // 10
    for samples, shards in ((few, 1), (few, given.shards), (given.samples, given.shards)):
        with ProcessPoolExecutor(1, get_context("spawn")) as apart:  # what one allocates is no part of another's peak
            print(json.dumps(apart.submit(measured, samples, shards, given.shards, given.budget).result()), flush=True)


if __name__ == "__main__":
    main()
