"""The examples that a concept is taught by: samples of the store, texts, and what the probes are given of them.

Shapes: N samples, n examples, F features of the lens, d the width of a vector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from core.datasets.samples import read_samples
from core.errors import DataError, SelectionError
from core.schema import FeatureMatrix, Message, Sample, SelectionSpec
from core.session.concepts import read_sample
from core.session.groups import group
from core.session.languages import Told, silent
from core.session.session import Session
from core.workspace.decisions import WorkspaceState

if TYPE_CHECKING:
    from core.extract.pipeline import Pipeline


@dataclass(frozen=True)
class Examples:
    """One side: rows of the store, int64 (M,), and texts; `told`: what they were called."""

    rows: np.ndarray
    texts: tuple[Sample, ...] = ()
    told: str = ""

    def __len__(self) -> int:
        return len(self.rows) + len(self.texts)


class Inputs(NamedTuple):
    """What the probes read: features, a scipy CSR matrix (n, F) of values in shares of each feature's largest in the
    store; vectors float32 (n, d), each dimension with mean 0 and deviation 1 over the store.
    """

    features: Any
    vectors: np.ndarray

    def at(self, rows: np.ndarray) -> Inputs:
        """Those of some rows."""
        return Inputs(self.features[rows], self.vectors[rows])


@dataclass(frozen=True)
class Measures:
    """How values become inputs: the largest value of each feature, float32 (F,); mean and deviation, float32 (d,)."""

    largest: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray

    def inputs(self, matrix: FeatureMatrix, vectors: np.ndarray) -> Inputs:
        """The inputs of samples, or of texts that were read."""
        from scipy.sparse import csr_matrix

        shape = (matrix.n_samples, matrix.n_features)
        share = np.minimum(matrix.value / self.largest[matrix.feature], 1).astype(np.float64)
        features = csr_matrix((share, matrix.feature, matrix.indptr), shape)
        return Inputs(features, (vectors.astype(np.float32) - self.mean) / self.deviation)


# --- what was given


def given(session: Session, spec: SelectionSpec, state: WorkspaceState, names: Sequence[str]) -> Examples:
    """The examples that names stand for, each a file of texts or a group such as set:code or search:python.

    Raises DataError for a file that cannot be read, SelectionError as `group` does.
    """
    rows, texts = [np.zeros(0, np.int64)], list[Sample]()
    for name in names:
        if Path(name).is_file():
            texts += texts_of(Path(name))
        else:
            found = group(session, spec, state, name)
            if found.matrix is not session.matrix_of(spec):
                raise SelectionError(f"The group {name!r} is of another store: name samples of this one.")
            rows.append(found.rows)
    return Examples(np.unique(np.concatenate(rows)), tuple(texts), ", ".join(Path(n).name for n in names))


def texts_of(path: Path) -> list[Sample]:
    """The texts of a file: of a .txt each line is one, any other is read as data. Raises DataError."""
    if path.suffix != ".txt":
        return list(read_samples(path))
    try:
        return typed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name} is no text in UTF-8: {error}.") from error


def typed(text: str) -> list[Sample]:
    """Each line that says something as what a person asks."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [Sample(i, (Message("user", line),), None) for i, line in enumerate(lines)]


# --- what the probes are given of it


def measures(session: Session, spec: SelectionSpec) -> Measures:
    """How the values of a store's lens and its vectors become inputs; remembered."""

    def measured() -> Measures:
        matrix, vectors = session.matrix_of(spec), session.store.embeddings(spec.scope)
        largest = np.zeros(matrix.n_features, np.float32)
        np.maximum.at(largest, matrix.feature, matrix.value)
        deviation = vectors.std(0)
        return Measures(np.where(largest > 0, largest, 1), vectors.mean(0), np.where(deviation > 0, deviation, 1))

    return session.remember(("measures", spec.lens, spec.scope, spec.theta), measured)


def inputs(session: Session, spec: SelectionSpec) -> Inputs:
    """The inputs of all samples of a store."""
    return measures(session, spec).inputs(session.matrix_of(spec), session.store.embeddings(spec.scope))


def inputs_of_texts(
    session: Session, spec: SelectionSpec, pipeline: Pipeline, texts: Sequence[Sample], told: Told = silent
) -> Inputs:
    """The inputs of texts, which the store's model and SAE read; raises SelectionError where its topics are gone."""
    read = []
    for i, text in enumerate(texts):
        told("Reading the texts", i, len(texts))
        read.append(read_sample(pipeline, text))
    vectors = np.array([one.vector for one in read], np.float32)
    if spec.lens == "topics":
        topics = session.topics()
        if topics is None:
            raise SelectionError("The topics of this store are not at hand: texts can be read through tokens only.")
        return measures(session, spec).inputs(topics.encode(vectors).at(spec.theta), vectors)
    matrix = matrix_of([one.features for one in read], session.store.size_of("tokens"))
    return measures(session, spec).inputs(matrix.at(spec.theta), vectors)


def matrix_of(values: Sequence[Mapping[int, float]], n_features: int) -> FeatureMatrix:
    """The matrix of samples with these values of their features."""
    rows = [sorted(one.items()) for one in values]
    indptr = np.cumsum([0, *map(len, rows)])
    feature, value = (np.array([pair[i] for row in rows for pair in row], np.float64) for i in (0, 1))
    return FeatureMatrix(indptr, feature.astype(np.int32), value.astype(np.float32), n_features)
