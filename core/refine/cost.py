"""What a run of refinement will take, before it is begun."""

from __future__ import annotations

import numpy as np

from core.lm.work import Work
from core.refine.config import RefineConfig
from core.refine.rounds import shares

READINGS = 2  # of each answer, the data's and the model's: with its prompt and without


def work(config: RefineConfig, tokens: np.ndarray) -> Work:
    """What the model will do in all rounds, for samples of `tokens` int64 (N,), each as long as the mean of them.

    Scores by another model or a judge are not counted.
    """
    mean = float(np.minimum(tokens, config.train.max_tokens).mean())
    drawn = np.array(shares(config.budget - len(config.pins), config.rounds))
    seen = drawn if config.start == "previous" else len(config.pins) + np.cumsum(drawn)
    new = float(drawn.sum())
    read = 2 * READINGS * new * mean if config.scorer == "perplexity" else 0.0
    return Work(read, float(seen.sum()) * mean * config.train.epochs, new * config.new_tokens)
