"""Which chunks of the data are still to be made, and how a task reads those that begin in a file."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa

from core.datasets.containers import RecordFile
from core.datasets.samples import Start, samples_from


@dataclass(frozen=True)
class Reading:
    """The chunks that begin in one file: the rows in the store of the first sample of each, and where they end."""

    start: Start
    firsts: tuple[int, ...]
    stops: tuple[int, ...]


def readings(starts: Sequence[Start], n_samples: int, size: int, done: Callable[[int], bool]) -> list[Reading]:
    """What is left to read, file by file, of chunks of `size` samples; done(first) tells whether one is finished.

    Chunks are those of a single process, whatever the files are: they may end in a later file than they begin.
    """
    ends = [*(start.sample for start in starts[1:]), n_samples]
    found = []
    for start, end in zip(starts, ends, strict=True):
        begin = -(-start.sample // size) * size
        firsts = tuple(first for first in range(begin, end, size) if not done(first))
        if firsts:
            found.append(Reading(start, firsts, tuple(min(first + size, n_samples) for first in firsts)))
    return found


def blocks(reading: Reading, files: Sequence[RecordFile], columns: Mapping[str, str] | None) -> Iterator[pa.Table]:
    """The chunks of a reading, a row each: first int64, and samples, a pickled list."""
    samples, at = samples_from(files, reading.start, columns), reading.start.sample
    for first, stop in zip(reading.firsts, reading.stops, strict=True):
        chunk = list(islice(samples, first - at, stop - at))
        at = stop
        yield pa.table({"first": [first], "samples": pa.array([pickle.dumps(chunk)], pa.large_binary())})
