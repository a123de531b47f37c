"""The command line: python -m core <command>. Exit status 2 for a user's mistake, 1 for ours.

A command is a function in one of this room's files, and an entry in COMMANDS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from core.cli import data, decide, export, label, sae, search, select, study, train
from core.cli.console import errors
from core.errors import SaelectError

COMMANDS: tuple[Callable[..., None], ...] = (
    data.extract,
    data.demo,
    data.join,
    data.info,
    select.methods,
    select.score,
    select.select,
    select.explain,
    select.compare,
    search.search,
    decide.veto,
    decide.pin,
    decide.ban,
    label.label,
    label.labels,
    export.export,
    export.replay,
    study.length,
    train.refine,
    train.prove,
    sae.train_sae,
    sae.evaluate_sae,
)
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Which training samples to keep, and why. Exit status 2 for a user's mistake, 1 for ours.",
)
for command in COMMANDS:
    app.command()(command)


def main(arguments: list[str] | None = None, run: Callable[..., Any] = app) -> int:
    """Run a command; a SaelectError is one sentence and status 2."""
    try:
        run(arguments, standalone_mode=True)
    except SaelectError as error:
        errors.print(f"Error: {error}", markup=False, highlight=False, soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        errors.print("Stopped. The same command goes on where it was.")
        return 130
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 1
    return 0
