"""What commands print with: the console for errors, tables, progress bars, JSON."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from core.jobs.progress import PERIOD, VARIABLE, write_progress
from core.jobs.progress import Progress as Reached
from core.system.kept import plain

errors = Console(stderr=True)
# What a terminal would obey (escape codes), what turns the direction of text, and half characters.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def tell(text: str) -> None:
    """A line beside the output, exactly as it is: paths stay whole, brackets are no markup."""
    errors.print(UNPRINTABLE.sub("\ufffd", text), markup=False, highlight=False, soft_wrap=True)


class Bar(Progress):
    """A progress bar that also writes how far its first task is to the file that SAELECT_PROGRESS names, if any."""

    stage, written = "", 0.0

    def update(self, *task: Any, **changes: Any) -> None:
        super().update(*task, **changes)
        self.write()

    def advance(self, *task: Any, **changes: Any) -> None:
        super().advance(*task, **changes)
        self.write()

    def stop(self) -> None:
        self.write(last=True)
        super().stop()

    def write(self, last: bool = False) -> None:
        """A line at most every so often, but of each stage one, and the last one."""
        if VARIABLE not in os.environ or not self.tasks:
            return
        task, now = self.tasks[0], time.monotonic()
        if last or task.description != self.stage or now - self.written >= PERIOD:
            self.stage, self.written = task.description, now
            rate, left = task.fields["rate"], task.time_remaining
            write_progress(Reached(task.description, task.completed, task.total, rate, left))


def bar() -> Progress:
    """A progress bar with a rate and the time left."""
    columns = [
        TextColumn("{task.description:<26}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
    ]
    return Bar(*columns, TimeRemainingColumn(), console=errors)


@contextmanager
def stages() -> Iterator[Callable[..., None]]:
    """A bar that shows one stage after another with its rate and the time left; one without steps shows it moving."""
    with bar() as progress:
        task, began = progress.add_task("Starting", total=None, rate=""), {}

        def told(stage: str, done: float, total: float, tokens: int = 0) -> None:
            if stage not in began:  # resumed, it does not begin at 0
                began[stage] = time.time(), done, tokens
                progress.reset(task, description=stage, completed=int(done))
            since, first, tokens_first = began[stage]
            seconds = max(time.time() - since, 1e-9)
            steps = f"{(done - first) / seconds:,.2f}/s" if done > first and total > 1 else ""
            new = tokens - tokens_first
            progress.tasks[0].total = total if total > 1 or done >= total else None  # update() takes None for no news
            progress.update(task, completed=done, rate=f"{new / seconds:,.0f} tokens/s" if new else steps)

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
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "—" if np.isnan(value) else f"{value:,.0f}" if value == round(value) else f"{value:,.3f}"
    return f"{value:,}" if isinstance(value, int) else UNPRINTABLE.sub("\ufffd", str(value))


def machine(content: Any) -> None:
    """Print as JSON; what is not a number becomes null."""
    print(json.dumps(plain(content), indent=1))
