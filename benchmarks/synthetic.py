"""Matrices drawn with the feature frequencies and set sizes of a real one, and what a round of greedy takes on them.

Drawing and measuring are for processes of their own (`apart`): what one allocates is no part of the other's peak.
"""

from __future__ import annotations

import math
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from benchmarks.drawing import LEFT, RIGHT, WIDTH, Drawing
from core.matrix import greedy as kernels
from core.matrix.covering import walk_covered
from core.matrix.greedy import _round
from core.matrix.transpose import transpose
from core.schema import FeatureMatrix

REPEATS, LEAST, PATIENCE = 5, 0.5, 60.0  # best of so many, or more in as many seconds; none more after as many
EXPONENT, SPREAD = -0.8, 0.4  # without a store: density ∝ rank^EXPONENT, and the σ of the logarithm of the set sizes
DENSEST = 0.999
ARRAYS = ("indptr", "feature")
LARGE = 100_000_000  # entries; above, a time is not repeated
HEIGHT, TOP = 400, 40
CURVES = (("transpose_s", "transpose", "#E69F00"), ("round_s", "one round of greedy", "#1F88CC"))


@dataclass(frozen=True)
class Shape:
    """What a drawn matrix takes after: density float64 (F,) of the features, sizes float64 of the sets; both relative.

    Densities descend.
    """

    density: np.ndarray
    sizes: np.ndarray


def power_law(n_features: int) -> Shape:
    """The shape that stands in for a store's."""
    sizes = np.random.default_rng(0).lognormal(0, SPREAD, 10_000)
    return Shape(np.arange(1, n_features + 1) ** EXPONENT, sizes)


def shape_of(matrix: FeatureMatrix, n_features: int) -> Shape:
    """The shape of `matrix`, its sorted densities interpolated to another number of features."""
    known = np.sort(matrix.density())[::-1]
    at = np.linspace(0, len(known) - 1, n_features)
    return Shape(np.interp(at, np.arange(len(known)), known), matrix.counts.astype(float))


@njit(cache=True)
def _draw(
    rng: np.random.Generator,
    cdf: np.ndarray,
    guide: np.ndarray,
    draws: np.ndarray,
    indptr: np.ndarray,
    feature: np.ndarray,
) -> int:
    """Fill indptr and feature with the distinct draws of each sample, ascending; return how many entries there are.

    guide[i] is the first feature whose cdf is above i / len(guide): from there the wanted one is a step or two away.
    """
    n = 0
    for row in range(len(draws)):
        begin = n
        for k in range(n, n + draws[row]):
            u = rng.random()
            f = guide[int(u * len(guide))]
            while cdf[f] <= u:
                f += 1
            feature[k] = f
        feature[begin : begin + draws[row]].sort()
        for k in range(begin, begin + draws[row]):
            if n == begin or feature[k] != feature[n - 1]:
                feature[n], n = feature[k], n + 1
        indptr[row + 1] = n
    return n


def draw(shape: Shape, n_samples: int, n_entries: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """indptr int64, feature int32 of about `n_entries`, the features in random order.

    A feature of density d is drawn at the rate −log(1 − d), so that it is in the share d of sets of the usual size. A
    set is drawn from so many times as leaves, on average, its size once duplicates are dropped.
    """
    rng, mean = np.random.default_rng(seed), n_entries / n_samples
    rate = -np.log1p(-np.minimum(rng.permutation(shape.density) * mean / shape.density.sum(), DENSEST))
    size = rng.choice(shape.sizes, n_samples) * mean / shape.sizes.mean()
    steps = np.geomspace(1e-4, 100, 100)
    distinct = np.array([-np.expm1(-step * rate).sum() for step in steps])
    draws = np.rint(np.interp(size, distinct, steps) * rate.sum()).astype(np.int64)
    cdf = np.cumsum(rate)
    cdf /= cdf[-1]
    guide = np.searchsorted(cdf, np.arange(2 * len(cdf)) / (2 * len(cdf)), side="right").astype(np.int32)
    indptr, feature = np.zeros(n_samples + 1, np.int64), np.empty(draws.sum(), np.int32)
    n = _draw(rng, cdf, guide, draws, indptr, feature)
    return indptr, feature[:n]


def drawn(shape: Shape, n_samples: int, n_entries: int) -> FeatureMatrix:
    """As `draw`, as a matrix whose values are all 1."""
    indptr, feature = draw(shape, n_samples, n_entries)
    return FeatureMatrix(indptr, feature, np.ones(len(feature), np.float32), len(shape.density))


def write(folder: Path, *arrays: np.ndarray) -> None:
    """Leave indptr and feature for `measure`."""
    for name, array in zip(ARRAYS, arrays, strict=True):
        np.save(folder / f"{name}.npy", array)


def draw_to(folder: Path, shape: Shape, n_samples: int, n_entries: int) -> None:
    """Draw and write."""
    write(folder, *draw(shape, n_samples, n_entries))


# --- what a round takes


@njit(cache=True)
def bare_pass(sample: np.ndarray, gain: np.ndarray) -> None:
    """Subtract one from each sample that a posting list names, all lists in turn: no exact greedy does with less."""
    for k in range(len(sample)):
        gain[np.uint32(sample[k])] -= 1


def best_of(task: Callable[[], Any], repeats: int = REPEATS) -> tuple[float, Any]:
    """Seconds of the fastest run and what the last one returned; one repetition is one, however short."""
    times: list[float] = []
    least = LEAST if repeats > 1 else 0.0
    while (len(times) < repeats or sum(times) < least) and sum(times) < PATIENCE:
        value = None  # not two of them at a time
        begin = time.perf_counter()
        value = task()
        times.append(time.perf_counter() - begin)
    return min(times), value


def first_round(indptr: np.ndarray, feature: np.ndarray, fptr: np.ndarray, sample: np.ndarray) -> int:
    """How many picks of greedy cover everything."""
    gain, left = np.diff(indptr).astype(np.int32), np.ones(len(fptr) - 1, np.uint8)
    rows, gains = np.empty(len(gain), np.int64), np.empty(len(gain), np.int32)
    return _round(indptr, feature, fptr, sample, left, gain, rows, gains, np.empty(len(fptr), np.int32))


def greedy(
    indptr: np.ndarray, feature: np.ndarray, fptr: np.ndarray, sample: np.ndarray, budget: int
) -> tuple[np.ndarray, np.ndarray]:
    """The kernel behind sae-greedy, nothing vetoed, pinned or banned: rows, rounds."""
    one, everyone = np.ones(len(fptr) - 1, np.uint8), np.ones(len(indptr) - 1, bool)
    start = (np.empty(0, np.int64), np.empty(0, np.int32))
    return kernels.greedy(indptr, feature, fptr, sample, one, everyone, *start, budget)[:2]


def measure(folder: Path, n_features: int, repeats: int = REPEATS) -> dict[str, float]:
    """Seconds of the transpose, of a bare pass and of one round over what `write` left; bytes; how many picks."""
    _task(np.array([0, 1, 2]), np.array([0, 1], np.int32), 2, 1)  # compiles
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
    before = memory("VmRSS")
    indptr, feature = (np.load(folder / f"{name}.npy") for name in ARRAYS)
    found = _task(indptr, feature, n_features, repeats)
    peak = memory("VmHWM")
    size = {"csr_bytes": indptr.nbytes + feature.nbytes, "peak_bytes": peak, "growth_bytes": peak - before}
    return {"samples": len(indptr) - 1, "features": n_features, "entries": len(feature)} | found | size


def _task(indptr: np.ndarray, feature: np.ndarray, n_features: int, repeats: int) -> dict[str, float]:
    transpose_s, lists = best_of(lambda: transpose(indptr, feature, n_features), repeats)
    gain = np.diff(indptr).astype(np.int32)
    bare_s, _ = best_of(lambda: bare_pass(lists[1], gain), repeats)
    picks = first_round(indptr, feature, *lists)
    round_s, (rows, rounds) = best_of(lambda: greedy(indptr, feature, *lists, picks), repeats)
    nothing, one = np.zeros(n_features, bool), np.ones(n_features)
    covered = walk_covered(indptr, feature, rows, rounds, one, nothing, 1)[1][-1]
    if covered != np.count_nonzero(np.diff(lists[0])) or rounds.max() > 1:
        raise AssertionError("One round did not cover every feature.")
    return {"transpose_s": transpose_s, "bare_s": bare_s, "round_s": round_s, "picks": picks}


@njit(cache=True)
def is_greedy(indptr: np.ndarray, feature: np.ndarray, rows: np.ndarray, n_features: int) -> bool:
    """Whether each pick gains as much as any sample would at its turn, within one round."""
    covered, gain = np.zeros(n_features, np.bool_), np.empty(len(indptr) - 1, np.int64)
    for pick in rows:
        for row in range(len(gain)):
            gain[row] = 0
            for j in range(indptr[row], indptr[row + 1]):
                gain[row] += not covered[feature[j]]
        if gain[pick] < gain.max():
            return False
        for j in range(indptr[pick], indptr[pick + 1]):
            covered[feature[j]] = True
    return True


def memory(field: str) -> int:
    """Bytes of this process as Linux counts them: VmRSS now, VmHWM at most; elsewhere the most so far.

    Not ru_maxrss where that can be helped: on Linux a process starts with that of the one that started it.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{field}:"):
                return 1024 * int(line.split()[1])
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def apart(task: Callable[..., Any], *args: Any) -> Any:
    """What task(*args) returns, run in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(task, *args).result()


# --- time against entries


def scaling(shape: Shape, sizes: list[int], mean: int, say: Callable[[str], None]) -> list[dict[str, float]]:
    """What `measure` finds for each number of entries, in sets of `mean` features."""
    found = []
    for entries in sizes:
        say(f"{entries:,} entries")
        with tempfile.TemporaryDirectory() as folder:
            apart(draw_to, Path(folder), shape, entries // mean, entries)
            repeats = REPEATS if entries <= LARGE else 1
            found.append(apart(measure, Path(folder), len(shape.density), repeats))
    return found


def exponent(points: list[dict[str, float]], field: str) -> float:
    """The slope of time against entries, both as logarithms."""
    x, y = ([math.log(point[name]) for point in points] for name in ("entries", field))
    return float(np.polyfit(x, y, 1)[0])


def plot(points: list[dict[str, float]]) -> str:
    """An SVG of the times of `points` against their entries, both axes logarithmic."""
    spans = [[p["entries"] for p in points], [p[field] for field, *_ in CURVES for p in points]]
    (left, right), (low, high) = ((math.floor(math.log10(min(s))), math.ceil(math.log10(max(s)))) for s in spans)

    drawing, bottom, end = Drawing(HEIGHT), HEIGHT - 60, WIDTH - RIGHT

    def x(entries: float) -> float:
        return LEFT + (math.log10(entries) - left) / (right - left) * (end - LEFT)

    def y(seconds: float) -> float:
        return TOP + (high - math.log10(seconds)) / (high - low) * (bottom - TOP)

    drawing.text(LEFT, 20, "Seconds against entries", font_weight="bold")
    for power in range(left, right + 1):
        drawing.line(x(10**power), TOP, x(10**power), bottom, stroke="#ddd")
        drawing.text(x(10**power), HEIGHT - 42, f"{10**power:,}", text_anchor="middle")
    for power in range(low, high + 1):
        drawing.line(LEFT, y(10.0**power), end, y(10.0**power), stroke="#ddd")
        drawing.text(LEFT - 8, y(10.0**power) + 4, f"{10.0**power:g} s", text_anchor="end")
    for i, (field, label, colour) in enumerate(CURVES):
        drawing.curve([(x(p["entries"]), y(p[field])) for p in points], colour, dots=True)
        label = f"{label}: entries to the power of {exponent(points, field):.2f}"
        drawing.text(LEFT + 12, TOP + 20 + 18 * i, label, fill=colour)
    drawing.text(WIDTH / 2, HEIGHT - 14, "entries (sample, feature)", text_anchor="middle")
    return drawing.svg()
