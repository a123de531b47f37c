"""What the commands share: the application, the options of a selection, tables and progress bars."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from core.errors import SelectionError
from core.schema import SelectionSpec
from core.system.kept import plain

if TYPE_CHECKING:
    from core.session.session import Session
    from core.workspace.log import Workspace

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Which training samples to keep, and why. Exit status 2 for a user's mistake, 1 for ours.",
)
errors = Console(stderr=True)
# What a terminal would obey (escape codes), what turns the direction of text, and half characters.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

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


def bar() -> Progress:
    """A progress bar with a rate and the time left."""
    columns = [
        TextColumn("{task.description:<26}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
    ]
    return Progress(*columns, TimeRemainingColumn(), console=errors)


@contextmanager
def stages() -> Iterator[Callable[..., None]]:
    """A bar that shows one stage after another with its rate and the time left; one without steps shows it moving."""
    with bar() as progress:
        task, began = progress.add_task("Starting", total=None, rate=""), {}

        def told(stage: str, done: float, total: float, tokens: int = 0) -> None:
            if stage not in began:  # resumed, it does not begin at 0
                began[stage] = time.time(), done
                progress.reset(task, description=stage, completed=int(done))
            since, first = began[stage]
            seconds = max(time.time() - since, 1e-9)
            steps = f"{(done - first) / seconds:,.2f}/s" if done > first and total > 1 else ""
            progress.tasks[0].total = total if total > 1 or done >= total else None  # update() takes None for no news
            progress.update(task, completed=done, rate=f"{tokens / seconds:,.0f} tokens/s" if tokens else steps)

        yield told


def show(rows: list[dict[str, Any]], title: str = "") -> None:
    """Rows of equal keys as a table; text from data is shown as it is, never as markup."""
    if not rows:
        return
    table = Table(title=title or None, title_justify="left")
    for name, value in rows[0].items():
        table.add_column(name, justify="right" if isinstance(value, int | float) else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell(value)) for value in row.values()))
    Console().print(table)


def cell(value: Any) -> str:
    """A value as a table shows it."""
    if isinstance(value, float):
        return "—" if np.isnan(value) else f"{value:,.0f}" if value == round(value) else f"{value:,.3f}"
    return f"{value:,}" if isinstance(value, int) else UNPRINTABLE.sub("\ufffd", str(value))


def machine(content: Any) -> None:
    """Print as JSON; what is not a number becomes null."""
    print(json.dumps(plain(content), indent=1))
