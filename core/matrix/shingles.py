"""Words of texts and their n-grams as numbers, which samples share them, and loops. Arrays only.

A text comes as its code points, uint32; kind uint8 (KINDS,) says what each of them is, those beyond count as IDEOGRAPH.
A word is a run of letters and digits; a character of a script that is written without spaces is a word of its own.
Numbers are FNV-1a over 64 bits: the same in every process.
"""

from __future__ import annotations

from unicodedata import category

import numpy as np
from numba import njit

KINDS = 1 << 16
BREAK, LETTER, IDEOGRAPH = 0, 1, 2
# Scripts without spaces between words: Thai to Tibetan, Myanmar, Khmer, Japanese, Chinese.
UNSPACED = ((0x0E00, 0x1000), (0x1000, 0x10A0), (0x1780, 0x1800), (0x3040, 0x3100), (0x3400, 0xA000), (0xF900, 0xFB00))
OFFSET, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


def kinds() -> np.ndarray:
    """What each code point below KINDS is: uint8 (KINDS,). Marks, such as the vowels of Hindi, belong to their word."""
    found = np.array([chr(c).isalnum() or category(chr(c))[0] == "M" for c in range(KINDS)], np.uint8)
    for first, end in UNSPACED:
        found[first:end] *= IDEOGRAPH
    return found


@njit(cache=True)
def words(codes: np.ndarray, kind: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The words of a text: number uint64, start and stop int64 (W,) each, in characters."""
    n, count, inside = len(codes), 0, False
    number, start, stop = np.empty(n, np.uint64), np.empty(n, np.int64), np.empty(n, np.int64)
    for i in range(n):
        what = kind[codes[i]] if codes[i] < KINDS else IDEOGRAPH
        if what == BREAK:
            inside = False
            continue
        if what == IDEOGRAPH or not inside:
            number[count], start[count] = OFFSET, i
            count += 1
        number[count - 1] = (number[count - 1] ^ np.uint64(codes[i])) * PRIME
        stop[count - 1] = i + 1
        inside = what == LETTER
    return number[:count], start[:count], stop[:count]


@njit(cache=True)
def ngrams(number: np.ndarray, n: int) -> np.ndarray:
    """The n-gram that begins at each word, uint64 (W − n + 1,); of fewer words than n the one of all, of none none."""
    size = min(n, len(number))
    found = np.full(max(len(number) - size + 1, 0) if size else 0, OFFSET)
    for i in range(len(found)):
        for j in range(size):
            found[i] = (found[i] ^ number[i + j]) * PRIME
            found[i] ^= found[i] >> np.uint64(29)  # FNV mixes low bits into high ones only
    return found


@njit(cache=True)
def jaccard(a: np.ndarray, b: np.ndarray) -> float:
    """|A ∩ B| / |A ∪ B| of two ascending arrays of different numbers; 0 if both are empty."""
    i, j, both = 0, 0, 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            both, i, j = both + 1, i + 1, j + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    either = len(a) + len(b) - both
    return both / either if either else 0.0


@njit(cache=True)
def jaccards(indptr: np.ndarray, gram: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """`jaccard` of pairs int64 (P, 2) of rows, whose numbers are gram[indptr[row]:indptr[row + 1]]: float64 (P,)."""
    found = np.empty(len(pairs))
    for k in range(len(pairs)):
        a, b = pairs[k]
        found[k] = jaccard(gram[indptr[a] : indptr[a + 1]], gram[indptr[b] : indptr[b + 1]])
    return found


@njit(cache=True)
def overlaps(
    indptr: np.ndarray, word: np.ndarray, weight: np.ndarray, ends: np.ndarray, looked_in: np.ndarray,
    i: np.ndarray, j: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Of the words of text i, with their weights, those that text j of others has: float64 (P, 3).

    The columns: the sum of their weights, the largest, the sum of their squares. Words are ascending in each text.
    """
    found = np.zeros((len(i), 3))
    for k in range(len(i)):
        a, b = indptr[i[k]], ends[j[k]]
        while a < indptr[i[k] + 1] and b < ends[j[k] + 1]:
            if word[a] == looked_in[b]:
                found[k, 0] += weight[a]
                found[k, 1] = max(found[k, 1], weight[a])
                found[k, 2] += weight[a] ** 2
                a, b = a + 1, b + 1
            elif word[a] < looked_in[b]:
                a += 1
            else:
                b += 1
    return found


@njit(cache=True)
def longest_loop(number: np.ndarray, longest: int, times: int, least: int) -> tuple[int, int]:
    """(first, end) of the longest run of words that repeats itself, (0, 0) if there is none.

    That is a stretch of words, up to `longest` of them, that stands there `times` times or more in a row, over `least`
    words or more.
    """
    first, end = 0, 0
    for period in range(1, min(longest, len(number) // max(times, 1)) + 1):
        run = 0
        for i in range(period, len(number) + 1):
            if i < len(number) and number[i] == number[i - period]:
                run += 1
                continue
            whole = run + period
            if whole >= max(times * period, least) and whole > end - first:
                first, end = i - whole, i
            run = 0
    return first, end
