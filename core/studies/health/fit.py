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
    rng, n = np.random.default_rng(seed), len(prompt)
    given, wanted = whitened(prompt, PROMPT_DIMENSIONS), whitened(answer, ANSWER_DIMENSIONS)
    expected, fold = np.empty_like(wanted), rng.permutation(n) % FOLDS
    for number in range(FOLDS):
        x, y = given[fold != number], wanted[fold != number]
        weight = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
        expected[fold == number] = given[fold == number] @ weight
    expected, wanted = unit_rows(expected), unit_rows(wanted)
    others = expected @ wanted[rng.choice(n, min(OTHERS, n), replace=False)].T
    own = (expected * wanted).sum(1)
    return (own - others.mean(1)) / np.maximum(others.std(1), 1e-9)


def whitened(vectors: np.ndarray, dimensions: int) -> np.ndarray:
    """The first principal components of vectors (N, d), each of variance 1: float64 (N, up to `dimensions`)."""
    centred = vectors.astype(np.float64) - vectors.mean(0)
    value, direction = np.linalg.eigh(centred.T @ centred / len(vectors))
    kept = [i for i in range(len(value) - 1, -1, -1) if value[i] > 1e-9 * value[-1]][:dimensions]
    return centred @ direction[:, kept] / np.sqrt(value[kept])


def high_ifd(pool: Pool) -> Finding:
    """Samples whose prompt makes their answer less likely: IFD above 1 (arXiv 2308.12032)."""
    return found("prompt-does-not-help", ((int(row), Seen(detail=f"IFD {pool.scores['ifd'][row]:.2f}")) for row in
                 np.flatnonzero(np.nan_to_num(pool.scores["ifd"]) > 1)))  # fmt: skip
