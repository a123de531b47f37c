"""Options that several commands share, and the request they amount to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import SelectionError
from core.schema import SelectionSpec

if TYPE_CHECKING:
    from core.session.session import Session
    from core.workspace.log import Workspace


Store = Annotated[Path, typer.Option("--store", help="A feature store, cache/<key>.duckdb.")]
Method = Annotated[str, typer.Option(help="The method; `methods` lists them with their options.")]
Budget = Annotated[str, typer.Option(help="A number, or a share such as 5%.")]
Unit = Annotated[str, typer.Option(help="samples or tokens")]
Theta = Annotated[float | None, typer.Option(help="JumpReLU threshold. Default: chosen from the store.")]
Scope = Annotated[str, typer.Option(help="Features of: all, prompt or response")]
Weights = Annotated[str, typer.Option(help="Of the features: uniform, idf or mass")]
Multiplicity = Annotated[int, typer.Option("-r", "--multiplicity", help="Picks a feature may be credited to.")]
Seed = Annotated[int, typer.Option(help="For methods that draw at random.")]
Options = Annotated[list[str] | None, typer.Option("--option", "-o", help="NAME=VALUE of the method; repeat it.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]


def request(
    store: Path,
    method: str = "sae-greedy",
    budget: str = "100",
    unit: str = "samples",
    theta: float | None = None,
    scope: str = "all",
    weights: str = "uniform",
    multiplicity: int = 1,
    seed: int = 0,
    option: list[str] | None = None,
) -> tuple[Session, Workspace, SelectionSpec]:
    """The opened store, its workspace, and the spec that the options and the workspace's decisions amount to."""
    from core.schema import UNITS
    from core.selection.checks import parsed_options
    from core.selection.registry import METHODS
    from core.session.session import open_session, workspace_of

    session = open_session(store)
    workspace = workspace_of(session.store)
    state = workspace.state()
    for name, value, known in (("method", method, METHODS), ("unit", unit, UNITS)):
        if value not in known:
            raise SelectionError(f"Unknown {name} {value!r}: it must be one of {', '.join(known)}.")
    theta = session.default_theta(scope)[0] if theta is None else theta
    total = session.store.n_samples if unit == "samples" else int(session.info.tokens.sum())
    spec = SelectionSpec(method, parsed_budget(budget, total), unit, theta, scope, multiplicity, weights, seed=seed)
    spec = replace(spec, vetoes=state.vetoes, pins=state.pins, bans=state.bans)
    return session, workspace, replace(spec, options=parsed_options(method, pairs(option)))


def parsed_budget(text: str, total: int) -> int:
    """A whole number, or a share of `total`: 5% is at least 1."""
    try:
        return max(1, round(float(text[:-1]) / 100 * total)) if text.endswith("%") else int(text)
    except ValueError:
        raise SelectionError(f"The budget must be a whole number or a share such as 5%, got {text!r}.") from None


def parsed_share(text: str) -> float:
    """A share in (0, 1]."""
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise SelectionError(f"A share must be a number above 0 and at most 1, got {text!r}.")
    return share


def pairs(option: list[str] | None) -> dict[str, str]:
    """NAME=VALUE texts as a dictionary."""
    for text in option or []:
        if "=" not in text:
            raise SelectionError(f"An option is written NAME=VALUE, got {text!r}.")
    return dict(text.split("=", 1) for text in option or [])
