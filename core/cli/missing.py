"""The command that tells what the data lacks against a reference, and has candidates for it written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.console import bar, machine, show, tell
from core.cli.options import AsJson, Asked, Force, Options, Store, request, takes
from core.errors import SelectionError
from core.lm.endpoint import Endpoint
from core.schema import NOUNS, SelectionSpec
from core.studies.missing.kept_candidates import ANSWER
from core.system.shown import shown_path

if TYPE_CHECKING:
    from core.session.session import Session
    from core.studies.missing.candidates import Task


@takes(
    spec=Options(SelectionSpec),
    asked=Options(Endpoint, answer_tokens=ANSWER),
)
def missing(
    store: Store,
    spec: Asked,
    asked: Asked,
    against: Annotated[str, typer.Option(help="Another store, set:NAME, tag:NAME, source:NAME, …: the reference.")],
    of: Annotated[str, typer.Option(help="What may lack something: all samples, or those kept.")] = "all",
    limit: Annotated[int, typer.Option(min=1, help="Features shown; with --json and --out all are.")] = 20,
    out: Annotated[Path | None, typer.Option(help="Write the list to this file, .csv or .jsonl.")] = None,
    force: Force = False,
    write: Annotated[int, typer.Option(min=0, help="Have so many candidates for each feature written.")] = 0,
    features: Annotated[str, typer.Option(help="Write for these, with commas; else for the first five.")] = "",
    candidates: Annotated[Path | None, typer.Option(help="Their file. Default: in the cache, by the store.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before sending.")] = False,
    as_json: AsJson = False,
) -> None:
    """Which features of a reference this data lacks or has far less of, and how much of the reference it covers.

    With --write a model behind an OpenAI-compatible endpoint writes candidates; those in which the feature fires are
    kept in a file of their own, marked as synthetic. Resumable.

    Example: python -m core missing --store cache/0123456789abcdef.duckdb --against set:good --out list.csv
    """
    from core.export.writing import write_files
    from core.studies.missing.candidates import Task, wanted_of
    from core.studies.missing.listed import in_short, listed, written
    from core.studies.missing.sides import names_of, study

    session, workspace, wanted = request(store, **spec)
    state = workspace.state()
    sides, found = study(session, wanted, state, against, of)
    names = names_of(session, sides, state, wanted.lens)
    rows = listed(found, names, wanted.lens)
    if out:
        write_files({out: written(rows, out.suffix.removeprefix("."), sides.store)}, session.store, force)
    if write:
        task = Task(wanted_of(found, names, sides.store, features), write, wanted, against)
        write_all(session, task, Endpoint.given(**asked), candidates, yes, as_json)
        return
    if as_json:
        machine({name: value for name, value in vars(found).items() if isinstance(value, int | float)} | {
            "lens": wanted.lens, "features": rows})  # fmt: skip
        return
    show([told(row, NOUNS[wanted.lens]) for row in rows[:limit]])
    tell(f"{sides.here.name} ({found.n_here:,}) against {sides.there.name} ({found.n_there:,}): "
         f"{in_short(found, names, wanted.lens)}")  # fmt: skip


def told(row: dict[str, Any], noun: str) -> dict[str, Any]:
    """One feature as a row of the table."""
    shares = {side: f"{row[side]:,} ({row[f'share_{side}']:.1%})" for side in ("here", "there")}
    rows = ", ".join(map(str, row["rows"]))
    known = {noun: row[noun], "name": row["name"]} | shares
    return known | {"weight": f"{row['weight']:.2%}", "add": row["add"], "such as rows": rows}


def write_all(session: Session, task: Task, endpoint: Endpoint, path: Path | None, yes: bool, as_json: bool) -> None:
    """Write candidates with a progress bar, once what is sent has been agreed to; say what came of it."""
    from core.studies.missing.candidates import estimate, write_candidates
    from core.studies.missing.kept_candidates import candidates_file
    from core.studies.missing.verified import reader_of

    tell(estimate(task, endpoint).told(endpoint))
    if not (yes or typer.confirm("Send them?", err=True)):
        raise SelectionError("Nothing was sent: answer y, or give --yes.")
    path = path or candidates_file(session.store.key, task.spec.lens)
    read = reader_of(session, task.spec.lens, task.spec.scope)
    with bar() as progress:
        step = progress.add_task("Writing candidates", total=task.total, rate="")
        for reached in write_candidates(task, endpoint, read, path):
            progress.update(step, completed=reached.done)
    if as_json:
        counts = {one.feature: {"accepted": reached.accepted[one.feature], "rejected": reached.rejected[one.feature],
                                "failed": reached.failed[one.feature]} for one in task.wanted}  # fmt: skip
        machine({"file": str(path), "features": counts})
        return
    print(f"{reached.told()} They are in {shown_path(path)}.")
