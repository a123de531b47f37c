"""What has been computed, kept for many threads within a budget of bytes."""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from threading import RLock
from typing import Any

from core.errors import SaelectError

LEAST, SHARE = 2_000_000_000, 1 / 4  # bytes a session may keep: that share of the machine's memory, at least LEAST


class Memory:
    """Values by key, those used longest ago dropped first once all take more than `budget` bytes.

    The value of one key is computed by one thread at a time, and others that want it wait; those that want other keys
    do not. A value larger than the budget is kept alone.
    """

    def __init__(self, budget: int | None = None) -> None:
        self.budget = default_budget() if budget is None else budget
        self.size = 0
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()  # value and bytes, used last at the end
        self._turns: dict[Hashable, tuple[RLock, int]] = {}  # who computes a key, and how many want it
        self._lock = RLock()

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """The kept value, or that of `compute()`, which is then kept; what it raises is kept by no one."""
        with self._turn(key):
            with self._lock:
                if key in self._kept:
                    return self.latest(key)
            value = compute()
            self.put(key, value)
            return value

    def latest(self, key: Hashable) -> Any:
        """The kept value, None if there is none."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: Hashable, value: Any) -> None:
        """Keep a value, in place of an earlier one."""
        size = n_bytes(key) + n_bytes(value)
        with self._lock:
            self.size += size - self._kept.pop(key, (None, 0))[1]
            self._kept[key] = value, size
            while self.size > self.budget and len(self._kept) > 1:
                self.size -= self._kept.popitem(last=False)[1][1]

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._kept

    @contextmanager
    def _turn(self, key: Hashable) -> Iterator[None]:
        """Hold `key` against other threads."""
        with self._lock:
            turn, wanted = self._turns.get(key, (RLock(), 0))
            self._turns[key] = turn, wanted + 1
        try:
            with turn:
                yield
        finally:
            with self._lock:
                turn, wanted = self._turns.pop(key)
                if wanted > 1:
                    self._turns[key] = turn, wanted - 1


def n_bytes(value: Any) -> int:
    """The memory that a value takes: its arrays and all that dataclasses, dicts, lists, tuples and sets hold, once."""
    total, todo, seen = 0, [value], set()
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        todo += _held(one)
        total += max(sys.getsizeof(one, 64), int(getattr(one, "nbytes", 0)))
    return total


def _held(value: Any) -> list[Any]:
    """What a value holds that takes memory of its own."""
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, f.name) for f in fields(value)]
    return []


def default_budget() -> int:
    """Bytes that a session may keep: SAELECT_MEMORY in GB, else a quarter of the machine's memory, at least 2 GB.

    Raises SaelectError if SAELECT_MEMORY is no number.
    """
    asked = os.environ.get("SAELECT_MEMORY", "")
    if asked:
        try:
            return int(float(asked) * 1e9)
        except (ValueError, OverflowError):
            raise SaelectError(f"SAELECT_MEMORY must be a number of GB such as 4, got {asked!r}.") from None
    try:
        return max(LEAST, int(SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")))
    except (AttributeError, OSError, ValueError):  # a system that does not tell
        return LEAST
