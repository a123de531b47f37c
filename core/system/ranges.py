"""Work over ranges of rows, shared out to as many processes as the machine has processors, up to a few.

The others are processes of their own that read what to do from their input (`python -m core.system.ranges`), not
forked and not spawned by multiprocessing: those would share open files and threads, or run a page's script once more.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread
from typing import Any

from core.system.files import PROJECT

MOST = 4  # processes
LEAST = 8  # ranges for each of them, fewer than which are not worth starting it for

Work = Callable[..., Any]  # of arguments, a start and an end


class Ranges:
    """The ranges of n rows, `size` of them each, that are still to do, and the results of the others."""

    def __init__(self, n: int, size: int) -> None:
        self.todo = [(start, min(start + size, n)) for start in range(0, n, size)][::-1]
        self.results: dict[int, Any] = {}
        self.lock = Lock()

    def each(self, work: Callable[[int, int], Any], told: Callable[[int], None] = lambda done: None) -> None:
        """Do one range after another until there is none left; one that fails is put back. told: rows done by all."""
        while True:
            with self.lock:
                if not self.todo:
                    return
                start, stop = self.todo.pop()
            try:
                found = work(start, stop)
            except BaseException:
                with self.lock:
                    self.todo.append((start, stop))
                raise
            with self.lock:
                self.results[start] = found, stop - start
                done = sum(rows for _, rows in self.results.values())
            told(done)


def over_ranges(work: Work, arguments: tuple, n: int, size: int, told: Callable[[int], None]) -> list[Any]:
    """work(*arguments, start, stop) of each range of `size` of n rows, in their order; told: how many rows are done.

    work is a function of a module, and all that goes in and out of it can be pickled. Raises what it raises.
    """
    ranges = Ranges(n, size)
    helpers = [Thread(target=helped, args=(ranges, work, arguments)) for _ in range(n_helpers(len(ranges.todo)))]
    for helper in helpers:
        helper.start()

    def here() -> None:
        ranges.each(lambda start, stop: work(*arguments, start, stop), told)

    try:
        here()
    except BaseException:
        ranges.todo.clear()
        raise
    finally:
        for helper in helpers:
            helper.join()
    here()  # what a helper that was killed has left
    told(n)
    return [ranges.results[start][0] for start in sorted(ranges.results)]


def n_helpers(n_ranges: int) -> int:
    """How many further processes are worth starting for so many ranges."""
    return max(0, min(os.cpu_count() or 1, MOST, n_ranges // LEAST) - 1)


def helped(ranges: Ranges, work: Work, arguments: tuple) -> None:
    """Hand one range after another to a process of its own; what it cannot do is left to others."""
    command = [sys.executable, "-m", __name__]
    pipe, none = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=none, cwd=PROJECT) as child:
        assert child.stdin and child.stdout
        given, taken = child.stdin, child.stdout

        def asked(start: int, stop: int) -> Any:
            pickle.dump((start, stop), given)
            given.flush()
            return pickle.load(taken)

        with suppress(OSError, EOFError, pickle.UnpicklingError):
            pickle.dump((work, arguments), given)
            ranges.each(asked)
            given.close()


def serve() -> None:
    """Read the work and its arguments, then ranges, until there are no more; write the result of each."""
    given, taken = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints goes beside the results
    work, arguments = pickle.load(given)
    with suppress(EOFError):
        while True:
            pickle.dump(work(*arguments, *pickle.load(given)), taken)
            taken.flush()


if __name__ == "__main__":
    serve()
