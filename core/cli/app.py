"""The command line: python -m core <command>. Exit status 2 for a user's mistake, 1 for ours.

A command is a function in one of this room's files, and an entry in COMMANDS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from core.cli import (
    compare,
    concept,
    concepts,
    dashboard,
    data,
    decide,
    diff,
    export,
    health,
    jobs,
    label,
    missing,
    predict,
    prove,
    refine,
    sae,
    safety,
    search,
    select,
    steer,
    study,
    topics,
    veto,
)
from core.cli.console import tell
from core.errors import SaelectError
from core.system.disk import writing

COMMANDS: tuple[Callable[..., None], ...] = (
    data.extract,
    data.estimate,
    data.demo,
    data.join,
    data.upgrade,
    data.info,
    select.methods,
    select.score,
    select.select,
    select.explain,
    compare.compare,
    diff.diff,
    health.health,
    missing.missing,
    search.search,
    concepts.concepts,
    concept.concept,
    safety.safety,
    veto.veto,
    decide.pin,
    decide.ban,
    steer.quota,
    steer.boost,
    decide.decisions,
    label.label,
    label.labels,
    export.export,
    export.replay,
    export.atlas,
    study.length,
    refine.refine,
    prove.prove,
    predict.predict,
    sae.train_sae,
    sae.evaluate_sae,
    topics.train_topics,
    jobs.jobs,
    dashboard.open,
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
    """Run a command; what a user can mend is one sentence and status 2, an interruption 130, a closed pipe 1."""
    try:
        with writing():
            run(arguments, standalone_mode=True)
    except SaelectError as error:
        tell(f"Error: {error}")
        return 2
    except SystemExit as leaving:  # typer has said what there is to say, unless it was interrupted
        if leaving.code == 130:
            tell("Stopped. The same command goes on where it was.")
        return leaving.code if isinstance(leaving.code, int) else 1
    return 0
