"""The commands that select, export, explain and compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.console import UNPRINTABLE, bar, machine, show, tell
from core.cli.options import AsJson, Asked, Force, Options, Store, request, takes
from core.errors import SelectionError
from core.schema import NOUNS, Selection, SelectionSpec
from core.settings import words
from core.system.shown import many, shown_path

if TYPE_CHECKING:
    from core.session.session import Session


def methods(as_json: AsJson = False) -> None:
    """All selection methods by group: what each does, what it needs and its options.

    Example: python -m core methods
    """
    from core.selection.method import GROUPS
    from core.selection.registry import METHODS

    rows: list[dict[str, Any]] = []
    for name, method in METHODS.items():
        options = [f"{o.name}={'' if o.default is None else o.default}: {o.help}" for o in method.options]
        rows.append({"group": method.group, "method": name, "what it does": method.sentence, "needs": method.wants,
                     "options": options})  # fmt: skip
    if as_json:
        machine(rows)
        return
    for group in GROUPS:
        own = [row | {"options": "\n".join(row["options"])} for row in rows if row["group"] == group]
        show([{name: value for name, value in row.items() if name != "group"} for row in own], group)


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

        found = compute_scores(opened, words(columns), model, on_progress)
    rows = [{"column": name, **summary(values)} for name, values in found.items()]
    machine(rows) if as_json else show(rows)


def summary(values: Any) -> dict[str, float]:
    """Quartiles of a score column, and how many samples have none."""
    import numpy as np

    known = values[np.isfinite(values)]
    quartiles = np.quantile(known, [0, 0.25, 0.5, 0.75, 1]) if len(known) else [float("nan")] * 5
    names = ("lowest", "quarter", "median", "three quarters", "highest")
    return dict(zip(names, map(float, quartiles), strict=True)) | {"without": len(values) - len(known)}


@takes(spec=Options(SelectionSpec))
def select(
    store: Store,
    spec: Asked,
    reference: Annotated[str, typer.Option(help="Targets: set:NAME, tag:NAME or a store.")] = "",
    save: Annotated[str, typer.Option(help="Keep the request in the workspace under this name.")] = "",
    out: Annotated[Path | None, typer.Option(help="Also export the curated file here.")] = None,
    shards: Annotated[
        int, typer.Option(min=0, help="Greedy over so many parts of the data, for more samples than memory holds.")
    ] = 0,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Select a subset, with the decisions of the workspace.

    Example: python -m core select --store cache/0123456789abcdef.duckdb --method sae-simscale -o tau=0.7 --budget 5%
    """
    from core.export.folder import export as write
    from core.export.formats import format_of
    from core.selection.specs import spec_dict

    if reference:
        spec["options"] = {**spec["options"], "reference": reference}
    session, workspace, wanted = request(store, **spec)
    if shards and (save or out):
        raise SelectionError("A selection over shards is printed alone: --save and --out would select without them.")
    chosen, facts = over_shards(session, wanted, shards) if shards else plain(session, wanted)
    if save:
        workspace.save_selection(save, spec_dict(chosen))
    if as_json:
        machine({**facts, "rows": chosen.rows, "gains": chosen.gains, "rounds": chosen.round})
    else:
        samples, features = many(facts["samples"], "sample"), many(facts["covered"], NOUNS[wanted.lens])
        print(
            f"{samples} {'covers' if facts['samples'] == 1 else 'cover'} {features} "
            f"at θ = {wanted.theta:.4g} (lens: {wanted.lens})"
        )
        print(f"at least {facts['at_least_of_best']:.1%} of the best possible {facts['best_by']} for this budget")
    if out:
        write(chosen, session.store, out, format_of(out), force=force)
        tell(f"written: {shown_path(out)}")


def plain(session: Session, spec: SelectionSpec) -> tuple[Selection, dict[str, Any]]:
    """The selection of a request, and its facts."""
    chosen = session.selection(spec)
    return chosen, selection_facts(session, chosen)


def over_shards(session: Session, spec: SelectionSpec, n: int) -> tuple[Selection, dict[str, Any]]:
    """The same over `n` shards, of which one at a time is read from the store; see docs/cluster.md."""
    from core.explain.shard_certificates import certificate_over
    from core.selection.sharded import select_sharded
    from core.store.shards import store_shards

    shards = store_shards(session.store, n, spec.scope, spec.theta, spec.lens)
    chosen = select_sharded(shards, spec)
    found = certificate_over(shards, chosen)
    return chosen, facts_of(session, chosen, found.share, found.of) | {"shards": n}


def selection_facts(session: Session, chosen: Selection) -> dict[str, Any]:
    """What a selection amounts to, in numbers."""
    from core.explain.certificates import certificate

    found = certificate(session.matrix_of(chosen.spec), chosen, session.info)
    coverable = session.coverable(chosen.spec)
    return facts_of(session, chosen, found.share, found.of) | {"coverable": coverable}


def facts_of(session: Session, chosen: Selection, share: float, best_by: str) -> dict[str, Any]:
    """The facts that need no matrix; share: of the bound of a certificate by `best_by`."""
    spec = chosen.spec
    return {
        "method": spec.method,
        "lens": spec.lens,
        "samples": len(chosen.rows),
        "tokens": int(session.info.tokens[chosen.rows].sum()),
        "covered": int(chosen.covered_after[-1]),
        "theta": spec.theta,
        "at_least_of_best": share,
        "best_by": best_by,
    }


@takes(spec=Options(SelectionSpec))
def explain(
    store: Store,
    row: Annotated[int, typer.Option(help="Row of the store, from 0.")],
    spec: Asked,
    as_json: AsJson = False,
) -> None:
    """Why a sample is in a selection, or out of it.

    Example: python -m core explain --store cache/0123456789abcdef.duckdb --row 17 --budget 500
    """
    from core.explain.account import account
    from core.features.shown_labels import names_of

    session, workspace, wanted = request(store, **spec)
    names = names_of(session.store, workspace.state(), wanted.lens)
    selection, order = session.selection(wanted), session.order(wanted)
    found = account(session.matrix_of(wanted), selection, order, row, names, session.info)
    if as_json:
        machine(found)
        return
    print(UNPRINTABLE.sub("\ufffd", found.pop("why")))
    features, cover = found.pop("credited", []), found.pop("smallest cover", [])
    similar = found.pop("most similar kept")
    show([{"": name, " ": value} for name, value in found.items()])
    noun = NOUNS[wanted.lens]
    show(features, f"The {noun}s that brought it in")
    show(cover, f"The kept samples that together have its {noun}s")
    show(similar, "The kept samples most like it")
