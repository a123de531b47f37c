"""Work over ranges of rows, here and in another process."""

from __future__ import annotations

import os

import pytest

from core.system import ranges
from core.system.ranges import Ranges, helped, n_helpers, over_ranges


def numbers(add: int, start: int, stop: int) -> list[int]:
    """What is shared out here."""
    return [add + i for i in range(start, stop)]


def fails(start: int, stop: int) -> None:
    """Work that cannot be done."""
    raise ValueError(f"row {start}")


def dies(parent: int, start: int, stop: int) -> int:
    """Work that kills every process but one."""
    if os.getpid() != parent:
        os._exit(1)
    return start


@pytest.mark.parametrize("n", [0, 1, 7, 20])
def test_results_come_in_the_order_of_the_rows(n: int) -> None:
    seen: list[int] = []
    found = over_ranges(numbers, (5,), n, 3, seen.append)
    assert [number for part in found for number in part] == [5 + i for i in range(n)]
    assert seen == sorted(seen) and seen[-1] == n


def test_another_process_helps_and_may_die() -> None:
    todo = Ranges(10, 3)
    helped(todo, divmod_of, (2,))
    assert todo.results == {start: (divmod(start, 2), min(3, 10 - start)) for start in (0, 3, 6, 9)}
    todo = Ranges(2, 1)
    helped(todo, dies, (os.getpid(),))
    assert todo.todo == [(1, 2), (0, 1)] and not todo.results


def test_what_a_process_that_died_leaves_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "n_helpers", lambda n_ranges: 1)
    assert over_ranges(dies, (os.getpid(),), 10, 1, lambda done: None) == list(range(10))


def divmod_of(by: int, start: int, stop: int) -> tuple[int, int]:
    """What is shared out to another process."""
    return divmod(start, by)


def test_what_it_raises_is_raised_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "n_helpers", lambda n_ranges: 1)
    with pytest.raises(ValueError, match="row "):
        over_ranges(fails, (), 10, 1, lambda done: None)


def test_a_range_that_fails_is_put_back() -> None:
    todo = Ranges(4, 2)
    with pytest.raises(ValueError, match="row 0"):
        todo.each(fails)
    assert todo.todo == [(2, 4), (0, 2)] and not todo.results


def test_few_ranges_start_no_process() -> None:
    assert n_helpers(1) == n_helpers(ranges.LEAST) == 0 and n_helpers(1000) == min(os.cpu_count() or 1, ranges.MOST) - 1
