"""The commands that make feature stores: extract, demo, join, info."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.console import errors, stages
from core.cli.options import Store
from core.errors import SaelectError
from core.schema import ExtractConfig

Data = Annotated[str, typer.Option(help="Data file (JSON, JSON Lines, CSV, Parquet, gzip) or hub id.")]


def run_extraction(config: ExtractConfig) -> Path:
    """Extract with a progress bar; prints what there is to know about the data."""
    from core.extract.run import extract

    return with_progress(lambda show: extract(config, on_progress=show))


def with_progress(run: Callable[[Any], Path]) -> Path:
    """Make a store with a progress bar; prints what there is to know about it."""
    from core.store.reader import open_store

    with stages() as told:
        path = run(lambda step: told(step.stage, step.done, step.total, step.tokens))
    store = open_store(path)
    for warning in store.meta["warnings"]:
        errors.print(f"Note: {warning}", markup=False)
    tokens, seconds = store.meta["tokens"], store.meta["seconds"]
    errors.print(f"{store.n_samples:,} samples, {tokens:,} tokens in {seconds:.0f} s → {path}", markup=False)
    return path


def extract(
    data: Data,
    model: Annotated[str, typer.Option(help="Hub id, folder or GGUF file of a causal language model.")],
    sae: Annotated[str, typer.Option(help="Folder of an SAE, or release/sae_id of sae-lens.")],
    hook_point: Annotated[str, typer.Option(help="Default: the one that the SAE was trained on.")] = "",
    max_tokens: Annotated[int, typer.Option(help="Longer samples are cut.")] = 512,
    floor: Annotated[float, typer.Option(help="Keep only activations above this.")] = 0.0,
    dtype: str = "auto",
    device: str = "auto",
    batch_tokens: int = 4096,
    limit: Annotated[int | None, typer.Option(help="Only the first so many samples.")] = None,
    skip_bad: Annotated[bool, typer.Option(help="Go on without rows that cannot be read.")] = False,
    columns: Annotated[str, typer.Option(help="Which columns to read: prompt=question,response=answer")] = "",
) -> None:
    """Run model and SAE over a data set and write its feature store. Resumes where it was interrupted.

    Example: python -m core extract --data my.jsonl --model HuggingFaceTB/SmolLM2-135M-Instruct --sae my-sae-folder
    """
    mapping = dict(pair.split("=", 1) for pair in columns.split(",")) if columns else None
    config = ExtractConfig(
        data, model, sae, hook_point, max_tokens, floor, dtype, device, batch_tokens, limit, skip_bad, mapping
    )
    print(run_extraction(config))


def join(stores: Annotated[list[Path], typer.Argument(help="Stores of the same model, SAE and settings.")]) -> None:
    """Make one store of several: their data sets together, without running the model again.

    Example: python -m core join cache/0123456789abcdef.duckdb cache/fedcba9876543210.duckdb
    """
    from core.extract.joining import join as run

    print(with_progress(lambda show: run(stores, on_progress=show)))


def demo(samples: Annotated[int, typer.Option(help="How many conversations.")] = 1000) -> None:
    """Extract the demo: SmolLM2-135M-Instruct over real conversations. `make demo` also opens the dashboard.

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
