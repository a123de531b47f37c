"""The engine: Ray Data reads the chunks, a pool of workers makes their parts, this process puts the store together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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
            with joined(cluster), explained():
                rows = made(cluster, left, (config, pipeline.digests, parts))
                for _ in rows:
                    done = assembly.advance()
                    on_progress(Progress("Extracting features", done, todo.n_samples, writer.n_tokens))
        parts.clear()

    return run_parts


@contextmanager
def explained() -> Iterator[None]:
    """What a worker could not do for a reason that a user can mend is raised here as it was there."""
    import ray.exceptions

    try:
        yield
    except ray.exceptions.RayError as error:
        cause: BaseException | None = error
        while cause and not isinstance(cause, SaelectError):
            cause = getattr(cause, "cause", None) or cause.__cause__
        if cause is None:
            raise
        raise cause from None


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
        Worker, fn_constructor_args=worker, batch_size=1, batch_format="pyarrow", num_cpus=wanted.processors,
        num_gpus=cluster.gpus_per_worker, compute=ray.data.ActorPoolStrategy(size=wanted.workers),
    ).iter_rows()  # fmt: skip
