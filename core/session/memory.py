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
from core.schema import FeatureMatrix

LEAST, MOST, SHARE = 2_000_000_000, 3_000_000_000, 1 / 4  # bytes kept: a share of the machine's memory, within bounds


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
            self._weigh_matrices()
            while self.size > self.budget and len(self._kept) > 1:
                self.size -= self._kept.popitem(last=False)[1][1]

    def _weigh_matrices(self) -> None:
        """Take the sizes of matrices anew: their posting lists are made after they were put here, and kept in them."""
        for key, (value, before) in self._kept.items():
            if isinstance(value, FeatureMatrix):
                size = n_bytes(key) + n_bytes(value)
                self.size += size - before
                self._kept[key] = value, size

    def clear(self, of: Callable[[Hashable], bool] = lambda key: True) -> None:
        """Drop the values of all keys, or of those that `of` says."""
        with self._lock:
            for key in [key for key in self._kept if of(key)]:
                self.size -= self._kept.pop(key)[1]

    def part(self) -> Part:
        """A part of this memory for an owner of its own: its keys are its own, the budget is that of all."""
        return Part(self)

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


class Part(Memory):
    """What one owner has in a memory that several share."""

    def __init__(self, whole: Memory) -> None:
        self.whole, self.owner = whole, object()

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """As `Memory.get`."""
        return self.whole.get((self.owner, key), compute)

    def latest(self, key: Hashable) -> Any:
        """As `Memory.latest`."""
        return self.whole.latest((self.owner, key))

    def put(self, key: Hashable, value: Any) -> None:
        """As `Memory.put`."""
        self.whole.put((self.owner, key), value)

    def clear(self, of: Callable[[Hashable], bool] = lambda key: True) -> None:
        """As `Memory.clear`, of what the owner has."""
        self.whole.clear(lambda key: isinstance(key, tuple) and key[0] is self.owner and of(key[1]))

    def __contains__(self, key: Hashable) -> bool:
        return (self.owner, key) in self.whole


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
    """Bytes that may be kept: SAELECT_MEMORY in GB, else a quarter of the machine's memory, from 2 to 3 GB.

    Raises SaelectError if SAELECT_MEMORY is no number.
    """
    asked = os.environ.get("SAELECT_MEMORY", "")
    if asked:
        try:
            return int(float(asked) * 1e9)
        except (ValueError, OverflowError):
            raise SaelectError(f"SAELECT_MEMORY must be a number of GB such as 4, got {asked!r}.") from None
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return min(MOST, max(LEAST, int(SHARE * machine)))
    except (AttributeError, OSError, ValueError):  # a system that does not tell
        return LEAST
