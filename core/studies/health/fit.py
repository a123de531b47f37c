"""Answers that do not fit their prompts: a small model learns from the data themselves what tells an answer from those
of other samples, by vectors and words; or by what a language model made of them.

Of the vectors: how near an answer is to what a linear map from the vectors of prompts expects. Of the words: which of
the prompt's, rare ones above all, the answer has, and its beginning. Each fifth of the samples is judged by what was
learnt from the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.matrix.axes import principal_axes
from core.matrix.shingles import overlaps
from core.matrix.statistics import unit_rows
from core.session.languages import languages
from core.studies.health.bags import Bags, Words, bags_in, weighed
from core.studies.health.finding import Finding, Seen, found
from core.studies.health.pool import Pool

FOLDS, RIDGE = 5, 1000.0  # the ridge of the map, on whitened vectors
PROMPT_DIMENSIONS, ANSWER_DIMENSIONS = 256, 64  # principal components that the map goes from, and to
LEAST = 200  # samples that it can be learnt from
OTHERS = 200  # answers of other samples that the nearness of each is compared with
SHUFFLED, LEARNT = 5, 4_000  # answers of others for each prompt that are learnt from, and prompts at most
BLOCK = 4096  # vectors that are made float64 at a time
FAR = 0.006  # chance of being the prompt's own, among SHUFFLED others, below which an answer does not fit
STAGE = "Comparing prompts with answers"


@dataclass(frozen=True)
class Pairs:
    """Prompts and answers of N samples. given, wanted float32 (N, d): whitened vectors; prompt, answer, head: words,
    the last those at the beginning of the answers; asked, told object (N,): languages.
    """

    given: np.ndarray
    wanted: np.ndarray
    prompt: Bags
    answer: Bags
    head: Words
    asked: np.ndarray
    told: np.ndarray


def misfit(pool: Pool) -> Finding:
    """Samples whose answer is hardly like one to their prompt."""
    rows, pairs = pairs_of(pool)
    if pairs is None:
        return found("answer-does-not-fit", (), f"It takes {LEAST} samples with both, there are {len(rows)}.")
    chance = own_chance(pairs, np.arange(len(rows)))
    far = np.flatnonzero(chance < FAR)
    said = "{:.1%} likely to be the answer to this prompt"
    return found("answer-does-not-fit", ((int(rows[i]), Seen(detail=said.format(chance[i]))) for i in far))


def pairs_of(pool: Pool) -> tuple[np.ndarray, Pairs | None]:
    """The rows that have prompt and answer, of equal samples the first, and what is known of them; None for too few."""
    fit = pool.firsts & pool.vectors("prompt").any(axis=1) & pool.vectors("response").any(axis=1)
    rows = np.flatnonzero(fit)
    if len(rows) < LEAST:
        return rows, None
    given = whitened(pool.vectors("prompt"), rows, PROMPT_DIMENSIONS)  # read again: those of one part at a time
    wanted = whitened(pool.vectors("response"), rows, ANSWER_DIMENSIONS)
    bags = weighed(pool.over(STAGE, bags_in, fit))
    codes = languages(pool.store)
    return rows, Pairs(given, wanted, *bags, codes["prompt"][rows], codes["response"][rows])


def own_chance(pairs: Pairs, answer: np.ndarray, seed: int = 0) -> np.ndarray:
    """How likely the answer of each prompt is its own, among SHUFFLED others: float64 (N,).

    answer int64 (N,): whose answer stands with each prompt.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    n, rng = len(answer), np.random.default_rng(seed)
    near, fold, chance = nearness(pairs, answer, seed), rng.permutation(n) % FOLDS, np.zeros(n)
    own = evidence(pairs, near, np.arange(n), answer)
    for part in range(FOLDS):
        learnt = rng.permutation(np.flatnonzero(fold != part))[:LEARNT]
        others = [evidence(pairs, near, learnt, answer[rng.permutation(learnt)]) for _ in range(SHUFFLED)]
        model = HistGradientBoostingClassifier(
            max_iter=80, max_leaf_nodes=8, l2_regularization=1.0, early_stopping=False, random_state=0
        )
        with threadpool_limits(1):  # on a busy machine its threads wait for each other many times longer than they work
            model.fit(np.concatenate([own[learnt], *others]), np.repeat([1, 0], [len(learnt), SHUFFLED * len(learnt)]))
            chance[fold == part] = model.predict_proba(own[fold == part])[:, 1]
    return chance


@dataclass(frozen=True)
class Nearness:
    """expected, wanted float32 (N, d), of length 1: the answer that a prompt lets one expect, and those there are.
    mean, spread float32 (N,): how near answers of others are to what is expected.
    """

    expected: np.ndarray
    wanted: np.ndarray
    mean: np.ndarray
    spread: np.ndarray


def nearness(pairs: Pairs, answer: np.ndarray, seed: int = 0) -> Nearness:
    """What a linear map, learnt for each fifth of the prompts from the others, expects of answers."""
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, cross_val_predict

    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    expected = cross_val_predict(Ridge(RIDGE, fit_intercept=False), pairs.given, pairs.wanted[answer], cv=folds)
    expected, wanted = unit_rows(expected), unit_rows(pairs.wanted)
    drawn = np.random.default_rng(seed).choice(len(wanted), min(OTHERS, len(wanted)), replace=False)
    others = expected @ wanted[drawn].T
    return Nearness(expected, wanted, others.mean(1), np.maximum(others.std(1), 1e-9))


def evidence(pairs: Pairs, near: Nearness, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """What is to be seen of prompts i with answers j, int64 (P,) each: float32 (P, 11)."""
    fit = ((near.expected[i] * near.wanted[j]).sum(1) - near.mean[i]) / near.spread[i]
    total, largest, squares = overlaps(*pairs.prompt.weighed, *pairs.answer.words, i, j).T
    begun, first, _ = overlaps(*pairs.prompt.weighed, *pairs.head, i, j).T
    asked, said = pairs.prompt.total[i], pairs.answer.total[j]
    cosine = squares / np.maximum(pairs.prompt.length[i] * pairs.answer.length[j], 1e-9)
    unknown = (pairs.asked[i] == "") | (pairs.told[j] == "")
    spoken = np.where(unknown, 0.5, pairs.asked[i] == pairs.told[j])
    share, covered = total / np.maximum(asked, 1e-9), total / np.maximum(said, 1e-9)
    columns = (fit, cosine, share, covered, largest, total, begun, first, np.log1p(asked), np.log1p(said), spoken)
    return np.column_stack(columns).astype(np.float32)


def whitened(vectors: np.ndarray, rows: np.ndarray, dimensions: int) -> np.ndarray:
    """The first principal components of vectors (N, d) at rows int64 (n,), each of variance 1: float32 (n, up to
    `dimensions`).

    Directions without variance are left out, which sklearn's PCA would blow up. The covariance is float64, for which a
    block at a time is made float64.
    """
    blocks = [rows[i : i + BLOCK] for i in range(0, len(rows), BLOCK)]
    mean = sum(vectors[block].sum(0, dtype=np.float64) for block in blocks) / len(rows)
    apart = (vectors[block] - mean for block in blocks)
    covariance = sum((part.T @ part for part in apart), np.zeros((len(mean), len(mean)))) / len(rows)
    value, direction = principal_axes(covariance)
    kept = [i for i in range(len(value) - 1, -1, -1) if value[i] > 1e-9 * value[-1]][:dimensions]
    weight = direction[:, kept] / np.sqrt(value[kept])
    made = np.empty((len(rows), len(kept)), np.float32)
    for i, block in enumerate(blocks):
        made[i * BLOCK : i * BLOCK + len(block)] = (vectors[block] - mean) @ weight
    return made


def high_ifd(pool: Pool) -> Finding:
    """Samples whose prompt makes their answer less likely: IFD above 1 (arXiv 2308.12032)."""
    return found("prompt-does-not-help", ((int(row), Seen(detail=f"IFD {pool.scores['ifd'][row]:.2f}")) for row in
                 np.flatnonzero(np.nan_to_num(pool.scores["ifd"]) > 1)))  # fmt: skip
