"""Find samples by their text, their features, their length, source, language, score and status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from core.errors import SelectionError
from core.lm.chat import SURROGATE
from core.matrix.rows import among
from core.matrix.transpose import row_sums
from core.schema import FeatureMatrix
from core.selection.inputs import columns
from core.session.cut import READ, readings
from core.session.findings import found_by
from core.session.languages import at_hand, commonest, languages, of_samples
from core.session.matches import matches
from core.session.session import Session
from core.store.queries import turns
from core.store.reader import FeatureStore
from core.workspace.decisions import WorkspaceState

STATUSES = ("all", "picked", "rejected", "pinned", "banned")


@dataclass(frozen=True)
class Query:
    """Conditions that must all hold; a default asks for nothing.

    text: part of any turn, whatever the case; with `regex` an RE2 expression. has, lacks: feature numbers. tokens and
    score: (lowest, highest), both included, None for no bound; score_column: where `score` is looked up. noun: what a
    feature is called in an error. read: one of READ, how the sample was read, or all. tag, of_set: those of a person.
    language: an ISO 639 code, "" for samples whose language cannot be told. health: a check that found something in it.
    """

    text: str = ""
    regex: bool = False
    has: tuple[int, ...] = ()
    lacks: tuple[int, ...] = ()
    tokens: tuple[int | None, int | None] = (None, None)
    source: str | None = None
    score_column: str = ""
    score: tuple[float | None, float | None] = (None, None)
    status: str = "all"
    noun: str = "feature"
    read: str = "all"
    tag: str = ""
    language: str | None = None
    of_set: str = ""
    health: str = ""


def find(
    session: Session,
    matrix: FeatureMatrix,
    query: Query,
    picked: Sequence[int] | np.ndarray = (),
    state: WorkspaceState | None = None,
) -> np.ndarray:
    """The rows that meet every condition of `query`, int64 ascending; `matrix` says what is active in a sample.

    picked: rows that are kept; state: what a person decided. Raises SelectionError for a feature, column, status or
    expression that makes no sense.
    """
    return np.flatnonzero(all_of(conditions(session, matrix, query, picked, state), matrix.n_samples))


def conditions(
    session: Session,
    matrix: FeatureMatrix,
    query: Query,
    picked: Sequence[int] | np.ndarray = (),
    state: WorkspaceState | None = None,
) -> dict[str, np.ndarray]:
    """Which samples meet each condition that asks for something, bool (N,), by its name; arguments as of `find`."""
    state, n = state or WorkspaceState(), matrix.n_samples
    found = {"has": _features(matrix, query)} if query.has or query.lacks else {}
    if query.status != "all":
        found["status"] = has_status(query.status, n, picked, state)
    if query.tokens != (None, None):
        found["tokens"] = between(session.info.tokens, *query.tokens)
    if query.read != "all":
        found["read"] = readings(session) == _place(query.read)
    if query.source is not None:
        found["source"] = sources(session) == query.source
    if query.language is not None:
        found["language"] = languages_spoken(session) == query.language
    if query.health:
        found["health"] = among(n, found_by(session, query.health))
    if query.tag:
        found["tag"] = among(n, state.tags.get(query.tag, ()))
    if query.of_set:
        found["set"] = among(n, state.sets.get(query.of_set, ()))
    if query.score_column:
        found["score"] = between(score_values(session, query.score_column), *query.score)
    if query.text:
        found["text"] = text_condition(session, query.text, query.regex)
    return found


def all_of(masks: Mapping[str, np.ndarray], n: int, but: str = "") -> np.ndarray:
    """Which of n samples meet all conditions, one of them excepted: bool (n,)."""
    keep = np.ones(n, bool)
    for name, mask in masks.items():
        if name != but:
            keep &= mask
    return keep


def text_condition(session: Session, text: str, regex: bool) -> np.ndarray:
    """Which samples hold a text, bool (N,): kept, as it is asked for again while the other conditions change."""
    return session.remember(
        ("found", text, regex), lambda: matches(texts(session), text, regex).to_numpy(zero_copy_only=False)
    )


def texts(session: Session) -> pa.Array:
    """All turns of each sample as one text, large_string (N,), decoded once; half a character becomes U+FFFD."""
    return session.remember("texts", lambda: _texts(session.store))


def _texts(store: FeatureStore) -> pa.Array:
    whole = ("\n\n".join(content for _, content in messages) for messages in turns(store))
    return pa.array((SURROGATE.sub("\ufffd", text) for text in whole), pa.large_string())


def sources(session: Session) -> np.ndarray:
    """The source of each sample, object (N,)."""
    return session.remember("sources", lambda: np.asarray(session.columns["source"], object))


def source_names(session: Session) -> list[str]:
    """The sources that there are, in order."""
    return list(source_codes(session)[0])


def source_codes(session: Session) -> tuple[np.ndarray, np.ndarray]:
    """The sources that there are, in order, object (M,), and the place among them of each sample's, int64 (N,)."""

    def coded() -> tuple[np.ndarray, np.ndarray]:
        found = pa.array(sources(session)).dictionary_encode()  # numpy would sort a million texts
        names = found.dictionary.to_numpy(zero_copy_only=False)
        order = np.argsort(names)
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return names[order], place[found.indices.to_numpy()]

    return session.remember("source codes", coded)


def languages_spoken(session: Session) -> np.ndarray:
    """The language of each sample, an ISO 639 code, "" where it cannot be told: object (N,)."""
    return session.remember("languages", lambda: of_samples(languages(session.store)))


def languages_told_apart(session: Session) -> np.ndarray | None:
    """The language of each sample, where that is at hand and there is more than one; None elsewhere."""
    if not at_hand(session.store):
        return None
    found = languages_spoken(session)
    return found if len([code for code in commonest(found) if code]) > 1 else None


def between(values: np.ndarray, low: float | None, high: float | None) -> np.ndarray:
    """Which values lie in [low, high]: bool like `values`; NaN lies in no bound."""
    keep = np.ones(len(values), bool)
    if low is not None:
        keep &= values >= low
    if high is not None:
        keep &= values <= high
    return keep


def parsed_features(text: str, noun: str = "feature") -> tuple[int, ...]:
    """Feature numbers from a text such as '12, 40'; SelectionError if it holds anything else."""
    try:
        return tuple(int(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise SelectionError(f"{noun.capitalize()}s are whole numbers separated by commas, got {text!r}.") from None


def has_status(status: str, n: int, picked: Sequence[int] | np.ndarray, state: WorkspaceState) -> np.ndarray:
    """Which of n samples have one of STATUSES: bool (n,); raises SelectionError for another."""
    if status not in STATUSES:
        raise SelectionError(f"Unknown status {status!r}: use one of {', '.join(STATUSES)}.")
    if status == "rejected":
        return ~among(n, picked)
    return among(n, {"picked": picked, "pinned": state.pins, "banned": state.bans}[status])


def _place(read: str) -> int:
    if read not in READ:
        raise SelectionError(f"Unknown reading {read!r}: use all or one of {', '.join(READ)}.")
    return READ.index(read)


def _features(matrix: FeatureMatrix, query: Query) -> np.ndarray:
    keep = np.ones(matrix.n_samples, bool)
    for features, all_of_them in ((query.has, True), (query.lacks, False)):
        if features:
            wanted = np.zeros(matrix.n_features)
            wanted[[_known(matrix, feature, query.noun) for feature in features]] = 1
            keep &= row_sums(matrix.indptr, matrix.feature, wanted) == (wanted.sum() if all_of_them else 0)
    return keep


def _known(matrix: FeatureMatrix, feature: int, noun: str) -> int:
    if not 0 <= feature < matrix.n_features:
        raise SelectionError(f"There is no {noun} {feature}: they are 0 to {matrix.n_features - 1}.")
    return feature


def score_values(session: Session, name: str) -> np.ndarray:
    """A score column, float64 (N,), NaN where a sample has none; raises SelectionError if there is none of that name.

    The counts of tokens are columns too.
    """
    known = session.info.scores
    if name not in known:
        raise SelectionError(f"There is no score column {name!r}: {columns(known)}.")
    return np.asarray(known[name], np.float64)
