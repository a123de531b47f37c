"""Sequences of tokens in batches of about equal length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

SHARE, MOST = 0.5, 1 << 17  # of a card's free memory that a batch may take, and tokens of one
WIDTHS = 24  # numbers of a token that lie in memory at once, in widths of the residual stream: four are float32


def token_budget(model: PreTrainedModel, least: int) -> int:
    """How many tokens go through a model at a time: `least` on a processor, on a card what its free memory holds."""
    parameter = next(model.parameters())
    free = free_memory(parameter.device)
    config = model.config.get_text_config()
    numbers = WIDTHS * config.hidden_size + 4 * (getattr(config, "intermediate_size", None) or 4 * config.hidden_size)
    return max(least, min(MOST, int(SHARE * free / (numbers * parameter.element_size()))))


def free_memory(device: torch.device) -> int:
    """Free bytes of a card; 0 for a device that does not tell."""
    import torch

    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0


def pack(lengths: np.ndarray, batch_tokens: int) -> list[np.ndarray]:
    """Batches of sequence indices, int64, longest first, each of at most `batch_tokens` tokens with its padding.

    lengths: int64 (n,), tokens of each sequence; one that is longer than `batch_tokens` is a batch of its own.
    """
    order = np.argsort(-lengths, kind="stable")
    batches, start = [], 0
    while start < len(order):
        size = max(1, batch_tokens // max(1, int(lengths[order[start]])))
        batches.append(order[start : start + size])
        start += size
    return batches


def padded(sequences: list[np.ndarray], device: torch.device | str) -> torch.Tensor:
    """Token ids int64 (batch, longest), padded with 0 on the right, where causal attention never looks."""
    import torch

    pinned = torch.device(device).type == "cuda"  # then the copy runs beside what the card does
    out = torch.zeros((len(sequences), max(map(len, sequences))), dtype=torch.int64, pin_memory=pinned)
    for i, ids in enumerate(sequences):
        out[i, : len(ids)] = torch.from_numpy(ids.astype(np.int64))
    return out.to(device, non_blocking=pinned)
