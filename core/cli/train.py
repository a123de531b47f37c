"""The commands that fine-tune: refine and prove."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.console import errors, machine, show, stages
from core.cli.options import AsJson, Scope, Seed, Store, Theta, request
from core.errors import SelectionError

Model = Annotated[str, typer.Option(help="Hub id, folder or GGUF file. Default: the store's own model.")]
Rank = Annotated[int, typer.Option(help="Of the LoRA matrices; 0 trains all weights.")]
Rate = Annotated[float, typer.Option(help="Learning rate.")]
Epochs = Annotated[int, typer.Option(help="Passes over the samples.")]
Batch = Annotated[int, typer.Option(help="Samples a step.")]


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
    """k-means-quality with iterative refinement: clusters that the model does not answer well gain weight. Resumable.

    Example: python -m core refine --store cache/0123456789abcdef.duckdb --rounds 3 --budget 90
    """
    from core.lm.endpoint import Endpoint
    from core.lm.fine_tuning import TrainConfig
    from core.refine.config import RefineConfig
    from core.refine.rounds import refine as run

    session, _, spec = request(store, "random", "1", theta=theta, scope=scope)
    own, meta = session.store, session.store.meta["config"]
    config = RefineConfig(
        own.key, rounds, budget, clusters_asked(k), quality, scorer, scorer_model, base_url, model, start, new_tokens,
        seed, spec.vetoes, spec.pins, spec.bans, spec.theta, spec.scope,
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
    from core.refine.runs import round_table

    rows = round_table(run)
    if as_json:
        weights = [r.next_weight for r in run.rounds]
        machine({"run": run.config.folder.name, "rows": run.rows, "rounds": rows, "weights": weights})
        return
    show(rows, "Rounds")
    print(f"{len(run.rows):,} samples: select --method kmq-iterative -o run={run.config.folder.name}")


def prove(
    store: Store,
    methods: Annotated[str, typer.Option(help="Separated by commas; full: all samples, base: no training.")] = (
        "random,longest-response,sae-greedy"
    ),
    budgets: Annotated[str, typer.Option(help="Separated by commas.")] = "300",
    unit: Annotated[str, typer.Option(help="Of the budgets: samples or tokens")] = "samples",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each method and budget.")] = 3,
    held_out: Annotated[int, typer.Option(min=2, help="Samples of each source to measure on, never picked.")] = 300,
    score: Annotated[str, typer.Option(help="Score column for the methods that need one.")] = "",
    full: Annotated[int, typer.Option(min=1, help="At most so many random samples stand for all.")] = 4000,
    refined: Annotated[int, typer.Option(min=1, help="Rounds of refinement.")] = 3,
    new_tokens: Annotated[int, typer.Option(min=1, help="Longest answer that refinement generates.")] = 96,
    max_tokens: Annotated[int, typer.Option(help="Longer samples are cut, in training and measuring.")] = 512,
    tasks: Annotated[str, typer.Option(help="Tasks of lm-eval, separated by commas.")] = "",
    model: Model = "",
    rank: Rank = 16,
    learning_rate: Rate = 5e-4,
    epochs: Epochs = 1,
    batch: Batch = 8,
    theta: Theta = None,
    scope: Scope = "all",
    held_out_seed: Annotated[int, typer.Option(help="Draws the held-out samples.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Also write the results, run by run, as JSON; goes on from what it has.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fine-tune the model on what several methods pick, and measure on held-out samples which trains best. Resumable:
    stop it when you like, and extend the grid later.

    Example: python -m core prove --store cache/KEY.duckdb --methods random,sae-greedy --budgets 300,1000
    """
    from core.lm.fine_tuning import TrainConfig
    from core.proof.config import ProofConfig
    from core.proof.grid import cells
    from core.proof.results import results, write_results
    from core.proof.run import begun
    from core.proof.run import prove as run
    from core.proof.store import take_over

    session, _, spec = request(store, "random", "1", unit, theta, scope)
    meta = session.store.meta["config"]
    config = ProofConfig(
        session.store.key, model or meta["model"], held_out, held_out_seed, unit, spec.theta, scope, score, full,
        refined, new_tokens, spec.vetoes, spec.pins, spec.bans,
        TrainConfig(rank, learning_rate, epochs, batch, max_tokens), tuple(names(tasks)),
    )  # fmt: skip
    grid = cells(names(methods), [int(b) for b in names(budgets) if checked(b)], range(seeds))
    errors.print(f"The results: {config.path}", markup=False, highlight=False, soft_wrap=True)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)  # better now than after the night
        if out.exists():
            take_over(begun(config, session)[0], out)
    with stages() as told:
        found = run(config, session, grid, told)
    if out:
        write_results(found, out)
    rows = results(found)
    machine([asdict(r) for r in rows]) if as_json else show([shown(r) for r in sorted(rows, key=lambda r: r.loss)])


def names(text: str) -> list[str]:
    """What stands between the commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def checked(budget: str) -> bool:
    """True for a whole number of at least 1; raises SelectionError for anything else."""
    if not budget.isdecimal() or int(budget) < 1:
        raise SelectionError(f"A budget must be a whole number of at least 1, got {budget!r}.")
    return True


def shown(result: Any) -> dict[str, Any]:
    """A result as a row of the table."""
    interval = "—" if result.low != result.low else f"{result.better:+.4f} ({result.low:+.4f} to {result.high:+.4f})"
    return {
        "method": result.method,
        "budget": result.budget,
        "seeds": result.seeds,
        "tokens": round(result.tokens),
        "minutes": f"{result.seconds / 60:7,.1f}",
        "held-out loss": result.loss,
        "spread": result.spread,
        "better than random (95 %)": interval,
        **result.by_source,
    }
