"""Answers that do not fit their prompts: by their vectors, or by what a language model made of them.

A linear map from the vectors of prompts to those of answers is learnt from the data themselves, for each fifth of the
samples from the others; an answer fits if it is nearer to what the map expects than the answers of other samples are.
"""

from __future__ import annotations

import numpy as np

from core.matrix.statistics import unit_rows
from core.studies.health.finding import Finding, Seen, found
from core.studies.health.pool import Pool

FOLDS, RIDGE = 5, 1000.0  # the ridge of the map, on whitened vectors
PROMPT_DIMENSIONS, ANSWER_DIMENSIONS = 256, 64  # principal components that the map goes from, and to
LEAST = 200  # samples that a map can be learnt from
OTHERS = 200  # answers of other samples that each is compared with
BLOCK = 4096  # vectors that are made float64 at a time
FAR = -1.0  # standard deviations from the mean of the others, below which an answer does not fit


def misfit(pool: Pool) -> Finding:
    """Samples whose answer is farther from what their prompt lets one expect than the answers of others are."""
    prompt, answer = pool.vectors("prompt"), pool.vectors("response")
    rows = np.flatnonzero(prompt.any(1) & answer.any(1) & pool.firsts)
    if len(rows) < LEAST:
        return found("answer-does-not-fit", (), f"It takes {LEAST} samples with both, there are {len(rows)}.")
    pool.told("Comparing prompts with answers", 0, 1)
    score = fits(prompt[rows], answer[rows])
    pool.told("Comparing prompts with answers", 1, 1)
    far = np.flatnonzero(score < FAR)
    said = "{:.1f} standard deviations farther than the answers of others"
    return found("answer-does-not-fit", ((int(rows[i]), Seen(detail=said.format(-score[i]))) for i in far))


def fits(prompt: np.ndarray, answer: np.ndarray, seed: int = 0) -> np.ndarray:
    """How well each answer fits its prompt, float64 (N,), in standard deviations above how well others would.

    prompt, answer: vectors float32 (N, d). The others are OTHERS of the answers, drawn by seed.
    """
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, cross_val_predict

    given, wanted = whitened(prompt, PROMPT_DIMENSIONS), whitened(answer, ANSWER_DIMENSIONS)
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    expected = cross_val_predict(Ridge(RIDGE, fit_intercept=False), given, wanted, cv=folds)
    expected, wanted = unit_rows(expected), unit_rows(wanted)
    drawn = np.random.default_rng(seed).choice(len(wanted), min(OTHERS, len(wanted)), replace=False)
    others = expected @ wanted[drawn].T
    own = (expected * wanted).sum(1)
    return (own - others.mean(1)) / np.maximum(others.std(1), 1e-9)


def whitened(vectors: np.ndarray, dimensions: int) -> np.ndarray:
    """The first principal components of vectors (N, d), each of variance 1: float32 (N, up to `dimensions`).

    Directions without variance are left out, which sklearn's PCA would blow up. The covariance is float64, for which a
    block at a time is made float64.
    """
    mean, n = vectors.mean(0, dtype=np.float64), len(vectors)
    blocks = [vectors[i : i + BLOCK] for i in range(0, n, BLOCK)]
    covariance = sum(((block - mean).T @ (block - mean) for block in blocks), np.zeros((len(mean), len(mean)))) / n
    value, direction = np.linalg.eigh(covariance)
    kept = [i for i in range(len(value) - 1, -1, -1) if value[i] > 1e-9 * value[-1]][:dimensions]
    weight = direction[:, kept] / np.sqrt(value[kept])
    return np.concatenate([((block - mean) @ weight).astype(np.float32) for block in blocks])


def high_ifd(pool: Pool) -> Finding:
    """Samples whose prompt makes their answer less likely: IFD above 1 (arXiv 2308.12032)."""
    return found("prompt-does-not-help", ((int(row), Seen(detail=f"IFD {pool.scores['ifd'][row]:.2f}")) for row in
                 np.flatnonzero(np.nan_to_num(pool.scores["ifd"]) > 1)))  # fmt: skip
