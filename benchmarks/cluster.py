"""The demo by one process and by pools of workers of this machine: the time of each, and whether the stores are equal.

python -m benchmarks.cluster --samples 1000 --workers 1 2
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from core.demo import demo_config
from core.extract.cluster.engine import on_cluster
from core.extract.cluster.pool import Cluster
from core.extract.pipeline import Progress
from core.extract.run import extract
from tests.stores import content_of


class Stages:
    """When each stage of an extraction began, and when the first and the last samples were in the store."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}
        self.first: tuple[float, float] | None = None

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        self.begun.setdefault(progress.stage, now)
        if progress.stage == "Extracting features" and progress.done and self.first is None:
            self.first = now, progress.tokens

    def told(self, tokens: int) -> dict[str, float]:
        """Seconds from the first worker's start, or from the first chunk's, to the last chunk; tokens a second after
        the first chunk.
        """
        start = self.begun.get("Starting the workers", self.begun["Extracting features"])
        end, first = self.begun["Indexing features"], self.first or (start, 0)
        speed = (tokens - first[1]) / max(end - first[0], 1e-9)
        seconds = {"seconds": end - start, "to the first chunk": first[0] - start, "tokens/s": speed}
        return {name: round(value, 1) for name, value in seconds.items()}


def differences(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> dict[str, int]:
    """How many rows of each table are not those of the other store; only the tables that differ."""
    unlike = {
        name: sum(a != b for a, b in zip(one.get(name, []), other.get(name, []), strict=False))
        + abs(len(one.get(name, [])) - len(other.get(name, [])))
        for name in {*one, *other}
    }
    return {name: n for name, n in unlike.items() if n}


def main() -> None:
    """Print a line for each way as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    config, expected = demo_config(given.samples), None
    with tempfile.TemporaryDirectory() as work:
        for workers in (0, *given.workers):
            folder, stages = Path(work, str(workers)), Stages()
            folder.mkdir()
            engine = on_cluster(Cluster(workers=workers), config.device) if workers else None
            path = extract(config, folder, stages, engine)
            found = content_of(path)
            expected = found if expected is None else expected
            tokens = int(dict(found["meta"])["tokens"])
            name = f"ray, {workers} worker{'s' * (workers > 1)}" if workers else "one process"
            unlike = differences(expected, found)
            print(json.dumps({"engine": name, "tokens": tokens, **stages.told(tokens), "unlike": unlike}), flush=True)


if __name__ == "__main__":
    main()
