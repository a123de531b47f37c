"""The commands that decide: vetoes on features, pins and bans on samples. The dashboard and every command obey them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
import typer

from core.cli.console import machine, show
from core.cli.options import AsJson, Budget, Method, Store, request
from core.errors import SelectionError
from core.schema import SelectionSpec
from core.selection.constraints import check_rows
from core.selection.inputs import columns

Rows = Annotated[list[int] | None, typer.Argument(help="Rows of the store; none: list those there are.")]
Lift = Annotated[bool, typer.Option(help="Take these away.")]


def veto(
    store: Store,
    features: Annotated[list[int] | None, typer.Argument(help="Features; none: list the vetoes.")] = None,
    mode: Annotated[str, typer.Option(help="ignore: no credit; block: samples with it are out")] = "ignore",
    reason: Annotated[str, typer.Option(help="Kept with the veto.")] = "",
    lift: Annotated[bool, typer.Option(help="Take these vetoes away.")] = False,
    preview: Annotated[bool, typer.Option(help="Only say what the veto would change.")] = False,
    method: Method = "sae-greedy",
    budget: Budget = "10%",
    as_json: AsJson = False,
) -> None:
    """Veto features, after saying what it changes and which features still carry what was vetoed.

    Example: python -m core veto 12 345 --store cache/0123456789abcdef.duckdb --reason "boilerplate" --preview
    """
    session, workspace, spec = request(store, method, budget)
    if not features:
        state = workspace.state()
        rows = [{"feature": f, "mode": m, "reason": state.reasons.get(f, "")} for f, m in state.vetoes.items()]
        machine(rows) if as_json else show(rows) if rows else print("No vetoes.")
        return
    if lift:
        workspace.unveto(features)
        print(f"{len(features)} vetoes lifted")
        return
    effect = veto_effect(session, spec, features, mode)
    if not preview:
        workspace.veto(features, mode, reason)
    if as_json:
        machine(effect)
        return
    leaks = effect.pop("leaks")
    show([{"": name, "before": before, "after": after} for name, (before, after) in effect.items()])
    show(leaks, "Features that still carry it")
    print("Nothing was changed: --preview." if preview else "Vetoed; --lift takes it back.")


def veto_effect(session: Any, spec: SelectionSpec, features: list[int], mode: str) -> dict[str, Any]:
    """What a veto changes, as (before, after) pairs, and the leaks."""
    from core.explain import leaks as vetoes

    matrix = session.matrix(spec.scope, spec.theta)
    change = vetoes.preview(matrix, session.selection(spec), session.info, features, mode)
    leaks = vetoes.leaks(matrix, {*spec.vetoes, *features}, session.decoder())
    return {
        "samples leaving or entering": (len(change.leaving), len(change.entering)),
        "features covered": change.covered,
        "tokens": change.tokens,
        "tokens a sample": change.mean_length,
        "leaks": [asdict(leak) for leak in leaks],
    }


def pin(store: Store, rows: Rows = None, lift: Lift = False, as_json: AsJson = False) -> None:
    """Pin samples: a selection takes them first, whatever they bring. A ban on them is lifted.

    Example: python -m core pin 12 345 --store cache/0123456789abcdef.duckdb
    """
    session, workspace, _ = request(store)
    check_rows(rows or [], session.store.n_samples)
    decide("pins", rows, workspace.unpin if lift else workspace.pin, lambda: workspace.state().pins, as_json)


def ban(
    store: Store,
    rows: Rows = None,
    without: Annotated[str, typer.Option(help="Also every row that has no value in this score column.")] = "",
    lift: Lift = False,
    as_json: AsJson = False,
) -> None:
    """Ban samples: no selection takes them. A pin on them is lifted.

    Example: python -m core ban --without ifd --store cache/0123456789abcdef.duckdb
    """
    session, workspace, _ = request(store)
    check_rows(rows or [], session.store.n_samples)
    if without:
        rows = [*(rows or []), *unscored(session.info.scores, without)]
    decide("bans", rows, workspace.unban if lift else workspace.ban, lambda: workspace.state().bans, as_json)


def decide(
    kind: str,
    rows: Sequence[int] | None,
    change: Callable[[Sequence[int]], None],
    standing: Callable[[], Sequence[int]],
    as_json: bool,
) -> None:
    """Carry out `change` on the rows, and say which pins or bans there are then; without rows only say."""
    before = set(standing())
    if rows:
        change(rows)
    after = list(standing())
    if as_json:
        machine({kind: after})
        return
    changed = len(before.symmetric_difference(after))
    print(f"{changed:,} changed; " if rows is not None else "", end="")
    print(f"{len(after):,} {kind}" + (f": {', '.join(map(str, after))}" if after else ""))


def unscored(scores: Mapping[str, np.ndarray], column: str) -> list[int]:
    """The rows that have no value in a score column."""
    if column not in scores:
        raise SelectionError(f"There is no score column {column!r}: {columns(scores)}.")
    return np.flatnonzero(np.isnan(np.asarray(scores[column], np.float64))).tolist()
