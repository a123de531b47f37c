"""The command that sets methods side by side."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.console import bar, machine, show
from core.cli.options import (
    AsJson,
    Asked,
    Budgets,
    Options,
    Store,
    parsed_budget,
    parsed_methods,
    parsed_share,
    request,
    takes,
)
from core.errors import SelectionError
from core.schema import SelectionSpec
from core.settings import words

if TYPE_CHECKING:
    from core.studies.comparison import Comparison, MethodRow

WIDE = ("samples", "covered", "tokens", "redundancy", "quality")


@takes(spec=Options(SelectionSpec, "theta", "scope", "lens", "unit"))
def compare(
    store: Store,
    spec: Asked,
    budget: Budgets = "1%,5%,10%",
    method: Annotated[str, typer.Option("--method", "--methods", help="Separated by commas. Default: all.")] = "",
    score: Annotated[str, typer.Option(help="Score column for quality. Default: the first there is.")] = "",
    reference: Annotated[str, typer.Option(help="Examples for the methods that need them: set:NAME or a store.")] = "",
    draws: Annotated[int, typer.Option(min=1, help="Random draws; what stands for random is their median.")] = 20,
    overlap: Annotated[bool, typer.Option(help="Also which share of their picks the methods have in common.")] = False,
    shares: Annotated[str, typer.Option(hidden=True)] = "",
    as_json: AsJson = False,
) -> None:
    """All methods side by side at several budgets, and r between tokens and active features.

    Example: python -m core compare --store cache/KEY.duckdb --method sae-greedy,random --budget 300,5% --overlap
    """
    from core.selection.registry import METHODS
    from core.session.groups import with_sets
    from core.studies.comparison import compare as run

    names = parsed_methods(method) or list(METHODS)
    session, workspace, wanted = request(store, **spec, budget="1")
    if reference:  # a set or a tag comes with its rows
        named = with_sets(replace(wanted, options={"reference": reference}), workspace.state())
        wanted = replace(wanted, sets=named.sets)
    asked = old_shares(shares) if shares else budget_shares(budget, session.total(wanted.unit), wanted.unit)
    with bar() as progress:
        task = progress.add_task("Comparing", total=len(names), rate="")
        parts = list(asked.values())
        found = run(session, wanted, parts, names, score, reference, draws, lambda name: progress.advance(task))
    machine(asdict(found)) if as_json else report(found, asked, overlap)


def budget_shares(text: str, total: int, unit: str = "samples") -> dict[str, float]:
    """Budgets separated by commas as shares of all samples or tokens, by what was typed; raises SelectionError."""
    found = {}
    for part in words(text):
        k = parsed_budget(part, total)
        if not 1 <= k <= total:
            raise SelectionError(f"A budget must be from 1 to the {total} {unit} there are, got {part!r}.")
        found[part] = parsed_share(part) if part.endswith("%") else k / total
    return found


def old_shares(text: str) -> dict[str, float]:
    """Budgets as `--shares` takes them: 0.05 for 5%; raises SelectionError."""
    try:
        found = {float(part): part for part in words(text)}
    except ValueError:
        found = {0.0: text}
    if wrong := [part for share, part in found.items() if not 0 < share <= 1]:
        raise SelectionError(f"A share must be a number above 0 and at most 1, got {wrong[0]!r}.")
    return {f"{share:.4%}".rstrip("0%").rstrip(".") + "%": share for share in found}


def report(found: Comparison, asked: dict[str, float], overlap: bool) -> None:
    """The tables of a comparison, one a budget, and what could not run."""
    print(
        f"Through {found.lens}, θ = {found.theta:.4g}; "
        f"tokens and active features: r = {found.length.pearson:.3f}, n = {found.length.n:,}; "
        f"all samples cover {found.coverable:,}; quality is {found.score or 'not known'}"
    )
    for title, share in asked.items():
        rows = [row for row in found.rows if row.share == share and not row.why]
        show([{"method": row.method, **{name: getattr(row, name) for name in WIDE}} for row in rows], title)
        if overlap:
            show(shared_picks(rows), "Picks in common, %")
    for name, why in {row.method: row.why for row in found.rows if row.why}.items():
        print(f"{name} could not run: {why}")


def shared_picks(rows: list[MethodRow]) -> list[dict[str, Any]]:
    """A table of overlaps in per cent that fits a terminal: the columns have the numbers of the methods."""
    numbered = list(enumerate((r.method for r in rows), 1))
    return [
        {"": i, "method": r.method, **{str(j): f"{100 * r.overlap.get(m, 1.0):.0f}" for j, m in numbered}}
        for i, r in enumerate(rows, 1)
    ]
