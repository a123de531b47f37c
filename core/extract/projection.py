"""Two-dimensional maps (UMAP, arXiv 1802.03426), computed once and stored."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from core.schema import FeatureMatrix

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FIT_AT_MOST = 100_000  # beyond this UMAP is fitted on a seeded subset and the rest is placed into it
EXACT_AT_MOST = 20_000  # rows whose nearest neighbours are found by looking at all pairs
EPOCHS = 200
COMPONENTS = 50


def sample_map(matrix: FeatureMatrix, seed: int = 0) -> np.ndarray:
    """Coordinates of the samples, float32 (N, 2): TF-IDF of active features → SVD to 50 dimensions → UMAP."""
    import scipy.sparse as sp

    idf = np.log((1 + matrix.n_samples) / (1 + matrix.density() * matrix.n_samples))
    weighted = np.log1p(matrix.value) * idf[matrix.feature]
    csr = sp.csr_array((weighted, matrix.feature, matrix.indptr), (matrix.n_samples, matrix.n_features))
    return umap_2d(reduced(csr, seed), seed)


def vector_map(vectors: np.ndarray, seed: int = 0) -> np.ndarray:
    """Coordinates of samples by the cosine of their vectors (N, d), the mean taken off first: float32 (N, 2).

    PCA to 50 dimensions, fitted on at most FIT_AT_MOST of them, then UMAP; a block at a time, so that a million fit.
    """
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import normalize

    mean, fitted = vectors.mean(0, dtype=np.float64).astype(np.float32), drawn(len(vectors), seed)
    components = min(COMPONENTS, len(fitted), vectors.shape[1])
    if components < 2:
        return np.zeros((len(vectors), 2), np.float32)
    pca = PCA(components, random_state=seed).fit(normalize(vectors[fitted].astype(np.float32) - mean))
    blocks = np.array_split(vectors, -(-len(vectors) // FIT_AT_MOST))
    x = [pca.transform(normalize(block.astype(np.float32) - mean)).astype(np.float32) for block in blocks]
    return umap_2d(np.concatenate(x), seed)


def direction_map(directions: np.ndarray, seed: int = 0) -> np.ndarray:
    """Coordinates of decoder directions (F, d) by their cosine: lengths 1 → PCA to 50 dimensions → UMAP.

    float32 (F, 2).
    """
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import normalize

    components = min(COMPONENTS, *directions.shape)
    if components < 2:
        return np.zeros((len(directions), 2), np.float32)
    unit = normalize(directions)
    return umap_2d(PCA(components, random_state=seed).fit_transform(unit).astype(np.float32), seed)


def reduced(csr: csr_array, seed: int) -> np.ndarray:
    """Truncated SVD of a sparse matrix (N, F), rows scaled to length 1, float32 (N, ≤ 50)."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    components = min(COMPONENTS, min(csr.shape) - 1)
    if components < 2 or not csr.data.any():
        return np.zeros((csr.shape[0], 2), np.float32)
    return normalize(TruncatedSVD(components, random_state=seed).fit_transform(csr)).astype(np.float32)


def umap_2d(x: np.ndarray, seed: int) -> np.ndarray:
    """UMAP of the rows of x, float32 (N, 2), the same for the same seed; few or equal rows are laid out as they are."""
    if len(x) < 5 or not np.ptp(x, axis=0).any():
        return x[:, :2].astype(np.float32)
    import umap

    fitted = drawn(len(x), seed)
    rest = np.setdiff1d(np.arange(len(x)), fitted)
    k = min(15, len(fitted) - 1)
    known = nearest(x, k) if len(x) <= EXACT_AT_MOST else (None, None, None)
    reducer = umap.UMAP(
        n_neighbors=k, min_dist=0.1, random_state=seed, n_jobs=1, init="pca", n_epochs=EPOCHS, precomputed_knn=known
    )
    out = np.empty((len(x), 2), np.float32)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="precomputed_knn")  # no rows are placed later: none are left
        out[fitted] = reducer.fit_transform(x[fitted])
    if len(rest):
        out[rest] = reducer.transform(x[rest])
    return out


def drawn(n: int, seed: int) -> np.ndarray:
    """At most FIT_AT_MOST of n rows, drawn at random: int64, ascending."""
    return np.sort(np.random.default_rng(seed).permutation(n)[:FIT_AT_MOST])


def nearest(x: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, None]:
    """The k nearest rows of each row of x, itself among them, as UMAP takes them.

    Indices int64 and distances float32 (N, k). By looking at all pairs: for some thousand rows a hundred times as fast
    as UMAP's own approximate search.
    """
    from sklearn.neighbors import NearestNeighbors

    distance, index = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x).kneighbors(x)
    return index, distance.astype(np.float32), None
