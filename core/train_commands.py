"""The commands that fine-tune: refine and prove."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli import AsJson, Scope, Seed, Store, Theta, app, bar, errors, machine, request, show
from core.schema import SelectionError

Model = Annotated[str, typer.Option(help="Hub id, folder or GGUF file. Default: the store's own model.")]
Rank = Annotated[int, typer.Option(help="Of the LoRA matrices; 0 trains all weights.")]
Rate = Annotated[float, typer.Option(help="Learning rate.")]
Epochs = Annotated[int, typer.Option(help="Passes over the samples.")]
Batch = Annotated[int, typer.Option(help="Samples a step.")]


@contextmanager
def stages() -> Any:
    """A bar that shows one stage after another, each with its rate and the time left."""
    with bar() as progress:
        task, began = progress.add_task("Starting", total=None, rate=""), {}

        def told(stage: str, done: float, total: float) -> None:
            if stage not in began:
                began[stage] = time.time()
                progress.reset(task, description=stage)
            seconds = max(time.time() - began[stage], 1e-9)
            rate = f"{done / seconds:,.2f}/s" if done > 1 else ""
            progress.update(task, description=stage, completed=done, total=total if total > 1 else None, rate=rate)

        yield told


@app.command()
def refine(
    store: Store,
    rounds: Annotated[int, typer.Option(help="Rounds of drawing, fine-tuning and scoring.")] = 3,
    budget: Annotated[int, typer.Option(help="Samples over all rounds, pins included.")] = 300,
    k: Annotated[str, typer.Option(help="Clusters: a number, silhouette or elbow. Default: √N.")] = "0",
    quality: Annotated[str, typer.Option(help="Score column to draw by inside a cluster. Default: all alike.")] = "",
    scorer: Annotated[str, typer.Option(help="perplexity, reward or judge")] = "perplexity",
    scorer_model: Annotated[str, typer.Option(help="Of the reward (folder or hub id) or the judge (its name).")] = "",
    base_url: Annotated[str, typer.Option(help="Of the judge. Default: OPENAI_BASE_URL, else OpenAI's.")] = "",
    start: Annotated[str, typer.Option(help="Train each round from: base or previous")] = "base",
    new_tokens: Annotated[int, typer.Option(min=1, help="Longest answer that the model generates.")] = 128,
    model: Model = "",
    rank: Rank = 16,
    learning_rate: Rate = 5e-4,
    epochs: Epochs = 1,
    batch: Batch = 8,
    theta: Theta = None,
    scope: Scope = "all",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """k-means-quality with iterative refinement: clusters that the model does not answer well yet gain weight. Resumable.

    Example: python -m core refine --store cache/0123456789abcdef.duckdb --rounds 3 --budget 90
    """
    from core.judge import Endpoint
    from core.refine import RefineConfig
    from core.refine import refine as run
    from core.training import TrainConfig

    session, _, spec = request(store, "random", "1", theta=theta, scope=scope)
    own, meta = session.store, session.store.meta["config"]
    config = RefineConfig(
        own.key, rounds, budget, clusters_asked(k), quality, scorer, scorer_model, model, start, new_tokens, seed,
        spec.vetoes, spec.pins, spec.bans, spec.theta, spec.scope,
        TrainConfig(rank, learning_rate, epochs, batch, meta["max_tokens"], seed),
    )  # fmt: skip
    endpoint = Endpoint.given(scorer_model, base_url) if scorer == "judge" else None
    errors.print(f"The run: {config.folder}", markup=False, highlight=False, soft_wrap=True)
    with stages() as told:
        found = run(config, own, session.info, endpoint, told)
    report_rounds(found, as_json)


def clusters_asked(k: str) -> int | str:
    """A number of clusters, or how to choose it."""
    if k in ("silhouette", "elbow"):
        return k
    if not k.isdecimal():
        raise SelectionError(f"k must be a whole number, silhouette or elbow, got {k!r}.")
    return int(k)


def report_rounds(run: Any, as_json: bool) -> None:
    """What each round took, and which clusters gained and lost most."""
    from core.refine import round_table

    rows = round_table(run)
    if as_json:
        weights = [r.next_weight for r in run.rounds]
        machine({"run": run.config.folder.name, "rows": run.rows, "rounds": rows, "weights": weights})
        return
    show(rows, "Rounds")
    print(f"{len(run.rows):,} samples: select --method kmq-iterative -o run={run.config.folder.name}")
