"""How good an answer is: R(x, y) of arXiv 2409.11378, for the data's own answers and for those of a model.

A scorer is a function of a Task that returns (gold, generated), float64 (n,) each, NaN where it has no value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.lm.endpoint import Endpoint
from core.lm.generation import answered
from core.lm.language_model import LanguageModel
from core.schema import Sample
from core.scoring.sample_scores import Scorer, read_chunk

OnScored = Callable[[int, int], None]  # answers scored, of how many


@dataclass(frozen=True)
class Task:
    """What is to be scored: each sample's first answer that is trained on (gold), and what a model generated instead.

    lm: the model that generated. name: a scorer's own model, a hub id or a folder. folder: where a scorer may keep what
    must not be asked for twice.
    """

    samples: Sequence[Sample]
    generated: Sequence[str]
    lm: LanguageModel
    folder: Path
    name: str = ""
    endpoint: Endpoint | None = None
    max_tokens: int = 512
    batch_tokens: int = 4096
    on_scored: OnScored = lambda done, total: None

    @property
    def pairs(self) -> list[tuple[Sample, Sample]]:
        """Each sample with its own first answer that is trained on, and with the generated one."""
        own = [answered(s, next((m.content for m in s.messages if m.trained), "")) for s in self.samples]
        return [(gold, answered(gold, text)) for gold, text in zip(own, self.generated, strict=True)]


def perplexity(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """−log(PPL(y|x) / PPL(y)) by the model itself (arXiv 2409.11378): by how many nats a token the prompt helps it to
    the answer. (gold, generated), float64 (n,) each, NaN where there is no response token.
    """
    scorer = Scorer(task.lm, task.max_tokens, task.batch_tokens)
    found = []
    for part, samples in enumerate(zip(*task.pairs, strict=True)):
        losses = {form: np.full(len(samples), np.nan) for form in ("with_prompt", "without_prompt")}
        for share in read_chunk(scorer, list(samples), losses):
            task.on_scored(int((part + share) * len(samples)), 2 * len(samples))
        found.append(losses["without_prompt"] - losses["with_prompt"])
    return found[0], found[1]
