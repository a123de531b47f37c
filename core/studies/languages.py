"""What languages do to a data set: topics that only one of them covers, and languages that the model reads badly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.matrix.statistics import active_in
from core.schema import NOUNS, FeatureMatrix, SelectionSpec
from core.session.languages import BATCH, commonest, languages, of_samples
from core.session.session import Session
from core.store.queries import samples_in
from core.store.reader import FeatureStore
from core.system.shown import many
from core.topics.language import language_name

LEAST = 5  # samples with a feature, from which on it counts as covered in one language only
LEAST_READ = 20  # samples of a language, from which on its loss is told
BADLY = 1.5  # times the loss a byte of English


def told(session: Session, spec: SelectionSpec) -> list[str]:
    """What the languages of a store do to it, a sentence each: through the lens of a request, and by its perplexity."""
    return [said for said in (told_of_coverage(session, spec), told_of_reading(session)) if said]


def told_of_coverage(session: Session, spec: SelectionSpec) -> str:
    """What is covered in one language only, through the lens of a request, in a sentence; "" in one language."""
    codes = of_samples(languages(session.store))
    return covered_told(covered(session.matrix_of(spec), codes), spec.lens)


def told_of_reading(session: Session) -> str:
    """Which languages the model reads badly, by its perplexity, in a sentence; "" where it is none or not scored."""
    codes = languages(session.store)["response"]
    return badly_read_told(loss_by_language(session.store, codes, session.info.scores))


@dataclass(frozen=True)
class Covered:
    """Languages by code, the commonest first, L of them, those of no known language left out.

    samples int64 (L,): of each; features int64 (L,): that they cover. only: of each language the features that at
    least LEAST of its samples have and none of another language, those of most samples first.
    """

    codes: tuple[str, ...]
    samples: np.ndarray
    features: np.ndarray
    only: tuple[np.ndarray, ...]


def covered(matrix: FeatureMatrix, codes: np.ndarray, rows: np.ndarray | None = None) -> Covered:
    """What the samples of each language cover, or those among `rows`; codes object (N,), "" where it is not known."""
    rows = np.arange(matrix.n_samples) if rows is None else np.asarray(rows, np.int64)
    counts = {code: active_in(matrix, rows[codes[rows] == code]) for code in commonest(codes[rows])}
    whole = sum(counts.values(), np.zeros(matrix.n_features, np.int64))
    known = {code: count for code, count in counts.items() if code}
    alone = ((count >= LEAST) & (count == whole) for count in known.values())
    return Covered(
        tuple(known),
        np.array([(codes[rows] == code).sum() for code in known], np.int64),
        np.array([(count > 0).sum() for count in known.values()], np.int64),
        tuple(np.flatnonzero(own)[np.argsort(-whole[own], kind="stable")] for own in alone),
    )


def covered_told(found: Covered, lens: str) -> str:
    """Which features are covered in the commonest language only, in a sentence; "" where there is one language."""
    if len(found.codes) < 2:
        return ""
    first, n = language_name(found.codes[0]), len(found.only[0])
    if not n:
        return f"Every {NOUNS[lens]} of {LEAST} samples or more is covered in another language than {first} too."
    verb = "is" if n == 1 else "are"
    return f"{many(n, NOUNS[lens])} of {found.features[0]:,} {verb} covered in {first} only."


def loss_by_language(store: FeatureStore, codes: np.ndarray, scores: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The median loss of the model on an answer in each language, in nats a byte of UTF-8; nothing where not scored.

    codes object (N,): of the samples. Of languages with LEAST_READ answers that were read whole.
    """
    if "perplexity" not in scores or len(commonest(codes)) < 2:
        return {}
    columns = store.sample_columns()
    tokens = columns["n_response_tokens"]
    whole = np.isfinite(scores["perplexity"]) & (columns["n_read_response"] == tokens) & (tokens > 0)
    size = response_bytes(store)
    whole &= size > 0
    nats = np.log(scores["perplexity"], where=whole, out=np.zeros(len(whole))) * tokens / np.maximum(size, 1)
    of = {code: nats[whole & (codes == code)] for code in commonest(codes) if code}
    return {code: float(np.median(values)) for code, values in of.items() if len(values) >= LEAST_READ}


def response_bytes(store: FeatureStore) -> np.ndarray:
    """The length of each response in bytes of UTF-8: int64 (N,)."""
    size = []
    for start in range(0, store.n_samples, BATCH):
        samples = samples_in(store, start, start + BATCH)
        size += [len(sample.response.encode("utf-8", "surrogatepass")) for sample in samples]
    return np.array(size, np.int64)


def badly_read_told(loss: Mapping[str, float]) -> str:
    """Which languages the model reads badly, in a sentence; "" where it is none, or English is not among them."""
    if "en" not in loss:
        return ""
    bad = {code: nats / loss["en"] for code, nats in loss.items() if nats > BADLY * loss["en"]}
    if not bad:
        return ""
    told = ", ".join(f"{language_name(code)} ({times:.1f} times the loss of English)" for code, times in bad.items())
    return f"The model reads these languages badly, so their {NOUNS['tokens']}s say less: {told}."
