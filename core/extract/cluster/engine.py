"""The engine: Ray Data reads the chunks, a pool of workers makes their parts, this process puts the store together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa

from core.errors import SaelectError
from core.extract import run
from core.extract.cluster.assembly import Assembly
from core.extract.cluster.blocks import blocks, readings
from core.extract.cluster.parts import Parts
from core.extract.cluster.pool import Cluster, joined, share
from core.extract.cluster.worker import Worker
from core.extract.pipeline import OnProgress, Pipeline, Progress, Scan, read
from core.store.writer import StoreWriter


def on_cluster(cluster: Cluster, device: str) -> Callable[[Pipeline, StoreWriter, Scan, OnProgress], None]:
    """What `extract` runs chunks with; device: as it was asked for, since the workers' may be others than ours."""

    def run_parts(pipeline: Pipeline, writer: StoreWriter, todo: Scan, on_progress: OnProgress) -> None:
        """Make what is not in the store yet, and put it there; parts of an earlier run are used."""
        parts = Parts(writer.path.with_suffix(".parts").absolute())
        assembly = Assembly(writer, parts, pipeline.n_features)
        done = assembly.advance()
        left = readings(todo.starts, todo.n_samples, run.CHUNK, lambda first: first < done or parts.has(first))
        if left:
            config = replace(pipeline.config, device=device)
            on_progress(Progress("Starting the workers", 0, 1))
            with joined(cluster):
                rows = made(cluster, left, (config, pipeline.digests, parts))
                for row in rows:
                    if row["problem"]:
                        raise SaelectError(row["problem"])
                    done = assembly.advance()
                    on_progress(Progress("Extracting features", done, todo.n_samples, writer.n_tokens))
        parts.clear()

    return run_parts


class Pooled:
    """A worker as an actor of the pool: what it cannot do for a reason that a user can mend is told in its answer."""

    def __init__(self, *given: Any) -> None:
        """The model is loaded at the first call, whose answer can tell that it is not there."""
        self.given = given
        self.worker: Worker | None = None

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The rows' `first`, and in `problem` what hindered them, or nothing."""
        problem = ""
        try:
            self.worker = self.worker or Worker(*self.given)
            self.worker(rows)
        except SaelectError as error:
            problem = str(error)
        return rows.select(["first"]).append_column("problem", pa.array([problem] * len(rows)))


def made(cluster: Cluster, left: list[Any], worker: tuple[Any, ...]) -> Iterable[Any]:
    """Make the parts of all that is left, in any order; a row for each that is finished.

    Readers take no processor for themselves, lest they wait for workers that wait for them.
    """
    import ray
    import ray.data

    context, wanted, config = ray.data.DataContext.get_current(), share(cluster), worker[0]
    context.target_max_block_size = 1  # a chunk is a block, whatever its size
    context.enable_progress_bars = False
    files = ray.put(read(config).files)

    def reading(batch: pa.Table) -> Iterator[pa.Table]:
        for at in batch["item"].to_pylist():
            yield from blocks(left[at], ray.get(files), config.columns)

    numbers: ray.data.Dataset = ray.data.from_items(list(range(len(left))), override_num_blocks=len(left))
    read_blocks = numbers.map_batches(reading, batch_size=1, batch_format="pyarrow", num_cpus=0)
    return read_blocks.map_batches(
        Pooled, fn_constructor_args=worker, batch_size=1, batch_format="pyarrow", num_cpus=wanted.processors,
        num_gpus=cluster.gpus_per_worker, compute=ray.data.ActorPoolStrategy(size=wanted.workers),
    ).iter_rows()  # fmt: skip
