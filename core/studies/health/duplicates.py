"""Samples that are there twice: equal, or nearly so by words or by vectors; and prompts answered in two ways.

Which one of a group stays is a rule of STAYS, or a choice by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from core.matrix.shingles import jaccards
from core.session.languages import BATCH
from core.store.reader import FeatureStore
from core.studies.health.alike import alike
from core.studies.health.finding import Finding, Texts, grouped, places_of
from core.studies.health.pool import Pool, grams_of, texts_in

GRAM = 5  # words
NEAR = 0.45  # Jaccard similarity of the 5-grams from which on two samples are near-duplicates
BANDS, ROWS = 42, 3  # of the signatures: a pair of similarity 0.5 is missed once in 270 times, one of 0.7 never
LEAST_WORDS = 8  # of a sample: shorter ones share their few 5-grams by chance
ALIKE = 0.97  # cosine of two samples' vectors


class Shingles(NamedTuple):
    """n-grams of some samples, one sample after another: how many each has, the n-grams, and the samples' rows."""

    size: np.ndarray  # int64 (K,)
    gram: np.ndarray  # uint64 (size.sum(),), ascending within a sample
    rows: np.ndarray  # int64 (K,)


ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)  # ROWS factors of a hash


def exact_duplicates(pool: Pool) -> Finding:
    """Samples whose turns are equal to the character, as the reader counts them."""
    return grouped("exact-duplicates", pool.equal)


def near_duplicates(pool: Pool) -> Finding:
    """Samples whose words are nearly the same; of exact duplicates the first is looked at."""
    return nearly_equal(pool.over("Comparing words", shingled_in, pool.firsts))


def shingled_in(store: FeatureStore, wanted: np.ndarray, start: int, stop: int) -> Shingles:
    """`shingled` of the wanted samples, bool (N,), from `start` to before `stop`."""
    return shingled((row, texts) for row, texts in texts_in(store, start, stop) if wanted[row])


def nearly_equal(shingles: Sequence[Shingles]) -> Finding:
    """Which samples have word 5-grams of a Jaccard similarity of NEAR or more: by MinHash, then by their sets.

    Groups are what is connected by such pairs.
    """
    size, gram, rows = (np.concatenate(parts) for parts in zip(shingled(()), *shingles, strict=True))
    indptr = np.concatenate([[0], np.cumsum(size)])
    pairs = candidate_pairs(signatures(indptr, gram))
    similarity = jaccards(indptr, gram, pairs)
    near = similarity >= NEAR
    best = np.zeros(len(rows))
    for side in (0, 1):
        np.maximum.at(best, pairs[near, side], similarity[near])
    known = dict(zip(rows.tolist(), best.tolist(), strict=True))
    groups = [rows[group] for group in connected(pairs[near], len(rows))]
    return grouped("near-duplicates", groups, lambda row: f"shares {known[row]:.0%} of its 5-grams with the nearest")


def shingled(numbered: Iterable[tuple[int, Texts]]) -> Shingles:
    """The 5-grams of prompt and answer of the (row, texts) that are long enough."""
    grams, rows = [], []
    for row, texts in numbered:
        own = grams_of(f"{texts.prompt}\n\n{texts.response}", GRAM)
        if len(own) > LEAST_WORDS - GRAM:
            grams.append(own)
            rows.append(row)
    size = np.array([len(own) for own in grams], np.int64)
    return Shingles(size, np.concatenate([*grams, np.zeros(0, np.uint64)]), np.array(rows, np.int64))


def signatures(indptr: np.ndarray, gram: np.ndarray) -> np.ndarray:
    """MinHash signatures (Broder 1997) of sets of numbers in CSR form: uint32 (N, BANDS · ROWS)."""
    from rensa import RMinHash

    size = BANDS * ROWS
    found = np.empty((len(indptr) - 1, size), np.uint32)
    for start in range(0, len(found), BATCH):  # its rows are lists, which take much memory
        ends = indptr[start : start + BATCH + 1]
        own = gram[ends[0] : ends[-1]]
        made = RMinHash.digest_matrix_from_flat_token_hashes(own, (ends - ends[0]).astype(np.uint64), size, 42)
        found[start : start + BATCH] = made.to_rows()
    return found


def candidate_pairs(signature: np.ndarray) -> np.ndarray:
    """Pairs of rows that agree in one of BANDS bands of ROWS numbers: int64 (P, 2), each once, the lower row first.

    The numbers of a band are told apart by one of 64 bits: the few that have it by chance are no near-duplicates. Of
    many rows that agree each is paired with the next MOST_PAIRED: what is connected stays connected.
    """
    n, known = len(signature), np.zeros(0, np.int64)
    for band in range(BANDS):
        part = signature[:, band * ROWS : (band + 1) * ROWS].astype(np.uint64)
        known = np.union1d(known, within((part * ODD).sum(1)) @ np.array([n, 1]))
    return np.column_stack(np.divmod(known, max(n, 1)))


MOST_PAIRED = 40  # rows that agree, of which all pairs are looked at


def within(label: np.ndarray) -> np.ndarray:
    """The pairs of rows of equal label int (N,): int64 (P, 2); of many each with the next MOST_PAIRED."""
    order = np.argsort(label, kind="stable")
    pairs = [np.zeros((0, 2), np.int64)]
    for step in range(1, min(MOST_PAIRED, len(label) - 1) + 1):
        same = np.flatnonzero(label[order[step:]] == label[order[:-step]])
        if not len(same):
            break
        pairs.append(np.column_stack([order[same], order[same + step]]))
    return np.concatenate(pairs)


def connected(pairs: np.ndarray, n: int) -> list[np.ndarray]:
    """The groups of two or more of n rows that pairs int64 (P, 2) connect, by their first row."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), (n, n))
    label = connected_components(graph, directed=False)[1] if n else np.zeros(0, np.int64)
    return sorted((places for places in places_of(label) if len(places) > 1), key=lambda places: int(places[0]))


def similar_vectors(pool: Pool) -> Finding:
    """Samples whose vectors have a cosine of ALIKE or more; of exact duplicates the first is looked at."""
    rows = np.flatnonzero(pool.firsts)
    pairs = alike(pool.vectors()[rows], ALIKE, lambda done, total: pool.told("Comparing vectors", done, total))
    return grouped("similar-vectors", [rows[group] for group in connected(pairs, len(rows))])


def answered_twice(pool: Pool) -> Finding:
    """Samples with the same prompt, but for capitals and spaces, and different answers."""
    prompts: dict[str, list[int]] = {}
    answers: list[int] = []
    for row, texts in pool.numbered("Comparing prompts"):
        answers.append(hash(texts.response))
        if prompt := " ".join(texts.prompt.lower().split()):
            prompts.setdefault(prompt, []).append(row)
    groups = [rows for rows in prompts.values() if len({answers[row] for row in rows}) > 1]
    return grouped("same-prompt", groups)


# --- which one stays

STAYS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "longest": lambda rows, value: np.lexsort((rows, -value[rows])),
    "best": lambda rows, value: np.lexsort((rows, -np.nan_to_num(value[rows], nan=-np.inf))),
    "first": lambda rows, value: np.argsort(rows),
}  # each takes the rows of a group and a value float64 (N,): tokens, a score, anything; the one it puts first stays


def who_stays(finding: Finding, rule: str, value: np.ndarray) -> np.ndarray:
    """For each row of a finding the row of its group that stays by a rule of STAYS: int64 (K,).

    value float64 (N,): tokens of each sample for `longest`, a score for `best`, where NaN loses; `first` asks for none.
    Ties go to the lowest row.
    """
    stays = np.empty(len(finding.rows), np.int64)
    for places in places_of(finding.group):
        rows = finding.rows[places]
        stays[places] = rows[STAYS[rule](rows, value)[0]]
    return stays
