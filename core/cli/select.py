"""The commands that select, export, explain and compare."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.console import bar, errors, machine, show
from core.cli.options import (
    AsJson,
    Budget,
    Method,
    Multiplicity,
    Options,
    Scope,
    Seed,
    Store,
    Theta,
    Unit,
    Weights,
    parsed_share,
    request,
)


def methods(as_json: AsJson = False) -> None:
    """All selection methods with their options.

    Example: python -m core methods
    """
    from core.selection.registry import METHODS

    rows = []
    for name, method in METHODS.items():
        text = (method.run.__doc__ or "").split("\n")[0]
        options = [f"{o.name}={'' if o.default is None else o.default}: {o.help}" for o in method.options]
        rows.append({"method": name, "what it does": text, "options": options if as_json else "\n".join(options)})
    machine(rows) if as_json else show(rows)


def score(
    store: Store,
    columns: Annotated[str, typer.Option(help="perplexity, ifd, tokens, …; separated by commas.")] = "perplexity,ifd",
    model: Annotated[str, typer.Option(help="Default: the model of the store.")] = "",
    as_json: AsJson = False,
) -> None:
    """Compute score columns beside a store: perplexity of the response, instruction-following difficulty. Resumable.

    Example: python -m core score --store cache/0123456789abcdef.duckdb --columns ifd
    """
    import time

    from core.scoring.columns import compute_scores
    from core.store.reader import open_store

    opened, started = open_store(store), time.time()
    with bar() as progress:
        task = progress.add_task("Scoring", total=None, rate="")

        def on_progress(done: int, total: int) -> None:
            rate = f"{done / max(time.time() - started, 1e-9):,.0f} tokens/s"
            progress.update(task, completed=done, total=total, rate=rate)

        found = compute_scores(opened, tuple(columns.split(",")), model, on_progress)
    rows = [{"column": name, **summary(values)} for name, values in found.items()]
    machine(rows) if as_json else show(rows)


def summary(values: Any) -> dict[str, float]:
    """Quartiles of a score column, and how many samples have none."""
    import numpy as np

    known = values[np.isfinite(values)]
    quartiles = np.quantile(known, [0, 0.25, 0.5, 0.75, 1]) if len(known) else [float("nan")] * 5
    names = ("lowest", "quarter", "median", "three quarters", "highest")
    return dict(zip(names, map(float, quartiles), strict=True)) | {"without": len(values) - len(known)}


def select(
    store: Store,
    method: Method = "sae-greedy",
    budget: Budget = "100",
    unit: Unit = "samples",
    theta: Theta = None,
    scope: Scope = "all",
    weights: Weights = "uniform",
    multiplicity: Multiplicity = 1,
    seed: Seed = 0,
    option: Options = None,
    save: Annotated[str, typer.Option(help="Keep the request in the workspace under this name.")] = "",
    out: Annotated[Path | None, typer.Option(help="Also export the curated file here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Select a subset, with the vetoes, pins and bans of the workspace.

    Example: python -m core select --store cache/0123456789abcdef.duckdb --method sae-simscale -o tau=0.7 --budget 5%
    """
    from core.explain.certificates import certificate
    from core.export.folder import export as write
    from core.export.manifest import spec_dict

    session, workspace, spec = request(store, method, budget, unit, theta, scope, weights, multiplicity, seed, option)
    chosen = session.selection(spec)
    facts = {
        "method": method,
        "samples": len(chosen.rows),
        "tokens": int(session.info.tokens[chosen.rows].sum()),
        "covered": int(chosen.covered_after[-1]),
        "coverable": session.coverable(spec),
        "theta": spec.theta,
    }
    if unit == "samples":
        facts["at_least_of_best"] = certificate(session.matrix(scope, spec.theta), chosen).share
    if save:
        workspace.save_selection(save, spec_dict(chosen))
    if as_json:
        machine({**facts, "rows": chosen.rows, "gains": chosen.gains, "rounds": chosen.round})
    else:
        print(f"{facts['samples']:,} samples cover {facts['covered']:,} features at θ = {spec.theta:.4g}")
        if unit == "samples":
            print(f"at least {facts['at_least_of_best']:.1%} of the best possible coverage for this budget")
    if out:
        write(chosen, session.store, out, out.suffix.lstrip(".") or "jsonl")
        errors.print(f"written: {out}", markup=False)


def explain(
    store: Store,
    row: Annotated[int, typer.Option(help="Row of the store, from 0.")],
    method: Method = "sae-greedy",
    budget: Budget = "100",
    unit: Unit = "samples",
    theta: Theta = None,
    scope: Scope = "all",
    weights: Weights = "uniform",
    multiplicity: Multiplicity = 1,
    seed: Seed = 0,
    option: Options = None,
    as_json: AsJson = False,
) -> None:
    """Why a sample is in a selection, or out of it.

    Example: python -m core explain --store cache/0123456789abcdef.duckdb --row 17 --budget 500
    """
    from core.explain.account import account

    session, _, spec = request(store, method, budget, unit, theta, scope, weights, multiplicity, seed, option)
    selection, faces = session.selection(spec), session.store.faces()
    found = account(session.matrix(spec.scope, spec.theta), selection, session.order(spec), faces, row)
    if as_json:
        machine(found)
        return
    features, picks = found.pop("credited", []), found.pop("covering_picks", [])
    show([{"": name, " ": value} for name, value in found.items()])
    show(features, "The features that brought it in")
    show(picks, "The picks that have its features")


def compare(
    store: Store,
    shares: Annotated[str, typer.Option(help="Budgets as shares of the samples.")] = "0.01,0.05,0.1",
    methods: Annotated[str, typer.Option(help="Separated by commas. Default: all.")] = "",
    theta: Theta = None,
    scope: Scope = "all",
    score: Annotated[str, typer.Option(help="Score column for quality. Default: the first there is.")] = "",
    reference: Annotated[str, typer.Option(help="Store for reference-guided to steer to.")] = "",
    draws: Annotated[int, typer.Option(help="Random draws to average.")] = 20,
    overlap: Annotated[bool, typer.Option(help="Also which share of their picks the methods have in common.")] = False,
    as_json: AsJson = False,
) -> None:
    """All methods side by side at several budgets, and r between tokens and active features.

    Example: python -m core compare --store cache/0123456789abcdef.duckdb --methods sae-greedy,random --overlap
    """
    from core.selection.registry import METHODS
    from core.studies.comparison import compare as run

    session, _, spec = request(store, theta=theta, scope=scope, budget="1")
    names = methods.split(",") if methods else list(METHODS)
    parts = [parsed_share(part) for part in shares.split(",")]
    with bar() as progress:
        task = progress.add_task("Comparing", total=len(names), rate="")
        found = run(session, spec, parts, names, score, reference, draws, lambda name: progress.advance(task))
    if as_json:
        machine(asdict(found))
        return
    print(
        f"θ = {found.theta:.4g}; tokens and active features: r = {found.length.pearson:.3f}, n = {found.length.n:,}; "
        f"all samples cover {found.coverable:,}; quality is {found.score or 'not known'}"
    )
    wide = ("samples", "covered", "tokens", "redundancy", "quality")
    for share in parts:
        rows = [r for r in found.rows if r.share == share]
        show([{"method": r.method, **{n: getattr(r, n) for n in wide}} for r in rows if not r.why], f"{share:.0%}")
        if overlap:
            show(shared_picks([r for r in rows if not r.why]), "Picks in common, %")
    for row in found.rows[: len(names)]:
        if row.why:
            print(f"{row.method} could not run: {row.why}")


def shared_picks(rows: list[Any]) -> list[dict[str, Any]]:
    """A table of overlaps in per cent that fits a terminal: the columns have the numbers of the methods."""
    numbered = list(enumerate((r.method for r in rows), 1))
    return [
        {"": i, "method": r.method, **{str(j): f"{100 * r.overlap.get(m, 1.0):.0f}" for j, m in numbered}}
        for i, r in enumerate(rows, 1)
    ]
