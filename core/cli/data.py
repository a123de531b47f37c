"""The commands that make feature stores and tell of them: extract, estimate, demo, join, upgrade, info."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.console import stages, tell
from core.cli.options import AsJson, Asked, Options, Store, takes
from core.errors import SaelectError
from core.schema import ExtractConfig
from core.system.files import store_at
from core.system.shown import duration, many, shown_path, size_told


def run_extraction(config: ExtractConfig, engine: Any = None) -> Path:
    """Extract with a progress bar, and check the data; prints what there is to know about it."""
    from core.extract.run import extract

    path = with_progress(lambda show: extract(config, None, show, engine))
    tell_health(path)
    return path


def with_progress(run: Callable[[Any], Path]) -> Path:
    """Make a store with a progress bar; prints what there is to know about it."""
    from core.session.cut import cut_told
    from core.store.reader import open_store

    with stages() as told:
        path = run(lambda step: told(step.stage, step.done, step.total, step.tokens))
    store = open_store(path)
    for note in filter(None, [*store.meta["warnings"], cut_told(store)]):
        tell(f"Note: {note}")
    tokens, seconds = store.meta["tokens"], store.meta["seconds"]
    made = f"{many(store.n_samples, 'sample')}, {many(tokens, 'token')} in {seconds:.0f} s"
    tell(f"{made} → {shown_path(path)}")
    return path


def tell_health(path: Path) -> None:
    """Run the health checks, whose findings are kept for the pages, and say which found most."""
    from core.store.reader import open_store
    from core.studies.health import health

    with stages() as told:
        findings = health(open_store(path), told=told).values()
    most = sorted((f for f in findings if len(f.rows)), key=lambda f: -len(f.rows))[:3]
    named = ", ".join(f"{f.check} ({len(f.rows):,})" for f in most) or "nothing found"
    tell(f"Health: {named}. `python -m core health --store {shown_path(path)}` tells all.")


@takes(config=Options(ExtractConfig))
def extract(
    config: Asked,
    engine: Annotated[str, typer.Option(help="local: this process; ray: a pool of workers, see docs/cluster.md.")] = (
        "local"
    ),
    address: Annotated[str, typer.Option(help="Of a Ray cluster, such as auto; without one, this machine.")] = "",
    workers: Annotated[
        int, typer.Option(min=0, help="How many hold the model; 0: one a machine, or as many as the GPUs allow.")
    ] = 0,
    gpus_per_worker: Annotated[float, typer.Option(min=0, help="A share of a GPU such as 0.5, or more of them.")] = 0.0,
) -> None:
    """Run a model, and an SAE if there is one, over a data set and write its feature store. Resumes if interrupted.

    Example: python -m core extract --data my.jsonl --model HuggingFaceTB/SmolLM2-135M-Instruct --sae my-sae-folder
    """
    wanted = ExtractConfig(**config)
    if engine not in ("local", "ray"):
        raise SaelectError(f"Unknown engine {engine!r}: it must be local or ray.")
    if engine == "local":
        if address or workers or gpus_per_worker:
            raise SaelectError("--address, --workers and --gpus-per-worker are for --engine ray.")
        print(run_extraction(wanted))
        return
    from core.extract.cluster.engine import on_cluster
    from core.extract.cluster.pool import Cluster

    print(run_extraction(wanted, on_cluster(Cluster(address, workers, gpus_per_worker), wanted.device)))


@takes(config=Options(ExtractConfig))
def estimate(config: Asked, as_json: AsJson = False) -> None:
    """What `extract` with the same options will take in tokens, time, disk and memory: told from 32 samples.

    Example: python -m core estimate --data my.jsonl --model HuggingFaceTB/SmolLM2-135M-Instruct
    """
    from core.extract.estimate import estimate as run

    with stages() as told:
        found = run(ExtractConfig(**config), lambda step: told(step.stage, step.done, step.total))
    if as_json:
        print(json.dumps(asdict(found)))
        return
    for warning in found.warnings:
        tell(f"Note: {warning}")
    read = "" if found.read == found.tokens else f", of which {found.read:,} are read"
    print(f"{many(found.samples, 'sample')}, about {many(found.tokens, 'token')}{read}")
    print(f"time: about {duration(found.seconds)}")
    print(f"disk: about {size_told(found.disk)}, {size_told(found.free_disk)} are free")
    print(f"memory: about {size_told(found.memory)}, {size_told(found.free_memory)} are free")


Stores = Annotated[
    list[Path], typer.Argument(parser=store_at, metavar="STORES", help="Stores of the same model, SAE and settings.")
]


def join(stores: Stores) -> None:
    """Make one store of several: their data sets together, without running the model again.

    Example: python -m core join cache/0123456789abcdef.duckdb cache/fedcba9876543210.duckdb
    """
    from core.extract.joining import join as run

    print(with_progress(lambda show: run(stores, on_progress=show)))


def upgrade(store: Store) -> None:
    """Add what a store of an earlier version lacks, its topics above all, without running the model again.

    Example: python -m core upgrade --store cache/0123456789abcdef.duckdb
    """
    from core.extract.upgrade import upgrade as run
    from core.store.reader import open_store

    with stages() as told:
        path = run(store, lambda step: told(step.stage, step.done, step.total, step.tokens))
    topics = (open_store(path).meta["topics"] or {"n_features": 0})["n_features"]
    tell(f"{path.name} has {many(topics, 'topic')} to look through now; nothing else of it was changed.")
    print(path)


def demo(samples: Annotated[int, typer.Option(help="How many conversations.")] = 1000) -> None:
    """Extract the demo, SmolLM2-135M-Instruct over real conversations, and check its health. `make demo` opens it too.

    Example: python -m core demo --samples 300
    """
    from core.demo import demo_config

    if samples < 10:
        raise SaelectError(f"The demo needs at least 10 samples, got {samples}.")
    print(run_extraction(demo_config(samples)))


def info(store: Store) -> None:
    """What a store holds and how it was made, as JSON.

    Example: python -m core info --store cache/0123456789abcdef.duckdb
    """
    from core.store.reader import open_store

    print(json.dumps(open_store(store).meta, indent=1))
