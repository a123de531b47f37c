"""The vectors of samples, one for each scope: means over the model's tokens, or a sentence encoder's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.lm.chat import TokenizedSample
from core.schema import SEGMENTS, Sample
from core.store.tables import VECTORS

if TYPE_CHECKING:
    import torch

    from core.lm.sentence_encoder import SentenceEncoder

LARGEST = int(np.finfo(np.float16).max)  # that a number of a sample's vector can be in the store


def mean_by_segment(x: torch.Tensor, sample: np.ndarray, segment: np.ndarray, n: int) -> dict[str, np.ndarray]:
    """Mean of the vectors x (T, d) of each of `n` samples, by column of VECTORS: float32 (n, d) each.

    embedding is that of all tokens; where a sample has none of a kind, zeros.
    """
    import torch

    kinds = len(SEGMENTS)
    index = torch.from_numpy(sample * kinds + segment).to(x.device)
    total = torch.zeros((n * kinds, x.shape[1]), dtype=torch.float32, device=x.device).index_add_(0, index, x.float())
    total, count = total.view(n, kinds, -1), torch.bincount(index, minlength=n * kinds).view(n, kinds, 1)
    means = total / count.clamp(min=1)
    whole = total.sum(1) / count.sum(1).clamp(min=1)
    by_scope = zip(VECTORS, (whole, means[:, 0], means[:, 1]), strict=True)
    return {name: mean.cpu().numpy() for name, mean in by_scope}


def encoded(encoder: SentenceEncoder, samples: list[Sample], items: list[TokenizedSample]) -> dict[str, np.ndarray]:
    """The encoder's vectors of the samples' prompts and responses, by column of VECTORS: float32 (n, d) each.

    embedding is their mean by tokens: the response has those of later turns too. Without tokens of either, zeros.
    """
    prompt = encoder.embed([s.prompt for s in samples])
    response = encoder.embed([s.response for s in samples])
    asked, told = np.array([(i.whole["prompt"], i.whole["response"] + i.whole["later"]) for i in items]).T[..., None]
    whole = (asked * prompt + told * response) / np.maximum(asked + told, 1)
    return dict(zip(VECTORS, (whole.astype(np.float32), prompt, response), strict=True))


def halved(mean: np.ndarray) -> np.ndarray:
    """float16 of the same shape; what lies beyond ±LARGEST is cut there and does not become infinite."""
    return np.clip(mean, -LARGEST, LARGEST).astype(np.float16)
