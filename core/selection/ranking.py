"""Methods that put the samples into one order and take them from the top."""

from __future__ import annotations

import numpy as np

from core.schema import FeatureMatrix, Selection, SelectionSpec
from core.selection.inputs import SampleInfo, sample_info, score_column
from core.selection.picks import by_order


def random(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """A random order by spec.seed. All samples are shuffled, so a veto or ban leaves the others in their order."""
    return by_order(matrix, spec, samples, np.random.default_rng(spec.seed).permutation(matrix.n_samples))


def longest_response(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """The most response tokens first (Zhao et al. 2024, arXiv 2402.04833)."""
    tokens = np.asarray(sample_info(matrix, samples, "longest-response").response_tokens)
    return by_order(matrix, spec, samples, highest_first(tokens))


def longest_prompt(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """The most prompt tokens first."""
    tokens = np.asarray(sample_info(matrix, samples, "longest-prompt").prompt_tokens)
    return by_order(matrix, spec, samples, highest_first(tokens))


def quality(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None = None) -> Selection:
    """The highest score first, or the lowest: a judge's grade as in AlpaGasus (arXiv 2307.08701), IFD, perplexity."""
    return by_order(matrix, spec, samples, score_order(matrix, spec, samples))


def score_order(matrix: FeatureMatrix, spec: SelectionSpec, samples: SampleInfo | None) -> np.ndarray:
    """All rows by the option `score`, in the direction of the option `first`: int64 (N,)."""
    scores = score_column(matrix, spec, samples)
    return highest_first(-scores if spec.options.get("first") == "lowest" else scores)


def highest_first(values: np.ndarray) -> np.ndarray:
    """Rows by descending value, ties to the lowest row: int64 (N,)."""
    return np.argsort(-values, kind="stable")
