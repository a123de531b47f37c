"""The commands that decide on samples, and that list all decisions. The dashboard and every command obey them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from core.cli.console import machine, show, tell
from core.cli.options import AsJson, Store, request
from core.cli.steer import boosts_of, quotas_of
from core.cli.veto import vetoes
from core.errors import SelectionError
from core.schema import LENSES, NOUNS, SelectionSpec
from core.system.shown import many, shown_path

if TYPE_CHECKING:
    from core.session.session import Session
    from core.workspace.decisions import WorkspaceState
    from core.workspace.log import Workspace

Rows = Annotated[list[int] | None, typer.Argument(help="Rows of the store; none: list those there are.")]
Lift = Annotated[bool, typer.Option(help="Take these away.")]


def labels(state: WorkspaceState) -> list[dict[str, Any]]:
    """The labels that a person gave, with their dates, lens by lens."""
    return [
        {"lens": lens, "feature": f, "label": text, "date": state.of(lens).dates.get(f, "")}
        for lens in LENSES
        for f, text in state.of(lens).labels.items()
    ]


def opened(store: Path, rows: Sequence[int] | None) -> tuple[Session, Workspace]:
    """The store and its decisions; raises SelectionError for a row that it does not have."""
    from core.selection.constraints import check_rows

    session, workspace, _ = request(store)
    check_rows(rows or [], session.store.n_samples)
    return session, workspace


def pin(store: Store, rows: Rows = None, lift: Lift = False, as_json: AsJson = False) -> None:
    """Pin samples: a selection takes them first, whatever they bring. A ban on them is lifted.

    Example: python -m core pin 12 345 --store cache/0123456789abcdef.duckdb
    """
    _, workspace = opened(store, rows)
    decide("pin", rows, workspace.unpin if lift else workspace.pin, lambda: workspace.state().pins, as_json)


def ban(
    store: Store,
    rows: Rows = None,
    without: Annotated[str, typer.Option(help="Also every row that has no value in this score column.")] = "",
    unread: Annotated[bool, typer.Option("--unread", help="Also every row of whose answer nothing was read.")] = False,
    group: Annotated[str, typer.Option(help="Also every row of a group, such as score:concept:code>=0.5.")] = "",
    reason: Annotated[str, typer.Option(help="Kept with the ban, and told on the card of an export.")] = "",
    copies: Annotated[str, typer.Option(help="Instead all but one of each group of this check: near-duplicates.")] = "",
    stays: Annotated[str, typer.Option(help="Which one: longest, first, or the best by a score column.")] = "longest",
    lift: Lift = False,
    as_json: AsJson = False,
) -> None:
    """Ban samples: no selection takes them. A pin on them is lifted.

    Example: python -m core ban --copies near-duplicates --stays longest --store cache/0123456789abcdef.duckdb
    """
    session, workspace = opened(store, rows)
    if copies:
        state = workspace.state()
        found, what = copies_in(session, copies, stays, state.pins, () if lift else state.bans)
        rows = [row for _, *others in found for row in others]
        change = workspace.unban if lift else lambda _: workspace.replace(found, what)
        decide("ban", rows, change, lambda: workspace.state().bans, as_json)
        return
    if group:
        found_there, told = in_group(session, workspace.state(), group)
        rows = [*(rows or []), *found_there]
        if told and not as_json:
            print(told)
        reason = reason or group
    if without:
        rows = [*(rows or []), *unscored(session.info.scores, without)]
    if unread and session.info.unread_response is not None:
        rows = [*(rows or []), *np.flatnonzero(session.info.unread_response).tolist()]
    change = workspace.unban if lift else partial(workspace.ban, reason=reason)
    decide("ban", rows, change, lambda: workspace.state().bans, as_json)


def copies_in(
    session: Session, check: str, stays: str, pins: Sequence[int], bans: Sequence[int]
) -> tuple[list[list[int]], str]:
    """The groups of copies that a check finds, first of each the row that stays; and what the others are of it. Pins
    stay, and bans are not there any more.

    Raises SelectionError for a check of something else, and for a score column that is not there.
    """
    from core.session.search import score_values
    from core.studies.health import health
    from core.studies.health.copies import COPIES, left_of

    if check not in COPIES:
        raise SelectionError(f"The check {check!r} finds no copies: use one of {', '.join(COPIES)}.")
    rule = stays if stays in ("longest", "first") else "best"
    value = score_values(session, stays if rule == "best" else "tokens")
    return left_of(health(session.store, [check])[check], rule, value, pins, bans), COPIES[check]


def in_group(session: Session, state: WorkspaceState, name: str) -> tuple[list[int], str]:
    """The rows of a group through the store's default lens; and of which selection they are kept or left out, a
    sentence, "" for other groups. Raises SelectionError as `group` does.
    """
    from core.session.decided import decided
    from core.session.groups import group

    own, budget = SelectionSpec(lens=session.lens), min(SelectionSpec().budget, session.store.n_samples)
    spec = decided(replace(own, theta=session.default_theta(lens=own.lens)[0], budget=budget), state)
    rows = group(session, spec, state, name).rows.tolist()
    told = f"{name}: by {spec.method} with a budget of {many(spec.budget, 'sample')}, in the lens {spec.lens}."
    return rows, told if name in ("kept", "left-out") else ""


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
        machine({f"{kind}s": after})
        return
    changed = len(before.symmetric_difference(after))
    print(f"{changed:,} changed; " if rows is not None else "", end="")
    print(many(len(after), kind) + (f": {', '.join(map(str, after))}" if after else ""))


def unscored(scores: Mapping[str, np.ndarray], column: str) -> list[int]:
    """The rows that have no value in a score column; raises SelectionError if there is no such column."""
    from core.selection.inputs import columns

    if column not in scores:
        raise SelectionError(f"There is no score column {column!r}: {columns(scores)}.")
    return np.flatnonzero(np.isnan(np.asarray(scores[column], np.float64))).tolist()


def mark(workspace: Workspace, rows: Sequence[int], tag: str, untag: str, set_: str) -> None:
    """Tag rows, untag them, or save them as a set; raises SelectionError for rows without a name, or a name without."""
    if bool(rows) != bool(tag or untag or set_):
        given = "Rows are given, but not what for" if rows else "No rows are given"
        raise SelectionError(f"{given}: decisions 12 345 with --tag, --untag or --set and a name.")
    if tag:
        workspace.tag(rows, tag)
    if untag:
        workspace.untag(rows, untag)
    if set_:
        workspace.save_set(set_, rows)


def delete(workspace: Workspace, name: str) -> None:
    """Delete a set; raises SelectionError if there is none of that name."""
    from core.session.groups import named

    named(workspace.state().sets, name, "set")
    workspace.delete_set(name)


def decisions(
    store: Store,
    rows: Annotated[list[int] | None, typer.Argument(help="Rows for --tag, --untag and --set.")] = None,
    tag: Annotated[str, typer.Option(help="Tag the rows with this.")] = "",
    untag: Annotated[str, typer.Option(help="Take this tag from the rows.")] = "",
    set_: Annotated[str, typer.Option("--set", help="Save the rows as a set of this name.")] = "",
    delete_set: Annotated[str, typer.Option(help="Delete the set of this name; its samples stay.")] = "",
    export: Annotated[Path | None, typer.Option(help="Write the decisions to this file.")] = None,
    import_: Annotated[Path | None, typer.Option("--import", help="Add the decisions of such a file.")] = None,
    last: Annotated[int, typer.Option(min=1, help="Steps of the history to list.")] = 20,
    find: Annotated[str, typer.Option(help="List those on what has this text, name, note or number.")] = "",
    kind: Annotated[str, typer.Option(help="List the pinned, banned, noted, ignored, excluded or boosted.")] = "",
    since: Annotated[str, typer.Option(help="List those from this day on, such as 2026-03-01.")] = "",
    until: Annotated[str, typer.Option(help="List those up to this day.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the decisions on a store and how they came about, or those looked for; tag rows, make sets; keep all in a
    file, or take them from one.

    Example: python -m core decisions 12 345 --tag boilerplate --store cache/0123456789abcdef.duckdb
    """
    session, workspace = opened(store, rows)
    if find or kind or since or until:
        fit = looked_for(session, workspace.state(), find, kind=kind, since=since, until=until)
        machine({"decisions": fit}) if as_json else show(fit) if fit else print("No decision fits.")
        return
    mark(workspace, rows or [], tag, untag, set_)
    if delete_set:
        delete(workspace, delete_set)
    if import_:
        workspace.import_json(import_, session.store.n_samples)
    if export:
        workspace.export_json(export)
    state, history = workspace.state(), [asdict(event) for event in workspace.history(last)]
    kept: dict[str, Any] = {"pins": state.pins, "bans": state.bans, "labels": labels(state), "notes": state.notes}
    kept |= {"sets": state.sets, "tags": state.tags, "selections": state.selections}
    listed = {"vetoes": vetoes(state), "boosts": boosts_of(state), "quotas": quotas_of(state)}
    if as_json:
        machine({**listed, **kept, "history": history})
        return
    for name, known in listed.items():
        show(known, name.capitalize())
    print("; ".join(many(len(found), name.removesuffix("s")) for name, found in kept.items()) + ".")
    show(
        [{"time": h["time"], "decision": h["description"], "undone": h["undone"]} for h in history], "The latest first"
    )
    if export:
        tell(f"written: {shown_path(export)}")


def looked_for(session: Session, state: WorkspaceState, text: str, **asked: str) -> list[dict[str, Any]]:
    """The decisions that stand on samples and features and fit (see workspace.standing), in one table."""
    from core.features.shown_labels import called_of
    from core.session.search import text_condition
    from core.workspace.standing import Line, matching, on_features, on_samples

    rows = np.flatnonzero(text_condition(session, text, False)).tolist() if text else []
    parts: list[tuple[str, list[Line], set[int]]] = [("row", on_samples(state), set(rows))]
    for lens in session.store.lenses:
        lines, names = on_features(state, lens), called_of(session.store, state, lens) if text else {}
        parts.append(
            (NOUNS[lens], lines, {x.number for x in lines if text.casefold() in names.get(x.number, "").casefold()})
        )
    return [
        {"on": f"{noun} {line.number}", "decision": ", ".join(line.kinds), "why": line.text, "when": line.when}
        for noun, lines, held in parts
        for line in matching(lines, text=text, held=held, **asked)
    ]
