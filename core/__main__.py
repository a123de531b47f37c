"""The command line: python -m core <command>. Exit status 2 for a user's mistake, 1 for ours."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from core import commands, decision_commands, lab, label_commands, search_command, train_commands  # noqa: F401  the commands register themselves
from core.cli import Store, app, bar, errors, stages
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


@app.command()
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


@app.command()
def join(stores: Annotated[list[Path], typer.Argument(help="Stores of the same model, SAE and settings.")]) -> None:
    """Make one store of several: their data sets together, without running the model again.

    Example: python -m core join cache/0123456789abcdef.duckdb cache/fedcba9876543210.duckdb
    """
    from core.extract.joining import join as run

    print(with_progress(lambda show: run(stores, on_progress=show)))


@app.command()
def demo(samples: Annotated[int, typer.Option(help="How many conversations.")] = 1000) -> None:
    """Extract the demo: SmolLM2-135M-Instruct over real conversations. `make demo` also opens the dashboard.

    Example: python -m core demo --samples 300
    """
    from core.demo import demo_config

    if samples < 10:
        raise SaelectError(f"The demo needs at least 10 samples, got {samples}.")
    print(run_extraction(demo_config(samples)))


@app.command()
def replay(manifest: Path, out: Annotated[Path | None, typer.Option(help="Where to write the file.")] = None) -> None:
    """Reproduce an exported file from its manifest, and check that it is the same.

    Example: python -m core replay curated.manifest.json
    """
    from core.export.folder import replay as run

    print(run(manifest, out))


@app.command()
def info(store: Store) -> None:
    """What a store holds and how it was made, as JSON.

    Example: python -m core info --store cache/0123456789abcdef.duckdb
    """
    from core.store.reader import open_store

    print(json.dumps(open_store(store).meta, indent=1))


@app.command()
def train_sae(
    data: Annotated[list[str], typer.Option(help="Instruction data; give it several times to mix sources.")],
    model: Annotated[str, typer.Option(help="Hub id, folder or GGUF file. Default: the demo's model.")] = "",
    out: Annotated[Path, typer.Option(help="Folder for the SAE.")] = Path("assets/sae-smollm2-135m-layer15"),
    work: Annotated[Path | None, typer.Option(help="Folder for activations and checkpoints.")] = None,
    hook_point: str = "blocks.14.hook_resid_post",
    d_sae: int = 8192,
    k: int = 32,
    tokens: Annotated[int, typer.Option(help="Distinct content tokens to collect.")] = 10_100_000,
    steps: Annotated[int, typer.Option(help="Training steps of 4,096 tokens.")] = 2600,
    seed: int = 0,
) -> None:
    """Train a TopK SAE on the residual stream with sae-lens's trainer, then measure it on held-out rows. Resumable.

    Example: python -m core train-sae --data a.json --data b.jsonl --tokens 10100000
    """
    from core.sae.train.pipeline import run
    from core.sae.train.trainer import SaeTrainingConfig

    config = SaeTrainingConfig(hook_point=hook_point, d_sae=d_sae, k=k, tokens=tokens, steps=steps, seed=seed)
    with bar() as progress:
        task = progress.add_task("Collecting activations", total=tokens, rate="")
        started = time.time()

        def collected(n: int) -> None:
            progress.advance(task, n)
            done = progress.tasks[0].completed
            progress.update(task, rate=f"{done / (time.time() - started):,.0f} tokens/s")

        metrics = run(config, data, model, out, work, collected, progress.stop)
    print(json.dumps(metrics, indent=1))


@app.command()
def evaluate_sae(
    data: Annotated[list[str], typer.Option(help="The instruction data it was trained on; held-out rows are used.")],
    sae: Annotated[Path, typer.Option(help="Folder of an SAE that train-sae wrote.")] = Path(
        "assets/sae-smollm2-135m-layer15"
    ),
    model: Annotated[str, typer.Option(help="Default: the demo's model.")] = "",
    tokens: Annotated[int, typer.Option(help="Content tokens to measure on.")] = 60_000,
) -> None:
    """Measure an SAE on held-out rows: explained variance, dead latents, cross-entropy recovered.

    Example: python -m core evaluate-sae --data a.json --data b.jsonl
    """
    from core.sae.train.pipeline import measure

    print(json.dumps(measure(sae, data, model, tokens), indent=1))


def main(arguments: list[str] | None = None, run: Callable[..., Any] = app) -> int:
    """Run a command; a SaelectError is one sentence and status 2."""
    try:
        run(arguments, standalone_mode=True)
    except SaelectError as error:
        errors.print(f"Error: {error}", markup=False, highlight=False, soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        errors.print("Stopped. The same command goes on where it was.")
        return 130
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
