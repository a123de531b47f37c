"""The commands that steer: quotas on groups of samples, and weights of features. Every selection obeys them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.console import machine, show, tell
from core.cli.options import AsJson, Asked, Options, Store, request, takes
from core.errors import SelectionError
from core.schema import LENSES, NOUNS, SelectionSpec
from core.system.shown import many

if TYPE_CHECKING:
    from core.session.session import Session
    from core.workspace.decisions import WorkspaceState
    from core.workspace.log import Workspace

Preview = Annotated[bool, typer.Option(help="Only say what would change.")]


@takes(spec=Options(SelectionSpec, "method", "budget", "unit", "lens", budget="10%"))
def quota(
    store: Store,
    spec: Asked,
    quotas: Annotated[list[str] | None, typer.Argument(help="Quotas; none: list those there are.")] = None,
    lift: Annotated[bool, typer.Option(help="Take these away.")] = False,
    preview: Preview = False,
    as_json: AsJson = False,
) -> None:
    """Bound what a selection has of a group of samples, after saying what leaves and what enters.

    Example: python -m core quota "source:code<=10%" "language:*>=5" --store cache/0123456789abcdef.duckdb
    """
    from core.session.preview import quoted, unquoted

    session, workspace, wanted = request(store, **spec)
    state = workspace.state()
    if not quotas:
        rows = quotas_of(state)
        machine(rows) if as_json else show(rows) if rows else print("No quotas.")
        return
    then = wanted
    if lift:
        then = unquoted(wanted, known(state, quotas))
    else:
        for text in quotas:
            then = quoted(then, state, text)
    found = changes(session, wanted, then)
    if not preview:
        decide(workspace, state, quotas, lift)
    tell_changes(found, wanted.lens, "lifted" if lift else "set", preview, as_json)


def decide(workspace: Workspace, state: WorkspaceState, quotas: Sequence[str], lift: bool) -> None:
    """Set quotas, or lift them."""
    if lift:
        workspace.lift_quotas(known(state, quotas))
        return
    for text in quotas:
        workspace.quota(text)


def known(state: WorkspaceState, quotas: Sequence[str]) -> list[str]:
    """The quotas as they stand; raises SelectionError for one that is not among them."""
    from core.selection.quotas import parsed

    found = [str(parsed(text)) for text in quotas]
    for text in found:
        if text not in state.quotas:
            have = f"there are {', '.join(state.quotas)}" if state.quotas else "there is none"
            raise SelectionError(f"There is no quota {text}: {have}.")
    return found


@takes(spec=Options(SelectionSpec, "method", "budget", "unit", "lens", budget="10%"))
def boost(
    store: Store,
    spec: Asked,
    features: Annotated[list[int] | None, typer.Argument(help="Features; none: list the boosts.")] = None,
    factor: Annotated[float, typer.Option(help="What their weight is multiplied by: 0 to 10.")] = 3.0,
    by: Annotated[str, typer.Option(help="Instead: what sets this group apart, such as set:NAME or tag:NAME.")] = "",
    lift: Annotated[bool, typer.Option(help="Take their boosts away.")] = False,
    preview: Preview = False,
    as_json: AsJson = False,
) -> None:
    """Let features weigh more or less than the rest, after saying what leaves and what enters.

    Example: python -m core boost 12 345 --factor 3 --store cache/0123456789abcdef.duckdb
    """
    from core.session.preview import weighed

    session, workspace, wanted = request(store, **spec)
    if not features and not by:
        rows = boosts_of(workspace.state(), [wanted.lens])
        machine(rows) if as_json else show(rows) if rows else print(f"No boosts ({wanted.lens}).")
        return
    factors = dict.fromkeys(features or [], factor) | (apart(session, wanted, workspace.state(), by) if by else {})
    if lift:
        factors = dict.fromkeys(factors, 1.0)
    found = changes(session, wanted, weighed(wanted, factors))
    if by and not (preview or lift):
        workspace.boosts(factors, by, wanted.lens)
    elif not preview:
        workspace.boost(factors, 1.0 if lift else factor, wanted.lens)
    tell_changes(found, wanted.lens, "lifted" if lift else f"set on {many(len(factors), NOUNS[wanted.lens])}", preview,
                 as_json)  # fmt: skip


def apart(session: Session, spec: SelectionSpec, state: WorkspaceState, by: str) -> dict[int, float]:
    """The boosts of what sets a group apart; raises SelectionError where nothing does."""
    from core.session.groups import group
    from core.session.steering import set_apart

    factors = set_apart(session.matrix_of(spec), group(session, spec, state, by).rows)
    if not factors:
        raise SelectionError(f"No {NOUNS[spec.lens]} is commoner in {by} than in all samples.")
    return factors


# --- what is told


def quotas_of(state: WorkspaceState) -> list[dict[str, str]]:
    """The quotas that stand, as they are typed and in words."""
    from core.selection.quotas import parsed

    return [{"quota": text, "in words": parsed(text).told()} for text in state.quotas]


def boosts_of(state: WorkspaceState, lenses: Sequence[str] = LENSES) -> list[dict[str, Any]]:
    """The boosts that stand, lens by lens."""
    return [
        {"lens": lens, "feature": feature, "factor": factor}
        for lens in lenses
        for feature, factor in state.of(lens).boosts.items()
    ]


def changes(session: Session, spec: SelectionSpec, then: SelectionSpec) -> dict[str, Any]:
    """What another request changes, as (before, after) pairs; where the first cannot be made, what stands for it."""
    from core.session.preview import effect
    from core.session.runnable import runnable

    before = runnable(session, spec)
    if before.told:
        tell(before.told)
    change = effect(session, before.selection.spec, then)
    return {
        "samples leaving or entering": (len(change.leaving), len(change.entering)),
        "features covered": change.covered,
        "tokens": change.tokens,
    }


def tell_changes(found: Mapping[str, Any], lens: str, done: str, preview: bool, as_json: bool) -> None:
    """What changes, and whether it was done."""
    if as_json:
        machine(found)
        return
    told = {name.replace("features", f"{NOUNS[lens]}s"): pair for name, pair in found.items()}
    show([{"": name, "before": before, "after": after} for name, (before, after) in told.items()])
    print("Nothing was changed: --preview." if preview else f"{done[:1].upper()}{done[1:]}.")
