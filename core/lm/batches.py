"""Sequences of tokens in batches of about equal length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


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

    out = torch.zeros((len(sequences), max(map(len, sequences))), dtype=torch.int64)
    for i, ids in enumerate(sequences):
        out[i, : len(ids)] = torch.from_numpy(ids.astype(np.int64))
    return out.to(device)
