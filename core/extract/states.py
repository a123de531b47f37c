"""The residual vectors of samples' content tokens, whatever length the samples have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.extract.pipeline import Pipeline
from core.lm.batches import pack, padded
from core.lm.chat import TEMPLATE_TOKEN, TokenizedSample
from core.lm.language_model import residual, sinks
from core.lm.window import strides

if TYPE_CHECKING:
    import torch

Places = tuple[np.ndarray, np.ndarray]  # of tokens: int64 (T,), (T,): the sample of a batch, and the token in it
Window = tuple[int, int, int, int]  # a sample of a batch, and what is read of it: start, stop and own, as of `strides`


def content(pipeline: Pipeline, items: list[TokenizedSample]) -> tuple[np.ndarray, Places, torch.Tensor]:
    """Segments int64 (batch, longest), −1 for tokens without meaning; the places of the others, in order; and their
    residual vectors (T, d_model). Where nobody reads those the model is not run, and there are no places.

    A sample of more than max_tokens is read in windows; each of its tokens counts in one, with what that had before it.
    """
    import torch

    segments = padded([i.segment + 1 for i in items], "cpu").numpy() - 1  # padding becomes −1, like the template
    if not pipeline.reads_states:
        none = np.zeros(0, np.int64)
        return segments, (none, none), torch.zeros((0, pipeline.lm.d_model))
    most = pipeline.config.max_tokens
    windows = [(i, *part) for i, item in enumerate(items) for part in strides(len(item.ids), most)]
    lengths = np.array([stop - start for _, start, stop, _ in windows], np.int64)
    batches = [[windows[j] for j in batch] for batch in pack(lengths, pipeline.config.batch_tokens)]
    found = [in_windows(pipeline, items, batch, segments) for batch in batches]
    sample, token = (np.concatenate([places[axis] for places, _ in found]) for axis in (0, 1))
    order = np.lexsort((token, sample))
    return segments, (sample[order], token[order]), torch.cat([x for _, x in found])[torch.from_numpy(order)]


def in_windows(
    pipeline: Pipeline, items: list[TokenizedSample], windows: list[Window], segments: np.ndarray
) -> tuple[Places, torch.Tensor]:
    """The places and vectors of the windows' own content tokens; attention sinks become −1 in `segments`."""
    import torch

    lm, parts = pipeline.lm, [items[i].ids[start:stop] for i, start, stop, _ in windows]
    own = np.zeros((len(parts), max(map(len, parts))), bool)
    for row, (_, start, stop, first) in zip(own, windows, strict=True):
        row[first - start : stop - start] = True
    with torch.inference_mode():
        hidden = residual(lm, padded(parts, lm.device), pipeline.n_blocks)
        real = padded([np.ones(len(part)) for part in parts], lm.device) > 0
        sink = sinks(hidden.float().norm(dim=-1), real).cpu().numpy()
        of, begin = (np.array([w[k] for w in windows]) for k in (0, 1))
        row, at = np.nonzero(own & sink)
        segments[of[row], begin[row] + at] = TEMPLATE_TOKEN
        row, at = np.nonzero(own)
        kept = segments[of[row], begin[row] + at] >= 0
        row, at = row[kept], at[kept]
        return (of[row], begin[row] + at), hidden[torch.from_numpy(row), torch.from_numpy(at)]
