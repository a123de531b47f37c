"""Kernels on bfloat16 arrays, held as the upper 16 bits of float32: each makes one pass where torch makes several.

Every result is rounded to bfloat16 where torch's operators, one after another, round it. Arrays only; each kernel works
on the rows from `start` to `stop`, so that several threads can share an array.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LANES = 64  # numbers of a group, of which the largest is known before any is looked at


@njit(cache=True, nogil=True)
def wide(half):
    """float32 of a bfloat16, uint16."""
    return np.uint32(np.uint32(half) << np.uint32(16)).view(np.float32)


@njit(cache=True, nogil=True)
def rounded(number):
    """The nearest bfloat16, uint16, of a float32 that is finite; ties to even."""
    bits = np.float32(number).view(np.uint32)
    odd = np.uint32(np.uint32(bits >> np.uint32(16)) & np.uint32(1))
    return np.uint16(np.uint32(np.uint32(bits + np.uint32(0x7FFF)) + odd) >> np.uint32(16))


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def rms_normed(x, weight, eps, out, start, stop):
    """Root mean square normalisation (arXiv 1910.07467) of x (T, d) into out (T, d), both uint16; weight (d,)."""
    width = x.shape[1]
    for t in range(start, stop):
        total = np.float32(0)
        for j in range(width):
            total += wide(x[t, j]) * wide(x[t, j])
        scale = np.float32(1) / np.sqrt(total / np.float32(width) + eps)
        for j in range(width):
            out[t, j] = rounded(wide(weight[j]) * wide(rounded(wide(x[t, j]) * scale)))


@njit(cache=True, nogil=True)
def rotated(x, cos, sin, out, start, stop):
    """Rotary position embedding (arXiv 2104.09864) of x (B T, heads, D), the first half of D against the second, into
    out, all uint16; cos, sin (T, D): those of a position.
    """
    heads, half = x.shape[1], x.shape[2] // 2
    for row in range(start, stop):
        c, s = cos[row % len(cos)], sin[row % len(cos)]
        for h in range(heads):
            given, made = x[row, h], out[row, h]
            for j in range(half):
                a, b = wide(given[j]), wide(given[j + half])
                made[j] = rounded(wide(rounded(a * wide(c[j]))) + wide(rounded(-b * wide(s[j]))))
                other = wide(rounded(b * wide(c[j + half]))) + wide(rounded(a * wide(s[j + half])))
                made[j + half] = rounded(other)


@njit(cache=True, nogil=True)
def gated(gate, up, table, start, stop):
    """table[gate] · up in the place of gate, both uint16 (T, d); table (65536,): a function of any bfloat16."""
    for t in range(start, stop):
        for j in range(gate.shape[1]):
            gate[t, j] = rounded(wide(table[gate[t, j]]) * wide(up[t, j]))


@njit(cache=True, nogil=True)
def insert(best, at, n, value, place):
    """Put a value and its place into the n best, high to low, the lowest place first among equals; how many then."""
    k = min(n, len(best) - 1)
    while k and (best[k - 1] < value or (best[k - 1] == value and at[k - 1] > place)):
        best[k], at[k] = best[k - 1], at[k - 1]
        k -= 1
    best[k], at[k] = value, place
    return min(n + 1, len(best))


@njit(cache=True, nogil=True)
def scaled_row(row, scale, out, top):
    """The products of a row (F,) and scale (F,), both uint16, into out float32 (LANES G,), and of each of its G groups
    (every G-th number) the largest, into top float32 (G,).
    """
    groups = len(top)
    for f in range(len(row)):
        out[f] = wide(rounded(wide(row[f]) * wide(scale[f])))
    top[:] = out[:groups]
    for lane in range(1, LANES):
        part = out[lane * groups : (lane + 1) * groups]
        for g in range(groups):
            top[g] = part[g] if part[g] > top[g] else top[g]  # noqa: FURB136  (max would look for NaN, one by one)


@njit(cache=True, nogil=True)
def k_largest_scaled(pre, scale, floor, column, value, start, stop):
    """The k largest of each row of pre · scale above `floor`: columns int64 and values float32, (T, k) each, in any
    order, ties to the lowest column; −inf where there are fewer. pre (T, F), scale (F,): uint16.

    The k-th largest of the groups' maxima is no larger than the k-th of all, so most groups are never looked into.
    """
    k, groups = value.shape[1], (pre.shape[1] + LANES - 1) // LANES
    row, top = np.full(LANES * groups, -np.inf, np.float32), np.empty(groups, np.float32)
    best, at = np.empty(k, np.float32), np.empty(k, np.int64)
    for t in range(start, stop):
        scaled_row(pre[t], scale, row, top)
        n, bound = 0, floor
        for g in range(groups):
            if top[g] > floor and (n < k or top[g] > best[k - 1]):
                n = insert(best, at, n, top[g], g)
        if n == k:
            bound = best[k - 1]
        n = 0
        for g in range(groups):
            if top[g] < bound or not top[g] > floor:
                continue
            for f in range(g, len(row), groups):
                if row[f] < bound or not row[f] > floor:
                    continue
                if n < k or row[f] > best[k - 1] or (row[f] == best[k - 1] and f < at[k - 1]):
                    n = insert(best, at, n, row[f], f)
        column[t, :n], value[t, :n], value[t, n:] = at[:n], best[:n], -np.inf
        column[t, n:] = 0
