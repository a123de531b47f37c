"""Numba kernels of extraction and of reading a store: pooling over tokens and segments, the windows around a feature's
peaks, and the best values seen so far."""

from __future__ import annotations

import numpy as np
from numba import njit

from core.matrix.transpose import transpose_into


@njit(cache=True)
def pool_max(token_segment, token_index, triple_token, triple_feature, triple_value, n_segments, n_features):
    """Largest value of each feature over the tokens of each segment, sorted by segment, then feature.

    token_segment int64 (T,), -1 for a token of none; token_index int32 (T,); triples int32, int32, float32 (M,), in any
    order. Returns segment int32, feature int32, value float32, peak int32: the lowest token_index that has the value.
    """
    of_triple = token_segment[triple_token] + 1  # the list of those of no segment, -1, comes first and is passed over
    order = np.empty(len(of_triple), np.int32)
    ptr = transpose_into(np.arange(len(of_triple) + 1), of_triple, n_segments + 1, order)
    size = len(order) - ptr[1]
    segment, feature = np.empty(size, np.int32), np.empty(size, np.int32)
    value, peak = np.empty(size, np.float32), np.empty(size, np.int32)
    best, where = np.empty(n_features, np.float32), np.full(n_features, -1, np.int32)
    seen = np.full(n_features, -1, np.int64)
    n = 0
    for s in range(n_segments):
        begin = n
        for m in order[ptr[s + 1] : ptr[s + 2]]:
            f, v, at = triple_feature[m], triple_value[m], token_index[triple_token[m]]
            if seen[f] != s:
                seen[f], best[f], where[f] = s, v, at
                feature[n], n = f, n + 1
            elif v > best[f] or (v == best[f] and at < where[f]):
                best[f], where[f] = v, at
        feature[begin:n].sort()
        for k in range(begin, n):
            segment[k], value[k], peak[k] = s, best[feature[k]], where[feature[k]]
    return segment[:n], feature[:n], value[:n], peak[:n]


@njit(cache=True, nogil=True)
def pool_segments(sample, feature, value, n_samples):
    """Largest value of each feature over a sample's segments: CSR arrays indptr int64 (N+1,), feature int32, value
    float32.

    sample int32 (M,) ascending, feature int32 (M,) ascending within each of its segments, which lie one after another.
    feature and value are written over: what is pooled is never more than what has been read. Raises ValueError if the
    samples are not in order.
    """
    indptr, n, k = np.zeros(n_samples + 1, np.int64), 0, 0
    pooled, best = feature, value
    for row in range(n_samples):
        begin = n
        while k < len(sample) and sample[k] == row:
            stop = k + 1
            while stop < len(sample) and sample[stop] == row and feature[stop] > feature[stop - 1]:
                stop += 1
            before, known = pooled[begin:n].copy(), best[begin:n].copy()
            i, n = 0, begin
            while i < len(before) or k < stop:
                mine = i < len(before) and (k == stop or before[i] <= feature[k])
                other = k < stop and (i == len(before) or feature[k] <= before[i])
                pooled[n] = before[i] if mine else feature[k]
                best[n] = max(known[i] if mine else value[k], value[k] if other else known[i])
                i, k, n = i + mine, k + other, n + 1
        indptr[row + 1] = n
    if k < len(sample):
        raise ValueError("The activations are not in the order of their samples.")
    return indptr, pooled[:n].copy(), best[:n].copy()


@njit(cache=True)
def context_windows(owner, feature, peak, at, bounds, triple_feature, triple_value, radius):
    """The feature's value at each token around a peak: float32 (E, 2·radius + 1), padded with NaN; start int32 (E,).

    owner, feature, peak (E,): sample in the batch, feature, token index. at int32 (B, T): the content token's number,
    −1 for template and padding (their value is 0). bounds int64: where each content token's triples begin.
    """
    n_entries, length = len(owner), at.shape[1]
    out = np.full((n_entries, 2 * radius + 1), np.nan, np.float32)
    start = np.empty(n_entries, np.int32)
    for e in range(n_entries):
        sample, last = owner[e], length - 1
        while last > peak[e] and at[sample, last] < 0:
            last -= 1  # padding, and the template's closing tokens
        start[e] = max(0, peak[e] - radius)
        for token in range(start[e], min(last, peak[e] + radius) + 1):
            place, value = at[sample, token], np.float32(0)
            if place >= 0:
                for m in range(bounds[place], bounds[place + 1]):
                    if triple_feature[m] == feature[e]:
                        value = triple_value[m]
            out[e, token - start[e]] = value
    return out, start


@njit(cache=True)
def push_best(best, feature, value):
    """Put each value in the place of the smallest of its feature's row of `best` float32 (F, K), if it is larger."""
    for e in range(len(feature)):
        row = best[feature[e]]
        lowest = row.argmin()
        if value[e] > row[lowest]:
            row[lowest] = value[e]
