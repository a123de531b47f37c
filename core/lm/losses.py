"""Cross-entropy of tokens under a language model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from core.lm.batches import pack, padded
from core.lm.language_model import LanguageModel

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


LOGITS = 1 << 26  # logits in memory at once: 256 MiB in float32


def mean_losses(
    lm: LanguageModel, sequences: list[tuple[np.ndarray, np.ndarray]], batch_tokens: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Mean cross-entropy in nats over the scored tokens of each sequence: (indices, float64 means) a batch.

    sequences: ids int32 (T,) and scored bool (T,), true somewhere, but not for the first token.
    """
    import torch

    for batch in pack(np.array([len(ids) for ids, _ in sequences], np.int64), batch_tokens):
        ids = padded([sequences[i][0] for i in batch], lm.device)
        scored = padded([sequences[i][1] for i in batch], lm.device) > 0
        with torch.inference_mode():
            hidden = lm.model.base_model(input_ids=ids, use_cache=False).last_hidden_state
            sample, token = scored.nonzero(as_tuple=True)
            loss = token_losses(lm, hidden[sample, token - 1], ids[sample, token]).cpu().numpy()
        owner = sample.cpu().numpy()
        yield batch, np.bincount(owner, loss) / np.bincount(owner)


def token_losses(lm: LanguageModel, hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy in nats, float32 (M,), of the targets (M,) after final states (M, d), at most LOGITS at once."""
    import torch
    import torch.nn.functional as F

    rows = max(1, LOGITS // lm.model.config.get_text_config().vocab_size)
    parts = zip(hidden.split(rows), targets.split(rows), strict=True)
    return torch.cat([F.cross_entropy(head_logits(lm.model, h).float(), t, reduction="none") for h, t in parts])


def head_logits(model: PreTrainedModel, hidden: torch.Tensor) -> torch.Tensor:
    """Next-token logits (M, V) of a causal LM after final states (M, d), by its own head, both of the model's dtype.

    Many heads cap, scale or project, each in its own code: so the whole model runs, on one token, and finds the states
    that are wanted where its blocks' result should be.
    """
    import torch

    def swap(_module: Any, _inputs: Any, output: Any) -> Any:
        output.last_hidden_state = hidden[None]
        return output

    # Checked with transformers 5.23: a causal LM calls its base_model and reads last_hidden_state of what it returns.
    handle = model.base_model.register_forward_hook(swap)
    try:
        one = torch.zeros((1, 1), dtype=torch.int64, device=hidden.device)
        return model(input_ids=one, use_cache=False).logits[0]
    finally:
        handle.remove()
