"""The command that says what two groups of samples differ in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.console import machine, show, tell
from core.cli.options import AsJson, Asked, Options, Store, request, takes
from core.schema import NOUNS, SelectionSpec
from core.system.shown import many

if TYPE_CHECKING:
    from core.studies.differences import Correlations, Differences

COLUMN = "score"  # score:NAME is a column of numbers, not a group


@takes(spec=Options(SelectionSpec, "method", "budget", "theta", "scope", "seed", "lens", budget="10%"))
def diff(
    store: Store,
    spec: Asked,
    one: Annotated[str, typer.Argument(help="A group: kept, source:web, set:NAME, …; or score:NAME.")],
    two: Annotated[str, typer.Argument(help="Another one, store:KEY for another store, or rest.")] = "rest",
    match_length: Annotated[bool, typer.Option(help="Draw the second one to be as long as the first.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Features listed; with --json all are.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Which features are commoner in one group of samples than in another, or go with a score.

    Groups: kept, left-out, pinned, banned, source:NAME, set:NAME, tag:NAME, selection:NAME, search:NAME (a saved one),
    lasso:X.Y_X.Y_X.Y (from the map's address), feature:NUMBER, rows:1,2,3; the second may be store:KEY, or rest.

    Example: python -m core diff kept rest --store cache/0123456789abcdef.duckdb
    """
    from core.features.shown_labels import called_of
    from core.session.groups import group, rest
    from core.session.search import score_values
    from core.studies.differences import correlations, differences, matched_by_length

    session, workspace, wanted = request(store, **spec)
    state, noun = workspace.state(), NOUNS[wanted.lens]
    names = called_of(session.store, state, wanted.lens)
    kind, _, column = one.partition(":")
    if kind == COLUMN:
        report(correlations(session.matrix_of(wanted), score_values(session, column)), names, noun, limit, as_json)
        return
    first = group(session, wanted, state, one)
    second = rest(first) if two == "rest" else group(session, wanted, state, two)
    if match_length:
        second = matched_by_length(first, second, session.info.response_tokens, wanted.seed)
    found = differences(first, second)
    report(found, names, noun, limit, as_json)
    if not as_json:
        sides = f"{first.name} ({found.n_one:,}) against {second.name} ({found.n_two:,})"
        tell(f"{sides}: {many(int(found.differs.sum()), noun)} of {len(found.feature):,} differ (lens: {wanted.lens}).")
        tell(f"{first.name} has {found.covers_two:.1%} of the {noun}s of {second.name}; the other way round "
             f"{found.covers_one:.1%}.")  # fmt: skip


def report(found: Differences | Correlations, names: Mapping[int, str], noun: str, limit: int, as_json: bool) -> None:
    """The features as a table, or all of them as JSON."""
    shown = slice(None) if as_json else slice(limit)
    columns = {name: value[shown].tolist() for name, value in vars(found).items() if getattr(value, "ndim", 0)}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    if as_json:
        whole = {name: value for name, value in vars(found).items() if not getattr(value, "ndim", 0)}
        machine(whole | {"features": [{**row, "name": names.get(row["feature"], "")} for row in rows]})
        return
    sizes = getattr(found, "n_one", 0), getattr(found, "n_two", 0)
    show([told(row, sizes, names, noun) for row in rows])


def told(row: dict[str, Any], sizes: tuple[int, int], names: Mapping[int, str], noun: str) -> dict[str, Any]:
    """One feature as a row of the table; sizes: samples of the two groups."""
    known = {noun: row["feature"], "name": names.get(row["feature"], "")}
    if "r" in row:
        return known | {"samples": row["one"], "r": f"{row['r']:.3f}", "q": f"{row['q']:.2g}"}
    shares = {"first": f"{row['one'] / max(sizes[0], 1):.1%}", "second": f"{row['two'] / max(sizes[1], 1):.1%}"}
    log_odds = f"{row['log_odds']:+.2f} ({row['low']:+.2f} to {row['high']:+.2f})"
    return known | shares | {"log odds": log_odds, "q": f"{row['q']:.2g}"}
