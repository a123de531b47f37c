"""How many samples a search would find if one condition were another: by source, language, tag, length and so on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.matrix.postings import samples_per_feature
from core.matrix.rows import among
from core.matrix.statistics import active_in
from core.schema import FeatureMatrix
from core.session.cut import READ, readings
from core.session.findings import findings
from core.session.languages import at_hand, commonest
from core.session.search import (
    STATUSES,
    Query,
    all_of,
    between,
    conditions,
    has_status,
    languages_spoken,
    score_values,
    source_codes,
)
from core.session.session import Session
from core.workspace.decisions import WorkspaceState

LENGTHS = (0, 64, 128, 256, 512, 1024, 2048, 4096)  # where a class of lengths begins, in tokens
QUARTERS = 4  # classes of a score, each with as many samples

Bounds = tuple[float | None, float | None]


@dataclass(frozen=True)
class Facets:
    """Numbers of samples found, by what the condition would be; those of which there are none are left out.

    lengths and scores: by (lowest, highest), both included, as `Query` takes them. features int64 (F,): how many of the
    samples found have each feature.
    """

    source: Mapping[str, int]
    language: Mapping[str, int]
    health: Mapping[str, int]
    tag: Mapping[str, int]
    of_set: Mapping[str, int]
    status: Mapping[str, int]
    read: Mapping[str, int]
    lengths: Mapping[Bounds, int]
    scores: Mapping[Bounds, int]
    features: np.ndarray


def facets(
    session: Session, matrix: FeatureMatrix, query: Query, picked: Sequence[int] | np.ndarray, state: WorkspaceState
) -> Facets:
    """The facets of a query; each counts under all other conditions. Raises SelectionError as `find` does."""
    masks, n = conditions(session, matrix, query, picked, state), matrix.n_samples

    def others(name: str) -> np.ndarray:
        return all_of(masks, n, but=name)

    decided = {status: has_status(status, n, picked, state) for status in STATUSES[1:]}
    tagged, held = ({name: among(n, rows) for name, rows in of.items()} for of in (state.tags, state.sets))
    names, codes = source_codes(session)
    return Facets(
        source=_counted(names, np.bincount(codes[others("source")], minlength=len(names))),
        language=_languages(session, others("language")),
        health=_held({name: among(n, rows) for name, rows in findings(session).items()}, others("health")),
        tag=_held(tagged, others("tag")),
        of_set=_held(held, others("set")),
        status=_held(decided, others("status")),
        read=_counted(READ, np.bincount(readings(session)[others("read")], minlength=len(READ))),
        lengths=_within(session.info.tokens, length_classes(), others("tokens")),
        scores=_scores(session, query, others("score")),
        features=_features(matrix, others("")),
    )


def length_classes() -> list[Bounds]:
    """The classes of LENGTHS as bounds in tokens."""
    return [(low, high - 1) for low, high in pairwise(LENGTHS)] + [(LENGTHS[-1], None)]


def score_classes(values: np.ndarray) -> list[Bounds]:
    """Bounds of the quarters of a score float (N,), from the lowest; fewer where many samples have the same."""
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return []
    starts = np.unique(known[np.arange(QUARTERS) * len(known) // QUARTERS])
    ends = [known[np.searchsorted(known, start) - 1] for start in starts[1:]] + [known[-1]]
    return [(float(low), float(high)) for low, high in zip(starts, ends, strict=True)]


def _languages(session: Session, keep: np.ndarray) -> dict[str, int]:
    """None for a large store of which no language has been told yet: that takes a while."""
    return commonest(languages_spoken(session)[keep]) if at_hand(session.store) else {}


def _features(matrix: FeatureMatrix, keep: np.ndarray) -> np.ndarray:
    return samples_per_feature(matrix) if keep.all() else active_in(matrix, np.flatnonzero(keep))


def _scores(session: Session, query: Query, keep: np.ndarray) -> dict[Bounds, int]:
    if not query.score_column:
        return {}
    values = score_values(session, query.score_column)
    classes = session.remember(("score classes", query.score_column), lambda: score_classes(values))
    return _within(values, classes, keep)


def _within(values: np.ndarray, classes: Sequence[Bounds], keep: np.ndarray) -> dict[Bounds, int]:
    return _held({bounds: between(values, *bounds) for bounds in classes}, keep)


def _held(masks: Mapping, keep: np.ndarray) -> dict:
    counts = {name: int((mask & keep).sum()) for name, mask in masks.items()}
    return {name: count for name, count in counts.items() if count}


def _counted(names: Iterable[str], counts: np.ndarray) -> dict[str, int]:
    return {name: int(count) for name, count in zip(names, counts, strict=True) if count}
