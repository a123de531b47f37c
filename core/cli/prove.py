"""The command that proves: which selection trains best."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.console import machine, show, stages, tell
from core.cli.options import (
    AsJson,
    Asked,
    Budgets,
    Options,
    Store,
    parsed_budget,
    request,
    takes,
)
from core.errors import SelectionError
from core.lm.fine_tuning import TrainConfig
from core.proof.config import BASE, FULL, ProofConfig
from core.settings import words
from core.system.shown import shown_path

Proved = Annotated[
    str,
    typer.Option(
        "--method",
        "--methods",
        help="Separated by commas, with settings of their own as in sae-gain:lens=topics+quota=source=equal; "
        "full: all samples, base: no training.",
    ),
]


@takes(config=Options(ProofConfig), train=Options(TrainConfig))
def prove(
    store: Store,
    config: Asked,
    train: Asked,
    method: Proved = "random,longest-response,sae-greedy",
    budget: Budgets = "300",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each method and budget.")] = 3,
    out: Annotated[
        Path | None, typer.Option(help="Also write the results, run by run, as JSON; goes on from what it has.")
    ] = None,
    measured: Annotated[
        str, typer.Option(help="Count the loss on these sources alone, separated by commas. Default: on all.")
    ] = "",
    by: Annotated[
        str, typer.Option(help="Also tell the picks apart by a column of the data, cluster or language.")
    ] = "",
    select_only: Annotated[
        bool, typer.Option("--select-only", help="Train nothing: keep what the runs will train on, and tell it apart.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fine-tune the model on what several methods pick, and measure on held-out samples which trains best. Resumable:
    stop it when you like, and extend the grid later.

    Example: python -m core prove --store cache/KEY.duckdb --method random,sae-greedy --budget 300,1000
    """
    from core.proof.grid import cells
    from core.proof.picks import picks
    from core.proof.results import places_of, results, write_results
    from core.proof.run import choose, sources
    from core.proof.run import prove as run
    from core.proof.view import without_steering
    from core.sae.loading import at_hand
    from core.session.variants import known_variant

    methods = [known_variant(name, (FULL, BASE)) for name in words(method)]
    shared = {name: config[name] for name in ("unit", "theta", "scope", "lens")}
    session, _, spec = request(store, method="random", budget="1", **shared)
    total = session.total(spec.unit)
    grid = cells(methods, [checked(parsed_budget(part, total)) for part in words(budget)], range(seeds))
    decided = {name: getattr(spec, name) for name in ("theta", "lens", "vetoes", "pins", "bans")}
    model = config["model"] or at_hand(session.store.meta["config"]["model"])
    asked = ProofConfig(session.store.key, train=TrainConfig(**train), **config | decided | {"model": model})
    tell(f"The results: {shown_path(asked.path)}")
    if missed := without_steering(spec.quotas, spec.boosts):
        tell(missed)
    places_of(sources(session), words(measured))  # mistakes are told before the night
    labels = {name: session.labels(name) for name in ("source", *words(by))}
    if out:
        prepare(out, asked, session)
    with stages() as told:
        found = (choose if select_only else run)(asked, session, grid, told)
    parts = picks([*found.runs(), *found.choices()], labels)
    if out:
        write_results(found, out, parts)
    rows = results(found, words(measured))
    if as_json:
        own = {(part["method"], part["budget"]): part for part in parts}
        machine([asdict(r) | {"picks": own.get((r.method, r.budget))} for r in rows])
        return
    show([shown(r) for r in sorted(rows, key=lambda r: r.loss)])
    show([shares_told(part) for part in parts], "What the picks consist of")


def prepare(out: Path, config: ProofConfig, session: Any) -> None:
    """Make room for the results, better now than after the night, and take over those that are there."""
    from core.proof.run import begun
    from core.proof.store import take_over

    out.parent.mkdir(parents=True, exist_ok=True)
    if out.exists():
        take_over(begun(config, session)[0], out)


def checked(budget: int) -> int:
    """The budget; raises SelectionError for less than 1."""
    if budget < 1:
        raise SelectionError(f"A budget must be a whole number of at least 1, got {budget}.")
    return budget


def shares_told(part: dict[str, Any]) -> dict[str, Any]:
    """What the picks of a method consist of, as a row of the table: the largest shares first."""

    def told(shares: dict[str, float]) -> str:
        some = sorted((-share, name) for name, share in shares.items() if share)
        return ", ".join(f"{name} {-share:.0%}" for share, name in some)

    return {name: told(value) if isinstance(value, dict) else value for name, value in part.items()}


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
