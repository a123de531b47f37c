"""The scorers of answers by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.scoring.answer_scores import Task, perplexity
from core.scoring.ratings import judge
from core.scoring.reward import reward

SCORERS: dict[str, Callable[[Task], tuple[np.ndarray, np.ndarray]]] = {
    "perplexity": perplexity,
    "reward": reward,
    "judge": judge,
}
