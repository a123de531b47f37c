"""Methods that put the samples into one order and take them from the top."""

from __future__ import annotations

import numpy as np

from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.constraints import candidates, pins
from core.selection.inputs import SampleInfo, sample_info, score_column
from core.selection.left_out import LeftOut
from core.selection.picks import by_order


def random(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """A random order by spec.seed. All samples are shuffled, so a veto or ban leaves the others in their order."""
    return by_order(matrix, spec, samples, np.random.default_rng(spec.seed).permutation(matrix.n_samples))


def random_rows(matrix: FeatureMatrix, spec: SelectionSpec) -> np.ndarray:
    """All rows in the order of `random`, the pins first: int64."""
    order = np.random.default_rng(spec.seed).permutation(matrix.n_samples)
    return np.concatenate([pins(spec), order[candidates(matrix, spec)[order]]])


def random_reason(left: LeftOut) -> list[str]:
    """Its place in the order."""
    order = np.random.default_rng(left.spec.seed).permutation(left.matrix.n_samples)
    order, place = order[candidates(left.matrix, left.spec)[order]], np.zeros(left.matrix.n_samples, np.int64)
    place[order] = np.arange(len(order)) + len(pins(left.spec)) + 1
    return [left.budget(row, f"place {place[row]:,} in the random order") for row in left.rows.tolist()]


def longest_response(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """The most response tokens first (Zhao et al. 2024, arXiv 2402.04833)."""
    tokens = np.asarray(sample_info(matrix, samples, "longest-response").response_tokens)
    return by_order(matrix, spec, samples, highest_first(tokens))


def longest_response_reason(left: LeftOut) -> list[str]:
    """Its tokens, and the fewest of a pick."""
    tokens = np.asarray(sample_info(left.matrix, left.samples, "longest-response").response_tokens)
    return by_value(left, tokens, "its response has {} tokens, those picked have {} or more")


def longest_prompt(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """The most prompt tokens first."""
    tokens = np.asarray(sample_info(matrix, samples, "longest-prompt").prompt_tokens)
    return by_order(matrix, spec, samples, highest_first(tokens))


def longest_prompt_reason(left: LeftOut) -> list[str]:
    """Its tokens, and the fewest of a pick."""
    tokens = np.asarray(sample_info(left.matrix, left.samples, "longest-prompt").prompt_tokens)
    return by_value(left, tokens, "its prompt has {} tokens, those picked have {} or more")


def quality(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """The highest score first, or the lowest: a judge's grade as in AlpaGasus (arXiv 2307.08701), IFD, perplexity."""
    return by_order(matrix, spec, samples, score_order(matrix, spec, samples))


def quality_reason(left: LeftOut) -> list[str]:
    """Its score, and the last that was taken."""
    scores, lowest = score_column(left.matrix, left.spec, left.samples), left.spec.options.get("first") == "lowest"
    return by_value(left, scores, f"its score is {{}}, those picked have {{}} or {'less' if lowest else 'more'}")


def by_value(left: LeftOut, values: np.ndarray, sentence: str) -> list[str]:
    """The reason of a method that takes the samples by `values` (N,): the own one and that of the last pick."""
    last = f"{values[left.own[-1]]:,.6g}"
    return [left.budget(row, sentence.format(f"{values[row]:,.6g}", last)) for row in left.rows.tolist()]


def score_order(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> np.ndarray:
    """All rows by the option `score`, in the direction of the option `first`: int64 (N,)."""
    scores = score_column(matrix, spec, samples)
    return highest_first(-scores if spec.options.get("first") == "lowest" else scores)


def highest_first(values: np.ndarray) -> np.ndarray:
    """Rows by descending value, ties to the lowest row: int64 (N,)."""
    return np.argsort(-values, kind="stable")
