"""How long topics take: python -m benchmarks.topics STORE [SAMPLES ...]

The vectors of a real store, repeated with a little noise to each number of samples (default: 52,000 and 1,000,000):
seconds to learn topics (on at most 65,536 of them), seconds to read the topics of all, and the most memory so far.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from core.store.reader import open_store
from core.system.files import store_at
from core.topics.model import load_topics
from core.topics.train import TopicConfig, train_topics

NOISE = 0.1  # of the standard deviation of each number


def repeated(vectors: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` vectors like the given ones, float16 (n, d)."""
    out, spread = np.empty((n, vectors.shape[1]), np.float16), NOISE * vectors.std(0)
    for start in range(0, n, 20_000):
        rows = rng.integers(0, len(vectors), min(20_000, n - start))
        noise = rng.standard_normal((len(rows), vectors.shape[1]), np.float32) * spread
        out[start : start + len(rows)] = vectors[rows] + noise
    return out


def main(store: Path, sizes: list[int]) -> None:
    """Print the table."""
    real, rng = open_store(store).embeddings(), np.random.default_rng(0)
    table = Table("samples", "topics", "seconds to learn", "seconds to read", "GB at most", "explained", "dead")
    for n in sizes:
        vectors = repeated(real, n, rng)
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            topics = load_topics(train_topics(vectors, TopicConfig(), Path(folder) / "topics"))
            learnt = time.perf_counter()
            found = topics.encode(vectors)
            read = time.perf_counter()
            metrics = json.loads((Path(folder) / "topics" / "metrics.json").read_text(encoding="utf-8"))
        gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        cells = (f"{n:,}", f"{found.n_features:,}", f"{learnt - began:.0f}", f"{read - learnt:.0f}")
        table.add_row(*cells, f"{gigabytes:.1f}", str(metrics["explained_variance"]), f"{metrics['dead_share']:.1%}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main(store_at(sys.argv[1]), [int(n) for n in sys.argv[2:]] or [52_000, 1_000_000])
