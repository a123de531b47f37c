"""Collect a language model's residual-stream activations over instruction text, into shards on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.lm.batches import pack, padded
from core.lm.chat import TokenizedSample, tokenize
from core.lm.language_model import LanguageModel, layers_needed, residual, sinks
from core.schema import Message, Sample
from core.system.files import replacing, require_space

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerFast


SHARD_TOKENS = 1 << 18
HOLD_OUT = 25  # one row in 25 of every source is kept for the evaluation


def exchanges(sample: Sample) -> Iterator[Sample]:
    """Each user turn with the answer to it: long conversations become several sequences."""
    for question, answer in zip(sample.messages, sample.messages[1:], strict=False):
        if question.role == "user" and answer.role == "assistant" and answer.content.strip():
            yield Sample(sample.row, (question, answer), None)


def split(samples: Iterable[Sample], held_out: bool) -> list[tuple[Message, ...]]:
    """The exchanges of the training rows, or of the held-out rows."""
    return [e.messages for s in samples if (s.row % HOLD_OUT == HOLD_OUT - 1) is held_out for e in exchanges(s)]


def mix(
    sources: list[list[tuple[Message, ...]]],
    tokenizer: PreTrainedTokenizerFast,
    n_tokens: int,
    max_tokens: int,
    seed: int,
) -> list[TokenizedSample]:
    """About `n_tokens` content tokens, the same number from each source while it lasts, in shuffled order."""
    rng = np.random.default_rng(seed)
    queues = [[source[i] for i in rng.permutation(len(source))] for source in sources]
    taken, counts = [], [0] * len(queues)
    while any(queues) and sum(counts) < n_tokens:
        i = min((i for i, q in enumerate(queues) if q), key=counts.__getitem__)
        block, queues[i] = queues[i][:64], queues[i][64:]
        for item in tokenize([Sample(0, messages, None) for messages in block], tokenizer, max_tokens):
            taken.append(item)
            counts[i] += int((item.segment >= 0).sum())
    return [taken[i] for i in rng.permutation(len(taken))]


def content_activations(
    lm: LanguageModel, items: list[TokenizedSample], n_blocks: int, batch_tokens: int
) -> Iterator[torch.Tensor]:
    """bf16 (T, d_model) for each sequence: its content tokens, attention sinks left out; longest sequences first."""
    import torch

    for batch in pack(np.array([len(i.ids) for i in items]), batch_tokens):
        chosen = [items[i] for i in batch]
        content = padded([i.segment + 1 for i in chosen], lm.device) > 0  # (batch, tokens)
        real = padded([np.ones(len(i.ids)) for i in chosen], lm.device) > 0
        with torch.inference_mode():
            hidden = residual(lm, padded([i.ids for i in chosen], lm.device), n_blocks)  # (batch, tokens, d_model)
            content &= ~sinks(hidden.float().norm(dim=-1), real)
            for stream, keep in zip(hidden, content, strict=True):
                yield stream[keep].to("cpu", torch.bfloat16)


def shards_of(items: list[TokenizedSample]) -> list[list[TokenizedSample]]:
    """Cut the sequences into runs of about SHARD_TOKENS content tokens."""
    ends = np.cumsum([(i.segment >= 0).sum() for i in items]) // SHARD_TOKENS
    cuts = np.flatnonzero(np.diff(ends)) + 1
    return [items[a:b] for a, b in zip([0, *cuts], [*cuts, len(items)], strict=True)]


def collect(
    lm: LanguageModel,
    items: list[TokenizedSample],
    hook_point: str,
    folder: Path,
    batch_tokens: int = 2048,
    on_tokens: Callable[[int], None] = lambda n: None,
) -> list[Path]:
    """Write bf16 shards (T, d_model), each shuffled; shards that are there already are kept (resume).

    `on_tokens` is told how many content tokens went into each finished shard, attention sinks among them. Raises
    ModelError for a hook point that the model has not, SaelectError where the disk has too little room.
    """
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    n_blocks, paths = layers_needed(hook_point, lm.n_layers), []
    require_space(folder, sum(len(i.ids) for i in items) * lm.d_model * 2)
    for number, part in enumerate(shards_of(items)):
        path = folder / f"activations-{number:05d}.safetensors"
        paths.append(path)
        if not path.exists():
            rows = torch.cat(list(content_activations(lm, part, n_blocks, batch_tokens)))
            shuffle = torch.from_numpy(np.random.default_rng(number).permutation(len(rows)))
            with replacing(path) as temporary:
                save_file({"activations": rows[shuffle].contiguous()}, temporary)
        on_tokens(int(sum((i.segment >= 0).sum() for i in part)))
    return paths
