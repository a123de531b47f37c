"""The command that vetoes features, and lists the vetoes. The dashboard and every command obey them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.console import machine, show
from core.cli.options import AsJson, Asked, Options, Store, request, takes
from core.schema import LENSES, NOUNS, SelectionSpec
from core.system.shown import many

if TYPE_CHECKING:
    from core.session.session import Session
    from core.workspace.decisions import WorkspaceState


@takes(spec=Options(SelectionSpec, "method", "budget", "lens", budget="10%"))
def veto(
    store: Store,
    spec: Asked,
    features: Annotated[list[int] | None, typer.Argument(help="Features; none: list the vetoes.")] = None,
    mode: Annotated[str, typer.Option(help="ignore: no credit; block: samples with it are out")] = "ignore",
    reason: Annotated[str, typer.Option(help="Kept with the veto.")] = "",
    lift: Annotated[bool, typer.Option(help="Take these vetoes away.")] = False,
    preview: Annotated[bool, typer.Option(help="Only say what the veto, or --lift, would change.")] = False,
    as_json: AsJson = False,
) -> None:
    """Veto features, after saying what it changes and which features still carry what was vetoed.

    Example: python -m core veto 12 345 --store cache/0123456789abcdef.duckdb --reason "boilerplate" --preview
    """
    session, workspace, wanted = request(store, **spec)
    if not features:
        rows = vetoes(workspace.state(), [wanted.lens])
        machine(rows) if as_json else show(rows) if rows else print(f"No vetoes ({wanted.lens}).")
        return
    if lift and not preview:
        workspace.unveto(features, wanted.lens)
        print(f"{many(len(features), 'veto', 'vetoes')} lifted ({wanted.lens})")
        return
    effect = veto_effect(session, wanted, features, "" if lift else mode)
    if not preview:
        workspace.veto(features, mode, reason, wanted.lens)
    if as_json:
        machine(effect)
        return
    leaks = effect.pop("leaks")
    told = {name.replace("features", f"{NOUNS[wanted.lens]}s"): change for name, change in effect.items()}
    show([{"": name, "before": before, "after": after} for name, (before, after) in told.items()])
    show(leaks, f"{NOUNS[wanted.lens].capitalize()}s that still carry it")
    done = "Nothing was changed: --preview" if preview else "Vetoed; --lift takes it back"
    print(f"{done} ({wanted.lens}).")


def vetoes(state: WorkspaceState, lenses: Sequence[str] = LENSES) -> list[dict[str, Any]]:
    """The vetoes that stand, with their reasons, lens by lens."""
    return [
        {"lens": lens, "feature": f, "mode": mode, "reason": state.of(lens).reasons.get(f, "")}
        for lens in lenses
        for f, mode in state.of(lens).vetoes.items()
    ]


def veto_effect(session: Session, spec: SelectionSpec, features: list[int], mode: str) -> dict[str, Any]:
    """What a veto changes, or the lifting of one where the mode is "": (before, after) pairs, and the leaks."""
    from core.explain.leaks import leaks
    from core.session.preview import effect, vetoed

    then = vetoed(spec, features, mode)
    change = effect(session, spec, then)
    found = leaks(session.matrix_of(spec), {*then.vetoes}, session.decoder(spec.lens)) if then.vetoes else []
    return {
        "samples leaving or entering": (len(change.leaving), len(change.entering)),
        "features covered": change.covered,
        "tokens": change.tokens,
        "tokens a sample": change.mean_length,
        "leaks": [asdict(leak) for leak in found],
    }
