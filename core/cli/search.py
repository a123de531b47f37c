"""The command that finds samples."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from core.cli.console import errors, machine, show
from core.cli.options import AsJson, Budget, Method, Scope, Seed, Store, Theta, request

Many = list[int] | None
Number = float | None


def search(
    store: Store,
    text: Annotated[str, typer.Option(help="Part of any turn, whatever the case.")] = "",
    regex: Annotated[bool, typer.Option("--regex", help="The text is a regular expression (RE2).")] = False,
    feature: Annotated[Many, typer.Option(help="A feature that must be active; repeat it.")] = None,
    lacks: Annotated[Many, typer.Option(help="A feature that must not be active; repeat it.")] = None,
    min_tokens: Annotated[int | None, typer.Option(help="Shortest sample.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="Longest sample.")] = None,
    source: Annotated[str | None, typer.Option(help="The source of the sample, as in the data.")] = None,
    score: Annotated[str, typer.Option(help="Score column for the two bounds.")] = "",
    min_score: Annotated[Number, typer.Option(help="Lowest score.")] = None,
    max_score: Annotated[Number, typer.Option(help="Highest score.")] = None,
    status: Annotated[str, typer.Option(help="all, picked or rejected, by the method and budget below")] = "all",
    method: Method = "sae-greedy",
    budget: Budget = "10%",
    theta: Theta = None,
    scope: Scope = "all",
    seed: Seed = 0,
    limit: Annotated[int, typer.Option(help="Samples listed; the count is of all.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Find samples by text, features, length, source, score and status; all conditions must hold.

    Example: python -m core search --store cache/0123456789abcdef.duckdb --text python --feature 12 --status rejected
    """
    from core.session.search import Query, find

    session, _, spec = request(store, method, budget, theta=theta, scope=scope, seed=seed)
    bounds = (min_tokens, max_tokens), (min_score, max_score)
    query = Query(text, regex, tuple(feature or ()), tuple(lacks or ()), bounds[0], source, score, bounds[1], status)
    picked = session.selection(spec).rows if status != "all" else ()
    matrix, started = session.matrix(spec.scope, spec.theta), time.perf_counter()
    rows = find(session, matrix, query, picked)
    seconds = time.perf_counter() - started
    if as_json:
        machine({"count": len(rows), "theta": spec.theta, "seconds": seconds, "rows": rows})
        return
    tokens, shown = session.info.tokens, session.store.samples(rows[:limit])
    show([{"row": s.row, "prompt": s.prompt[:160], "tokens": int(tokens[s.row])} for s in shown])
    errors.print(f"{len(rows):,} of {matrix.n_samples:,} samples in {seconds:.2f} s, θ = {spec.theta:.4g}")
